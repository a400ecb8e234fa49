//! Where everything lies in a store.
//!
//! ```text
//! skiptrace/v1/<kind>/<commit>/<job>/<n>-of-<m>.idx        one shard of one job
//! skiptrace/v1/<kind>/<commit>/all.idx                     all of them in one, when somebody made it
//! skiptrace/v1/<kind>/<commit>/manifest.json               which jobs and shards will come
//! skiptrace/v1/branches/<kind>/<branch>/<time>-<commit>    an empty mark for each indexed commit of a branch
//! ```
//!
//! Job and branch are percent-encoded, so that each is one plain segment. The time in a mark is counted down from
//! a far end, so that the newest commit of a branch is the first in its listing, and one short listing finds it.
//! Marks only save a longer listing: without them every answer is the same.

use crate::id::{CommitId, JobName};
use crate::key::{Key, KeyError};
use crate::kind::IndexKind;
use crate::recording::Shard;
use crate::time::Timestamp;

const ROOT: &str = "skiptrace/v1";
/// What times are counted down from: thirteen digits of milliseconds last until the year 2286.
const FAR_END: u64 = 9_999_999_999_999;

/// What a key of a store means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Something of one commit's index.
    Commit(IndexKind, CommitId, Part),
    /// A mark that a branch has an indexed commit.
    Mark(BranchMark),
}

/// A part of what is stored for a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// One shard of one job.
    Shard(JobName, Shard),
    /// All of it in one.
    All,
    /// Which jobs and shards will come.
    Manifest,
}

/// A mark that a branch has an indexed commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchMark {
    /// The kind of the index.
    pub kind: IndexKind,
    /// The branch.
    pub branch: String,
    /// When the newest recording of it was made.
    pub recorded_at: Timestamp,
    /// The commit.
    pub commit: CommitId,
}

/// Returns the folder of all indexes of a kind.
pub fn kind_folder(kind: IndexKind) -> Key {
    fixed(format!("{ROOT}/{kind}"))
}

/// Returns the folder of one commit's index.
pub fn commit_folder(kind: IndexKind, commit: &CommitId) -> Key {
    fixed(format!("{ROOT}/{kind}/{commit}"))
}

/// Returns the folder of all marks.
pub fn branches_folder(kind: IndexKind) -> Key {
    fixed(format!("{ROOT}/branches/{kind}"))
}

/// Returns the folder of one branch's marks, newest first. A branch may have a name too long for a key.
pub fn branch_folder(kind: IndexKind, branch: &str) -> Result<Key, KeyError> {
    branches_folder(kind).join(&encode_segment(branch))
}

/// Returns a key after every key of a commit and before those of the next.
pub fn after_commit(kind: IndexKind, commit: &CommitId) -> Key {
    fixed(format!("{ROOT}/{kind}/{commit}/~"))
}

fn fixed(text: String) -> Key {
    Key::new(text).expect("kinds and commits are plain segments")
}

impl Part {
    /// Returns the key of this part of a commit's index. A job may have a name too long for a key.
    pub fn key(&self, kind: IndexKind, commit: &CommitId) -> Result<Key, KeyError> {
        let folder = commit_folder(kind, commit);
        match self {
            Part::Shard(job, shard) => {
                folder.join(&format!("{}/{}.idx", encode_segment(job.as_str()), shard.slug()))
            }
            Part::All => folder.join("all.idx"),
            Part::Manifest => folder.join("manifest.json"),
        }
    }
}

impl BranchMark {
    /// Returns the key of the mark.
    pub fn key(&self) -> Result<Key, KeyError> {
        let countdown = FAR_END.saturating_sub(self.recorded_at.0);
        branch_folder(self.kind, &self.branch)?.join(&format!("{countdown:013}-{}", self.commit))
    }
}

/// Returns what a key means; `None` when it is none of ours, or is spelled in another way than ours are.
pub fn parse(key: &Key) -> Option<Meaning> {
    let meaning = parse_any(key)?;
    let ours = match &meaning {
        Meaning::Commit(kind, commit, part) => part.key(*kind, commit),
        Meaning::Mark(mark) => mark.key(),
    };
    (ours.as_ref() == Ok(key)).then_some(meaning)
}

