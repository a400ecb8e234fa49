//! From the coverage files of a real Go module's tests to an index, beside the bound and beside Go's own tool.
//!
//! The tests are run once, each in a process of its own, and all files are kept. Then each way of reading them is
//! measured, in CPU time above all: machines are shared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use rayon::prelude::*;
use skiptrace_benches::clock::Took;
use skiptrace_benches::project;
use skiptrace_engine::codec::encode;
use skiptrace_engine::id::ObjectId;
use skiptrace_engine::index::Index;
use skiptrace_engine::json::JsonIndex;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Outcome;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording};
use skiptrace_engine::time::Timestamp;
use skiptrace_indexers::go::collect::{Collector, Grain};
use skiptrace_indexers::go::home::Modules;
use skiptrace_indexers::record::fold::{Gathered, RecordedTest, fold};
use skiptrace_indexers::record::sources::Tree;
use skiptrace_indexers::trace::Trace;

/// Measure what the coverage of all tests of a Go module takes to read, and what Go's own tool takes
#[derive(Parser)]
struct Args {
    /// A folder with a Go module at its root
    #[arg(long)]
    repo: PathBuf,
    /// Where to build and to keep coverage; used again when it is there
    #[arg(long)]
    work: PathBuf,
    /// How often to measure what is quick
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// How many tests to measure what is slow on
    #[arg(long, default_value_t = 40)]
    sample: usize,
}

/// A test, and the folder of its coverage.
struct Test {
    package: String,
    name: String,
    folder: PathBuf,
}

/// All that is read.
struct Subject {
    repository: PathBuf,
    module: String,
    tests: Vec<Test>,
}

/// A line of the result.
struct Row {
    what: &'static str,
    /// Of all tests, or what it would be.
    took: Took,
    /// How many tests it was measured on, where not on all.
    sample: Option<usize>,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let subject = Subject::make(&args)?;
    let (n_files, n_bytes) =
        subject.tests.iter().map(read_all).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    println!("{} tests, {n_files} files, {:.1} MB", subject.tests.len(), n_bytes as f64 / 1e6);
    let mut rows = Vec::new();
    for (what, grain) in
        [("skiptrace: covdata to traces", Grain::Function), ("  the same, by block", Grain::Block)]
    {
        let all = (0..args.times).map(|_| Took::of(|| traces(&subject, grain)).1);
        rows.push(Row { what, took: Took::median(all.collect()), sample: None });
    }
    let folding = (0..args.times).map(|_| {
        let (collector, traces) = traces(&subject, Grain::Function);
        Took::of(|| {
            encode(&index(&subject, collector, traces, IndexKind::FUNCTION)).expect("it is small").len()
        })
        .1
    });
    rows.push(Row {
        what: "skiptrace: traces to index bytes",
        took: Took::median(folding.collect()),
        sample: None,
    });
    let bounds = (0..args.times).map(|_| {
        Took::of(|| subject.tests.par_iter().map(read_all).map(|(_, n_bytes)| n_bytes).sum::<u64>()).1
    });
    rows.push(Row {
        what: "bound: open, read all bytes",
        took: Took::median(bounds.collect()),
        sample: None,
    });
    others(&subject, &args, &mut rows)?;
    print(&rows, subject.tests.len());
    sizes(&subject);
    Ok(())
}

impl Subject {
    fn make(args: &Args) -> io::Result<Subject> {
        let repository = args.repo.canonicalize()?;
        fs::create_dir_all(&args.work)?;
        let work = args.work.canonicalize()?;
        let module = go(&repository, &["list", "-m"])?;
        let format = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}\t{{.Dir}}{{end}}";
        let packages = go(&repository, &["list", "-f", format, "./..."])?;
        let mut tests = Vec::new();
        for (number, line) in packages.lines().filter(|line| !line.is_empty()).enumerate() {
            let (package, folder) = line.split_once('\t').expect("the format has one");
            tests.extend(run_each(&repository, &work.join(number.to_string()), package, Path::new(folder))?);
        }
        Ok(Subject { repository, module: module.trim().to_owned(), tests })
    }

    /// Returns about as many tests, evenly from all of them.
    fn sample(&self, n_tests: usize) -> Vec<&Test> {
        let step = self.tests.len().div_ceil(n_tests.max(1)).max(1);
        self.tests.iter().skip(step / 2).step_by(step).collect()
    }
}

/// Builds the test binary of a package, and runs each of its tests.
fn run_each(repository: &Path, work: &Path, package: &str, folder: &Path) -> io::Result<Vec<Test>> {
    let program = work.join("package.test");
    if !program.exists() {
        let out = program.display().to_string();
        go(
            repository,
            &["test", "-c", "-cover", "-covermode=set", "-coverpkg=./...", "-vet=off", "-o", &out, package],
        )?;
    }
    if !program.exists() {
        return Ok(Vec::new());
    }
    let list = Command::new(&program).arg("-test.list=.*").current_dir(folder).output()?;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let names = list.lines().filter(|name| !name.starts_with("Benchmark"));
    let tests = names.map(|name| Test {
        package: package.to_owned(),
        name: name.to_owned(),
        folder: work.join("coverage").join(name),
    });
    let tests: Vec<Test> = tests.collect();
    for test in tests.iter().filter(|test| !test.folder.exists()) {
        fs::create_dir_all(&test.folder)?;
        let arguments =
            [format!("-test.run=^{}$", test.name), format!("-test.gocoverdir={}", test.folder.display())];
        // Whether it passes is not the question here.
        let _ = Command::new(&program)
            .args(arguments)
            .env("GOCOVERDIR", &test.folder)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
    }
    Ok(tests)
}

