//! What one run of one test was seen to do: what indexers hand to the engine.

use std::time::Duration;

use crate::path::RepoPath;
use crate::record::{Health, Outcome, Role, TestKey};
use crate::variable::Consulted;

/// One run of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Which test.
    pub test: TestKey,
    /// What the run was for.
    pub role: Role,
    /// How it ended.
    pub outcome: Outcome,
    /// What is wrong with its coverage.
    pub health: Health,
    /// How long it took.
    pub duration: Duration,
    /// What it executed, by file.
    pub executed: Vec<Executed>,
    /// Files of the repository that its processes opened or listed.
    pub opened: Vec<RepoPath>,
    /// Environment variables that its processes consulted, as they were.
    pub consulted: Vec<Consulted>,
}

/// What a test executed of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// The file.
    pub path: RepoPath,
    /// Which parts of it.
    pub parts: Parts,
}

/// Parts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts {
    /// The file as a whole: something in it ran, nobody knows what.
    Whole,
    /// These ranges of its text.
    Ranges(Vec<TextRange>),
    /// These of its units, by their place in [`SourceFile::units`](crate::unit::SourceFile::units).
    Units(Vec<u32>),
}

/// A place in a text, both counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A stretch of text: from `start` up to, but without, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextRange {
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

impl TextRange {
    /// Returns the stretch that is all of the lines `start..=end`.
    pub fn lines(start: u32, end: u32) -> TextRange {
        TextRange {
            start: Position { line: start, column: 1 },
            end: Position { line: end.saturating_add(1), column: 1 },
        }
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Returns the last line that it has something of.
    pub fn last_line(&self) -> u32 {
        if self.end.column <= 1 && self.end.line > self.start.line {
            self.end.line - 1
        } else {
            self.end.line
        }
    }
}

/// Returns what of `ranges` is in none of `without`.
///
/// Both may come in any order and overlap; the result is sorted and its ranges neither touch nor overlap.
pub fn subtract_ranges(ranges: &[TextRange], without: &[TextRange]) -> Vec<TextRange> {
    let without = normalize_ranges(without);
    let mut left = Vec::new();
    let mut first = 0;
    for range in normalize_ranges(ranges) {
        // Both lists are sorted, so what ends before this range begins concerns no later range either.
        first += without[first..].iter().take_while(|gone| gone.end <= range.start).count();
        let mut start = range.start;
        for gone in without[first..].iter().take_while(|gone| gone.start < range.end) {
            if start < gone.start {
                left.push(TextRange { start, end: gone.start });
            }
            start = start.max(gone.end);
        }
        if start < range.end {
            left.push(TextRange { start, end: range.end });
        }
    }
    left
}

/// Returns the same stretches of text sorted, with what touches or overlaps made one.
pub fn normalize_ranges(ranges: &[TextRange]) -> Vec<TextRange> {
    let mut sorted: Vec<TextRange> = ranges.iter().copied().filter(|range| !range.is_empty()).collect();
    sorted.sort_unstable();
    let mut merged: Vec<TextRange> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_range() -> impl Strategy<Value = TextRange> {
        (1u32..6, 1u32..8, 1u32..6, 1u32..8).prop_map(|(l1, c1, l2, c2)| TextRange {
            start: Position { line: l1, column: c1 },
            end: Position { line: l2, column: c2 },
        })
    }

    fn has(ranges: &[TextRange], at: Position) -> bool {
        ranges.iter().any(|range| range.start <= at && at < range.end)
    }

    proptest! {
        #[test]
        fn subtracting_is_what_sets_of_positions_say(
            ranges in prop::collection::vec(any_range(), 0..8),
            without in prop::collection::vec(any_range(), 0..8),
        ) {
            let left = subtract_ranges(&ranges, &without);
            for line in 1..7 {
                for column in 1..9 {
                    let at = Position { line, column };
                    prop_assert_eq!(has(&left, at), has(&ranges, at) && !has(&without, at), "{:?}", at);
                }
            }
            prop_assert!(left.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert!(left.iter().all(|range| !range.is_empty()));
        }
    }

    #[test]
    fn the_last_line_is_one_that_has_text() {
        assert_eq!(TextRange::lines(3, 5).last_line(), 5);
        let within =
            TextRange { start: Position { line: 3, column: 4 }, end: Position { line: 3, column: 9 } };
        assert_eq!(within.last_line(), 3);
    }
}
