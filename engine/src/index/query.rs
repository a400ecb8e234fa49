//! Asking an index which tests a change of some keys reaches, and which it provably does not.
//!
//! The answer is never an empty set for want of knowledge: what the index has not seen selects everything, with
//! the [`Cause`] said. A test is left out only when its own record is whole and passed, its recording knew every
//! changed key, none of them reaches it, and every environment variable that it consulted is what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::codec::CodecError;
use crate::id::{JobName, SetId, TestId};
use crate::kind::{Granularity, IndexKind};
use crate::path::RepoPath;
use crate::record::TestKey;
use crate::test_set::TestSet;
use crate::unit::UnitKind;
use crate::variable::{Since, VariableName, Variables};

use super::evidence::{Evidence, FileView};
use super::rule::Rule;
use super::{JobTests, RulePattern, UnitRecord};

/// Something that changed, in the terms of an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedKey {
    /// A key as the index keeps it: a folder in an index of packages, else a file.
    Key(RepoPath),
    /// A file; an index of packages looks at its folder.
    File(RepoPath),
    /// One unit of a file, by its qualified name. An index that is not of functions looks at the file.
    Unit {
        /// The file.
        file: RepoPath,
        /// The unit's name there.
        name: Box<str>,
    },
}

impl ChangedKey {
    /// Returns the path that changed.
    pub fn path(&self) -> &RepoPath {
        match self {
            ChangedKey::Key(path) | ChangedKey::File(path) | ChangedKey::Unit { file: path, .. } => path,
        }
    }
}

impl fmt::Display for ChangedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangedKey::Key(path) | ChangedKey::File(path) => write!(f, "{path}"),
            ChangedKey::Unit { file, name } => write!(f, "{file}#{name}"),
        }
    }
}

/// What a change of code selects that tests executed only as their baseline did (shared start-up code).
///
/// Whatever it selects, the answer tells how many tests share the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedPolicy {
    /// Every test that shares it. The only choice that is a proof.
    #[default]
    Run,
    /// The baseline runs alone, as the predecessor did; where the job has none, every test that shares it.
    Baseline,
}

/// Which tests of one job a change selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Some of those that the index has, and every one that it has not.
    Subset(Subset),
    /// All of them: there is no evidence to narrow by.
    Everything(Cause),
}

/// Some of the tests that an index has for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Those that must run.
    pub run: TestSet,
    /// Those that provably need not.
    pub skip: TestSet,
    /// Why each of those that must run must; a test may be in several.
    pub reasons: Vec<(Reason, TestSet)>,
    /// Changes of shared code, and what became of the tests that share it.
    pub shared: Vec<SharedChange>,
}

/// Why tests must run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// They executed what changed, were compiled from it, or opened it.
    Reached(ChangedKey),
    /// They executed what changed, but only as their baseline did.
    Shared(ChangedKey),
    /// A rule names them for it.
    Rule(ChangedKey, RulePattern),
    /// Their recording did not know what changed.
    Unseen(ChangedKey),
    /// They consulted a variable that is not what it was.
    Variable(VariableName),
    /// They consulted a variable, and nobody said what it is now.
    UnknownVariable(VariableName),
    /// Their own record cannot prove anything: they did not pass, or their coverage is not whole.
    Unproven,
}

/// A change of code that tests share with their baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedChange {
    /// What changed.
    pub change: ChangedKey,
    /// The tests that executed it only as their baseline did.
    pub sharing: TestSet,
    /// Those of them that nothing selects, under [`SharedPolicy::Baseline`].
    pub left_out: TestSet,
}

/// Why there is nothing to narrow by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The index has no test at all.
    EmptyIndex,
    /// The index does not have the job.
    UnknownJob {
        /// The job asked for.
        job: JobName,
        /// The jobs it has.
        known: Vec<JobName>,
    },
    /// The index has the job, but no test of it.
    EmptyJob(JobName),
    /// No test's recording knew what changed.
    UnknownKey(ChangedKey),
    /// A rule says that a change of this path runs all of the job.
    RunAllRule(ChangedKey, RulePattern),
    /// The index could not be read.
    Unreadable(String),
}