fn traces(subject: &Subject, grain: Grain) -> (Collector, Vec<Trace>) {
    let modules = Modules::new().with_module(subject.module.as_str(), RepoPath::root());
    let collector = Collector::new(Box::new(modules)).with_grain(grain);
    let collect = |test: &Test| collector.collect(std::slice::from_ref(&test.folder)).trace;
    let traces = subject.tests.par_iter().map(collect).collect();
    (collector, traces)
}

/// The files as they lie in the folder.
struct Folder<'a>(&'a Path);

impl Tree for Folder<'_> {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        fs::read(self.0.join(path.as_str())).ok()
    }

    fn blob(&self, _: &RepoPath) -> Option<ObjectId> {
        None
    }

    fn is_unsettled(&self, _: &RepoPath) -> bool {
        false
    }
}

fn index(subject: &Subject, collector: Collector, traces: Vec<Trace>, kind: IndexKind) -> Index {
    let recording = Recording {
        job: "unit".parse().expect("a job's name"),
        shard: "1/1".parse().expect("a shard"),
        recorded_at: Timestamp(0),
        commit: "0".repeat(40).parse().expect("a commit"),
        tree: None,
        branch: None,
        environment: EnvironmentKey { parts: BTreeMap::new() },
        tool: "bench".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    };
    let tests = subject.tests.iter().zip(traces).map(|(test, trace)| RecordedTest {
        suite: test.package.as_str().into(),
        name: test.name.as_str().into(),
        outcome: Outcome::Passed,
        duration: Duration::from_millis(1),
        runs: vec![trace],
        uncounted: Vec::new(),
        consulted: Vec::new(),
        opened: Vec::new(),
    });
    let gathered = Gathered {
        recording,
        tests: tests.collect(),
        places: collector.into_places(),
        shared: None,
        compiled: BTreeMap::new(),
        carried: Default::default(),
        known: Default::default(),
    };
    fold(gathered, kind, &Folder(&subject.repository)).expect("all tests are of one job").0
}

/// Opens and reads each file of a test; returns how many there are, and their bytes.
fn read_all(test: &Test) -> (usize, u64) {
    let mut bytes = Vec::new();
    let mut n_files = 0;
    for entry in fs::read_dir(&test.folder).into_iter().flatten().flatten() {
        let mut file = File::open(entry.path()).expect("it was just listed");
        file.read_to_end(&mut bytes).expect("it is a file");
        n_files += 1;
    }
    (n_files, bytes.len() as u64)
}

/// What Go's own tool takes, on a sample.
fn others(subject: &Subject, args: &Args, rows: &mut Vec<Row>) -> io::Result<()> {
    // It is built when it is first used.
    go(&subject.repository, &["tool", "covdata", "pkglist", "-i=."])?;
    let program = go(&subject.repository, &["tool", "-n", "covdata"])?;
    let out = tempfile::tempdir()?;
    let text = format!("-o={}", out.path().join("text").display());
    let ways: [(&str, &str, &[&str]); 2] = [
        ("covdata textfmt, resolved binary", program.trim(), &["textfmt"]),
        ("go tool covdata textfmt", "go", &["tool", "covdata", "textfmt"]),
    ];
    let sample = subject.sample(args.sample);
    for (what, program, words) in ways {
        let (done, took) = Took::of(|| {
            sample.iter().try_for_each(|test| {
                let folder = format!("-i={}", test.folder.display());
                let words = words.iter().copied().chain([folder.as_str(), text.as_str()]);
                project::run(Path::new(program), words, &subject.repository, &[])
            })
        });
        done?;
        let took = took.scaled(subject.tests.len() as f64 / sample.len().max(1) as f64);
        rows.push(Row { what, took, sample: Some(sample.len()) });
    }
    Ok(())
}

/// Tells how large indexes are, beside the predecessor's form.
fn sizes(subject: &Subject) {
    for (what, kind) in
        [("package", IndexKind::PACKAGE), ("file", IndexKind::FILE), ("function", IndexKind::FUNCTION)]
    {
        let (collector, traces) = traces(subject, Grain::Function);
        let n_troubled = traces.iter().filter(|trace| !trace.troubles.is_empty()).count();
        let index = index(subject, collector, traces, kind);
        let json = JsonIndex::from_index(&index).expect("it has keys").to_json().len();
        let ours = encode(&index).expect("it is small").len();
        println!(
            "index by {what}: {ours} bytes, as JSON {json} ({:.1} times as large); {n_troubled} tests opaque",
            json as f64 / ours as f64
        );
    }
}

fn go(folder: &Path, words: &[&str]) -> io::Result<String> {
    let output = Command::new("go").args(words).current_dir(folder).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("`go {}` failed", words.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn print(rows: &[Row], n_tests: usize) {
    let first = rows.first().map_or(1.0, |row| row.took.cpu().as_secs_f64());
    println!("{:<34}{:>10}{:>10}{:>12}{:>9}  measured on", "", "CPU s", "wall s", "ms a test", "ratio");
    for Row { what, took, sample } in rows {
        let cpu = took.cpu().as_secs_f64();
        println!(
            "{what:<34}{cpu:>10.4}{:>10.4}{:>12.4}{:>9.2}  {}",
            took.wall.as_secs_f64(),
            cpu * 1e3 / n_tests.max(1) as f64,
            cpu / first,
            sample.map_or("all".to_owned(), |n| format!("{n} tests, extrapolated"))
        );
    }
}
