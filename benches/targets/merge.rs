//! Shards to one index, beside the JSON form.
//!
//! The index is cut into sixteen shards, of which the first two, four, eight, sixteen are merged: shards of one
//! size, so that linear is twice the time for twice as many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use divan::Bencher;
use divan::counter::ItemsCount;
use skiptrace_benches::fixture::{shards, workloads};
use skiptrace_benches::predecessor;
use skiptrace_benches::workload::Workload;
use skiptrace_engine::index::Index;

const N_SHARDS: u32 = 16;

fn main() {
    divan::main();
}

/// Each workload with each number of shards.
fn cases() -> Vec<Case> {
    let each = |workload| [2, 4, 8, 16].map(|n| Case { workload, n });
    workloads(&[Workload::SMALL]).into_iter().flat_map(each).collect()
}

#[derive(Clone, Copy)]
struct Case {
    workload: Workload,
    n: usize,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.workload, self.n)
    }
}

impl Case {
    fn shards(self) -> Arc<Vec<Index>> {
        static SHARDS: OnceLock<Mutex<HashMap<Workload, Arc<Vec<Index>>>>> = OnceLock::new();
        let mut made = SHARDS.get_or_init(Mutex::default).lock().expect("no shard failed to be made");
        made.entry(self.workload).or_insert_with(|| Arc::new(shards(self.workload, N_SHARDS))).clone()
    }
}

/// Indexes in memory to one; items are shards.
#[divan::bench(args = cases(), sample_count = 5, sample_size = 1)]
fn merge(bencher: Bencher<'_, '_>, case: Case) {
    let shards = case.shards();
    let inputs: Vec<&Index> = shards.iter().take(case.n).collect();
    bencher
        .counter(ItemsCount::new(case.n))
        .bench(|| skiptrace_engine::index::merge::merge(&inputs).expect("they are of one kind"));
}

/// Bytes to bytes: decoded, merged, encoded; items are shards.
#[divan::bench(args = cases(), sample_count = 3, sample_size = 1)]
fn merge_bytes(bencher: Bencher<'_, '_>, case: Case) {
    use skiptrace_engine::codec::{decode, encode};
    let shards = case.shards();
    let bytes: Vec<Vec<u8>> =
        shards.iter().take(case.n).map(|shard| encode(shard).expect("no part of it is too large")).collect();
    bencher.counter(ItemsCount::new(case.n)).bench(|| {
        let indexes: Vec<Index> =
            bytes.iter().map(|bytes| decode(bytes.as_slice()).expect("it was just written")).collect();
        let inputs: Vec<&Index> = indexes.iter().collect();
        let merged = skiptrace_engine::index::merge::merge(&inputs).expect("they are of one kind");
        encode(&merged).expect("no part of it is too large")
    });
}

/// The same of JSON: parsed, united, written; items are shards.
#[divan::bench(args = cases(), sample_count = 3, sample_size = 1)]
fn json_bytes(bencher: Bencher<'_, '_>, case: Case) {
    let shards = case.shards();
    let bytes: Vec<Vec<u8>> = shards.iter().take(case.n).map(predecessor::document).collect();
    bencher.counter(ItemsCount::new(case.n)).bench(|| {
        let documents = bytes.iter().map(|bytes| predecessor::parse(bytes)).collect();
        let merged = predecessor::merge(documents);
        serde_json::to_vec_pretty(&merged).expect("all of it can be written as JSON")
    });
}
