//! Which tests ten changed files select, and what they are called; beside the JSON form.
//!
//! Cold is from the bytes at hand, as of a mapped file, with everything opened anew. Warm asks a reader again that
//! has been asked the same before; *another* asks a reader that has been asked about other files.

use std::hint::black_box;

use divan::Bencher;
use skiptrace_benches::changes::{Draw, changed_files, changed_functions};
use skiptrace_benches::fixture::workloads;
use skiptrace_benches::predecessor;
use skiptrace_benches::workload::Workload;
use skiptrace_engine::codec::IndexReader;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::query::{Answer, ChangedKey, SharedPolicy, impacted};
use skiptrace_engine::record::TestRecord;
use skiptrace_engine::variable::Variables;

fn main() {
    divan::main();
}

fn usual() -> Vec<Workload> {
    workloads(&[Workload::SMALL, Workload::LARGE])
}

/// Asks, and finds the names of what must run.
fn select(evidence: &dyn Evidence, job: &JobName, changes: &[ChangedKey]) -> Vec<TestRecord> {
    let Answer::Subset(subset) = impacted(evidence, job, changes, SharedPolicy::Run, &Variables::Unknown)
    else {
        panic!("every changed file is one that was drawn")
    };
    evidence.tests(&subset.run).expect("it was just written")
}

mod cold {
    use super::*;

    fn bench(bencher: Bencher<'_, '_>, workload: Workload, changes: &[ChangedKey]) {
        let fixture = workload.fixture();
        let job = fixture.plan.job();
        bencher.bench(|| {
            let reader = IndexReader::open(fixture.bytes.as_slice()).expect("it was just written");
            select(&reader, &job, changes)
        });
    }

    #[divan::bench(args = usual())]
    fn files(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_files(&workload.fixture().plan, 10, Draw::Uniform, 1));
    }

    #[divan::bench(args = usual())]
    fn hot_files(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_files(&workload.fixture().plan, 10, Draw::Weighted, 1));
    }

    #[divan::bench(args = usual())]
    fn functions(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_functions(&workload.fixture().plan, 10, Draw::Uniform, 1));
    }

    /// Without the names: which tests, by number.
    #[divan::bench(args = usual())]
    fn functions_unnamed(bencher: Bencher<'_, '_>, workload: Workload) {
        let fixture = workload.fixture();
        let changes = changed_functions(&fixture.plan, 10, Draw::Uniform, 1);
        let job = fixture.plan.job();
        bencher.bench(|| {
            let reader = IndexReader::open(fixture.bytes.as_slice()).expect("it was just written");
            impacted(&reader, &job, &changes, SharedPolicy::Run, &Variables::Unknown)
        });
    }
}

mod warm {
    use super::*;

    fn bench(bencher: Bencher<'_, '_>, workload: Workload, changes: &[ChangedKey]) {
        let fixture = workload.fixture();
        let job = fixture.plan.job();
        let reader = IndexReader::open(fixture.bytes.as_slice()).expect("it was just written");
        select(&reader, &job, changes);
        bencher.bench(|| select(&reader, &job, black_box(changes)));
    }

    #[divan::bench(args = usual())]
    fn files(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_files(&workload.fixture().plan, 10, Draw::Uniform, 1));
    }

    #[divan::bench(args = usual())]
    fn hot_files(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_files(&workload.fixture().plan, 10, Draw::Weighted, 1));
    }

    #[divan::bench(args = usual())]
    fn functions(bencher: Bencher<'_, '_>, workload: Workload) {
        bench(bencher, workload, &changed_functions(&workload.fixture().plan, 10, Draw::Uniform, 1));
    }

    /// Other files each time, of a reader that keeps what it has read.
    #[divan::bench(args = usual())]
    fn other_files(bencher: Bencher<'_, '_>, workload: Workload) {
        let fixture = workload.fixture();
        let job = fixture.plan.job();
        let reader = IndexReader::open(fixture.bytes.as_slice()).expect("it was just written");
        let draws: Vec<_> =
            (0..200).map(|seed| changed_files(&fixture.plan, 10, Draw::Uniform, seed)).collect();
        let mut draws = draws.iter().cycle();
        bencher.bench_local(|| select(&reader, &job, draws.next().expect("the draws repeat")));
    }
}

mod json {
    use super::*;

    /// Parses the document and asks it.
    #[divan::bench(args = workloads(&[Workload::SMALL]), sample_count = 5, sample_size = 1)]
    fn cold(bencher: Bencher<'_, '_>, workload: Workload) {
        let fixture = workload.fixture();
        let bytes = predecessor::document(&fixture.index);
        let changes = changed_files(&fixture.plan, 10, Draw::Uniform, 1);
        let files: Vec<&str> = changes.iter().map(|change| change.path().as_str()).collect();
        let job = fixture.plan.job();
        bencher.bench(|| predecessor::query(&predecessor::parse(&bytes), job.as_str(), &files).len());
    }

    /// Asks a parsed document.
    #[divan::bench(args = workloads(&[Workload::SMALL]))]
    fn warm(bencher: Bencher<'_, '_>, workload: Workload) {
        let fixture = workload.fixture();
        let document = predecessor::parse(&predecessor::document(&fixture.index));
        let changes = changed_files(&fixture.plan, 10, Draw::Uniform, 1);
        let files: Vec<&str> = changes.iter().map(|change| change.path().as_str()).collect();
        let job = fixture.plan.job();
        bencher.bench(|| predecessor::query(&document, job.as_str(), black_box(&files)));
    }
}
