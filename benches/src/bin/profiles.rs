//! From the profiles of a real project's tests to an index, beside the bound and beside the tools that one would use.
//!
//! The tests are run once, each in a process of its own, and all profiles are kept. Then each way of reading them is
//! measured, in CPU time above all: machines are shared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use llvm_profparser::coverage::coverage_mapping::CoverageMapping;
use llvm_profparser::instrumentation_profile::parse_bytes;
use rayon::prelude::*;
use skiptrace_benches::clock::Took;
use skiptrace_benches::project::{self, Built};
use skiptrace_engine::codec::encode;
use skiptrace_engine::id::ObjectId;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Outcome;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording};
use skiptrace_engine::time::Timestamp;
use skiptrace_indexers::build::paths::{Normalizer, Roots};
use skiptrace_indexers::llvm::collect::Collector;
use skiptrace_indexers::llvm::profile::{Header, Sections};
use skiptrace_indexers::record::fold::{Gathered, RecordedTest, fold};
use skiptrace_indexers::record::sources::Tree;
use skiptrace_indexers::trace::Trace;

/// Measure what the profiles of all tests of a cargo project take to read, and what other tools take
#[derive(Parser)]
struct Args {
    /// A repository with a cargo project at its root
    #[arg(long)]
    repo: PathBuf,
    /// Where to build and to keep profiles; used again when it is there
    #[arg(long)]
    work: PathBuf,
    /// How often to measure what is quick
    #[arg(long, default_value_t = 3)]
    times: usize,
    /// How many tests to measure what is slow on
    #[arg(long, default_value_t = 20)]
    sample: usize,
    /// The version at the end of the names of LLVM's tools
    #[arg(long, default_value = "-22")]
    llvm: String,
}

/// All that is read.
struct Subject {
    repository: PathBuf,
    target: PathBuf,
    built: Built,
    /// The profiles of each test.
    tests: Vec<(PathBuf, Vec<PathBuf>)>,
    n_profiles: usize,
    bytes: u64,
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
    println!(
        "{} tests, {} profiles, {:.1} MB ({:.0} kB each)",
        subject.tests.len(),
        subject.n_profiles,
        subject.bytes as f64 / 1e6,
        subject.bytes as f64 / 1e3 / subject.n_profiles.max(1) as f64
    );
    let mut rows = Vec::new();
    let (mut whole, mut decoding, mut reading, mut folding) = Default::default();
    let mut index_bytes = 0;
    for _ in 0..args.times {
        let parts = ours(&subject);
        index_bytes = parts.index_bytes;
        let all: &mut [(&mut Vec<Took>, Took); 4] = &mut [
            (&mut whole, parts.whole),
            (&mut decoding, parts.decoding),
            (&mut reading, parts.reading),
            (&mut folding, parts.folding),
        ];
        all.iter_mut().for_each(|(list, took)| list.push(*took));
    }
    println!("index: {index_bytes} bytes, of {} tests", subject.tests.len());
    let measured = |what, list: Vec<Took>| Row { what, took: Took::median(list), sample: None };
    let bounds = (0..args.times).map(|_| Took::of(|| bound(&subject)).1).collect();
    rows.push(measured("skiptrace: profiles to index", whole));
    rows.push(measured("  decode binaries, once", decoding));
    rows.push(measured("  read profiles", reading));
    rows.push(measured("  cut sources, fold, encode", folding));
    rows.push(measured("bound: open, header, counters", bounds));
    others(&subject, &args, &mut rows)?;
    print(&rows, subject.tests.len());
    Ok(())
}

