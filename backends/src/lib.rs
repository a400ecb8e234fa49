//! Where skiptrace keeps its indexes and its history: implementations of the engine's
//! [`Store`](skiptrace_engine::store::Store) and [`History`](skiptrace_engine::history::History).
//!
//! In reading order: [`location`] turns what a user wrote (`s3://bucket/prefix`, `./folder`, …) into a store;
//! [`memory`], [`folder`], [`s3`] and [`http`] are the stores; [`wrap`] holds those that stand in front of
//! another; [`mapped`] reads a value without copying it. [`history`] keeps what runs chose. With the feature `testing`, `conformance` is the
//! suite that every store passes, and `testing` has the servers that it needs.
//!
//! *Architecture invariants.* Only `s3/` is asynchronous, and only inside. Only [`mapped`] has `unsafe` code.
//! Every operation ends: tries are counted, waits have a limit.
#![warn(missing_docs)]

pub mod datadog;
pub mod folder;
pub mod history;
pub mod http;
pub mod location;
pub mod mapped;
pub mod memory;
pub mod metrics;
pub mod retry;
pub mod s3;
pub mod secret;
pub mod web;
pub mod wrap;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod clock;
mod disk;
mod slice;
