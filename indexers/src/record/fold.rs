//! Folds what tests left into an index.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::id::RecordingId;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::RulePattern;
use skiptrace_engine::index::build::{BaselineScope, BuildError, IndexBuilder};
use skiptrace_engine::index::carry::{Carried, CarriedTest};
use skiptrace_engine::kind::{Granularity, IndexKind};
use skiptrace_engine::observation::{Executed, Observation, Parts, TextRange};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome, Problem, Role, TestKey};
use skiptrace_engine::recording::Recording;
use skiptrace_engine::tree::{FOLDER, lookups};
use skiptrace_engine::unit::{SourceFile, Unit};
use skiptrace_engine::variable::{Consulted, VariableName};

use super::listing::{Listing, Rest, Watched};
use super::lookups::looked_up;
use super::sources::{Files, Finder, Sources, Tree};
use crate::trace::{Places, Trace, Trouble};
use crate::units::{is_documentation, is_seen_by_examples};
use asking::Asking;
pub use sharing::Shared;
use sharing::Sharing;

mod asking;
mod sharing;
mod uncounted;

/// A test that ran, once or several times.
#[derive(Debug, Clone)]
pub struct RecordedTest {
    /// The binary, package or file it lives in.
    pub suite: Box<str>,
    /// Its name there.
    pub name: Box<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// What each run executed.
    pub runs: Vec<Trace>,
    /// What it depends on without a counter that would tell.
    pub uncounted: Vec<FilePart>,
    /// Files that it may have opened.
    pub opened: Vec<RepoPath>,
    /// Variables that it consulted.
    pub consulted: Vec<Consulted>,
}

/// A part of a file that tests depend on whatever they executed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilePart {
    /// The file.
    pub path: RepoPath,
    /// What of it.
    pub units: Chosen,
}

/// Which units of a file are meant. Where a file has no unit of a name, the file is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Chosen {
    /// All.
    All,
    /// Those of these names.
    Named(Arc<BTreeSet<Box<str>>>),
    /// Those of any other name.
    Except(Arc<BTreeSet<Box<str>>>),
    /// What examples that are compiled against the file may see of it without executing it.
    Seen {
        /// Whether they are those of the file itself.
        by_own: bool,
    },
}

impl FilePart {
    /// Returns all of a file.
    pub fn whole(path: RepoPath) -> FilePart {
        FilePart { path, units: Chosen::All }
    }

    /// Finds its units; all of the file, where it is not known to have those that are named.
    fn find(&self, sources: &Sources) -> Parts {
        let Some(file) = sources.get(&self.path) else { return Parts::Whole };
        match &self.units {
            Chosen::All => Parts::Whole,
            Chosen::Named(names) => {
                let known: BTreeSet<&str> = file.units.iter().map(|unit| &*unit.name).collect();
                match names.iter().all(|name| known.contains(&**name)) {
                    true => Parts::Units(chosen(&file.units, |unit| names.contains(&unit.name))),
                    false => Parts::Whole,
                }
            }
            Chosen::Except(names) => Parts::Units(chosen(&file.units, |unit| !names.contains(&unit.name))),
            Chosen::Seen { by_own } => {
                let is_theirs = |unit: &Unit| *by_own || !is_documentation(unit);
                Parts::Units(chosen(&file.units, |unit| is_seen_by_examples(unit) && is_theirs(unit)))
            }
        }
    }
}

fn chosen(units: &[Unit], is_chosen: impl Fn(&Unit) -> bool) -> Vec<u32> {
    (0..).zip(units).filter(|(_, unit)| is_chosen(unit)).map(|(number, _)| number).collect()
}

/// All that a recording gathered.
#[derive(Debug)]
pub struct Gathered {
    /// The run.
    pub recording: Recording,
    /// The tests.
    pub tests: Vec<RecordedTest>,
    /// The places that their traces name.
    pub places: Places,
    /// What belongs to all tests of a suite, where tests share processes.
    pub shared: Option<Shared>,
    /// What each suite was compiled from.
    pub compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// What of an older index still holds.
    pub carried: Carried,
    /// The files as they were when that was found out.
    pub known: Files,
}

/// What is told of a job besides what its tests executed.
#[derive(Debug, Default)]
pub struct Extras {
    /// Runs whose ranges are subtracted from those of the tests, in the diffed kinds.
    pub baselines: Vec<RecordedTest>,
    /// Paths whose change runs all of the job.
    pub run_all: Vec<RulePattern>,
    /// The files of the work tree, and what is known of who read them. Without it, nothing is said of files that no
    /// test is known to depend on.
    pub tree: Option<(Listing, Watched)>,
    /// The variables around the tests. Without them, nothing is said of those that tests look up as they run, nor of what
    /// they ask of the machine.
    pub variables: Option<BTreeMap<OsString, OsString>>,
}

