//! Tells what drawn indexes take, section by section, and what of them a query reads.

use clap::Parser;
use serde::Serialize;
use skiptrace_benches::changes::{Draw, changed_files, changed_functions};
use skiptrace_benches::counting::CountingReader;
use skiptrace_benches::predecessor::document_size;
use skiptrace_benches::workload::{Plan, Workload};
use skiptrace_engine::codec::{IndexReader, encode};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::query::{Answer, ChangedKey, SharedPolicy, impacted};
use skiptrace_engine::variable::Variables;

/// Tell what drawn indexes take, section by section, and what of them a query reads
#[derive(Parser)]
struct Args {
    /// The workloads: tiny, small, large
    #[arg(default_values = ["tiny", "small"])]
    workloads: Vec<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// How many queries to draw of each sort
    #[arg(long, default_value_t = 5)]
    queries: u64,
}

#[derive(Serialize)]
struct Sizes {
    workload: &'static str,
    tests: usize,
    files: usize,
    units: usize,
    sets: usize,
    tests_per_unit: f64,
    json_bytes: u64,
    bytes: usize,
    percent_of_json: f64,
    sections: Vec<SectionRow>,
    queries: Vec<QueryRow>,
}

#[derive(Serialize)]
struct SectionRow {
    section: &'static str,
    frames: usize,
    bytes: u64,
    unpacked: u64,
}

#[derive(Serialize)]
struct QueryRow {
    change: &'static str,
    seed: u64,
    tests_run: usize,
    /// Read to decide.
    bytes: u64,
    percent: f64,
    batches: u64,
    ranges: u64,
    /// Read in all, when the names of the tests that must run are read as well.
    bytes_with_names: u64,
    batches_with_names: u64,
}

fn main() {
    let args = Args::parse();
    let workloads = args.workloads.iter().map(|name| {
        Workload::named(name).unwrap_or_else(|| {
            eprintln!("error: unknown workload `{name}` (known workloads: tiny, small, large)");
            std::process::exit(2)
        })
    });
    let sizes: Vec<Sizes> = workloads.map(|workload| measure(workload, args.queries)).collect();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&sizes).expect("all of it can be written as JSON"));
    } else {
        sizes.iter().for_each(print);
    }
}

fn measure(workload: Workload, n_queries: u64) -> Sizes {
    let plan = workload.draw();
    let index = plan.build();
    let bytes = encode(&index).expect("no part of it is too large");
    let json_bytes = document_size(&index);
    let pairs: usize = index.units().iter().map(|unit| index.set(unit.own).len()).sum();
    let reader = IndexReader::open(bytes.as_slice()).expect("it was just written");
    let sections = reader.section_sizes().into_iter().map(|size| SectionRow {
        section: size.section.name(),
        frames: size.frames,
        bytes: size.bytes,
        unpacked: size.unpacked,
    });
    let queries = (0..n_queries).flat_map(|seed| {
        [
            query(&plan, &bytes, "10 files", seed, &changed_files(&plan, 10, Draw::Uniform, seed)),
            query(&plan, &bytes, "10 hot files", seed, &changed_files(&plan, 10, Draw::Weighted, seed)),
            query(&plan, &bytes, "10 functions", seed, &changed_functions(&plan, 10, Draw::Uniform, seed)),
        ]
    });
    Sizes {
        workload: workload.name,
        tests: index.tests().len(),
        files: index.files().len(),
        units: index.units().len(),
        sets: index.n_sets(),
        tests_per_unit: pairs as f64 / index.units().len() as f64,
        json_bytes,
        bytes: bytes.len(),
        percent_of_json: percent(bytes.len() as u64, json_bytes),
        sections: sections.collect(),
        queries: queries.collect(),
    }
}

fn query(plan: &Plan, bytes: &[u8], change: &'static str, seed: u64, changes: &[ChangedKey]) -> QueryRow {
    let source = CountingReader::new(bytes);
    let reader = IndexReader::open(&source).expect("it was just written");
    let Answer::Subset(subset) =
        impacted(&reader, &plan.job(), changes, SharedPolicy::Run, &Variables::Unknown)
    else {
        panic!("every changed file is one that was drawn")
    };
    let decided = source.counts();
    let names = reader.tests(&subset.run).expect("it was just written");
    let in_all = source.counts();
    QueryRow {
        change,
        seed,
        tests_run: names.len(),
        bytes: decided.bytes,
        percent: percent(decided.bytes, bytes.len() as u64),
        batches: decided.batches,
        ranges: decided.ranges,
        bytes_with_names: in_all.bytes,
        batches_with_names: in_all.batches,
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn print(sizes: &Sizes) {
    println!(
        "{}: {} tests, {} files, {} units, {} sets, {:.1} tests a unit",
        sizes.workload, sizes.tests, sizes.files, sizes.units, sizes.sets, sizes.tests_per_unit
    );
    println!("  {:<14}{:>8}{:>14}{:>14}{:>8}", "section", "frames", "bytes", "unpacked", "%");
    for row in &sizes.sections {
        let share = percent(row.bytes, sizes.bytes as u64);
        println!("  {:<14}{:>8}{:>14}{:>14}{:>8.2}", row.section, row.frames, row.bytes, row.unpacked, share);
    }
    println!(
        "  whole {} bytes, {:.2} % of the {} of JSON",
        sizes.bytes, sizes.percent_of_json, sizes.json_bytes
    );
    println!(
        "  {:<14}{:>6}{:>10}{:>12}{:>8}{:>9}{:>8}{:>14}{:>9}",
        "query", "seed", "tests", "bytes", "%", "batches", "ranges", "with names", "batches"
    );
    for row in &sizes.queries {
        println!(
            "  {:<14}{:>6}{:>10}{:>12}{:>8.3}{:>9}{:>8}{:>14}{:>9}",
            row.change,
            row.seed,
            row.tests_run,
            row.bytes,
            row.percent,
            row.batches,
            row.ranges,
            row.bytes_with_names,
            row.batches_with_names
        );
    }
}
