//! Generated evolution: small programs, edits of them, and everything run on both sides.
//!
//! A program is made from a seed and recorded once. Each round turns some of its knobs, asks `skiptrace select`, and
//! runs all tests with the plain toolchain: a test that ends or prints otherwise than before and was to be skipped is
//! a miss. `SKIPTRACE_EVOLUTION_SEED` and `SKIPTRACE_EVOLUTION_ROUNDS` repeat a failure, or run for longer;
//! `SKIPTRACE_EVOLUTION_SEEDS` is how many seeds follow each other, and `SKIPTRACE_EVOLUTION_EDITS` the number of edits at
//! a time, if it is to be the same for all rounds; `SKIPTRACE_EVOLUTION_FEATURE` leaves out all features but those with
//! these names. Features whose name begins with `open_` show misses that nothing prevents so far, and are only part of
//! programs with `SKIPTRACE_EVOLUTION_OPEN=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use skiptrace_tests::Sandbox;
use skiptrace_tests::evolution::{Dice, Edit, Feature, Program, State};

mod go;
mod rust;

/// How each test ended and what it printed, by the test's last name.
type Truth = BTreeMap<String, String>;

/// One of the two languages.
trait Language {
    /// Returns the sandbox with the repository.
    fn sandbox(&self) -> &Sandbox;
    /// Commits everything.
    fn commit(&self);
    /// Returns the command that runs the tests.
    fn runner(&self) -> &'static [&'static str];
    /// Runs all tests with the plain toolchain; `None` if the compiler refuses.
    fn truth(&self) -> Result<Truth, String>;
}

/// What `skiptrace select` said.
struct Selected {
    /// Each test that runs, and why.
    run: BTreeMap<String, BTreeSet<String>>,
    skip: BTreeSet<String>,
    whole: Value,
}

/// What rounds came to.
#[derive(Default)]
struct Tally {
    rounds: usize,
    refused: usize,
    run: usize,
    known: usize,
    changed: usize,
    failures: Vec<String>,
}

/// The reasons of tests whose record proves nothing.
const UNPROVEN: [&str; 5] = ["\"unstable\"", "\"opaque\"", "\"flaky\"", "\"not-run\"", "\"failed\""];

fn number(name: &str) -> Option<usize> {
    let text = std::env::var(format!("SKIPTRACE_EVOLUTION_{name}")).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("SKIPTRACE_EVOLUTION_{name} is a number, and not `{text}`")))
}

/// Returns the features below a folder.
fn features(folder: &str) -> Vec<Feature> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/evolution").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("it is text");
    let only = std::env::var("SKIPTRACE_EVOLUTION_FEATURE").unwrap_or_default();
    let with_open = number("OPEN").is_some();
    let features = files.iter().filter(|path| path.extension().is_some_and(|end| end == "txt"));
    features
        .flat_map(|path| Feature::read_all(&read(path)))
        .filter(|feature| with_open || !feature.name.starts_with("open_"))
        .filter(|feature| {
            only.is_empty() || feature.name == "frame" || only.split(',').any(|name| name == feature.name)
        })
        .collect()
}

/// Evolves programs, and fails on any miss.
fn evolve<L: Language>(seed: usize, rounds: usize, project: impl Fn(&mut Dice) -> Option<(L, Program)>) {
    let first = number("SEED").unwrap_or(seed);
    let rounds = number("ROUNDS").unwrap_or(rounds);
    let mut tally = Tally::default();
    for seed in first..first + number("SEEDS").unwrap_or(1) {
        let mut dice = Dice::new(seed as u64);
        let Some((language, program)) = project(&mut dice) else { return };
        evolve_one(&language, &program, &mut dice, seed, rounds, &mut tally);
    }
    say(&format!(
        "{} rounds, {} edits refused, {:.1} % of tests selected, {:.1} % changed, {} failures",
        tally.rounds,
        tally.refused,
        100.0 * tally.run as f64 / tally.known.max(1) as f64,
        100.0 * tally.changed as f64 / tally.known.max(1) as f64,
        tally.failures.len()
    ));
    assert!(tally.failures.is_empty(), "{}", tally.failures.join("\n\n"));
}

