//! Test events of Datadog's CI Visibility, as its search answers them: page by page.
//!
//! ```text
//! page (JSON) ─▶ Page: TestEvents, cursor ─▶ Events: attempts by test ─▶ TestResults
//! ```
//!
//! A page is taken whole or not at all, so that it can be asked for again. Attempts are put in the order in which they
//! began, whatever order they came in. Nothing is asked here: who asks hands the bytes over.

mod attempts;
mod page;
mod value;

pub use attempts::{Events, Read, Unfit};
pub use page::{Page, PageError, Status, TestEvent, parse};
