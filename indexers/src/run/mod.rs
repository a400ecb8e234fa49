//! Running tests one by one.

pub mod case;
pub mod cmake_regex;
pub mod libtest;
pub mod native;
pub mod verdict;
