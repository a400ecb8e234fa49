//! Why nothing can be imported.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why nothing can be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// A folder or file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is more than anybody has.
    #[error("there are more than {most} {what} below `{}`; name a folder further down", path.display())]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        most: usize,
        /// Where.
        path: PathBuf,
    },
    /// Nobody knows what the baseline is.
    #[error("the baseline's `{}` cannot be used: {reason}", path.display())]
    Baseline {
        /// Its metadata.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}
