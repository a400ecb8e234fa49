//! What git prints of two versions of a path.

use skiptrace_engine::id::ObjectId;

use super::GitError;
use super::changes::{Change, GitPath};
use super::mode::FileMode;
use super::present::modified;
use super::process::Running;

/// A path that git does not find to be the same on both sides.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) path: GitPath,
    pub(super) old: Option<Side>,
    pub(super) new: Option<Side>,
}

/// What is on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: FileMode,
    /// Its content; `None` where git would have to read the file.
    pub(super) blob: Option<ObjectId>,
}

impl Side {
    pub(super) fn parse(mode: &str, id: &str) -> Option<Side> {
        let id: ObjectId = id.parse().ok()?;
        let is_known = id.as_str().bytes().any(|digit| digit != b'0');
        Some(Side { mode: FileMode::parse(mode)?, blob: is_known.then_some(id) })
    }
}

impl Pair {
    /// Returns whether only reading the file tells.
    pub(super) fn is_unsure(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => {
                let is_file = old.mode != FileMode::Repository && old.mode == new.mode;
                is_file && new.blob.is_none()
            }
            _ => false,
        }
    }

    /// Says what became of the path, if anything did.
    pub(super) fn change(&self) -> Option<Change> {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old == new && old.blob.is_some() => None,
            (Some(old), Some(new)) => Some(modified(old.mode, new.mode)),
            (Some(_), None) => Some(Change::Removed),
            (None, Some(new)) if new.mode == FileMode::Repository => Some(Change::Opaque),
            (None, Some(_)) => Some(Change::Added),
            (None, None) => None,
        }
    }
}

/// Reads what `--raw -z` prints: `:100644 100644 <old> <new> M`, then the path.
pub(super) fn raw_pairs(mut git: Running) -> Result<Vec<Pair>, GitError> {
    std::iter::from_fn(|| next(&mut git).transpose()).collect()
}

fn next(git: &mut Running) -> Result<Option<Pair>, GitError> {
    let Some(about) = git.next(0)? else { return Ok(None) };
    let Some(path) = git.next(0)? else { return Err(git.unexpected(&about)) };
    let text = std::str::from_utf8(&about).ok().and_then(|text| text.strip_prefix(':'));
    let fields: Vec<&str> = text.unwrap_or_default().split(' ').collect();
    let [old_mode, new_mode, old, new, _] = fields[..] else { return Err(git.unexpected(&about)) };
    Ok(Some(Pair { path: GitPath(path), old: Side::parse(old_mode, old), new: Side::parse(new_mode, new) }))
}
