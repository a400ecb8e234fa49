//! Times queries in a process that did nothing else before, as a command line would ask them.
//!
//! In the `query` bench the heap has been through building the index, which makes every allocation slower.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use skiptrace_benches::changes::{Draw, changed_files, changed_functions};
use skiptrace_benches::workload::Workload;
use skiptrace_engine::codec::{IndexReader, encode};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::query::{Answer, ChangedKey, SharedPolicy, impacted};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::TestRecord;
use skiptrace_engine::variable::Variables;

/// Time queries of ten changes in a fresh process
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw an index and changes, and write them
    Prepare {
        /// The workload: tiny, small, large
        workload: String,
        /// The folder to write to
        folder: PathBuf,
    },
    /// Ask what was prepared, cold and warm
    Time {
        /// The workload: tiny, small, large
        workload: String,
        /// The folder it was written to
        folder: PathBuf,
    },
}

const SORTS: [&str; 3] = ["files", "hot files", "functions"];
const TIMES: usize = 51;

fn main() {
    match Args::parse().command {
        Command::Prepare { workload, folder } => prepare(&workload, &folder),
        Command::Time { workload, folder } => time(&workload, &folder),
    }
}

fn prepare(name: &str, folder: &Path) {
    let plan = Workload::named(name).expect("the workload is tiny, small or large").draw();
    let bytes = encode(&plan.build()).expect("no part of it is too large");
    std::fs::write(folder.join(format!("{name}.idx")), bytes).expect("the folder can be written to");
    let changes = [
        changed_files(&plan, 10, Draw::Uniform, 1),
        changed_files(&plan, 10, Draw::Weighted, 1),
        changed_functions(&plan, 10, Draw::Uniform, 1),
    ];
    for (sort, changes) in SORTS.iter().zip(changes) {
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        std::fs::write(folder.join(format!("{name} {sort}")), lines.join("\n")).expect("as the index was");
    }
}

fn time(name: &str, folder: &Path) {
    let bytes = std::fs::read(folder.join(format!("{name}.idx"))).expect("it was prepared");
    println!("{:<12}{:>8}{:>14}{:>14}{:>14}", "10 changed", "tests", "first", "cold", "warm");
    for sort in SORTS {
        let changes =
            std::fs::read_to_string(folder.join(format!("{name} {sort}"))).expect("it was prepared");
        let changes: Vec<ChangedKey> = changes.lines().map(parse_change).collect();
        let cold = || select(&IndexReader::open(bytes.as_slice()).expect("it is an index"), &changes);
        let (first, tests) = timed(cold);
        let cold = median(|| timed(cold).0);
        let reader = IndexReader::open(bytes.as_slice()).expect("it is an index");
        select(&reader, &changes);
        let warm = median(|| timed(|| select(&reader, &changes)).0);
        println!("{sort:<12}{:>8}{first:>14.2?}{cold:>14.2?}{warm:>14.2?}", tests.len());
    }
}

/// Asks, and finds the names of what must run.
fn select(reader: &IndexReader<&[u8]>, changes: &[ChangedKey]) -> Vec<TestRecord> {
    let job = reader.job_names().next().expect("it has one job").clone();
    let Answer::Subset(subset) = impacted(reader, &job, changes, SharedPolicy::Run, &Variables::Unknown)
    else {
        panic!("every changed file is one that was drawn")
    };
    reader.tests(&subset.run).expect("it is an index")
}

fn parse_change(line: &str) -> ChangedKey {
    let path = |path: &str| RepoPath::new(path).expect("it was written as a path");
    match line.split_once('#') {
        Some((file, name)) => ChangedKey::Unit { file: path(file), name: name.into() },
        None => ChangedKey::File(path(line)),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = work();
    (start.elapsed(), made)
}

fn median(mut time: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| time()).collect();
    times.sort_unstable();
    times[TIMES / 2]
}
