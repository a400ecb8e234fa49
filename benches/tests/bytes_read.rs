//! What a query reads of an index: little, in few goes, and however large the index is. No clock is involved.

use skiptrace_benches::changes::{Draw, changed_files};
use skiptrace_benches::counting::{CountingReader, Counts};
use skiptrace_benches::fixture::Fixture;
use skiptrace_benches::workload::Workload;
use skiptrace_engine::codec::{IndexReader, Section};
use skiptrace_engine::index::query::{Answer, SharedPolicy, impacted};
use skiptrace_engine::variable::Variables;

const SEEDS: std::ops::Range<u64> = 0..10;
/// Round trips to a remote store: the end, what did not fit into it, files, units, sets.
const MOST_BATCHES: u64 = 5;

/// Returns what is read when an index is opened, and what a query of ten files then reads.
fn read(fixture: &Fixture, seed: u64) -> (Counts, Counts) {
    let source = CountingReader::new(fixture.bytes.as_slice());
    let reader = IndexReader::open(&source).unwrap();
    let opening = source.counts();
    let changes = changed_files(&fixture.plan, 10, Draw::Uniform, seed);
    let answer = impacted(&reader, &fixture.plan.job(), &changes, SharedPolicy::Run, &Variables::Unknown);
    assert!(matches!(answer, Answer::Subset(_)), "{answer:?}");
    (opening, source.counts())
}

/// Returns the mean of what queries of ten files read once the index is open.
fn mean_read_of_queries(fixture: &Fixture) -> u64 {
    let each = SEEDS.map(|seed| {
        let (opening, in_all) = read(fixture, seed);
        in_all.bytes - opening.bytes
    });
    each.sum::<u64>() / SEEDS.count() as u64
}

#[test]
fn ten_files_take_a_hundredth_of_a_large_index() {
    let fixture = Workload::LARGE.fixture();
    let size = fixture.bytes.len() as u64;
    for seed in SEEDS {
        let (opening, in_all) = read(&fixture, seed);
        let share = in_all.bytes as f64 * 100.0 / size as f64;
        println!(
            "seed {seed}: {} of {size} bytes, {share:.2} %, {} of them to open, in {} batches",
            in_all.bytes, opening.bytes, in_all.batches
        );
        assert!(in_all.bytes * 100 <= size, "{share:.2} % of the index was read");
        assert!(in_all.batches <= MOST_BATCHES, "it took {} round trips", in_all.batches);
    }
}

#[test]
fn what_is_read_follows_the_change() {
    let fixtures = [Workload::TINY, Workload::SMALL, Workload::LARGE].map(Workload::fixture);
    let mut means = Vec::new();
    for fixture in &fixtures {
        let size = fixture.bytes.len() as u64;
        let (opening, _) = read(fixture, 0);
        let mean = mean_read_of_queries(fixture);
        println!("index of {size} bytes: {} to open, {mean} for a query on average", opening.bytes);
        means.push(mean);
    }
    // A hundred times the index: the query reads the same few blocks of the same size.
    let (least, most) = (means.iter().min().unwrap(), means.iter().max().unwrap());
    assert!(most <= &(least * 2), "{means:?}");
}

/// Opening reads the table of blocks, which grows with the index, but is a small part of it.
#[test]
fn what_opening_reads_is_a_small_part() {
    let fixture = Workload::LARGE.fixture();
    let reader = IndexReader::open(fixture.bytes.as_slice()).unwrap();
    let blocks: u64 = reader
        .section_sizes()
        .iter()
        .filter(|size| !matches!(size.section, Section::Directory | Section::Meta | Section::Rules))
        .map(|size| size.bytes)
        .sum();
    let table = reader.size() - blocks;
    println!("{table} of {} bytes say where the rest is", reader.size());
    assert!(table * 250 <= reader.size());
}