impl Cause {
    /// Returns a name for counting causes by.
    pub fn code(&self) -> &'static str {
        match self {
            Cause::EmptyIndex => "empty-index",
            Cause::UnknownJob { .. } => "unknown-job",
            Cause::EmptyJob(_) => "empty-job",
            Cause::UnknownKey(_) => "unknown-key",
            Cause::RunAllRule(..) => "run-all-rule",
            Cause::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::EmptyIndex => f.write_str("the index has no tests"),
            Cause::UnknownJob { job, known } => {
                write!(f, "the index has no job `{job}`")?;
                let known: Vec<String> = known.iter().map(|job| format!("`{job}`")).collect();
                write!(f, " (it has {})", known.join(", "))
            }
            Cause::EmptyJob(job) => write!(f, "the index has no tests of job `{job}`"),
            Cause::UnknownKey(key) => write!(f, "no recording of the job knows `{key}`"),
            Cause::RunAllRule(key, pattern) => write!(f, "`{key}` matches the run-all rule `{pattern}`"),
            Cause::Unreadable(why) => write!(f, "the index cannot be read: {why}"),
        }
    }
}

/// Which tests of every job a change selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobAnswers {
    /// An answer for each job of the index. Of any other job everything runs.
    Each(BTreeMap<JobName, Answer>),
    /// All tests of all jobs.
    Everything(Cause),
}

/// Returns which tests of `job` a change of `changes` selects, where tests would find `variables`.
pub fn impacted(
    evidence: &dyn Evidence,
    job: &JobName,
    changes: &[ChangedKey],
    policy: SharedPolicy,
    variables: &Variables,
) -> Answer {
    let jobs = evidence.jobs();
    let Some(tests) = jobs.iter().find(|known| known.job == *job) else {
        return Answer::Everything(match empty_index(&jobs) {
            Some(cause) => cause,
            None => Cause::UnknownJob {
                job: job.clone(),
                known: jobs.into_iter().map(|known| known.job).collect(),
            },
        });
    };
    match trace(evidence, changes, variables) {
        Ok(traces) => answer(evidence, tests, &traces, policy),
        Err(error) => Answer::Everything(Cause::Unreadable(error.to_string())),
    }
}

/// Returns which tests of each job a change of `changes` selects, where tests would find `variables`.
pub fn impacted_per_job(
    evidence: &dyn Evidence,
    changes: &[ChangedKey],
    policy: SharedPolicy,
    variables: &Variables,
) -> JobAnswers {
    let jobs = evidence.jobs();
    if let Some(cause) = empty_index(&jobs) {
        return JobAnswers::Everything(cause);
    }
    match trace(evidence, changes, variables) {
        Ok(traces) => {
            let each = jobs.iter().map(|job| (job.job.clone(), answer(evidence, job, &traces, policy)));
            JobAnswers::Each(each.collect())
        }
        Err(error) => JobAnswers::Everything(Cause::Unreadable(error.to_string())),
    }
}

/// The tests that exist now, each to run or to skip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partition {
    /// Those that must run.
    pub run: BTreeSet<TestKey>,
    /// Those that provably need not.
    pub skip: BTreeSet<TestKey>,
    /// Why all of the job runs, or all of a shard's tests, where that is so.
    pub causes: BTreeSet<Cause>,
    /// How many of those that run no index has.
    pub new: usize,
}

