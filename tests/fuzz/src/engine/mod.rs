//! The engine's readers.
//!
//! The engine's tests include this file and run every target over its seeds and some thousands of mutations of
//! them, so that a stable compiler exercises all of it.

pub mod container;
#[path = "../mutate.rs"]
pub mod mutate;
pub mod samples;
pub mod seeds;
pub mod targets;
