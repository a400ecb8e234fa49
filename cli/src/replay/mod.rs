//! Selection held against history: what would have been skipped at each commit, and whether that was right.
//!
//! ```text
//! commit ─▶ check out ─▶ select by each older recording ─▶ record: everything runs ─▶ compare ─▶ Step
//! ```
//!
//! Recording runs all tests, so it is the truth of its commit and the index for later ones at the same time. This
//! program starts itself to select and to record: what is measured is what users run.

mod child;
mod compare;
mod lockfile;
mod selected;
mod step;
mod summary;
mod truth;
mod walk;

pub(crate) use child::Program;
pub(crate) use compare::Miss;
pub(crate) use selected::Everything;
pub(crate) use step::{Aged, State, Step};
pub(crate) use summary::{Spread, Summary};
pub(crate) use walk::{Request, Walk};