/// Divides the tests of `job` that exist now into those that must run and those that need not.
///
/// `parts` are the shards of one commit's index, or the one that has it all. `universe` comes from the runner; a
/// test that no part has runs. One that several parts have needs a proof from each. `variables` are those that
/// tests would find now; where nobody knows them, whoever consulted any runs.
pub fn partition(
    parts: &[&dyn Evidence],
    job: &JobName,
    changes: &[ChangedKey],
    policy: SharedPolicy,
    variables: &Variables,
    universe: &BTreeSet<TestKey>,
) -> Partition {
    let mut partition = Partition::default();
    let knows =
        |part: &&&dyn Evidence| part.jobs().iter().any(|known| known.job == *job && !known.tests.is_empty());
    let with_job: Vec<_> = parts.iter().filter(knows).collect();
    // Where no part has tests of the job, any of them can say so.
    let asked = if with_job.is_empty() { parts.iter().take(1).collect() } else { with_job };
    if asked.is_empty() {
        partition.causes.insert(Cause::EmptyIndex);
    }
    let keys: Vec<&TestKey> = universe.iter().collect();
    // For each test: whether a part knows it, and whether one has no proof for it.
    let mut known = vec![false; keys.len()];
    let mut must_run = vec![false; keys.len()];
    for part in asked {
        let found = part.find_tests(&keys).unwrap_or_else(|error| {
            partition.causes.insert(Cause::Unreadable(error.to_string()));
            must_run.fill(true);
            vec![None; keys.len()]
        });
        let answer = impacted(*part, job, changes, policy, variables);
        for (at, id) in found.into_iter().enumerate() {
            let Some(id) = id else { continue };
            known[at] = true;
            must_run[at] |= match &answer {
                Answer::Subset(subset) => !subset.skip.contains(id),
                Answer::Everything(_) => true,
            };
        }
        if let Answer::Everything(cause) = answer {
            partition.causes.insert(cause);
        }
    }
    // A rule is one of the job, whichever shard brought it, with tests or without.
    for part in parts {
        if let Some(cause) = run_all_rule(*part, job, changes) {
            partition.causes.insert(cause);
            must_run.fill(true);
        }
    }
    for (at, key) in universe.iter().enumerate() {
        let skippable = known[at] && !must_run[at] && key.job == *job;
        partition.new += usize::from(!known[at]);
        if skippable {
            partition.skip.insert(key.clone())
        } else {
            partition.run.insert(key.clone())
        };
    }
    partition
}

/// Returns the first rule that says that a change of `changes` runs all of `job`.
fn run_all_rule(part: &dyn Evidence, job: &JobName, changes: &[ChangedKey]) -> Option<Cause> {
    let rules = match part.rules() {
        Ok(rules) => rules,
        Err(error) => return Some(Cause::Unreadable(error.to_string())),
    };
    let of_job = rules.iter().filter(|rule| rule.all && rule.job == *job);
    let mut matches = of_job.flat_map(|rule| {
        let matching = changes.iter().filter(|change| matches_any(rule, &paths_of(change, part.kind())));
        matching.map(|change| Cause::RunAllRule(change.clone(), rule.pattern.clone()))
    });
    matches.next()
}

fn empty_index(jobs: &[JobTests]) -> Option<Cause> {
    jobs.iter().all(|job| job.tests.is_empty()).then_some(Cause::EmptyIndex)
}

/// What is found of a question, over all jobs.
struct Traces {
    changes: Vec<Trace>,
    /// The tests that consulted a variable which does not count as what it was.
    variables: Vec<(Reason, TestSet)>,
}

/// What one change reaches, over all jobs.
struct Trace {
    change: ChangedKey,
    reached: TestSet,
    shared: TestSet,
    seen: TestSet,
    rules: Vec<(Rule, Arc<TestSet>)>,
}

/// Returns the paths under which an index may know something of a change.
///
/// An index of packages holds a changed file under its folder, or, where it was imported, by itself.
fn paths_of(change: &ChangedKey, kind: IndexKind) -> Vec<RepoPath> {
    let by_folder = kind.granularity == Granularity::Package && !matches!(change, ChangedKey::Key(_));
    let folder = change.path().parent().filter(|_| by_folder);
    [Some(change.path().clone()), folder].into_iter().flatten().collect()
}

