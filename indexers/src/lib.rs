//! Runs language tools and reads what they leave behind.
//!
//! Reading order: [`llvm`] turns profiles and binaries into what each test executed, [`go`] does so with Go's
//! coverage files, [`units`] cuts source files into the things whose change is noticed, [`build`] knows what a binary
//! was compiled from, [`run`] runs tests one by one and watches them, and [`select`] tells runners which ones
//! to run. [`results`] reads what became of them.

pub mod build;
pub mod go;
pub mod import;
pub mod llvm;
pub mod record;
pub mod results;
pub mod run;
pub mod select;
pub mod trace;
pub mod units;
