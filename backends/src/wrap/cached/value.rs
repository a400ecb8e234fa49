//! What the cache holds of one value.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Slice, Store};
use xxhash_rust::xxh3::xxh3_128;

use super::piece::{self, Name, Piece};
use crate::slice::resolve;

/// The folder of one value.
#[derive(Debug)]
pub(super) struct CachedValue {
    temp: PathBuf,
    folder: PathBuf,
    id: u128,
}

impl CachedValue {
    /// Makes the one of `key` in `store`, in the cache at `dir`.
    pub(super) fn new(dir: &Path, store: &Arc<dyn Store>, key: &Key) -> CachedValue {
        let id = xxh3_128(format!("skiptrace cache 1\n{store}\n{key}").as_bytes());
        CachedValue { temp: dir.join(".tmp"), folder: dir.join(format!("{id:032x}")), id }
    }

    /// Returns whether a folder in the cache may be the one of a value.
    pub(super) fn is_folder_name(name: &str) -> bool {
        name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Keeps `bytes`; returns what that takes.
    pub(super) fn write(&self, range: Range<u64>, total: Option<u64>, bytes: &[u8]) -> io::Result<u64> {
        if bytes.len() as u64 != range.end.saturating_sub(range.start) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // Nothing of something is not worth a file.
        if bytes.is_empty() && total != Some(0) {
            return Ok(0);
        }
        piece::write(&self.temp, &self.folder, self.id, range, total, bytes)
    }

    /// Forgets all of it.
    pub(super) fn drop_all(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Looks at what there is.
    pub(super) fn look(&self) -> Held<'_> {
        let mut held = Held { value: self, parts: Vec::new(), has_whole: false, whole: OnceCell::new() };
        let Ok(entries) = fs::read_dir(&self.folder) else { return held };
        for entry in entries.flatten() {
            match entry.file_name().to_str().and_then(Name::parse) {
                Some(Name::Whole) => held.has_whole = true,
                Some(Name::Part(range)) => held.parts.push(range),
                None => {}
            }
        }
        // The smallest file that has it is the quickest to check.
        held.parts.sort_unstable_by_key(|range| (range.end.saturating_sub(range.start), range.start));
        held
    }
}

/// What was there at one moment; some may be gone or damaged, as a read then finds.
#[derive(Debug)]
pub(super) struct Held<'a> {
    value: &'a CachedValue,
    parts: Vec<Range<u64>>,
    has_whole: bool,
    // Checking it reads all of it, so that is done once for many ranges.
    whole: OnceCell<Option<Piece>>,
}

impl Held<'_> {
    /// Reads `range`, and tells the size of the value; `None` when not all of that is held.
    pub(super) fn range(&self, range: &ByteRange) -> Option<Slice> {
        let total = self.total()?;
        // A range outside is left to the inner store, which says so best.
        let range = resolve(range, total).ok()?;
        if range.is_empty() && total != 0 {
            return Some(Slice { bytes: Vec::new(), total });
        }
        Some(Slice { bytes: self.bounded(&range)?, total })
    }

    /// Reads `range`; `None` when it is not held.
    pub(super) fn bounded(&self, range: &Range<u64>) -> Option<Vec<u8>> {
        let covering = |part: &&Range<u64>| part.start <= range.start && range.end <= part.end;
        self.parts
            .iter()
            .filter(covering)
            .find_map(|part| self.open(Name::Part(part.clone()))?.read(range))
            .or_else(|| self.whole()?.read(range))
    }

    /// Returns the size of the value, where something held knows it.
    pub(super) fn total(&self) -> Option<u64> {
        let of_part = |part: &Range<u64>| self.open(Name::Part(part.clone()))?.total;
        self.parts.iter().find_map(of_part).or_else(|| self.whole()?.total)
    }

    fn whole(&self) -> Option<&Piece> {
        let open = || self.has_whole.then(|| self.open(Name::Whole)).flatten();
        self.whole.get_or_init(open).as_ref()
    }

    fn open(&self, name: Name) -> Option<Piece> {
        Piece::open(&self.value.folder, &name, self.value.id)
    }
}
