//! Stores that stand in front of another one: [`Prefixed`] moves it into a folder, [`ReadOnly`] keeps it from
//! being changed, [`Cached`] keeps near what was read from afar.
//!
//! Each forwards every method of the port by name, so that none falls back to a default that the inner store
//! does better.

mod cached;
mod prefixed;
mod read_only;

pub use cached::Cached;
pub use prefixed::Prefixed;
pub use read_only::ReadOnly;
