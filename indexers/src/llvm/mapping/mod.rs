//! The coverage map, versions 4 to 7 (LLVM 11 to 22).
//!
//! Section `__llvm_covmap` holds lists of source files (`filenames`), one per compilation. Section
//! `__llvm_covfun` holds `records`, one per function: which list its files are of, and encoded
//! `region`s, each with a `counter` that says how often it ran.

pub(crate) mod counter;
pub(crate) mod cursor;
pub(crate) mod filenames;
pub(crate) mod hull;
pub(crate) mod records;
pub(crate) mod region;

pub use counter::{Count, Counter, Expression, Rule};
pub use region::{FunctionRegions, Region, RegionKind};
