//! What the tests in documentation depend on.
//!
//! An example is compiled by itself, so that a change may break it and leave all else whole. Those of a file depend on
//! what they executed; on all of the crate that who compiles against it may see, executed or not
//! ([`is_seen_by_examples`](crate::units::is_seen_by_examples)); and on their own text. Where it is not known of each
//! what it executed, and where some are only compiled, or must not compile, they depend on all that the crate was compiled
//! from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome as TestOutcome, Problem};

use super::doctests::{Documentation, Documented, Group};
use super::inputs::Inputs;
use super::outcome::{depend_on_all, distrust};
use crate::build::compiled::Compiled;
use crate::build::crates::Crates;
use crate::record::fold::{Chosen, FilePart, RecordedTest};
use crate::record::opens::{Interval, Opens};
use crate::record::outcome::{Outcome, TOO_MANY};
use crate::run::doctests::Example;
use crate::run::nextest::Attempt;
use crate::trace::{Places, Trace};
use crate::units::Language;

/// What the compiler reads files by, or variables.
const READING: [&str; 2] = ["include", "env!"];

/// Adds the tests in documentation, and returns what each crate was compiled from.
pub(super) fn add(
    outcome: &mut Outcome,
    documentation: Documentation,
    crates: &mut Crates<'_>,
    inputs: &mut Inputs<'_>,
    opens: &Opens,
    repository: &Path,
) -> Vec<Compiled> {
    let Documentation { crates: documented, programs, n_examples } = documentation;
    let texts = Texts::find(&documented, repository);
    let ran = texts.programs(&programs, &outcome.places);
    let at_all: Vec<Interval> = programs.iter().map(|program| program.interval).collect();
    let all_seen = programs.len() >= n_examples;
    let mut all = Vec::new();
    // What rustdoc and the compiler open because something was compiled from it.
    let mut known: BTreeSet<RepoPath> = BTreeSet::new();
    for of in &documented {
        let mut compiled = Compiled::default();
        for library in &of.libraries {
            compiled.add(&crates.compiled(library));
        }
        let uncounted = inputs.of(&compiled);
        known.extend(compiled.files.iter().cloned());
        known.extend(uncounted.iter().map(|part| part.path.clone()));
        all.push((compiled, uncounted));
    }
    for (of, (compiled, uncounted)) in documented.iter().zip(&all) {
        let opened = opens.during(repository, of.interval);
        let is_lost = opens.lost_during(of.interval);
        for group in &of.groups {
            let found = texts.of_group(group, of).filter(|_| is_told(compiled));
            let trace = found.as_ref().and_then(|found| trace(found, &ran, &programs));
            let mut uncounted = uncounted.clone();
            let mut files: BTreeSet<RepoPath> =
                compiled.listed.iter().flat_map(|folder| inputs.folders_below(folder)).collect();
            // What nothing was compiled from may have been read for an example, or by it.
            let while_running = |intervals: &[Interval]| {
                let of_programs = intervals.iter().flat_map(|interval| opens.during(repository, *interval));
                of_programs.chain(opened.iter().filter(|path| !known.contains(*path)).cloned()).collect()
            };
            let read: BTreeSet<RepoPath> = match (&trace, &found) {
                (Some((_, intervals)), _) => while_running(intervals),
                (None, Some(_)) if all_seen => while_running(&at_all),
                _ => opened.clone(),
            };
            files.extend(read);
            let mut trace = match trace {
                Some((trace, _)) => {
                    let own = texts.path(of, &group.name);
                    depend_on_seen(&mut uncounted, compiled, own.as_ref());
                    trace
                }
                None => {
                    depend_on_all(&mut uncounted, compiled);
                    Trace::default()
                }
            };
            if of.libraries.is_empty() {
                trace.trouble(Problem::Opaque, "the library that it documents was not found");
            }
            if is_lost {
                trace.trouble(Problem::Opaque, TOO_MANY);
            }
            distrust(&mut trace, &compiled.unknown);
            outcome.tests.push(RecordedTest {
                suite: of.suite.clone(),
                name: group.name.clone(),
                outcome: group.outcome,
                duration: group.duration,
                runs: vec![trace],
                uncounted,
                opened: files.into_iter().collect(),
                consulted: Vec::new(),
            });
        }
        outcome.compiled.insert(of.suite.clone(), compiled.files.clone());
        outcome.folders.insert(of.suite.clone(), compiled.folders.clone());
    }
    all.into_iter().map(|(compiled, _)| compiled).collect()
}

