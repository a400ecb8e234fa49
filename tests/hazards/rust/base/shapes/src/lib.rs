//! Many small things that change in ways which nobody sees run.

#[macro_use]
pub mod macros;
pub mod attributes;
pub mod behind;
pub mod files;
pub mod generic;
pub mod imports;
pub mod later;
pub mod lazy;
pub mod limits;
pub mod listed;
pub mod made;
pub mod moved;
pub mod narrow;
pub mod places;
pub mod random;
pub mod speak;
pub mod sugar;

#[path = "elsewhere.rs"]
pub mod placed;

#[cfg(test)]
mod tests;
