//! Watching tests whose code counts in LLVM's way.

use std::path::{Path, PathBuf};

use crate::llvm::collect::Collector;
use crate::run::case::Case;
use crate::run::driver::Observer;
use crate::run::scratch::Cell;
use crate::trace::Trace;

/// Reads the profiles that each test leaves.
pub struct LlvmObserver<'a> {
    /// What knows the binaries.
    pub collector: &'a Collector,
    /// Returns the pattern of profile names for a test.
    pub pattern: fn(&Case) -> &'static str,
}

impl Observer for LlvmObserver<'_> {
    type Trace = Trace;

    fn variables(&self, case: &Case, folder: &Path) -> Vec<(&'static str, PathBuf)> {
        vec![("LLVM_PROFILE_FILE", folder.join((self.pattern)(case)))]
    }

    fn reduce(&self, _: &Case, cell: &Cell) -> Trace {
        // A process that was started with an empty environment leaves its profile where it is, which is often the
        // folder for temporary files.
        self.collector.collect(&[&cell.profiles(), &cell.temporary()])
    }
}