/// Returns whether all is known of what a crate was compiled from.
fn is_told(compiled: &Compiled) -> bool {
    compiled.unknown.is_empty() && !compiled.files.is_empty()
}

/// Has examples depend on what they may see without executing it.
fn depend_on_seen(parts: &mut Vec<FilePart>, compiled: &Compiled, own: Option<&RepoPath>) {
    let whole: BTreeSet<RepoPath> =
        parts.iter().filter(|part| part.units == Chosen::All).map(|part| part.path.clone()).collect();
    let more = compiled.files.iter().filter(|path| !whole.contains(*path)).map(|path| {
        match Language::of(path) == Some(Language::Rust) {
            true => FilePart { path: path.clone(), units: Chosen::Seen { by_own: own == Some(path) } },
            false => FilePart::whole(path.clone()),
        }
    });
    parts.extend(more.collect::<Vec<_>>());
}

/// The text of an example: the file, its first line and its last.
type Text = (RepoPath, u32, u32);

/// A program that was an example.
struct Program {
    /// Its number among all programs.
    number: usize,
    /// What it executed besides the example itself.
    places: Vec<u32>,
}

/// Where examples stand.
struct Texts {
    /// By crate, by the file as rustdoc names it, by the line.
    found: BTreeMap<(Box<str>, String, usize), Text>,
    /// By crate and the file as rustdoc names it.
    files: BTreeMap<(Box<str>, String), RepoPath>,
}

impl Texts {
    fn find(documented: &[Documented], repository: &Path) -> Texts {
        let mut texts = Texts { found: BTreeMap::new(), files: BTreeMap::new() };
        for of in documented {
            for group in of.groups.iter().filter(|group| !group.examples.is_empty()) {
                let file = of.folders.iter().map(|folder| folder.join(&*group.name));
                let Some(file) = file.into_iter().find(|file| file.is_file()) else { continue };
                let path = file
                    .canonicalize()
                    .ok()
                    .and_then(|file| RepoPath::new(file.strip_prefix(repository).ok()?.to_str()?).ok());
                let (Some(path), Ok(text)) = (path, fs::read_to_string(&file)) else { continue };
                let lines: Vec<&str> = text.lines().collect();
                for example in &group.examples {
                    if let Some((first, last)) = lines_of(&lines, example.line) {
                        let key = (of.suite.clone(), example.file.clone(), example.line);
                        texts.found.insert(key, (path.clone(), first, last));
                    }
                }
                texts.files.insert((of.suite.clone(), group.name.to_string()), path);
            }
        }
        texts
    }

    /// Returns the path of a file that rustdoc names.
    fn path(&self, of: &Documented, file: &str) -> Option<RepoPath> {
        self.files.get(&(of.suite.clone(), file.to_owned())).cloned()
    }

    fn text(&self, of: &Documented, example: &Example) -> Option<Text> {
        self.found.get(&(of.suite.clone(), example.file.clone(), example.line)).cloned()
    }

