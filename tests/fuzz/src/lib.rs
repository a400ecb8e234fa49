//! What is fuzzed, apart from the fuzzer: the bodies of the targets, what they start from, and index files by hand.
//!
//! The engine's tests include these files as well and run every target over its seeds and some thousands of
//! mutations of them, so that a stable compiler exercises all of it.
//!
//! ```text
//! cd tests/fuzz
//! cargo run --example seeds -- corpus
//! cargo +nightly fuzz run --fuzz-dir . sections -- -max_total_time=300 -max_len=65536
//! ```

pub mod container;
pub mod mutate;
pub mod samples;
pub mod seeds;
pub mod targets;
