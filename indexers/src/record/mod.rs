//! Recording: from a command that runs tests to what an index is made of.
//!
//! [`rust`] builds and runs what cargo runs, [`go`] what the go tool runs, [`native`] runs C and C++ programs that are built.
//! Each leaves tests with their traces, and [`fold`] makes an index of them and of the [`sources`] that they name. [`listing`]
//! is of the files that they do not.

pub mod fold;
pub mod gains;
pub mod go;
pub mod listing;
mod lookups;
pub mod machine;
pub mod native;
pub mod observer;
mod observer_events;
pub mod opens;
pub mod outcome;
pub mod progress;
pub mod rust;
mod shared;
pub mod sources;
pub mod stray;