    /// Finds the programs that each example was: those that executed code on its lines, and on those of no other.
    fn programs(&self, programs: &[Attempt<Trace>], places: &Places) -> BTreeMap<Text, Vec<Program>> {
        let mut by_file: BTreeMap<&RepoPath, Vec<&Text>> = BTreeMap::new();
        for text in self.found.values() {
            by_file.entry(&text.0).or_default().push(text);
        }
        let by_number: Vec<Option<&Vec<&Text>>> =
            places.files().iter().map(|path| by_file.get(path)).collect();
        let text_at = |place: u32| {
            let (file, range) = places.all()[place as usize];
            let texts = by_number[file as usize]?;
            texts.iter().copied().find(|(_, first, last)| (*first..=*last).contains(&range.start.line))
        };
        let mut found: BTreeMap<Text, Vec<Program>> = BTreeMap::new();
        for (number, program) in programs.iter().enumerate() {
            // What else reported was started by it, and nobody asked what that was compiled from.
            if !program.trace.troubles.is_empty() || program.trace.binaries.len() != 1 {
                continue;
            }
            let mut of: BTreeSet<&Text> = BTreeSet::new();
            let mut rest = Vec::new();
            for place in &program.trace.places {
                match text_at(*place) {
                    Some(text) => drop(of.insert(text)),
                    None => rest.push(*place),
                }
            }
            let mut of = of.into_iter();
            if let (Some(text), None) = (of.next(), of.next()) {
                found.entry(text.clone()).or_default().push(Program { number, places: rest });
            }
        }
        found
    }

    /// Returns where the examples of a group stand, each with whether it runs; `None` where that is not known of each.
    fn of_group(&self, group: &Group, of: &Documented) -> Option<Vec<(Text, bool)>> {
        let meant = group.examples.iter().filter(|example| example.outcome != Some(TestOutcome::Skipped));
        let found: Option<Vec<(Text, bool)>> =
            meant.map(|example| Some((self.text(of, example)?, example.runs))).collect();
        found.filter(|found| !found.is_empty())
    }
}

/// Returns what examples executed, and when; `None` where that is not known of each.
fn trace(
    found: &[(Text, bool)],
    ran: &BTreeMap<Text, Vec<Program>>,
    programs: &[Attempt<Trace>],
) -> Option<(Trace, Vec<Interval>)> {
    let mut trace = Trace::default();
    let mut intervals = Vec::new();
    let mut texts = BTreeSet::new();
    for (text, runs) in found {
        let [program] = ran.get(text).filter(|_| *runs).map(Vec::as_slice)? else { return None };
        // Two of one place cannot be told apart.
        if !texts.insert(text) {
            return None;
        }
        trace.places.extend(&program.places);
        intervals.push(programs[program.number].interval);
    }
    trace.places.sort_unstable();
    trace.places.dedup();
    Some((trace, intervals))
}

/// Returns the lines of an example that begins in one, the fences included; `None` where that is no fence, because the
/// documentation is put together by a macro for example.
fn lines_of(lines: &[&str], line: usize) -> Option<(u32, u32)> {
    let first = line.checked_sub(1)?;
    let fence =
        ["```", "~~~"].into_iter().find(|fence| lines.get(first).is_some_and(|line| line.contains(fence)))?;
    let last = (first + 1..lines.len()).find(|at| lines[*at].contains(fence))?;
    // What the compiler reads for the example alone is not known of the crate.
    let takes_more = |line: &&str| READING.iter().any(|word| line.contains(word));
    if lines[first..last].iter().any(takes_more) {
        return None;
    }
    Some((u32::try_from(line).ok()?, u32::try_from(last + 1).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_ends_with_its_fence() {
        let text =
            "/// ```\n/// one();\n/// ```\nfn f() {}\n//! ~~~rust\n//! ```\n//! ~~~\n/// ```\n/// open";
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines_of(&lines, 1), Some((1, 3)));
        assert_eq!(lines_of(&lines, 5), Some((5, 7)));
        // It never ends, begins nowhere, is not there.
        assert_eq!([8, 4, 0, 100].map(|line| lines_of(&lines, line)), [None; 4]);
    }

    #[test]
    fn an_example_that_takes_in_files_may_read_any() {
        let lines = ["/// ```", "/// let text = include_str!(\"a.txt\");", "/// ```"];
        assert_eq!(lines_of(&lines, 1), None);
    }
}