/// The test harness swallows what goes through `println!`, and a long run has to be followed.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn evolve_one(
    language: &impl Language,
    program: &Program,
    dice: &mut Dice,
    seed: usize,
    rounds: usize,
    tally: &mut Tally,
) {
    let state = State::new();
    put(language, &program.files(&state));
    language.commit();
    let record = ["record", "--"].iter().chain(language.runner());
    let _ = language.sandbox().skiptrace(record).success();
    let before = language.truth().unwrap_or_else(|error| panic!("seed {seed}: it does not compile: {error}"));
    let unchanged = select(language).run;
    let always: BTreeSet<String> = unchanged.keys().cloned().collect();
    // What a record cannot prove always runs.
    let is_unproven = |why: &String| UNPROVEN.iter().any(|code| why.contains(code));
    let unfounded: BTreeMap<_, _> =
        unchanged.iter().filter(|(_, why)| !why.iter().any(is_unproven)).collect();
    let mut fail = |edits: &[Edit], what: String| {
        let text = describe(program, &state, seed, edits, &what);
        say(&text);
        tally.failures.push(text);
    };
    if !unfounded.is_empty() {
        fail(&[], format!("nothing changed, and these run: {unfounded:#?}"));
    }
    let mut done: BTreeSet<Vec<Edit>> = BTreeSet::new();
    for _ in 0..rounds {
        let wanted = number("EDITS").unwrap_or_else(|| 1 + dice.below(3));
        let edits = program.edits(dice, &state, wanted);
        if edits.is_empty() || !done.insert(edits.clone()) {
            continue;
        }
        let apply = |edits: &[Edit]| {
            let state = edits.iter().fold(state.clone(), |state, edit| edit.applied(&state));
            put(language, &program.files(&state));
            select(language)
        };
        let mut parts: BTreeMap<String, Edit> = BTreeMap::new();
        for edit in edits.iter().filter(|_| edits.len() > 1) {
            for name in apply(std::slice::from_ref(edit)).run.into_keys() {
                parts.insert(name, edit.clone());
            }
        }
        let selected = apply(&edits);
        match language.truth() {
            Err(error) => {
                tally.refused += 1;
                if number("REFUSED").is_some() {
                    say(&format!("refused: {edits:?}\n{error}"));
                }
            }
            Ok(after) => {
                tally.rounds += 1;
                tally.run += selected.run.len();
                tally.known += selected.run.len() + selected.skip.len();
                let mut missed = String::new();
                for (name, end) in &before {
                    let now = after.get(name);
                    tally.changed += usize::from(now != Some(end));
                    // A test that is gone has no result that could be missed.
                    let Some(now) = now.filter(|now| *now != end) else { continue };
                    if selected.skip.contains(name) {
                        writeln!(missed, "MISS `{name}` was {end:?} and is {now:?}").expect("it is text");
                    }
                }
                if !missed.is_empty() {
                    let changes = &selected.whole["changes"];
                    fail(&edits, format!("{missed}changes: {changes:#}\nrun: {:#?}", selected.run));
                }
                let is_moved = |name: &&String| name.contains("position");
                if edits.iter().all(Edit::is_quiet) {
                    let run: BTreeMap<_, _> =
                        selected.run.iter().filter(|(name, _)| !always.contains(*name)).collect();
                    if !run.keys().all(is_moved) {
                        fail(&edits, format!("QUIET, and these run: {run:#?}"));
                    }
                }
                for (name, edit) in parts {
                    if selected.skip.contains(&name) {
                        fail(&edits, format!("LESS `{name}` runs after {edit:?} alone, and not after all"));
                    }
                }
            }
        }
        put(language, &program.files(&state));
        let again = select(language).run.into_keys().collect::<BTreeSet<_>>();
        if again != always {
            fail(&edits, format!("REVERTED, and these run: {again:?}"));
        }
    }
}

/// Says how to repeat a failure.
fn describe(program: &Program, state: &State, seed: usize, edits: &[Edit], what: &str) -> String {
    let mut text = format!("SKIPTRACE_EVOLUTION_SEED={seed}: {edits:?}\n{what}\n");
    let before = program.files(state);
    let after = program.files(&edits.iter().fold(state.clone(), |state, edit| edit.applied(&state)));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let lines = |files: &BTreeMap<String, String>| -> Vec<String> {
            files.get(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
        };
        let (before, after) = (lines(&before), lines(&after));
        for (sign, these, those) in [("-", &before, &after), ("+", &after, &before)] {
            for line in these.iter().filter(|line| !those.contains(line)) {
                writeln!(text, "{path}: {sign} {line}").expect("it is text");
            }
        }
    }
    text
}

/// Makes the work tree what a program is, and leaves alone what is as it should be.
fn put(language: &impl Language, files: &BTreeMap<String, String>) {
    let work = language.sandbox().work();
    let repo =
        language.sandbox().command("git").args(["ls-files", "-z", "-c", "-o", "--exclude-standard"]).output();
    let listed = repo.expect("git is installed").stdout;
    for path in String::from_utf8_lossy(&listed).split('\0').filter(|path| !path.is_empty()) {
        if !files.contains_key(path) && !path.ends_with("Cargo.lock") {
            let _ = std::fs::remove_file(work.join(path));
        }
    }
    for (path, text) in files {
        if std::fs::read_to_string(work.join(path)).ok().as_ref() != Some(text) {
            language.sandbox().write(path, text);
        }
    }
}

fn select(language: &impl Language) -> Selected {
    let output = language.sandbox().skiptrace(["select", "--json"]).success();
    let whole: Value = serde_json::from_str(&output.stdout()).expect("it is JSON");
    let list = |name: &str| whole[name].as_array().expect("it is a list").clone();
    let name = |test: &Value| last(test["name"].as_str().expect("it has a name")).to_owned();
    let why = |test: &Value| {
        let reasons = test["reasons"].as_array().expect("it has reasons").clone();
        reasons.iter().map(|reason| format!("{}: {}", reason["code"], reason["message"])).collect()
    };
    Selected {
        run: list("run").iter().map(|test| (name(test), why(test))).collect(),
        skip: list("skip").iter().map(name).collect(),
        whole,
    }
}

/// Returns the last part of a name, which is one test's only.
fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}
