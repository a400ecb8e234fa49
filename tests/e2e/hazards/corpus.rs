//! All cases of a language.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use skiptrace_tests::Sandbox;

use super::bench::{Bench, copy};
use super::case::{Case, folder};
use super::results::{Results, TestName};
use super::select::Selected;
use super::verdict::{Sides, Verdict, shown};

/// Chooses cases by a part of their names.
const ONLY: &str = "SKIPTRACE_HAZARD";

/// Takes what is run for nothing as a remark, for whoever works on safety first.
const LENIENT: &str = "SKIPTRACE_HAZARD_LENIENT";

/// What the corpus has to know of a language.
pub(super) trait Language: Sync {
    /// Returns where things are, with all variables that its tools need.
    fn sandbox(&self) -> &Sandbox;

    /// Records the project in the sandbox's work folder, which is committed.
    fn record(&self);

    /// Runs all tests in a work tree; what does not compile is told.
    fn run(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<Results, String>;

    /// Returns the tests of the project that run although nothing changed.
    fn always(&self) -> &[(&str, &str)];
}

/// Tries all cases of a language.
pub(super) fn check(name: &str, language: impl Language) {
    let started = Instant::now();
    let only = std::env::var(ONLY).unwrap_or_default();
    let cases: Vec<Case> = Case::all(name).into_iter().filter(|case| case.name.contains(&only)).collect();
    if cases.is_empty() {
        return;
    }
    let sandbox = language.sandbox();
    copy(&folder(name).join("base"), &sandbox.work());
    sandbox.repo().commit("the base", &[]);
    language.record();

    let n_benches = thread::available_parallelism().map_or(2, usize::from).min(cases.len()).min(4);
    let benches: Vec<Bench<'_>> = (0..n_benches).map(|at| Bench::new(sandbox, &format!("bench{at}"))).collect();
    let no_variables = BTreeMap::new();
    let bases: Vec<Results> = thread::scope(|scope| {
        let run = |bench| language.run(bench, &no_variables).unwrap_or_else(|error| panic!("base: {error}"));
        let threads: Vec<_> = benches.iter().map(|bench| scope.spawn(move || run(bench))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the base works")).collect()
    });
    let before = &bases[0];
    for other in &bases {
        let differing = before.differing(other);
        assert!(differing.is_empty(), "tests of the base are not the same each time: {differing:#?}");
    }
    let always = always(&benches[0], before, language.always());

    let queue = Mutex::new(cases.iter());
    let next = || queue.lock().expect("nobody panics with it").next();
    let verdicts: Mutex<Vec<(&Case, Result<Verdict, String>)>> = Mutex::default();
    thread::scope(|scope| {
        for bench in &benches {
            let (language, next, verdicts, always) = (&language, &next, &verdicts, &always);
            scope.spawn(move || {
                while let Some(case) = next() {
                    let verdict = attempt(case, language, bench, before, always);
                    verdicts.lock().expect("nobody panics with it").push((case, verdict));
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().expect("nobody panics with it");
    verdicts.sort_by_key(|(case, _)| case.name.clone());
    report(name, &verdicts, started);
}

/// Returns the tests that run though nothing changed, which have to be those that are expected.
fn always(bench: &Bench<'_>, base: &Results, expected: &[(&str, &str)]) -> BTreeSet<TestName> {
    let selected = Selected::by(&mut bench.select(&[], &BTreeMap::new())).expect("an index was made");
    let always: BTreeSet<TestName> = selected.run.keys().cloned().collect();
    let names: Vec<(&str, &str)> = always.iter().map(|(suite, name)| (suite.as_str(), name.as_str())).collect();
    let whys: Vec<String> =
        always.iter().map(|test| format!("{}: {}", shown(test), selected.why(test))).collect();
    assert_eq!(names, expected, "without any change these run: {whys:#?} {:#?}", selected.everything);
    for test in &selected.skip {
        assert!(base.0.contains_key(test), "{} was recorded, and does not run", shown(test));
    }
    always
}

fn attempt(
    case: &Case,
    language: &impl Language,
    bench: &Bench<'_>,
    before: &Results,
    always: &BTreeSet<TestName>,
) -> Result<Verdict, String> {
    bench.reset();
    case.apply(&bench.folder, |program| bench.command(program))?;
    let selected = Selected::by(&mut bench.select(&case.select, &case.env))?;
    let after = match (language.run(bench, &case.env), case.broken) {
        (Ok(after), false) => after,
        (Ok(_), true) => return Err("it is said to be broken, and can be built".to_owned()),
        (Err(error), false) => return Err(error),
        (Err(_), true) => Results::default(),
    };
    Ok(Verdict::of(case, &Sides { before, after: &after, always, selected: &selected }))
}

/// Says what is wrong in all cases at once.
fn report(name: &str, verdicts: &[(&Case, Result<Verdict, String>)], started: Instant) {
    let lenient = std::env::var_os(LENIENT).is_some();
    let mut text = String::new();
    let (mut missed, mut imprecise, mut vacuous) = (0, 0, 0);
    for (case, verdict) in verdicts {
        let mut problems = Vec::new();
        match verdict {
            Err(error) => {
                vacuous += 1;
                problems.push(format!("the case cannot be tried: {error}"));
            }
            Ok(verdict) => {
                missed += usize::from(!verdict.misses.is_empty());
                imprecise += usize::from(!verdict.imprecise.is_empty());
                vacuous += usize::from(!verdict.vacuous.is_empty());
                problems.extend(verdict.misses.iter().map(|miss| format!("MISSED: {miss}")));
                problems.extend(verdict.vacuous.iter().map(|why| format!("the case proves nothing: {why}")));
                problems.extend(verdict.imprecise.iter().map(|more| format!("imprecise: {more}")));
            }
        }
        if !problems.is_empty() {
            let _ = writeln!(text, "{} ({})\n  {}", case.name, case.title, problems.join("\n  "));
        }
    }
    let seconds = started.elapsed().as_secs();
    let summary = format!(
        "{name}: {} cases, {missed} missed, {imprecise} imprecise, {vacuous} prove nothing, {seconds} s",
        verdicts.len()
    );
    eprintln!("{text}{summary}");
    let fine = missed == 0 && vacuous == 0 && (lenient || imprecise == 0);
    assert!(fine, "{text}{summary}");
}