/// A test that can never be skipped on this evidence, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The test.
    pub test: TestKey,
    /// What is wrong.
    pub troubles: Vec<Trouble>,
}

/// A test whose runs did not execute the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstable {
    /// The test.
    pub test: TestKey,
    /// How many places only some runs executed.
    pub differing: usize,
    /// Whether a single run found something that no other one had: then there may be more that none has found.
    pub unsettled: bool,
}

/// What folding noticed.
#[derive(Debug, Default)]
pub struct Noticed {
    /// Tests whose coverage cannot be trusted, though they passed.
    pub opaque: Vec<Opaque>,
    /// Tests whose footprint varies.
    pub unstable: Vec<Unstable>,
    /// Files that were written to while tests were recorded, so that nothing in them counts as unchanged.
    pub unsettled: Vec<RepoPath>,
}

/// Folds a recording into an index of `kind`.
pub fn fold(gathered: Gathered, kind: IndexKind, tree: &dyn Tree) -> Result<(Index, Noticed), BuildError> {
    fold_with(gathered, Extras::default(), kind, tree)
}

/// Folds a recording, and what else is told of its job, into an index of `kind`.
pub fn fold_with(
    gathered: Gathered,
    extras: Extras,
    kind: IndexKind,
    tree: &dyn Tree,
) -> Result<(Index, Noticed), BuildError> {
    let Extras { baselines, run_all, tree: whole_tree, variables } = extras;
    let Gathered { recording, tests, places, shared, mut compiled, carried, known } = gathered;
    let sharing = Sharing::of(shared, carried.common);
    // What is taken over may have started programs that none of the tests that ran now did, so that what those were
    // compiled from is known from there alone.
    for (suite, files) in carried.compiled {
        compiled.entry(suite).or_default().extend(files.into_iter().filter(|path| known.contains_key(path)));
    }
    let uncounted = tests.iter().chain(&baselines).flat_map(|test| &test.uncounted);
    let of_build: BTreeSet<RepoPath> = places
        .files()
        .iter()
        .chain(compiled.values().flatten())
        .chain(uncounted.map(|part| &part.path))
        .chain(carried.tests.iter().flat_map(|test| &test.executed).map(|executed| &executed.path))
        .cloned()
        .collect();
    let mut paths = of_build.clone();
    let of_tests = tests.iter().chain(&baselines).flat_map(|test| &test.opened);
    let opened: BTreeSet<RepoPath> =
        of_tests.chain(carried.tests.iter().flat_map(|test| &test.opened)).cloned().collect();
    if let Some((listing, _)) = &whole_tree {
        // What is listed is known to all tests, and concerns those that opened it alone.
        paths.extend(opened.iter().filter(|path| listing.files.contains(*path)).cloned());
    }
    let sources = Sources::read(tree, paths.into_iter().collect(), known);
    let mut noticed = Noticed { unsettled: sources.unsettled().to_vec(), ..Noticed::default() };
    let units_of_places = units_of_places(&places, &sources);
    let by_all = uncounted::uncounted(&compiled, &places, &units_of_places, &sources);
    let clearing = places_that_mention(CLEARING, &places, &units_of_places, &sources);
    let looked_up = match &variables {
        Some(_) => looked_up(&places, &units_of_places, &sources, tree),
        None => HashMap::new(),
    };
    let asking = match &variables {
        Some(_) => Asking::find(&compiled, &sources),
        None => Asking::default(),
    };
    let mut found: HashMap<FilePart, Parts> = HashMap::new();
    let uncounted = tests.iter().chain(&baselines).flat_map(|test| &test.uncounted);
    for part in uncounted.filter(|part| part.units != Chosen::All) {
        if !found.contains_key(part) {
            found.insert(part.clone(), part.find(&sources));
        }
    }

    let mut builder = IndexBuilder::new(kind);
    let job = recording.job.clone();
    let recording = builder.add_recording(recording);
    let mut unheard = BTreeSet::new();
    let mut listed_folders = BTreeSet::new();
    if let Some((listing, mut watched)) = whole_tree {
        let is_named = |path: &RepoPath| sources.get(path).is_some();
        let rest = listing.rest(&watched, tree, &is_named, &|path| of_build.contains(path), &opened);
        add_rest(&mut builder, recording, rest, kind, &sources);
        match kind.granularity {
            Granularity::Package => {
                listed_folders = opened.into_iter().filter(|path| listing.is_folder(path)).collect()
            }
            _ => unheard = watched.lookups.take().unwrap_or_default().unheard,
        }
    }
    for file in sources.into_files() {
        builder.add_file(recording, file);
    }
    for (suite, files) in &compiled {
        builder.add_compilation(recording, suite, &Vec::from_iter(files.iter().cloned()));
    }
    for pattern in run_all {
        builder.add_rule(recording, pattern, true, Vec::new(), vec![recording]);
    }
    // What is subtracted is ranges, and those of one unit need not be the same in both runs.
    let by_range = !baselines.is_empty();
    let n_baselines = baselines.len();
    for (at, test) in baselines.into_iter().chain(tests).enumerate() {
        let key = TestKey::new(job.clone(), test.suite, test.name);
        let (mut union, unstable) = unite(test.runs);
        union.places.extend(sharing.places(&key.suite));
        union.places.sort_unstable();
        union.places.dedup();
        if let Some((differing, unsettled)) = unstable {
            noticed.unstable.push(Unstable { test: key.clone(), differing, unsettled });
            if unsettled {
                union.trouble(Problem::UnstableFootprint, "one of its runs executed what no other run did");
            }
        }
        if union.places.is_empty() && test.uncounted.is_empty() && union.troubles.is_empty() {
            union.trouble(Problem::NothingExecuted, "it executed none of the repository's own code");
        }
        if union.places.iter().any(|place| clearing.contains(place)) {
            union.trouble(
                Problem::Opaque,
                "it ran code that can start a process without the variables that say where coverage goes",
            );
        }
        let mut consulted = test.consulted;
        for of_place in union.places.iter().filter_map(|place| looked_up.get(place)) {
            consulted.extend(of_place.names.iter().filter_map(|name| {
                let value = variables.as_ref()?.get(OsStr::new(name)).map(|value| value.as_encoded_bytes());
                Some(Consulted::new(VariableName::new(name).ok()?, value))
            }));
        }
        if union.places.iter().filter_map(|place| looked_up.get(place)).any(|of_place| of_place.may_be_any) {
            union.trouble(
                Problem::Opaque,
                "it ran code that looks up environment variables of which the source does not say the names",
            );
        }
        let health = union.health();
        if !health.is_ok() && test.outcome == Outcome::Passed {
            noticed.opaque.push(Opaque { test: key.clone(), troubles: union.troubles });
        }
        let counted = match by_range {
            true => executed_ranges(&union.places, &places),
            false => executed(&union.places, &places, &units_of_places),
        };
        let uncounted = test.uncounted.into_iter().map(|part| {
            let parts = found.get(&part).cloned().unwrap_or(Parts::Whole);
            Executed { path: part.path, parts }
        });
        let by_all = by_all.get(&key.suite).into_iter().flatten().cloned();
        let common = sharing.common(&key.suite);
        let executed: Vec<Executed> =
            counted.into_iter().chain(uncounted).chain(by_all).chain(common).collect();
        consulted.extend(asking.consulted(&key.suite, executed.iter()));
        consulted.sort();
        consulted.dedup();
        let mut opened = test.opened;
        // A folder is kept under the one it is in, unless something in it is named.
        let inside = opened.iter().filter(|path| listed_folders.contains(*path));
        let inside: Vec<RepoPath> = inside.filter_map(anything_in).collect();
        opened.extend(inside);
        if unheard.contains(&(key.suite.clone(), key.name.clone())) {
            opened.push(lookups());
        }
        let observation = Observation {
            test: key,
            role: Role::Test,
            outcome: test.outcome,
            health,
            duration: test.duration,
            executed,
            opened,
            consulted,
        };
        if at < n_baselines {
            builder.add_baseline(recording, BaselineScope::Job, observation)?;
        } else {
            builder.observe(recording, observation)?;
        }
    }
    for CarriedTest { record, mut executed, opened, consulted } in carried.tests {
        executed.extend(sharing.of_others(&record.key.suite, &places, &units_of_places));
        builder.observe(
            recording,
            Observation {
                test: record.key,
                role: Role::Test,
                outcome: record.outcome,
                health: record.health,
                duration: record.duration,
                executed,
                opened,
                consulted,
            },
        )?;
    }
    Ok((builder.finish(), noticed))
}

