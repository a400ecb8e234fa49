//! Selection held against mutants: small changes to a real project, each with what all of its tests say to it.
//!
//! A test that fails on a mutant, and was to be skipped, is a miss.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use serde::Deserialize;
use skiptrace_benches::mutation::find::{self, Language};
use skiptrace_benches::mutation::runs::{self, Trial};
use skiptrace_benches::mutation::sample::shuffled;
use skiptrace_benches::mutation::suite::{Results, Suite, Test};
use skiptrace_benches::mutation::{Mutant, borrowed};

/// Try selection on mutants of a cargo project or a Go module
#[derive(Parser)]
struct Args {
    /// A repository with a cargo project or a Go module at its root; it is left as it is
    project: PathBuf,
    /// The language, rust or go; unless given, by the manifest
    #[arg(long)]
    lang: Option<String>,
    /// How many mutants that build
    #[arg(long, default_value_t = 150)]
    limit: usize,
    /// What is drawn from all of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program: a release build; unless given, the one beside this
    #[arg(long)]
    skiptrace: Option<PathBuf>,
    /// Where to build; used again when it is there
    #[arg(long)]
    work: Option<PathBuf>,
    /// Only files of which the path has this
    #[arg(long, default_value = "")]
    files: String,
    /// Only operators of which the name has this
    #[arg(long, default_value = "")]
    operators: String,
    /// Stop after so many minutes
    #[arg(long)]
    minutes: Option<u64>,
    /// Add each mutant to this file, as a run that `skiptrace history import` takes
    #[arg(long)]
    runs: Option<PathBuf>,
}

/// What came of one mutant that builds.
struct Tried {
    operator: String,
    skipped: f64,
    skipped_time: f64,
    everything: Option<String>,
    hung: bool,
    killed: usize,
    missed: usize,
}

/// What is read of `skiptrace index show --tests`.
#[derive(Deserialize)]
struct Shown {
    tests: Vec<ShownTest>,
}

#[derive(Deserialize)]
struct ShownTest {
    suite: String,
    name: String,
    duration_us: u64,
    can_be_skipped: bool,
}

/// What is read of `skiptrace select`.
#[derive(Deserialize)]
struct Selected {
    everything: Vec<Cause>,
    skip: Vec<Named>,
}

