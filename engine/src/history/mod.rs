//! What runs chose and what came of it, kept over time.
//!
//! ```text
//! a run ──▶ RunRecord ──▶ lines (JSON) ──▶ object (zstd) in the store ──▶ other machines
//!               └────────▶ History (a database) ──▶ runs, results of a test, trends
//! ```
//!
//! In reading order: [`RunId`] and [`Day`] name runs and sort them; [`Run`] is one of them and [`RunRecord`] the same
//! with its tests; [`lines`] and [`object`] are its forms outside of the program; [`Totals`] sums runs up, [`Ranking`]
//! tests; [`History`] is the port to where they are kept; [`Audit`] says what proofs were put to the test, and how
//! wrong they can be.

mod audit;
mod day;
mod error;
mod id;
#[cfg(test)]
mod laws;
pub mod lines;
pub mod object;
mod port;
mod ranking;
mod run;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod totals;

pub use audit::{Audit, Bound, Confidence};
pub use day::Day;
pub use error::HistoryError;
pub use id::{RunId, RunIdError};
pub use lines::FormatError;
pub use port::{Added, By, History, Pruned, Retention, RunFilter, TestRun};
pub use ranking::{Ranked, Ranking, TestSums, TestTotals, ranking};
pub use run::{Counts, Decision, IndexUsed, Run, RunRecord, TestName, TestResult, microseconds};
pub use totals::{Totals, Trend, trend};
