//! What is fuzzed, apart from the fuzzer: the bodies of the targets, what they start from, and files by hand.
//!
//! There is a folder for each crate that reads bytes. The crate's own tests include it and run every target over
//! its seeds and some thousands of mutations of them, so that a stable compiler exercises all of it.
//!
//! ```text
//! cd tests/fuzz
//! cargo run --example seeds -- corpus
//! cargo +nightly fuzz run --fuzz-dir . sections -- -max_total_time=300 -max_len=65536
//! ```

pub mod engine;
pub mod indexers;