/// Adds what is known of the tree besides the files that tests depend on.
///
/// In an index of packages that is said of folders alone in which there is nothing else: of the others the index knows
/// no more than what tests depend on in them.
fn add_rest(
    builder: &mut IndexBuilder,
    recording: RecordingId,
    rest: Rest,
    kind: IndexKind,
    sources: &Sources,
) {
    let Rest { files, read_by_all } = rest;
    let is_own = |path: &RepoPath| *path == lookups();
    let is_said: Box<dyn Fn(&RepoPath) -> bool> = match kind.granularity {
        Granularity::Package => {
            let mut folders: BTreeSet<Option<RepoPath>> = sources.paths().map(RepoPath::parent).collect();
            // Who lists a folder is known by the folder, which is no key of its own here.
            folders.extend(files.iter().filter(|file| is_folder(file)).map(|file| file.path.parent()));
            Box::new(move |path| !folders.contains(&path.parent()) && !is_own(path))
        }
        _ => Box::new(|_| true),
    };
    for file in files.into_iter().filter(|file| is_said(&file.path)) {
        builder.add_file(recording, file);
    }
    for path in read_by_all.iter().filter(|path| is_said(path)) {
        builder.add_read_by_all(recording, path);
    }
}

/// Returns a path in a folder.
fn anything_in(folder: &RepoPath) -> Option<RepoPath> {
    RepoPath::new(format!("{}/*", folder.as_str()).trim_start_matches('/')).ok()
}

