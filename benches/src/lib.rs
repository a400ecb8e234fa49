//! What the engine is measured with: indexes of realistic shape and any size, drawn from a seed.
//!
//! - [`workload`]: named sizes, and the drawing of files, tests and who executes what;
//! - [`changes`]: the changes that are asked about;
//! - [`predecessor`]: the same work on the JSON form, the way it was done before;
//! - [`counting`]: a reader that counts what is read through it;
//! - [`fixture`]: indexes made once for each process.

pub mod changes;
pub mod counting;
pub mod fixture;
pub mod names;
pub mod predecessor;
pub mod workload;