impl Subject {
    fn make(args: &Args) -> io::Result<Subject> {
        let repository = args.repo.canonicalize()?;
        fs::create_dir_all(&args.work)?;
        let work = args.work.canonicalize()?;
        let target = work.join("target");
        let built = project::build(&repository, &target)?;
        let profiles = work.join("profiles");
        // Profiles of binaries that were built again since are of no use.
        let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let binaries = built.tests.iter().map(|binary| &binary.path).chain(&built.programs);
        let newest = binaries.filter_map(|path| changed(path)).max();
        if profiles.exists() && changed(&profiles) < newest {
            fs::remove_dir_all(&profiles)?;
        }
        if !profiles.exists() {
            eprintln!("running each test …");
            project::run_each(&built, &profiles, 2)?;
        }
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&profiles)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        folders.sort();
        let with_profiles = |folder: PathBuf| Ok((folder.clone(), project::profiles_below(&folder)?));
        let tests: Vec<_> = folders.into_iter().map(with_profiles).collect::<io::Result<_>>()?;
        let n_profiles = tests.iter().map(|(_, files)| files.len()).sum();
        Ok(Subject { bytes: project::bytes_below(&profiles), repository, target, built, tests, n_profiles })
    }

    /// Returns about as many tests, evenly from all of them.
    fn sample(&self, n_tests: usize) -> Vec<&(PathBuf, Vec<PathBuf>)> {
        let step = self.tests.len().div_ceil(n_tests.max(1)).max(1);
        self.tests.iter().skip(step / 2).step_by(step).filter(|(_, files)| !files.is_empty()).collect()
    }

    fn collector(&self) -> Collector {
        let roots = Roots {
            repository: self.repository.clone(),
            workspace: self.repository.clone(),
            build_folders: vec![self.target.clone()],
            cargo_home: std::env::var_os("CARGO_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))),
            prefix_maps: Vec::new(),
        };
        let collector = Collector::new(Normalizer::new(roots), Box::new(Vec::new));
        for path in self.binaries() {
            if let Err(error) = collector.add(&path) {
                eprintln!("{}: {error}", path.display());
            }
        }
        collector
    }

    fn binaries(&self) -> Vec<PathBuf> {
        let tests = self.built.tests.iter().map(|binary| binary.path.clone());
        tests.chain(self.built.programs.iter().cloned()).collect()
    }
}

struct Parts {
    whole: Took,
    decoding: Took,
    reading: Took,
    folding: Took,
    index_bytes: usize,
}

