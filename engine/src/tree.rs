//! What tests depend on in the tree itself: that a file is there, that none is, which names a folder has.
//!
//! An index says that with the means that it has for files, so that merging and asking need to know nothing of it.
//! Besides files with units, that tests were compiled from or read, there are these records; `seen` of each are the
//! tests whose recording would have noticed, had they depended on it:
//!
//! - *A file that nobody is known to depend on*: its blob, and one unit of kind [`File`](crate::unit::UnitKind::File)
//!   without a fingerprint, so that the blob alone says whether it is as it was ([`Index::is_by_blob`]). What
//!   anybody may have read, a build for example, is `opened` by all tests.
//! - *A folder that was listed*: one unit called [`FOLDER`], whose fingerprint is over the names in it. Its path is
//!   the folder's; the root's is empty. `opened` are the tests that listed it.
//! - *A file of which git keeps nothing*, so that no blob says what it was to the last byte: besides its units one called
//!   [`BYTES`], whose fingerprint is over all of it. It is nothing that could change by itself, and concerns those alone
//!   that `opened` the file.
//! - *A path at which nothing was*: no unit and no blob. `opened` are the tests that looked for it. They are concerned
//!   as soon as there is a file at that path, or below it.
//! - *Lookups*, at [`lookups`]: no unit and no blob. `opened` are the tests that may have looked for names which nobody
//!   heard of, through a process that they started for example. To a test that has not `seen` it, and to those,
//!   any file that is new or gone may matter: whether it is there can be asked without opening it.
//! - *The tree*, at [`listed`]: no unit and no blob. `seen` are the tests whose recording listed the whole tree, so that
//!   a file which the index does not have was not there.
//!
//! [`Index::is_by_blob`]: crate::index::Index::is_by_blob

use crate::fingerprint::Fingerprint;
use crate::path::RepoPath;
use crate::unit::{LineSpan, Unit, UnitKind};

/// The name of the unit that stands for the names in a folder. No unit of a file is called that.
pub const FOLDER: &str = "/";

/// The name of the unit that stands for the bytes of a file. No unit of a file is called that.
pub const BYTES: &str = "/bytes";

/// Returns the path of the record that says whose lookups were not heard. Git has no file there.
pub fn lookups() -> RepoPath {
    RepoPath::new(".git/lookups").expect("it is a path")
}

/// Returns the path of the record that says who knows the whole tree. Git has no file there.
pub fn listed() -> RepoPath {
    RepoPath::new(".git/listed").expect("it is a path")
}

/// Returns the unit that stands for the bytes of a file.
pub fn bytes(content: &[u8]) -> Unit {
    Unit {
        // A unit of kind `File` would stand for units that the file does not have.
        kind: UnitKind::Item,
        name: BYTES.into(),
        lines: LineSpan::UNKNOWN,
        fingerprint: Some(Fingerprint::of(content)),
        identifiers: Vec::new(),
    }
}
