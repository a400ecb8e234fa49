use std::collections::HashMap;

use skiptrace_engine::id::ObjectId;
use skiptrace_engine::index::VariableRecord;
use skiptrace_engine::index::carry::carry;
use skiptrace_engine::index::query::{Answer, ChangedKey, SharedPolicy, impacted};
use skiptrace_engine::observation::TextRange;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Shard};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::unit::SourceFile;
use skiptrace_engine::variable::Variables;

use super::*;

/// Files in memory; those whose names begin with `hot` were written to meanwhile.
struct Texts(HashMap<&'static str, &'static str>);

impl Tree for Texts {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.0.get(path.as_str()).map(|text| text.as_bytes().to_vec())
    }

    fn blob(&self, _: &RepoPath) -> Option<ObjectId> {
        None
    }

    fn is_unsettled(&self, path: &RepoPath) -> bool {
        path.as_str().starts_with("hot")
    }
}

const CODE: &str = "fn one() {}\n\nfn two() {\n    one()\n}\n\nconst LIMIT: u32 = 1;\n";

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn trace(places: &[u32]) -> Trace {
    Trace { places: places.to_vec(), ..Trace::default() }
}

fn test(name: &str, runs: Vec<Trace>) -> RecordedTest {
    RecordedTest {
        suite: "suite".into(),
        name: name.into(),
        outcome: Outcome::Passed,
        duration: Duration::from_secs(1),
        runs,
        uncounted: Vec::new(),
        opened: Vec::new(),
        consulted: Vec::new(),
    }
}

/// Folds tests over places 0 (`one`), 1 (`two`), 2 (a blank line), 3 (`one` of a file that changes), 4 (of no file).
fn folded(tests: Vec<RecordedTest>) -> (Index, Noticed) {
    let mut places = Places::default();
    for (file, first, last) in
        [("a.rs", 1, 1), ("a.rs", 3, 5), ("a.rs", 2, 2), ("hot.rs", 1, 1), ("gone.rs", 1, 1)]
    {
        places.number(&path(file), TextRange::lines(first, last));
    }
    folded_over(tests, places, Texts(HashMap::from([("a.rs", CODE), ("hot.rs", CODE), ("data.txt", "x\n")])))
}

fn folded_over(tests: Vec<RecordedTest>, places: Places, tree: Texts) -> (Index, Noticed) {
    fold(gathered(tests, places), IndexKind::FUNCTION, &tree).unwrap()
}

fn gathered(tests: Vec<RecordedTest>, places: Places) -> Gathered {
    Gathered {
        recording: Recording {
            job: "job".parse().unwrap(),
            shard: Shard::WHOLE,
            recorded_at: Timestamp(1),
            commit: "0".repeat(40).parse().unwrap(),
            tree: None,
            branch: None,
            environment: EnvironmentKey::default(),
            tool: "test".to_owned(),
            origin: Origin::Recorded,
            asked_for: None,
        },
        tests,
        places,
        shared: None,
        compiled: BTreeMap::from([("suite".into(), BTreeSet::from([path("a.rs"), path("data.txt")]))]),
        carried: Carried::default(),
        known: Files::new(),
    }
}

