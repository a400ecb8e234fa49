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

    /// Returns what runs the tests.
    fn runner(&self) -> &[&str];

    /// Builds what a selection may look at.
    fn build(&self, _: &Bench<'_>, _: &BTreeMap<String, String>) -> Result<(), String> {
        Ok(())
    }

    /// Runs all tests in a work tree; what does not compile is told.
    fn run(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<Results, String>;

    /// Returns the tests of the project that run although nothing changed.
    fn always(&self) -> &[(&str, &str)];
}

/// Tries the cases of a language.
pub(super) fn check(name: &str, language: &impl Language) {
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
    let benches: Vec<Bench<'_>> =
        (0..n_benches).map(|at| Bench::new(sandbox, &format!("bench{at}"))).collect();
    let no_variables = BTreeMap::new();
    let bases: Vec<Results> = thread::scope(|scope| {
        let run = |bench: &Bench<'_>| {
            let built = language.build(bench, &no_variables);
            let results = built.and_then(|()| language.run(bench, &no_variables));
            results.unwrap_or_else(|error| panic!("base: {error}"))
        };
        let threads: Vec<_> = benches.iter().map(|bench| scope.spawn(move || run(bench))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the base works")).collect()
    });
    let before = &bases[0];
    for other in &bases {
        let differing = before.differing(other);
        assert!(differing.is_empty(), "tests of the base are not the same each time: {differing:#?}");
    }
    let runner = if takes_runner(sandbox) { language.runner() } else { &[] };
    let (always, unexpected) = always(&benches[0], runner, before, language.always());

    let queue = Mutex::new(cases.iter());
    let next = || queue.lock().expect("nobody panics with it").next();
    let verdicts: Mutex<Vec<(&Case, Result<Verdict, String>)>> = Mutex::default();
    thread::scope(|scope| {
        for bench in &benches {
            let (next, verdicts) = (&next, &verdicts);
            let base = Base { results: before, always: &always, runner };
            scope.spawn(move || {
                while let Some(case) = next() {
                    let verdict = attempt(case, language, bench, &base);
                    eprintln!("{:>4} s  {}", started.elapsed().as_secs(), shown_case(case, &verdict));
                    verdicts.lock().expect("nobody panics with it").push((case, verdict));
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().expect("nobody panics with it");
    verdicts.sort_by_key(|(case, _)| case.name.clone());
    report(name, &verdicts, unexpected, started);
}

/// What is known of a project before anything is edited.
struct Base<'a> {
    results: &'a Results,
    always: &'a BTreeSet<TestName>,
    runner: &'a [&'a str],
}

/// Returns whether selections can be told what runs the tests.
fn takes_runner(sandbox: &Sandbox) -> bool {
    sandbox.skiptrace(["select", "--help"]).stdout().contains("[-- ")
}

/// Returns the tests that run though nothing changed, and what is wrong if these are not those that are expected.
fn always(
    bench: &Bench<'_>,
    runner: &[&str],
    base: &Results,
    expected: &[(&str, &str)],
) -> (BTreeSet<TestName>, Option<String>) {
    let mut select = bench.select(&[], runner, &BTreeMap::new());
    let selected = Selected::by(&mut select).expect("an index was made");
    let always: BTreeSet<TestName> = selected.run.keys().cloned().collect();
    for test in &selected.skip {
        assert!(base.0.contains_key(test), "{} was recorded, and does not run", shown(test));
    }
    let expected = expected.iter().map(|(suite, name)| ((*suite).to_owned(), (*name).to_owned())).collect();
    let unexpected = always.symmetric_difference(&expected).next().map(|test| {
        let why = selected.why(test);
        format!("{} tests run without any change, such as {}: {why}", always.len(), shown(test))
    });
    (always, unexpected)
}

fn attempt(
    case: &Case,
    language: &impl Language,
    bench: &Bench<'_>,
    base: &Base<'_>,
) -> Result<Verdict, String> {
    bench.reset();
    case.apply(&bench.folder, |program| bench.command(program))?;
    let built = language.build(bench, &case.env);
    let selected = Selected::by(&mut bench.select(&case.select, base.runner, &case.env))?;
    let after = match (built.and_then(|()| language.run(bench, &case.env)), case.broken) {
        (Ok(after), false) => after,
        (Ok(_), true) => return Err("it is said to be broken, and can be built".to_owned()),
        (Err(error), false) => return Err(error),
        (Err(_), true) => Results::default(),
    };
    let sides = Sides { before: base.results, after: &after, always: base.always, selected: &selected };
    Ok(Verdict::of(case, &sides))
}

/// Returns a case's name, and what is wrong with the answer to it, a line each.
fn shown_case(case: &Case, verdict: &Result<Verdict, String>) -> String {
    let mut lines = vec![format!("{} ({})", case.name, case.title)];
    match verdict {
        Err(error) => lines.push(format!("the case cannot be tried: {error}")),
        Ok(verdict) => {
            lines.extend(verdict.misses.iter().map(|miss| format!("MISSED: {miss}")));
            lines.extend(verdict.known.iter().map(|miss| format!("missed, as is known: {miss}")));
            lines.extend(verdict.vacuous.iter().map(|why| format!("the case proves nothing: {why}")));
            lines.extend(verdict.imprecise.iter().map(|more| format!("imprecise: {more}")));
        }
    }
    lines.join("\n  ")
}

/// Says what is wrong in all cases at once.
fn report(
    name: &str,
    verdicts: &[(&Case, Result<Verdict, String>)],
    unexpected: Option<String>,
    started: Instant,
) {
    let lenient = std::env::var_os(LENIENT).is_some();
    let mut text = String::new();
    let (mut missed, mut imprecise, mut vacuous) = (0, usize::from(unexpected.is_some()), 0);
    let (mut known, mut blamed) = (0, 0);
    if let Some(unexpected) = unexpected {
        let _ = writeln!(text, "the base\n  imprecise: {unexpected}");
    }
    for (case, verdict) in verdicts {
        match verdict {
            Err(_) => vacuous += 1,
            Ok(verdict) => {
                missed += usize::from(!verdict.misses.is_empty());
                imprecise += usize::from(!verdict.imprecise.is_empty());
                vacuous += usize::from(!verdict.vacuous.is_empty());
                known += usize::from(!verdict.known.is_empty());
                blamed += verdict.n_blamed;
            }
        }
        let shown = shown_case(case, verdict);
        if shown.contains('\n') {
            let _ = writeln!(text, "{shown}");
        }
    }
    let seconds = started.elapsed().as_secs();
    let summary = format!(
        "{name}: {} cases, {missed} missed, {known} known to be missed, {imprecise} imprecise, {vacuous} prove nothing, \
         {blamed} tests run for what others opened, {seconds} s",
        verdicts.len()
    );
    eprintln!("{summary}");
    let fine = missed == 0 && vacuous == 0 && (lenient || imprecise == 0);
    assert!(fine, "{text}{summary}");
}