fn parse_any(key: &Key) -> Option<Meaning> {
    let rest: Vec<&str> = key.as_str().strip_prefix(ROOT)?.strip_prefix('/')?.split('/').collect();
    match rest[..] {
        ["branches", kind, branch, mark] => {
            let (countdown, commit) = mark.split_once('-')?;
            let recorded_at = Timestamp(FAR_END.checked_sub(countdown.parse().ok()?)?);
            let (kind, commit) = (kind.parse().ok()?, commit.parse().ok()?);
            Some(Meaning::Mark(BranchMark { kind, branch: decode_segment(branch)?, recorded_at, commit }))
        }
        [kind, commit, ref part @ ..] => {
            let part = match part[..] {
                ["all.idx"] => Part::All,
                ["manifest.json"] => Part::Manifest,
                [job, shard] => {
                    let shard = shard.strip_suffix(".idx")?;
                    Part::Shard(decode_segment(job)?.parse().ok()?, shard.parse().ok()?)
                }
                _ => return None,
            };
            Some(Meaning::Commit(kind.parse().ok()?, commit.parse().ok()?, part))
        }
        _ => None,
    }
}

/// Writes a text as one plain segment: letters, digits, `_` and `-` stand for themselves, a dot too unless it
/// comes first, every other byte is `%` and two hex digits.
fn encode_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => segment.push(byte.into()),
            b'.' if at > 0 => segment.push('.'),
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}

fn decode_segment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, later @ ..] = rest {
        if *first == b'%' {
            let hex = std::str::from_utf8(later.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &later[2..];
        } else {
            bytes.push(*first);
            rest = later;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn commit() -> CommitId {
        "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
    }

    #[test]
    fn keys_are_as_documented() {
        let part = Part::Shard("unit linux/amd64".parse().unwrap(), Shard::new(2, 4).unwrap());
        assert_eq!(
            part.key(IndexKind::PACKAGE.diffed(), &commit()).unwrap().as_str(),
            "skiptrace/v1/diffed-package/0123456789abcdef0123456789abcdef01234567/unit%20linux%2Famd64/2-of-4.idx"
        );
    }

    #[test]
    fn the_newest_mark_sorts_first() {
        let key = |ms| {
            let (kind, branch) = (IndexKind::FUNCTION, "release/1.x".to_owned());
            BranchMark { kind, branch, recorded_at: Timestamp(ms), commit: commit() }.key().unwrap()
        };
        assert!(key(1_700_000_000_001) < key(1_700_000_000_000));
        assert!(key(1_700_000_000_000) < key(0));
    }

    #[test]
    fn nothing_has_two_keys() {
        let key = |kind: &str, rest: &str| format!("skiptrace/v1/{kind}/{}/{rest}", commit());
        let ours =
            [key("diffed-file", "a%2Fb/1-of-1.idx"), key("file", "all.idx"), key("file", "a.b/1-of-1.idx")];
        for text in ours {
            assert!(parse(&Key::new(&*text).unwrap()).is_some(), "{text}");
        }
        let others = [
            key("diffed_file", "all.idx"),
            key("file", "a%2fb/1-of-1.idx"),
            key("file", "%61/1-of-1.idx"),
            key("file", "a%+Fb/1-of-1.idx"),
            key("file", "unit/1/1.idx"),
            key("file", "unit/1-of-4000000000.idx"),
            format!("skiptrace/v1/branches/file/main/+0000000000001-{}", commit()),
            format!("skiptrace/v1/branches/file/main/1-{}", commit()),
        ];
        for text in others {
            assert_eq!(parse(&Key::new(&*text).unwrap()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_understood(job in "[^\\x00-\\x1f\\x7f-\\u{9f}]{1,20}", number in 1u32..4, branch in "\\PC{1,20}", ms in 0u64..FAR_END) {
            let part = Part::Shard(job.parse().unwrap(), Shard::new(number, 4).unwrap());
            let key = part.key(IndexKind::FILE, &commit()).unwrap();
            prop_assert_eq!(parse(&key), Some(Meaning::Commit(IndexKind::FILE, commit(), part)));
            let mark = BranchMark { kind: IndexKind::FILE, branch, recorded_at: Timestamp(ms), commit: commit() };
            prop_assert_eq!(parse(&mark.key().unwrap()), Some(Meaning::Mark(mark)));
        }
    }
}