/// Returns the units that each test executed.
fn footprints(index: &Index) -> Vec<String> {
    let mut found = Vec::new();
    for file in index.files() {
        for unit in index.units_of(file) {
            for test in index.set(unit.own).iter() {
                let name = &index.tests()[test.index()].key.name;
                let unit = if unit.is_unplaced() { "?" } else { &unit.name };
                found.push(format!("{name}: {} {unit}", file.path));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn places_become_units() {
    let (index, noticed) = folded(vec![test("t", vec![trace(&[0, 1])]), test("u", vec![trace(&[1])])]);
    assert_eq!(footprints(&index), ["t: a.rs one", "t: a.rs two", "u: a.rs two"]);
    assert!(noticed.opaque.is_empty() && noticed.unstable.is_empty());
    assert_eq!(index.provable().len(), 2);
}

#[test]
fn what_is_in_no_unit_or_no_file_is_anywhere_in_it() {
    let (index, _) = folded(vec![test("t", vec![trace(&[2, 4])])]);
    assert_eq!(footprints(&index), ["t: a.rs ?", "t: gone.rs ?"]);
}

#[test]
fn a_file_written_to_meanwhile_never_counts_as_unchanged() {
    let (index, noticed) = folded(vec![test("t", vec![trace(&[3])])]);
    assert_eq!(noticed.unsettled, [path("hot.rs")]);
    let (_, file) = index.file(&path("hot.rs")).unwrap();
    assert!(index.units_of(file).iter().all(|unit| unit.fingerprint.is_none()));
}

#[test]
fn a_test_that_executed_nothing_of_ours_proves_nothing() {
    let (index, noticed) = folded(vec![test("t", vec![trace(&[])])]);
    assert_eq!(noticed.opaque[0].troubles[0].problem, Problem::NothingExecuted);
    assert!(index.provable().is_empty());
}

#[test]
fn a_footprint_of_which_one_run_alone_has_a_part_is_unstable() {
    let [one, both] = [&[0][..], &[0, 1]];
    let (index, noticed) = folded(vec![
        test("last", vec![trace(one), trace(both)]),
        test("first", vec![trace(both), trace(one)]),
        test("between", vec![trace(one), trace(both), trace(one), trace(one)]),
        test("settles", vec![trace(one), trace(both), trace(both)]),
        test("same", vec![trace(one), trace(one)]),
    ]);
    let seen: Vec<_> =
        noticed.unstable.iter().map(|test| (&*test.test.name, test.differing, test.unsettled)).collect();
    let unsettled = ["last", "first", "between"].map(|name| (name, 1, true));
    assert_eq!(seen, [&unsettled[..], &[("settles", 1, false)]].concat());
    let opaque: Vec<_> = noticed.opaque.iter().map(|test| &*test.test.name).collect();
    assert_eq!(opaque, ["last", "first", "between"]);
    // What any run executed counts.
    assert_eq!(footprints(&index).iter().filter(|line| line.ends_with("two")).count(), 4);
}

#[test]
fn troubles_of_any_run_are_the_tests() {
    let mut second = trace(&[0]);
    second.trouble(Problem::ProcessKilled, "its helper was killed");
    let (index, noticed) = folded(vec![test("t", vec![trace(&[0]), second])]);
    assert_eq!(noticed.opaque[0].troubles[0].detail, "its helper was killed");
    assert_eq!(index.tests()[0].health.problems().collect::<Vec<_>>(), [Problem::ProcessKilled]);
}

#[test]
fn what_is_taken_over_keeps_what_it_was_compiled_from() {
    let (index, _) = folded(vec![test("helped", vec![trace(&[0])]), test("alone", vec![trace(&[1])])]);
    let known: Files = [("a.rs", CODE), ("helper.rs", CODE), ("data.txt", "x\n")]
        .map(|(name, text)| {
            let units = crate::units::cut(crate::units::Language::of(&path(name)), text.as_bytes());
            (path(name), SourceFile { path: path(name), blob: None, units })
        })
        .into();
    let mut carried = carry(&index, &"job".parse().unwrap(), &|_| true, &known);
    carried.tests.retain(|test| &*test.record.key.name == "helped");
    carried.compiled.get_mut("suite").unwrap().extend([path("helper.rs"), path("gone.rs")]);
    let gathered = Gathered {
        recording: index.recordings()[0].clone(),
        tests: vec![test("alone", vec![trace(&[])])],
        places: Places::default(),
        shared: None,
        compiled: BTreeMap::from([("suite".into(), BTreeSet::from([path("a.rs")]))]),
        carried,
        known,
    };
    let (index, _) = fold(gathered, IndexKind::FUNCTION, &Texts(HashMap::new())).unwrap();
    let (_, helper) = index.file(&path("helper.rs")).unwrap();
    assert_eq!(index.set(helper.compiled).len(), 2);
    assert!(index.file(&path("gone.rs")).is_none());
    assert_eq!(footprints(&index), ["helped: a.rs one"]);
}

#[test]
fn whoever_can_clear_variables_may_lose_what_its_children_execute() {
    let clearing = "fn start(command: &mut Command) {\n    command.env_clear().spawn();\n}\nfn other() {}\n";
    let mut places = Places::default();
    places.number(&path("a.rs"), TextRange::lines(1, 3));
    places.number(&path("a.rs"), TextRange::lines(4, 4));
    let tests = vec![test("starts", vec![trace(&[0])]), test("does not", vec![trace(&[1])])];
    let (index, noticed) = folded_over(tests, places, Texts(HashMap::from([("a.rs", clearing)])));
    assert_eq!(noticed.opaque.len(), 1);
    assert_eq!(&*noticed.opaque[0].test.name, "starts");
    assert_eq!(index.provable().len(), 1);
}

#[test]
fn a_file_that_no_recording_has_runs_everything() {
    let (index, _) = folded(vec![test("t", vec![trace(&[0])])]);
    let job = "job".parse().unwrap();
    let changed = [ChangedKey::File(path("unknown.rs"))];
    let answer = impacted(&index, &job, &changed, SharedPolicy::Run, &Variables::Unknown);
    assert!(matches!(answer, Answer::Everything { .. }), "{answer:?}");
}

/// Folds a test that ran again, beside two that are taken over, with what all tests of a suite are told to share.
fn folded_again(shared: Option<Shared>) -> Vec<String> {
    let before = |name: &str, places: &[u32]| test(name, vec![trace(places)]);
    let (index, _) = folded(vec![before("x", &[0]), before("y", &[0, 1]), before("again", &[0])]);
    let source = |name: &str| {
        let units = crate::units::cut(crate::units::Language::of(&path(name)), CODE.as_bytes());
        (path(name), SourceFile { path: path(name), blob: None, units })
    };
    let known: Files = [source("a.rs"), source("hot.rs")].into();
    let is_kept = |key: &TestKey| &*key.name != "again";
    let carried = carry(&index, &"job".parse().unwrap(), &is_kept, &known);
    let mut places = Places::default();
    places.number(&path("hot.rs"), TextRange::lines(1, 1));
    places.number(&path("a.rs"), TextRange::lines(3, 5));
    let gathered = Gathered {
        recording: index.recordings()[0].clone(),
        tests: vec![test("again", vec![trace(&[0])])],
        places,
        shared,
        compiled: BTreeMap::new(),
        carried,
        known,
    };
    footprints(&fold(gathered, IndexKind::FUNCTION, &Texts(HashMap::new())).unwrap().0)
}

#[test]
fn what_tests_do_only_together_belongs_to_all_of_the_suite() {
    let two = |suite: &str| Some(Shared::from([(suite.into(), vec![1])]));
    let alone = ["again: hot.rs one", "x: a.rs one", "y: a.rs one", "y: a.rs two"];
    assert_eq!(folded_again(None), alone);
    // What all of them had may have belonged to all, and who ran again was not seen with the others.
    let common = ["again: a.rs one", "again: hot.rs one", "x: a.rs one", "y: a.rs one", "y: a.rs two"];
    assert_eq!(folded_again(two("another")), common);
    let shared = ["again: a.rs one", "again: a.rs two", "again: hot.rs one", "x: a.rs one", "x: a.rs two"];
    assert_eq!(folded_again(two("suite"))[..5], shared);
}

#[test]
fn what_counts_nothing_belongs_to_whoever_was_compiled_from_it() {
    let fold = |marked: &'static str| {
        let mut places = Places::default();
        places.number(&path("a.rs"), TextRange::lines(1, 1));
        let code: &'static str = format!("fn one() {{}}\n\n{marked}fn two() {{}}\nstruct Three;\n").leak();
        let (index, _) =
            folded_over(vec![test("t", vec![trace(&[0])])], places, Texts(HashMap::from([("a.rs", code)])));
        footprints(&index).join("; ")
    };
    let both = "t: a.rs one; t: a.rs two";
    assert_eq!(fold("#[inline]\n"), "t: a.rs one");
    assert_eq!(fold("#[unsafe(naked)]\n"), both);
    assert_eq!(fold("#[coverage(off)]\n"), both);
    // Wherever it is said.
    assert_eq!(fold("macro_rules! hidden { () => { #[coverage(off)] } }\n"), both);
    assert_eq!(fold("const coverage: u8 = 1;\n"), "t: a.rs one");
}

#[test]
fn what_is_asked_of_the_machine_is_consulted() {
    let asked = |code: &'static str| {
        let mut places = Places::default();
        places.number(&path("a.rs"), TextRange::lines(1, 1));
        places.number(&path("a.rs"), TextRange::lines(2, 2));
        let tests = vec![test("one", vec![trace(&[0])]), test("two", vec![trace(&[1])])];
        let extras = Extras { variables: Some(BTreeMap::new()), ..Extras::default() };
        let tree = Texts(HashMap::from([("a.rs", code)]));
        let (index, _) = fold_with(gathered(tests, places), extras, IndexKind::FUNCTION, &tree).unwrap();
        let variables = index.variables();
        let names = |variable: &VariableRecord| {
            let tests = index.set(variable.tests).iter().map(|test| &*index.tests()[test.index()].key.name);
            format!("{}: {}", variable.consulted.name, tests.collect::<Vec<_>>().join(" "))
        };
        variables.iter().map(names).collect::<Vec<_>>().join("; ")
    };
    let asks = "fn one() { std::thread::available_parallelism(); }\nfn two() { if is_x86_feature_detected!(\"avx\") {} }\n";
    assert_eq!(asked(asks), "(abilities of the processors): two; (number of processors): one");
    let at_file_scope = "fn one() {}\nfn two() {}\nstatic N: Lazy<usize> = Lazy::new(|| num_cpus::get());\n";
    assert_eq!(asked(at_file_scope), "(number of processors): one two");
    assert_eq!(asked("fn one() {}\nfn two() {}\nuse std::thread::available_parallelism;\n"), "");
}