fn ours(subject: &Subject) -> Parts {
    let ((decoding, reading, folding, index_bytes), whole) = Took::of(|| {
        let (collector, decoding) = Took::of(|| subject.collector());
        let (traces, reading) = Took::of(|| -> Vec<Trace> {
            subject.tests.par_iter().map(|(folder, _)| collector.collect(&[folder])).collect()
        });
        let n_troubled = traces.iter().filter(|trace| !trace.troubles.is_empty()).count();
        if n_troubled > 0 {
            let first = traces.iter().find_map(|trace| trace.troubles.first()).expect("there are some");
            eprintln!("{n_troubled} tests with trouble, such as: {}", first.detail);
        }
        let (index_bytes, folding) = Took::of(|| index(collector, traces, &subject.repository).len());
        (decoding, reading, folding, index_bytes)
    });
    Parts { whole, decoding, reading, folding, index_bytes }
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

fn index(collector: Collector, traces: Vec<Trace>, repository: &Path) -> Vec<u8> {
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
    let tests = traces.into_iter().enumerate().map(|(number, trace)| RecordedTest {
        suite: "suite".into(),
        name: number.to_string().into(),
        outcome: Outcome::Passed,
        duration: Duration::from_millis(1),
        runs: vec![trace],
        uncounted: Vec::new(),
        consulted: Vec::new(),
        opened: Vec::new(),
    });
    let tests = tests.collect();
    let gathered = Gathered {
        recording,
        tests,
        places: collector.into_places(),
        shared: None,
        compiled: BTreeMap::new(),
        carried: Default::default(),
        known: Default::default(),
    };
    let (index, _) =
        fold(gathered, IndexKind::FUNCTION, &Folder(repository)).expect("all tests are of one job");
    encode(&index).expect("no part of it is too large")
}

/// Opens each profile and reads its header and its counters, on as many threads as the real thing.
fn bound(subject: &Subject) -> u64 {
    let read = |buffer: &mut Vec<u8>, path: &PathBuf| -> u64 {
        let file = File::open(path).expect("it was just written");
        let size = file.metadata().expect("it is open").len();
        let mut head = [0; 1024];
        let n_head = size.min(1024) as usize;
        file.read_exact_at(&mut head[..n_head], 0).expect("it is as long");
        let sections = Header::parse(&head[..n_head]).and_then(|header| Sections::locate(header, 0, size));
        let Ok(sections) = sections else { return 0 };
        let n_bytes = sections.counters.end - sections.counters.start;
        buffer.resize(n_bytes as usize, 0);
        file.read_exact_at(buffer, sections.counters.start).expect("it was seen to be as long");
        n_bytes
    };
    let all = subject.tests.par_iter().flat_map(|(_, files)| files.par_iter());
    all.map_init(Vec::new, read).sum()
}

/// What other tools take, on a sample.
fn others(subject: &Subject, args: &Args, rows: &mut Vec<Row>) -> io::Result<()> {
    let sample = subject.sample(args.sample);
    let scaled = |took: Took| took.scaled(subject.tests.len() as f64 / sample.len().max(1) as f64);
    let mut row = |what, took| rows.push(Row { what, took: scaled(took), sample: Some(sample.len()) });
    let [profdata, cov] = ["llvm-profdata", "llvm-cov"].map(|tool| format!("{tool}{}", args.llvm));
    if project::is_here(&profdata) && project::is_here(&cov) {
        let folder = tempfile::tempdir()?;
        let merged = |number: usize| folder.path().join(format!("{number}.profdata"));
        let (done, took) = Took::of(|| {
            sample.iter().enumerate().try_for_each(|(number, (_, files))| {
                let head = ["merge".into(), "-o".into(), merged(number)];
                project::run(Path::new(&profdata), head.iter().chain(files), folder.path(), &[])
            })
        });
        done?;
        row("llvm-profdata merge", took);
        let binaries = binaries_of_tests(subject, &sample);
        for (what, form) in [("llvm-cov export, lcov", "lcov"), ("llvm-cov export, json", "text")] {
            let (done, took) = Took::of(|| {
                sample.iter().enumerate().try_for_each(|(number, _)| {
                    let mut words =
                        vec!["export".to_owned(), format!("-format={form}"), "-num-threads=1".into()];
                    words.push(format!("-instr-profile={}", merged(number).display()));
                    for (place, binary) in binaries[number].iter().enumerate() {
                        words.extend((place > 0).then(|| "-object".to_owned()));
                        words.push(binary.display().to_string());
                    }
                    project::run(Path::new(&cov), words, folder.path(), &[])
                })
            });
            done?;
            row(what, took);
        }
    } else {
        println!("skipped: `{profdata}` and `{cov}` are not installed");
    }
    let mut n_failed = 0;
    let (_, took) = Took::of(|| {
        for file in sample.iter().flat_map(|(_, files)| files) {
            let bytes = fs::read(file).unwrap_or_default();
            n_failed += usize::from(!matches!(catch_unwind(|| parse_bytes(&bytes).is_ok()), Ok(true)));
        }
    });
    row("llvm_profparser: profiles alone", took);
    let binaries = binaries_of_tests(subject, &sample);
    let (_, took) = Took::of(|| {
        for ((_, files), binaries) in sample.iter().zip(&binaries) {
            let reported = catch_unwind(|| {
                let profile = llvm_profparser::merge_profiles(files).ok()?;
                let mapping = CoverageMapping::new(binaries, &profile, true).ok()?;
                mapping.generate_report().ok().map(drop)
            });
            n_failed += usize::from(!matches!(reported, Ok(Some(()))));
        }
    });
    row("llvm_profparser: to a report", took);
    if n_failed > 0 {
        println!(
            "llvm_profparser failed on {n_failed} of them, which took less time than reading them would"
        );
    }
    Ok(())
}

/// Returns the binaries whose processes left the profiles of each test.
fn binaries_of_tests(subject: &Subject, sample: &[&(PathBuf, Vec<PathBuf>)]) -> Vec<Vec<PathBuf>> {
    let collector = subject.collector();
    let of_test = |(folder, _): &&(PathBuf, Vec<PathBuf>)| {
        let trace = collector.collect(&[folder]);
        trace.binaries.iter().map(|number| collector.binary(*number)).collect()
    };
    sample.iter().map(of_test).collect()
}

fn print(rows: &[Row], n_tests: usize) {
    let first = rows.first().map_or(1.0, |row| row.took.cpu().as_secs_f64());
    println!("{:<34}{:>10}{:>10}{:>12}{:>9}  measured on", "", "CPU s", "wall s", "ms a test", "ratio");
    for Row { what, took, sample } in rows {
        let cpu = took.cpu().as_secs_f64();
        println!(
            "{what:<34}{cpu:>10.3}{:>10.3}{:>12.3}{:>9.2}  {}",
            took.wall.as_secs_f64(),
            cpu * 1e3 / n_tests.max(1) as f64,
            cpu / first,
            sample.map_or("all".to_owned(), |n| format!("{n} tests, extrapolated"))
        );
    }
}
