//! Where runs are kept: implementations of the engine's [`History`](skiptrace_engine::history::History).
//!
//! [`SqliteHistory`] is a file on this machine that several processes may use at once; [`MemoryHistory`] is the same
//! in the plainest way, which the former is held against (`laws`).

#[cfg(test)]
mod laws;
mod memory;
mod sqlite;

pub use memory::MemoryHistory;
pub use sqlite::SqliteHistory;
