//! The command line of skiptrace: everything about people.

pub mod environment;
pub mod error;
pub mod exit;
pub mod git;
pub mod ui;