#[derive(Deserialize)]
struct Cause {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Named {
    suite: String,
    name: String,
}

fn main() -> io::Result<ExitCode> {
    let args = Args::parse();
    let project = args.project.canonicalize()?;
    let language = match args.lang.as_deref() {
        Some("rust") => Language::Rust,
        Some("go") => Language::Go,
        Some(other) => return Err(io::Error::other(format!("no operators for `{other}` (known: rust, go)"))),
        None if project.join("Cargo.toml").is_file() => Language::Rust,
        None => Language::Go,
    };
    let temporary;
    let work = match &args.work {
        Some(work) => work.clone(),
        None => {
            temporary = tempfile::Builder::new().prefix("skiptrace-mutants-").tempdir()?;
            temporary.path().to_owned()
        }
    };
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    let skiptrace = match &args.skiptrace {
        Some(program) => program.canonicalize()?,
        None => std::env::current_exe()?.with_file_name("skiptrace"),
    };
    let tree = work.join("tree");
    copy(&project, &tree, language)?;
    let subject =
        Subject { skiptrace, index: work.join("base.idx"), tree: tree.clone(), language, work: work.clone() };
    let times = subject.record()?;
    let provable = times.values().filter(|(_, provable)| *provable).count();
    eprintln!("recorded {} tests, of which {provable} can be skipped", times.len());

    let mut suite = Suite {
        language,
        folder: tree.clone(),
        scratch: work.clone(),
        patience: Duration::from_secs(120),
        limit: Duration::from_secs(1800),
    };
    let started = Instant::now();
    let first =
        suite.run(&BTreeSet::new())?.ok_or_else(|| io::Error::other("the project's tests do not build"))?;
    let second = suite.run(&BTreeSet::new())?.unwrap_or_default();
    // Whatever hangs is given some times what everything took; the second time, Go may take it from its cache.
    suite.patience = started.elapsed().mul_f64(3.0).max(Duration::from_secs(10)).min(suite.patience);
    suite.limit = started.elapsed().mul_f64(5.0).max(Duration::from_secs(240));
    let good: BTreeSet<Test> = first.all_passed().intersection(&second.all_passed()).cloned().collect();
    eprintln!("{} of {} tests pass, twice", good.len(), first.passed.len());
    let unknown = good.iter().filter(|test| !times.contains_key(*test)).count();
    if unknown > 0 {
        eprintln!("{unknown} of them are not in the recording");
    }

    let all = candidates(&args, &tree, language)?;
    eprintln!("{} mutants", all.len());
    let mut tried: Vec<Tried> = Vec::new();
    let (mut unviable, mut flaky, mut misses) = (0, 0, Vec::new());
    let deadline = args.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    for mutant in all {
        if tried.len() == args.limit || deadline.is_some_and(|deadline| Instant::now() > deadline) {
            break;
        }
        let file = tree.join(&mutant.path);
        let text = fs::read_to_string(&file)?;
        let Some(changed) = mutant.apply(&text) else { continue };
        fs::write(&file, changed)?;
        let outcome = subject.select().and_then(|selected| Ok((selected, suite.run(&good)?)));
        let (selected, results) = match outcome {
            Ok((selected, Some(results))) => (selected, results),
            outcome => {
                fs::write(&file, &text)?;
                outcome?;
                unviable += 1;
                continue;
            }
        };
        let skip: BTreeSet<Test> = selected.skip.into_iter().map(|test| (test.suite, test.name)).collect();
        let killed = killed(&results, &good);
        let mut missed: Vec<&Test> = killed.iter().filter(|test| skip.contains(*test)).collect();
        if !missed.is_empty() {
            // What passes once of three more times is flaky, and proves nothing.
            for _ in 0..3 {
                let passed = suite.run(&good)?.unwrap_or_default().all_passed();
                missed.retain(|test| !passed.contains(*test));
            }
            flaky += usize::from(missed.is_empty());
        }
        fs::write(&file, &text)?;
        let time = |tests: &mut dyn Iterator<Item = &Test>| -> f64 {
            tests.filter_map(|test| times.get(test)).map(|(time, _)| time.as_secs_f64()).sum::<f64>().max(0.0)
        };
        if let Some(file) = args.runs.as_deref().filter(|_| !results.hung) {
            let time = |tests: &mut dyn Iterator<Item = &Test>| Duration::from_secs_f64(time(tests));
            let trial = Trial {
                mutant: mutant.to_string(),
                known: times.len(),
                skip: &skip,
                ran: &good,
                killed: killed.len(),
                missed: &missed,
                times: (time(&mut skip.iter()), time(&mut times.keys().filter(|test| !skip.contains(*test)))),
            };
            runs::append(file, &trial)?;
        }
        let one = Tried {
            operator: mutant.operator.clone(),
            skipped: share(skip.len() as f64, times.len() as f64),
            skipped_time: share(time(&mut skip.iter()), time(&mut times.keys())),
            everything: selected.everything.first().map(|cause| format!("{}: {}", cause.code, cause.message)),
            hung: results.hung,
            killed: killed.len(),
            missed: missed.len(),
        };
        eprintln!(
            "{}: {mutant}: {} killed by, {:.0} % skipped{}{}",
            tried.len() + 1,
            one.killed,
            one.skipped * 100.0,
            if one.missed > 0 { format!(", {} MISSED", one.missed) } else { String::new() },
            one.everything.as_ref().map_or(String::new(), |cause| format!(", everything: {cause}")),
        );
        if !missed.is_empty() {
            let names: Vec<String> = missed.iter().map(|(suite, name)| format!("{suite} {name}")).collect();
            let miss =
                format!("{mutant}\n{}{} missed: {}", mutant.diff(&text), names.len(), names.join(", "));
            eprintln!("{miss}");
            misses.push(miss);
        }
        tried.push(one);
    }
    report(&tried, unviable, flaky, &misses);
    Ok(if misses.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the tests that passed without the mutant, and do not pass with it.
fn killed(results: &Results, good: &BTreeSet<Test>) -> BTreeSet<Test> {
    good.iter().filter(|test| results.passed.get(*test) == Some(&false)).cloned().collect()
}

/// Returns all mutants in the order in which they are tried.
fn candidates(args: &Args, tree: &Path, language: Language) -> io::Result<Vec<Mutant>> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(tree).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut all = Vec::new();
    for path in listed.split('\0').filter(|path| path.ends_with(&format!(".{}", language.extension()))) {
        if let Ok(text) = fs::read_to_string(tree.join(path)) {
            all.extend(find::mutants(language, path, &text));
        }
    }
    if language == Language::Rust {
        match borrowed::mutants(tree) {
            Some(mutants) => all.extend(mutants),
            None => eprintln!("cargo-mutants is not installed; only the operators of our own are used"),
        }
    }
    // Most code is in tests, and changes of theirs are the easy ones.
    let mut n_of_tests = 0;
    all.retain(|mutant| {
        let is_of_test =
            mutant.path.ends_with("_test.go") || mutant.path.split('/').any(|part| part == "tests");
        n_of_tests += usize::from(is_of_test);
        !is_of_test || n_of_tests % 5 == 0
    });
    all.retain(|mutant| mutant.path.contains(&args.files) && mutant.operator.contains(&args.operators));
    Ok(shuffled(all, args.seed))
}

/// Makes a copy of what is committed, with a lockfile of its own where there is none.
fn copy(project: &Path, tree: &Path, language: Language) -> io::Result<()> {
    if tree.exists() {
        fs::remove_dir_all(tree)?;
    }
    let done = Command::new("git").args(["clone", "--quiet", "--shared"]).arg(project).arg(tree).status()?;
    if !done.success() {
        return Err(io::Error::other("git cannot clone the project"));
    }
    if language == Language::Rust && !tree.join("Cargo.lock").exists() {
        fs::write(tree.join(".git/info/exclude"), "Cargo.lock\n")?;
        let mut command = Command::new("cargo");
        command.args(["generate-lockfile", "--quiet"]).current_dir(tree).status()?;
    }
    Ok(())
}

/// What is tried.
struct Subject {
    skiptrace: PathBuf,
    index: PathBuf,
    tree: PathBuf,
    language: Language,
    work: PathBuf,
}

impl Subject {
    /// Records; returns how long each test took, and whether it can be skipped.
    fn record(&self) -> io::Result<BTreeMap<Test, (Duration, bool)>> {
        let runner: &[&str] = match self.language {
            Language::Rust => &["cargo", "nextest", "run", "--workspace"],
            Language::Go => &["go", "test", "./..."],
        };
        let mut command = self.command();
        command.args(["record", "--output"]).arg(&self.index).arg("--").args(runner);
        command.stdout(Stdio::null()).status()?;
        let mut command = self.command();
        let output = command.args(["--json", "index", "show", "--tests"]).arg(&self.index).output()?;
        let shown: Shown =
            serde_json::from_slice(&output.stdout).map_err(|_| io::Error::other("nothing was recorded"))?;
        let test = |test: ShownTest| {
            ((test.suite, test.name), (Duration::from_micros(test.duration_us), test.can_be_skipped))
        };
        Ok(shown.tests.into_iter().map(test).collect())
    }

    fn select(&self) -> io::Result<Selected> {
        let mut command = self.command();
        let output = command.args(["--json", "select", "--index"]).arg(&self.index).output()?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            io::Error::other(format!("select gave no answer: {}", String::from_utf8_lossy(&output.stderr)))
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.skiptrace);
        command.current_dir(&self.tree).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", self.work.join("target-record"));
        command
    }
}

fn share(part: f64, all: f64) -> f64 {
    if all == 0.0 { 0.0 } else { part / all }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn report(tried: &[Tried], unviable: usize, flaky: usize, misses: &[String]) {
    let count = |wanted: &dyn Fn(&Tried) -> bool| tried.iter().filter(|one| wanted(one)).count();
    let mut operators: BTreeMap<&str, Vec<&Tried>> = BTreeMap::new();
    for one in tried {
        operators.entry(&one.operator).or_default().push(one);
    }
    println!(
        "{:<36}{:>9}{:>9}{:>9}{:>11}{:>11}",
        "operator", "mutants", "killed", "missed", "skipped", "of time"
    );
    let row = |name: &str, all: &[&Tried]| {
        let percent =
            |value: &dyn Fn(&Tried) -> f64| 100.0 * median(all.iter().map(|one| value(one)).collect());
        println!(
            "{name:<36}{:>9}{:>9}{:>9}{:>9.0} %{:>9.0} %",
            all.len(),
            all.iter().filter(|one| one.killed > 0).count(),
            all.iter().filter(|one| one.missed > 0).count(),
            percent(&|one| one.skipped),
            percent(&|one| one.skipped_time),
        );
    };
    for (operator, all) in &operators {
        row(operator, all);
    }
    row("all (median share)", &tried.iter().collect::<Vec<_>>());
    println!(
        "{unviable} more do not build; {} hung; at {} everything ran; {flaky} flaky",
        count(&|one| one.hung),
        count(&|one| one.everything.is_some()),
    );
    for miss in misses {
        println!("\nMISSED by {miss}");
    }
}
