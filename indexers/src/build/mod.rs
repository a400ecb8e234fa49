//! What binaries were compiled from, and how.

pub mod invocation;
