//! What recording costs beside running the same tests: time, bytes on disk at the worst moment, the index.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Parser;
use skiptrace_benches::clock::Took;
use skiptrace_benches::{project, synthetic};

/// Measure what recording the tests of a cargo project, or of a Go module, costs beside running them
#[derive(Parser)]
struct Args {
    /// A repository with a cargo project or a Go module at its root
    #[arg(long, required_unless_present = "tests")]
    repo: Option<PathBuf>,
    /// Make a project of so many tiny tests instead
    #[arg(long, conflicts_with = "repo")]
    tests: Option<usize>,
    /// Where to build; used again when it is there
    #[arg(long)]
    work: PathBuf,
    /// The program that records: a release build
    #[arg(long)]
    skiptrace: PathBuf,
    /// How often to run everything
    #[arg(long, default_value_t = 3)]
    times: usize,
    /// How many tests run at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// What tests to run beyond the project's root package: arguments of cargo
    #[arg(long, default_value = "--workspace", allow_hyphen_values = true)]
    select: String,
    /// Leave out those whose name has this
    #[arg(long)]
    without: Vec<String>,
}

/// One way to run the tests.
struct Way {
    name: &'static str,
    program: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(&'static str, PathBuf)>,
    index: Option<PathBuf>,
    /// The name of what its ratio is to.
    beside: &'static str,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    fs::create_dir_all(&args.work)?;
    let work = args.work.canonicalize()?;
    let repository = match (&args.repo, args.tests) {
        (Some(repository), _) => repository.canonicalize()?,
        (None, n_tests) => {
            let folder = work.join("project");
            if !folder.exists() {
                synthetic::project(&folder, n_tests.unwrap_or(10_000))?;
            }
            folder
        }
    };
    let is_go = repository.join("go.mod").is_file();
    let needed = if is_go { "go" } else { "cargo-nextest" };
    if !project::is_here(needed) {
        println!("skipped: `{needed}` is not installed");
        return Ok(());
    }
    let ways = if is_go { ways_of_go(&args, &work)? } else { ways(&args, &work)? };
    let ways: Vec<Way> =
        ways.into_iter().filter(|way| !args.without.iter().any(|part| way.name.contains(part))).collect();
    for way in &ways {
        eprintln!("building and trying: {}", way.name);
        measure(way, &repository, &work)?;
    }
    let mut results: Vec<Vec<(Took, u64)>> = ways.iter().map(|_| Vec::new()).collect();
    // Each in turn, so that what else the machine does meets all of them.
    for _ in 0..args.times {
        for (way, results) in ways.iter().zip(&mut results) {
            results.push(measure(way, &repository, &work)?);
        }
    }
    println!(
        "{:<50}{:>9}{:>9}{:>9}{:>9}{:>13}{:>12}",
        "median of runs", "CPU s", "of", "wall s", "of", "worst MB", "index kB"
    );
    let medians: Vec<Took> =
        results.iter().map(|runs| Took::median(runs.iter().map(|(took, _)| *took).collect())).collect();
    for ((way, runs), took) in ways.iter().zip(&results).zip(&medians) {
        let beside = ways.iter().position(|other| other.name == way.beside);
        let beside = beside.map_or(*took, |place| medians[place]);
        let worst = runs.iter().map(|(_, worst)| *worst).max().unwrap_or(0);
        let index = way.index.as_ref().and_then(|path| fs::metadata(path).ok()).map_or(0, |file| file.len());
        println!(
            "{:<50}{:>9.2}{:>8.2}×{:>9.2}{:>8.2}×{:>13.1}{:>12.1}",
            way.name,
            took.cpu().as_secs_f64(),
            took.cpu().as_secs_f64() / beside.cpu().as_secs_f64(),
            took.wall.as_secs_f64(),
            took.wall.as_secs_f64() / beside.wall.as_secs_f64(),
            worst as f64 / 1e6,
            index as f64 / 1e3
        );
    }
    Ok(())
}

/// Puts code before the compiler of the workspace's own crates that adds the flag for coverage.
const WRAPPER: &str = "#!/bin/sh\nexec \"$@\" -Cinstrument-coverage\n";

const PLAIN: &str = "nextest, plain";
const WORKSPACE: &str = "nextest, instrumented: workspace";
const SINGLE: &str = "nextest, instrumented, single spawn: workspace";
const ALL: &str = "nextest, instrumented: all crates";
/// Whether nextest starts itself before each test, which a recording has it do only where a terminal controls it. What is
/// measured does not hang on that.
const DOUBLE_SPAWN: &str = "NEXTEST_DOUBLE_SPAWN";

fn ways(args: &Args, work: &Path) -> io::Result<Vec<Way>> {
    let wrapper = work.join("wrapper.sh");
    fs::write(&wrapper, WRAPPER)?;
    fs::set_permissions(&wrapper, Permissions::from_mode(0o755))?;
    let skiptrace = args.skiptrace.canonicalize()?;
    let jobs = args.jobs.to_string();
    let target = |name: &str| ("CARGO_TARGET_DIR", work.join(name));
    let cargo = |name, beside, variables: Vec<(&'static str, PathBuf)>| Way {
        name,
        program: "cargo".into(),
        // What failed in one way fails in all; all tests run.
        args: ["nextest", "run", &args.select, "--no-fail-fast", "-j", &jobs].map(OsString::from).into(),
        variables,
        index: None,
        beside,
    };
    let record = |name, beside, whose: &str, runner: &[&str], double_spawn: &str| {
        let index = work.join(format!("{whose}-{}.idx", runner[1]));
        let head = ["record", "--instrument", whose, "--jobs", &jobs, "--output"].map(OsString::from);
        let mut words = head.to_vec();
        words.extend([index.clone().into(), "--".into()]);
        words.extend(runner.iter().map(OsString::from));
        let variables = vec![target("target-record"), (DOUBLE_SPAWN, double_spawn.into())];
        Way { name, program: skiptrace.clone(), args: words, variables, index: Some(index), beside }
    };
    let instrumented = || vec![target("target-workspace"), ("RUSTC_WORKSPACE_WRAPPER", wrapper.clone())];
    let with_nextest = ["cargo", "nextest", "run", &args.select, "--no-fail-fast", "-j", &jobs];
    // Without the tests in documentation, which nextest does not run.
    let with_own = ["cargo", "test", &args.select, "--tests"];
    Ok(vec![
        cargo(PLAIN, PLAIN, vec![target("target-plain")]),
        cargo(WORKSPACE, PLAIN, instrumented()),
        cargo(SINGLE, PLAIN, [instrumented(), vec![(DOUBLE_SPAWN, "0".into())]].concat()),
        cargo(ALL, PLAIN, vec![target("target-all"), ("RUSTFLAGS", "-Cinstrument-coverage".into())]),
        record("record, nextest: workspace", WORKSPACE, "workspace", &with_nextest, "0"),
        record("record, nextest, terminal: workspace", WORKSPACE, "workspace", &with_nextest, "1"),
        record("record, own driver: workspace", WORKSPACE, "workspace", &with_own, "0"),
        record("record, nextest: all crates", ALL, "all", &with_nextest, "0"),
        record("record, own driver: all crates", ALL, "all", &with_own, "0"),
    ])
}

const GO_PLAIN: &str = "go test";
const GO_COVER: &str = "go test -cover";
const GO_ALL: &str = "go test -cover -coverpkg=./...";

/// The ways of a Go module: the go tool keeps what it built of each in one cache.
fn ways_of_go(args: &Args, work: &Path) -> io::Result<Vec<Way>> {
    let jobs = args.jobs.to_string();
    let go = |name, beside, flags: &[&str]| Way {
        name,
        program: "go".into(),
        // Not what it remembers of the last time.
        args: ["test", "-count=1"].iter().chain(flags).chain(&["./..."]).map(OsString::from).collect(),
        variables: Vec::new(),
        index: None,
        beside,
    };
    let index = work.join("go.idx");
    let words = ["record", "--jobs", &jobs, "--output"].map(OsString::from);
    let words = words.into_iter().chain([index.clone().into()]);
    let words = words.chain(["--", "go", "test", "./..."].map(OsString::from)).collect();
    let record = Way {
        name: "record",
        program: args.skiptrace.canonicalize()?,
        args: words,
        variables: Vec::new(),
        index: Some(index),
        beside: GO_ALL,
    };
    Ok(vec![
        go(GO_PLAIN, GO_PLAIN, &[]),
        go(GO_COVER, GO_PLAIN, &["-cover"]),
        go(GO_ALL, GO_PLAIN, &["-cover", "-coverpkg=./..."]),
        record,
    ])
}

/// Runs the tests in one way; returns what it took, and how many bytes were on disk at the worst moment beyond what
/// was built.
fn measure(way: &Way, repository: &Path, work: &Path) -> io::Result<(Took, u64)> {
    let scratch = work.join("scratch");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    let profiles = scratch.join("%p-%m.profraw");
    let mut variables: Vec<(&str, &Path)> = vec![("TMPDIR", &scratch), ("LLVM_PROFILE_FILE", &profiles)];
    variables.extend(way.variables.iter().map(|(name, value)| (*name, value.as_path())));
    if let Some(index) = way.index.as_ref().filter(|index| index.exists()) {
        fs::remove_file(index)?;
    }
    let (worst, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let look = || {
        worst.fetch_max(project::bytes_below(&scratch), Ordering::Relaxed);
    };
    let (done, took) = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                look();
                thread::sleep(Duration::from_millis(100));
            }
        });
        let measured =
            Took::of(|| project::run(&way.program, way.args.iter().cloned(), repository, &variables));
        look();
        over.store(true, Ordering::Relaxed);
        measured
    });
    if let Err(error) = done {
        // Tests that fail are measured like others; a build that failed has nothing to measure.
        let text = error.to_string();
        if way.index.as_ref().is_some_and(|index| !index.exists()) || text.contains("could not compile") {
            return Err(error);
        }
        eprintln!("{}: {text}", way.name);
    }
    // The watcher's own time is not the work's.
    Ok((Took { own: Duration::ZERO, ..took }, worst.into_inner()))
}
