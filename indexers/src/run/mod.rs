//! Running tests one by one.

pub mod case;
