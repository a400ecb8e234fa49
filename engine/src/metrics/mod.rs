//! What runs and evaluations tell the outside world: numbers and notices, behind one port.
//!
//! ```text
//! Counts of an evaluation ─┐
//! Run of the history ──────┼──▶ Batch: samples, notices ──▶ Sink: Datadog, OpenTelemetry, a file, …
//! whatever went wrong ─────┘
//! ```
//!
//! [`list`] has every metric there is, [`Batch`] is what one command has to tell, [`Sink`] is the port to where it goes.
//! Nothing is told of what nobody looked at: there is no zero that was not counted.

mod batch;
mod evaluation;
pub mod list;
mod notice;
mod run;
mod sink;
mod tags;
pub mod text;

pub use batch::{Batch, Sample, Value};
pub use evaluation::{of_evaluation, result};
pub use list::{Kind, Metric, Unit};
pub use notice::{Level, Notice};
pub use run::of_run;
pub use sink::{Sink, SinkError};
pub use tags::Tags;