fn matches_any(rule: &Rule, paths: &[RepoPath]) -> bool {
    paths.iter().any(|path| rule.pattern.matches(path))
}

fn trace(
    evidence: &dyn Evidence,
    changes: &[ChangedKey],
    variables: &Variables,
) -> Result<Traces, CodecError> {
    // 1. The files that the changes are about, all at once.
    let kind = evidence.kind();
    let mut paths: Vec<RepoPath> = changes.iter().flat_map(|change| paths_of(change, kind)).collect();
    paths.sort();
    paths.dedup();
    let views = evidence.find_files(&paths)?;
    let views: BTreeMap<&RepoPath, FileView> =
        paths.iter().zip(views).filter_map(|(path, view)| Some((path, view?))).collect();
    let rules = evidence.rules()?;
    let stale = stale(evidence, variables)?;

    // 2. The sets that they, the matching rules and the variables name, all at once.
    let mut reaches: Vec<Reach> = Vec::new();
    for change in changes {
        let mut reach = Reach::default();
        let paths = paths_of(change, kind);
        for view in paths.iter().filter_map(|path| views.get(path)) {
            reach.add(change, view, kind.granularity);
        }
        reach.rules = rules.iter().filter(|rule| matches_any(rule, &paths)).cloned().collect();
        reaches.push(reach);
    }
    let mut ids: Vec<SetId> =
        reaches.iter().flat_map(Reach::ids).chain(stale.values().flatten().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let sets: BTreeMap<SetId, Arc<TestSet>> = ids.iter().copied().zip(evidence.sets(&ids)?).collect();

    // 3. Their unions.
    let union = |ids: &[SetId]| {
        let mut union = TestSet::new();
        for id in ids {
            union.union_with(&sets[id]);
        }
        union
    };
    let variables = stale.into_iter().map(|(reason, ids)| (reason, union(&ids))).collect();
    let changes = changes
        .iter()
        .zip(reaches)
        .map(|(change, reach)| Trace {
            change: change.clone(),
            reached: union(&reach.reached),
            shared: union(&reach.shared),
            seen: {
                // A rule makes a path known to those whose recording does not have it. To the others the
                // recording says more: a unit that it does not have is new to them.
                let mut seen = union(&reach.rules.iter().map(|rule| rule.seen).collect::<Vec<_>>());
                seen.subtract(&union(&reach.knows_file));
                seen.union_with(&union(&reach.seen));
                seen
            },
            rules: reach.rules.into_iter().map(|rule| (rule.clone(), sets[&rule.tests].clone())).collect(),
        })
        .collect();
    Ok(Traces { changes, variables })
}

/// Returns the sets of tests that consulted a variable which does not count as what it was, each with why.
fn stale(evidence: &dyn Evidence, now: &Variables) -> Result<BTreeMap<Reason, Vec<SetId>>, CodecError> {
    let mut stale: BTreeMap<Reason, Vec<SetId>> = BTreeMap::new();
    for variable in evidence.variables()? {
        let reason = match now.since(&variable.consulted) {
            Since::Same => continue,
            Since::Changed => Reason::Variable(variable.consulted.name),
            Since::Unknown => Reason::UnknownVariable(variable.consulted.name),
        };
        stale.entry(reason).or_default().push(variable.tests);
    }
    Ok(stale)
}

/// The sets that one change names.
#[derive(Default)]
struct Reach {
    reached: Vec<SetId>,
    shared: Vec<SetId>,
    seen: Vec<SetId>,
    knows_file: Vec<SetId>,
    rules: Vec<Rule>,
}

impl Reach {
    fn add(&mut self, change: &ChangedKey, view: &FileView, granularity: Granularity) {
        self.knows_file.push(view.file.seen);
        // Who read the file read its every unit.
        self.reached.push(view.file.opened);
        let units: Vec<&UnitRecord> = match change {
            ChangedKey::Unit { name, .. } if granularity == Granularity::Function => {
                // What nobody could place, and what is only known of the file as a whole, may be any unit.
                let stands_for_all = |unit: &UnitRecord| unit.is_unplaced() || unit.kind == UnitKind::File;
                let is_meant = |unit: &&UnitRecord| unit.name == *name || stands_for_all(unit);
                let meant: Vec<&UnitRecord> = view.units.iter().filter(is_meant).collect();
                // Tests whose recording has the file but not the unit are as good as ones that know neither.
                self.seen.extend(meant.iter().map(|unit| unit.seen));
                // Only a function's change is seen by coverage. Anything else acts on all that is compiled
                // from the file, or, as far as that is known, on all that executed something of it.
                if meant.iter().all(|unit| unit.kind == UnitKind::Function || stands_for_all(unit)) {
                    meant
                } else {
                    self.reached.push(view.file.compiled);
                    view.units.iter().collect()
                }
            }
            _ => {
                self.seen.push(view.file.seen);
                self.reached.push(view.file.compiled);
                view.units.iter().collect()
            }
        };
        self.reached.extend(units.iter().map(|unit| unit.own));
        self.shared.extend(units.iter().map(|unit| unit.shared));
    }

    fn ids(&self) -> impl Iterator<Item = SetId> + '_ {
        let rules = self.rules.iter().flat_map(|rule| [rule.tests, rule.seen]);
        let named = [&self.reached, &self.shared, &self.seen, &self.knows_file];
        named.into_iter().flatten().copied().chain(rules)
    }
}

