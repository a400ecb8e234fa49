//! What the engine is measured with: indexes of realistic shape and any size, drawn from a seed; and what the
//! indexers are: real projects, and profiles and sources by hand.
//!
//! - [`workload`]: named sizes, and the drawing of files, tests and who executes what;
//! - [`changes`]: the changes that are asked about;
//! - [`predecessor`]: the same work on the JSON form, the way it was done before;
//! - [`counting`]: a reader that counts what is read through it;
//! - [`fixture`]: indexes made once for each process;
//! - [`clock`]: what something took, in time and in CPU time, of this process and of those that it started;
//! - [`project`]: a project that cargo builds, and its tests, run one by one;
//! - [`sources`]: a drawn project as files of a work tree;
//! - [`mutation`]: small changes to real projects, and what their tests say to each;
//! - [`synthetic`]: profiles, sources and whole projects of any size.

pub mod changes;
pub mod clock;
pub mod counting;
pub mod fixture;
pub mod mutation;
pub mod names;
pub mod predecessor;
pub mod project;
pub mod sources;
pub mod synthetic;
pub mod workload;
