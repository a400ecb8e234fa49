//! The files of which git keeps nothing, in one block that is there only in an index of many files.
//!
//! Whatever git says, these have to be compared. To find them in the blocks of files takes reading all of those, and
//! of those of units most: here are their paths, and for most of them all that the comparison takes.

use crate::fingerprint::Fingerprint;
use crate::index::Index;
use crate::index::evidence::{Unkept, Was};
use crate::path::RepoPath;

use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// With no more files than this an index is read faster without the block.
const FEW_FILES: usize = 256;

const FILE: u8 = 0;
const ABSENT: u8 = 1;
const ABSENT_TO_NOBODY: u8 = 2;
const FOLDER: u8 = 3;
const UNKNOWN_FOLDER: u8 = 4;

/// Returns whether an index has the block.
pub(super) fn is_worth_it(index: &Index) -> bool {
    index.files().len() > FEW_FILES
}

/// Writes the block column by column: paths, what was there, fingerprints.
pub(super) fn encode(all: &[Unkept]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.count(all.len());
    let mut previous = "";
    for Unkept { path, .. } in all {
        writer.front_coded(previous, path.as_str());
        previous = path.as_str();
    }
    for Unkept { was, .. } in all {
        writer.u8(match was {
            Was::File => FILE,
            Was::Absent { is_known: true } => ABSENT,
            Was::Absent { is_known: false } => ABSENT_TO_NOBODY,
            Was::Folder(Some(_)) => FOLDER,
            Was::Folder(None) => UNKNOWN_FOLDER,
        });
    }
    for Unkept { was, .. } in all {
        if let Was::Folder(Some(fingerprint)) = was {
            writer.raw(&fingerprint.0.to_le_bytes());
        }
    }
    writer.bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Unkept>, CodecError> {
    let mut cursor = Cursor::new(Section::Unkept, bytes);
    let n_files = cursor.count()?;
    let mut all: Vec<Unkept> = Vec::new();
    for _ in 0..n_files {
        let previous = all.last().map(|unkept| &unkept.path);
        let text = cursor.front_coded(previous.map_or("", |path| path.as_str()))?;
        let path = RepoPath::new(text).map_err(|error| CodecError::corrupt(Section::Unkept, error))?;
        if previous.is_some_and(|previous| *previous >= path) {
            return Err(cursor.corrupt("files are not sorted"));
        }
        all.push(Unkept { path, was: Was::File });
    }
    let codes = cursor.raw(n_files)?;
    for (unkept, code) in all.iter_mut().zip(codes) {
        unkept.was = match *code {
            FILE => Was::File,
            ABSENT => Was::Absent { is_known: true },
            ABSENT_TO_NOBODY => Was::Absent { is_known: false },
            FOLDER => Was::Folder(Some(Fingerprint(u128::from_le_bytes(cursor.array()?)))),
            UNKNOWN_FOLDER => Was::Folder(None),
            _ => return Err(cursor.corrupt("a file is of an unknown sort")),
        };
    }
    cursor.end()?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unkept() -> impl Strategy<Value = Vec<Unkept>> {
        let was = prop_oneof![
            Just(Was::File),
            any::<bool>().prop_map(|is_known| Was::Absent { is_known }),
            any::<Option<u128>>().prop_map(|print| Was::Folder(print.map(Fingerprint))),
        ];
        prop::collection::btree_map("[a-c]{1,3}(/[a-c]{1,3}){0,3}", was, 0..40).prop_map(|files| {
            let mut all: Vec<Unkept> = files
                .into_iter()
                .map(|(path, was)| Unkept { path: RepoPath::new(path).unwrap(), was })
                .collect();
            all.sort_by(|a, b| a.path.cmp(&b.path));
            all
        })
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(all in unkept()) {
            prop_assert_eq!(decode(&encode(&all)).unwrap(), all);
        }

        #[test]
        fn any_bytes_are_files_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
