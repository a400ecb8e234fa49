use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// Takes the file `trace` that a test wrote for what it executed.
struct Files;

impl Observer for Files {
    type Trace = String;

    fn variables(&self, _: &Case, folder: &Path) -> Vec<(&'static str, PathBuf)> {
        vec![("FOLDER", folder.to_owned())]
    }

    fn reduce(&self, _: &Case, cell: &Cell) -> String {
        std::fs::read_to_string(cell.profiles().join("trace")).unwrap_or_default()
    }
}

fn case(name: &str, script: &str) -> Case {
    Case::shell("suite", name, script)
}

const OPTIONS: Options =
    Options { jobs: 4, runs: 1, retries: 0, timeout: None, private_temporary: true, keep_output: false };

fn check(cases: &[Case], options: &Options) -> Vec<Ran<String>> {
    let scratch = Scratch::new(None).unwrap();
    let results = drive(cases, options, &scratch, &Watch::start(), &Files, &|_| {});
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "something is left");
    results
}

fn outcomes(results: &[Ran<String>]) -> Vec<Vec<Outcome>> {
    let outcomes = |ran: &Ran<String>| match ran {
        Ran::Runs(runs) => runs.iter().map(|run| run.outcome).collect(),
        Ran::Interrupted | Ran::Broken(_) => Vec::new(),
    };
    results.iter().map(outcomes).collect()
}

#[test]
fn each_test_has_its_own_trace_and_folder() {
    let cases: Vec<Case> = (0..20)
        .map(|n| case(&n.to_string(), &format!("echo {n} > $TMPDIR/f; cp $TMPDIR/f $FOLDER/trace")))
        .collect();
    for (n, ran) in check(&cases, &OPTIONS).iter().enumerate() {
        let Ran::Runs(runs) = ran else { panic!("{ran:?}") };
        assert_eq!(runs[0].trace, format!("{n}\n"));
    }
}

#[test]
fn outcomes_are_told_apart() {
    let mut slow = case("slow", "sleep 60");
    slow.timeout = Some(Duration::from_millis(200));
    let mut ignored = case("ignored", "exit 0");
    ignored.skipped = true;
    let mut missing = case("missing", "");
    missing.command.program = "/no/such/program".into();
    let cases =
        [case("good", "exit 0"), case("bad", "echo why; echo because >&2; exit 1"), slow, ignored, missing];
    let results = check(&cases, &OPTIONS);
    assert_eq!(
        outcomes(&results),
        [vec![Outcome::Passed], vec![Outcome::Failed], vec![Outcome::TimedOut], vec![], vec![]]
    );
    let Ran::Runs(runs) = &results[1] else { panic!() };
    assert_eq!(runs[0].output.as_deref(), Some("why\n\nbecause\n"));
    assert!(matches!(results[4], Ran::Broken(_)));
}

#[test]
fn what_fails_is_tried_again_and_what_is_wanted_often_runs_often() {
    let marker = tempfile::tempdir().unwrap();
    let script = format!("mkdir {}/once && exit 1; exit 0", marker.path().display());
    let options = Options { retries: 2, ..OPTIONS };
    let results = check(&[case("flaky", &script), case("bad", "exit 1")], &options);
    assert_eq!(outcomes(&results), [vec![Outcome::Failed, Outcome::Passed], vec![Outcome::Failed; 3]]);
    let options = Options { runs: 3, ..OPTIONS };
    assert_eq!(outcomes(&check(&[case("good", "")], &options)), [vec![Outcome::Passed; 3]]);
}

#[test]
fn locks_keep_tests_apart() {
    let shared = tempfile::tempdir().unwrap();
    let exclusive =
        |name: &str| format!("mkdir {0}/{name} && sleep 0.05 && rmdir {0}/{name}", shared.path().display());
    let mut cases = Vec::new();
    for n in 0..6 {
        let mut one = case(&format!("named {n}"), &exclusive("named"));
        one.locks = vec![Lock::Named("db".into())];
        cases.push(one);
    }
    let mut alone = case("alone", &format!("test ! -e {}/named", shared.path().display()));
    alone.locks = vec![Lock::Everything];
    cases.push(alone);
    for ran in outcomes(&check(&cases, &OPTIONS)) {
        assert_eq!(ran, [Outcome::Passed]);
    }
}

#[test]
fn an_interrupted_run_keeps_what_has_ended() {
    let interrupted = Arc::new(AtomicBool::new(false));
    let watch = Watch::interrupted_by(interrupted.clone());
    let scratch = Scratch::new(None).unwrap();
    let cases = [case("quick", ""), case("slow", "sleep 60"), case("later", "")];
    let finished = AtomicUsize::new(0);
    let on_event = |event: Event<'_, String>| {
        if let Event::Finished(..) = event {
            finished.fetch_add(1, Ordering::SeqCst);
            interrupted.store(true, Ordering::SeqCst);
        }
    };
    let options = Options { jobs: 1, ..OPTIONS };
    let results = drive(&cases, &options, &scratch, &watch, &Files, &on_event);
    assert!(matches!(results[0], Ran::Runs(_)));
    assert!(matches!(results[1], Ran::Interrupted));
    assert!(matches!(results[2], Ran::Interrupted));
    assert_eq!(finished.into_inner(), 1);
}
