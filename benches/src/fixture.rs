//! Indexes made once for each process, and which of them a bench is for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use skiptrace_engine::codec::encode;
use skiptrace_engine::index::Index;
use skiptrace_engine::recording::Shard;

use crate::workload::{Plan, Workload};

/// A drawn index in all its forms.
#[derive(Debug)]
pub struct Fixture {
    /// What it was drawn as.
    pub plan: Plan,
    /// In memory.
    pub index: Index,
    /// As bytes.
    pub bytes: Vec<u8>,
}

impl Workload {
    /// Returns the index of this workload, made when it is first asked for.
    pub fn fixture(self) -> Arc<Fixture> {
        static FIXTURES: OnceLock<Mutex<HashMap<Workload, Arc<Fixture>>>> = OnceLock::new();
        let mut fixtures = FIXTURES.get_or_init(Mutex::default).lock().expect("no fixture failed to be made");
        let make = || {
            let plan = self.draw();
            let index = plan.build();
            let bytes = encode(&index).expect("no part of it is too large");
            Arc::new(Fixture { plan, index, bytes })
        };
        fixtures.entry(self).or_insert_with(make).clone()
    }
}

/// An index cut into shards, each a part of the tests and all of the files.
pub fn shards(workload: Workload, of: u32) -> Vec<Index> {
    let plan = workload.draw();
    let shard = |number| Shard::new(number, of).expect("it is one of as many");
    (1..=of).map(|number| plan.build_shard(shard(number))).collect()
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Returns the workloads to bench: those that `SKIPTRACE_WORKLOADS` names, or else the tiny one alone when only
/// trying out whether everything works (`--test`), or else `usual`.
pub fn workloads(usual: &[Workload]) -> Vec<Workload> {
    if let Ok(names) = std::env::var("SKIPTRACE_WORKLOADS") {
        let named = |name| Workload::named(name).unwrap_or_else(|| panic!("unknown workload `{name}`"));
        return names.split(',').map(named).collect();
    }
    if std::env::args().any(|arg| arg == "--test") { vec![Workload::TINY] } else { usual.to_vec() }
}