fn is_folder(file: &SourceFile) -> bool {
    file.units.iter().any(|unit| &*unit.name == FOLDER)
}

/// Calls that start processes with other variables than their parent's. What such a process executes is written to
/// a file in whatever folder it is in, if at all, and that folder may be gone when anybody looks.
const CLEARING: &[&str] = &["env_clear", "clearenv", "execve", "execle", "execvpe"];

/// Returns the places in units that mention one of `names`.
fn places_that_mention(
    names: &[&str],
    places: &Places,
    units_of_places: &[Vec<u32>],
    sources: &Sources,
) -> HashSet<u32> {
    let names: Vec<Identifier> =
        names.iter().flat_map(|name| [Identifier::of(name), Identifier::of_member(name)]).collect();
    let mentions = |file: u32, unit: u32| {
        let file = sources.get(&places.files()[file as usize]);
        let unit = file.and_then(|file| file.units.get(unit as usize));
        unit.is_some_and(|unit| names.iter().any(|name| unit.identifiers.contains(name)))
    };
    (0..)
        .zip(places.all())
        .zip(units_of_places)
        .filter(|((_, (file, _)), units)| units.iter().any(|unit| mentions(*file, *unit)))
        .map(|((place, _), _)| place)
        .collect()
}

/// A unit that no file has, which says that something ran that is in none.
const STRAY: u32 = u32::MAX;

/// Returns the units that each place is in, by the places' numbers.
fn units_of_places(places: &Places, sources: &Sources) -> Vec<Vec<u32>> {
    let finders: Vec<Option<Finder>> =
        places.files().iter().map(|path| sources.get(path).map(|file| Finder::new(&file.units))).collect();
    let units = |(file, range): &(u32, skiptrace_engine::observation::TextRange)| {
        let last = range.last_line().max(range.start.line);
        let mut units: Vec<u32> = match &finders[*file as usize] {
            Some(finder) => finder.on_lines(range.start.line, last).collect(),
            None => Vec::new(),
        };
        if units.is_empty() {
            units.push(STRAY);
        }
        units
    };
    places.all().iter().map(units).collect()
}

/// Groups the units of places by their files.
fn executed(numbers: &[u32], places: &Places, units_of_places: &[Vec<u32>]) -> Vec<Executed> {
    let mut by_file: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for number in numbers {
        let (file, _) = places.all()[*number as usize];
        by_file.entry(file).or_default().extend(&units_of_places[*number as usize]);
    }
    by_file
        .into_iter()
        .map(|(file, mut units)| {
            units.sort_unstable();
            units.dedup();
            Executed { path: places.files()[file as usize].clone(), parts: Parts::Units(units) }
        })
        .collect()
}

/// Groups places by their files, as they stand there.
fn executed_ranges(numbers: &[u32], places: &Places) -> Vec<Executed> {
    let mut by_file: BTreeMap<u32, Vec<TextRange>> = BTreeMap::new();
    for number in numbers {
        let (file, range) = places.all()[*number as usize];
        by_file.entry(file).or_default().push(range);
    }
    let executed = |(file, ranges): (u32, Vec<TextRange>)| Executed {
        path: places.files()[file as usize].clone(),
        parts: Parts::Ranges(ranges),
    };
    by_file.into_iter().map(executed).collect()
}

/// Unites the runs of a test. Where they differ, says in how many places, and whether some of these were executed by a
/// single run.
///
/// How likely the next run is to execute something new is about the share of what was executed once (Good and Turing).
/// That the last run happened to add nothing says little: of sixteen ways, it often takes one of those before.
fn unite(runs: Vec<Trace>) -> (Trace, Option<(usize, bool)>) {
    let n_runs = runs.len();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for place in runs.iter().flat_map(|run| &run.places) {
        *counts.entry(*place).or_default() += 1;
    }
    let mut runs = runs.into_iter();
    let Some(mut union) = runs.next() else { return (Trace::default(), None) };
    runs.for_each(|run| union.add(run));
    let differing = counts.values().filter(|count| **count < n_runs).count();
    let unsettled = counts.values().any(|count| *count == 1);
    (union, (differing > 0).then_some((differing, unsettled)))
}

#[cfg(test)]
mod tests;
