//! What instrumented Go programs leave in `GOCOVERDIR`.
//!
//! ```text
//! covmeta.<hash>                        one per binary: its packages, their functions, the units of each
//! covcounters.<hash>.<pid>.<nanos>      one per process that ended well, or per call of `WriteCountersDir`
//! tmp.<either>…                         one that is being written; its process may have been killed
//! ```
//!
//! A counter file says no more than numbers of packages and functions, so that it means nothing without the meta file
//! of its hash. [`MetaFile`] reads the latter, [`CounterFile`] the former; both have version 1 since Go 1.20.

mod counters;
mod cursor;
mod error;
mod hash;
mod meta;
mod name;
mod package;
mod strings;
#[cfg(test)]
pub(in crate::go) mod tests;

pub use counters::{Arguments, CounterFile, FunctionCounters};
pub use error::CovdataError;
pub use hash::MetaHash;
pub use meta::{Granularity, MetaFile, Mode};
pub use name::FileName;
pub use package::{Function, Package, PackageBlob, Unit};
