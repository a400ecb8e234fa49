//! The readers of what compilers, build tools, test runners and instrumented programs leave behind.

#[path = "../../../../indexers/src/go/covdata/tests/encode.rs"]
pub mod covdata;
pub mod elf;
pub mod listings;
#[path = "../mutate.rs"]
pub mod mutate;
pub mod profiles;
pub mod seeds;
pub mod targets;
pub mod tools;