/// Returns what the traces say for one job.
fn answer(evidence: &dyn Evidence, job: &JobTests, traces: &Traces, policy: SharedPolicy) -> Answer {
    if job.tests.is_empty() {
        return Answer::Everything(Cause::EmptyJob(job.job.clone()));
    }
    let all = TestSet::range(TestId(job.tests.start.0)..TestId(job.tests.end.0));
    let baselines = evidence.baselines().intersection(&all);
    let mut reasons: Vec<(Reason, TestSet)> = Vec::new();
    let mut shared = Vec::new();
    for trace in &traces.changes {
        let change = &trace.change;
        let unseen = all.difference(&trace.seen);
        if unseen == all {
            return Answer::Everything(Cause::UnknownKey(change.clone()));
        }
        for (rule, tests) in trace.rules.iter().filter(|(rule, _)| rule.job == job.job) {
            if rule.all {
                return Answer::Everything(Cause::RunAllRule(change.clone(), rule.pattern.clone()));
            }
            reasons.push((Reason::Rule(change.clone(), rule.pattern.clone()), tests.intersection(&all)));
        }
        reasons.push((Reason::Reached(change.clone()), trace.reached.intersection(&all)));
        reasons.push((Reason::Unseen(change.clone()), unseen));
        let sharing = trace.shared.intersection(&all);
        if !sharing.is_empty() {
            let selected = match policy {
                SharedPolicy::Baseline if !baselines.is_empty() => baselines.clone(),
                SharedPolicy::Baseline | SharedPolicy::Run => sharing.clone(),
            };
            reasons.push((Reason::Shared(change.clone()), selected));
            shared.push(SharedChange { change: change.clone(), sharing, left_out: TestSet::new() });
        }
    }
    let of_job = |(reason, tests): &(Reason, TestSet)| (reason.clone(), tests.intersection(&all));
    reasons.extend(traces.variables.iter().map(of_job));
    reasons.push((Reason::Unproven, all.difference(&evidence.provable())));
    reasons.retain(|(_, tests)| !tests.is_empty());

    let mut run = TestSet::new();
    for (_, tests) in &reasons {
        run.union_with(tests);
    }
    for change in &mut shared {
        change.left_out = change.sharing.difference(&run);
    }
    Answer::Subset(Subset { skip: all.difference(&run), run, reasons, shared })
}
