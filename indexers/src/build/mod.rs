//! What binaries were compiled from, and how.

pub mod cargo_config;
pub mod invocation;
