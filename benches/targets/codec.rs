//! A whole index to bytes and back, beside the JSON form.

use divan::Bencher;
use divan::counter::BytesCount;
use skiptrace_benches::fixture::workloads;
use skiptrace_benches::predecessor;
use skiptrace_benches::workload::Workload;

fn main() {
    divan::main();
}

#[divan::bench(args = workloads(&[Workload::SMALL, Workload::LARGE]), sample_count = 5, sample_size = 1)]
fn encode(bencher: Bencher<'_, '_>, workload: Workload) {
    let fixture = workload.fixture();
    bencher
        .counter(BytesCount::new(fixture.bytes.len()))
        .bench(|| skiptrace_engine::codec::encode(&fixture.index).expect("no part of it is too large"));
}

#[divan::bench(args = workloads(&[Workload::SMALL, Workload::LARGE]), sample_count = 5, sample_size = 1)]
fn decode(bencher: Bencher<'_, '_>, workload: Workload) {
    let fixture = workload.fixture();
    bencher
        .counter(BytesCount::new(fixture.bytes.len()))
        .bench(|| skiptrace_engine::codec::decode(fixture.bytes.as_slice()).expect("it was just written"));
}

#[divan::bench(args = workloads(&[Workload::SMALL]), sample_count = 5, sample_size = 1)]
fn json_encode(bencher: Bencher<'_, '_>, workload: Workload) {
    let document = predecessor::parse(&predecessor::document(&workload.fixture().index));
    bencher.bench(|| serde_json::to_vec_pretty(&document).expect("all of it can be written as JSON"));
}

#[divan::bench(args = workloads(&[Workload::SMALL]), sample_count = 5, sample_size = 1)]
fn json_decode(bencher: Bencher<'_, '_>, workload: Workload) {
    let bytes = predecessor::document(&workload.fixture().index);
    bencher.counter(BytesCount::new(bytes.len())).bench(|| predecessor::parse(&bytes));
}
