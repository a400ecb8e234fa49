//! What is printed, where, and how it looks.
//!
//! Standard output carries the answer and nothing else; standard error carries the conversation: what is being
//! done, warnings, errors, hints, progress. All of it is legible without colour.

pub mod human;
pub mod json;
pub mod printer;
pub mod progress;
pub mod style;
pub mod table;
