//! Where a function stands.

use skiptrace_engine::observation::{Position, TextRange};

use crate::llvm::binary::{BinaryError, Place};

use super::cursor::Cursor;
use super::filenames::FileList;
use super::region::{RegionKind, RegionReader};

/// Finds functions' places; keeps its memory from one function to the next.
#[derive(Debug, Default)]
pub(crate) struct HullFinder {
    files: Vec<u32>,
    hulls: Vec<FileHull>,
}

#[derive(Debug, Clone, Copy, Default)]
struct FileHull {
    range: Option<TextRange>,
    is_expanded: bool,
}

impl HullFinder {
    /// Returns the function's own extent and then, sorted, those of what is expanded in it.
    ///
    /// Its own file is the first one that nothing expands to. All its regions count: skipped ones and gaps are
    /// text of the function as well.
    pub(crate) fn places(&mut self, cursor: Cursor<'_>, list: &FileList) -> Result<Vec<Place>, BinaryError> {
        let mut reader = RegionReader::open(cursor, list, &mut self.files, None)?;
        self.hulls.clear();
        self.hulls.resize(self.files.len(), FileHull::default());
        while let Some(region) = reader.next()? {
            let hull = &mut self.hulls[region.file as usize].range;
            *hull = Some(match *hull {
                None => region.range,
                Some(hull) => TextRange {
                    start: hull.start.min(region.range.start),
                    end: hull.end.max(region.range.end),
                },
            });
            if let RegionKind::Expansion { expanded } = region.kind {
                self.hulls[expanded as usize].is_expanded = true;
            }
        }
        let main = self.hulls.iter().position(|hull| !hull.is_expanded).unwrap_or(0);
        let place = |file: usize| {
            let range = counted_from_one(self.hulls.get(file)?.range?);
            Some(Place { file: self.files[file], range })
        };
        let mut places: Vec<Place> = place(main).into_iter().collect();
        let n_own = places.len();
        places.extend((0..self.files.len()).filter(|file| *file != main).filter_map(place));
        places[n_own..].sort_unstable();
        places.dedup();
        Ok(places)
    }
}

fn counted_from_one(range: TextRange) -> TextRange {
    let position = |at: Position| Position { line: at.line.max(1), column: at.column.max(1) };
    TextRange { start: position(range.start), end: position(range.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(bytes: &[u8]) -> Vec<(u32, u32, u32)> {
        let list: FileList = [None, Some(7), Some(9)].into();
        HullFinder::default()
            .places(Cursor::new("__llvm_covfun", 0, bytes), &list)
            .unwrap()
            .iter()
            .map(|place| (place.file, place.range.start.line, place.range.end.line))
            .collect()
    }

    #[test]
    fn the_file_that_nothing_expands_to_comes_first() {
        let expansion = |file: u8| file << 3 | 0b100;
        let bytes = [
            &[4, 2, 1, 1, 1, 0][..],
            &[1, 1, 50, 1, 2, 3],
            &[3, expansion(0), 10, 1, 0, 2, 1, 2, 1, 8, 2, expansion(2), 1, 1, 0, 2],
            &[1, 1, 3, 1, 0, 9],
            &[0],
        ]
        .concat();
        // Twice the same macro is one place, and a file without regions is none.
        assert_eq!(places(&bytes), [(7, 10, 20), (7, 3, 3), (9, 50, 52)]);
        assert_eq!(places(&[1, 1, 0, 0]), []);
    }
}
