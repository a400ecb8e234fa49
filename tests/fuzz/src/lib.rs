//! What is fuzzed, apart from the fuzzer: the bodies of the targets, what they start from, and index files by hand.
//!
//! The engine's tests include these files as well and run every target over its seeds and some thousands of
//! mutations of them, so that a stable compiler exercises all of it.

pub mod container;
pub mod mutate;
pub mod samples;
pub mod seeds;
pub mod targets;
