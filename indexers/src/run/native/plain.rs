//! Executables that are a test as they are.

use crate::run::case::{Case, Verdict};
use crate::run::native::Binary;

/// Returns the binary as one test, called as its suite: its exit code tells how it ended.
pub fn case(binary: &Binary) -> Case {
    binary.case(&binary.suite, Vec::new(), Verdict::ExitCode)
}
