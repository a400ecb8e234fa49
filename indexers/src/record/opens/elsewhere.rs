//! Systems on which nobody is told.

use std::io;
use std::path::{Path, PathBuf};

use super::Opens;

/// Watches nothing.
#[derive(Debug)]
pub struct OpenWatch(());

impl OpenWatch {
    /// Says that nothing can be watched here.
    pub fn start(_: &Path, _: &[PathBuf]) -> io::Result<OpenWatch> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns what was opened.
    pub fn finish(self) -> Opens {
        Opens::default()
    }
}
