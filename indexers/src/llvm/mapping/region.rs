//! The regions of a function.
//!
//! ```text
//! number of files · per file its place in the compilation's list
//! number of expressions · per expression its two terms
//! per file: number of regions · per region
//!   counter, or zero in the low bits and above them the kind or the file that is expanded
//!   of branches two counters, of conditions three numbers more, of decisions two numbers
//!   lines since the last region's start · start column · number of lines · end column, its top bit set in gaps
//! ```
//!
//! All numbers are LEB128.

use skiptrace_engine::observation::{Position, TextRange};

use crate::llvm::binary::BinaryError;

use super::counter::{Count, Counter, Evaluator, Expression, Rule};
use super::cursor::Cursor;
use super::filenames::FileList;

/// A stretch of a file with a count of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// The file, as a place in [`FunctionRegions::files`].
    pub file: u32,
    /// From where to where. A column of `u32::MAX` is the end of the line.
    pub range: TextRange,
    /// What it is.
    pub kind: RegionKind,
    /// How often it ran.
    pub counter: Counter,
}

/// What a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionKind {
    /// Code.
    Code,
    /// A macro or an included file, whose text is this one of the function's files.
    Expansion {
        /// The file, as a place in [`FunctionRegions::files`].
        expanded: u32,
    },
    /// Left out by the preprocessor.
    Skipped,
    /// Space between code, counted for lines that have nothing else.
    Gap,
    /// A condition, counted by its outcome.
    Branch {
        /// How often it did not hold.
        otherwise: Counter,
    },
    /// A condition of a decision.
    Condition {
        /// How often it did not hold.
        otherwise: Counter,
    },
    /// A decision of several conditions.
    Decision,
}

/// A function's regions, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRegions {
    /// The files that its regions are of, as places in [`Binary::files`](crate::llvm::binary::Binary::files). A
    /// macro that is used twice has two.
    pub files: Vec<u32>,
    /// Its regions, file by file.
    pub regions: Vec<Region>,
    /// What its counters refer to.
    pub expressions: Vec<Expression>,
}

impl FunctionRegions {
    pub(crate) fn decode(cursor: Cursor<'_>, list: &FileList) -> Result<FunctionRegions, BinaryError> {
        let (mut files, mut expressions) = (Vec::new(), Vec::new());
        let mut reader = RegionReader::open(cursor, list, &mut files, Some(&mut expressions))?;
        let mut regions = Vec::new();
        while let Some(region) = reader.next()? {
            regions.push(region);
        }
        give_expansions_their_counters(&mut regions, files.len());
        Ok(FunctionRegions { files, regions, expressions })
    }

    /// Returns how many counters its regions need.
    pub fn n_counters(&self) -> u32 {
        let terms = self.expressions.iter().flat_map(|expression| [expression.left, expression.right]);
        let counters = self.regions.iter().flat_map(|region| [region.counter, otherwise(region)]);
        let number = |counter| match counter {
            Counter::Direct(number) => Some(number.saturating_add(1)),
            _ => None,
        };
        terms.chain(counters).filter_map(number).max().unwrap_or(0)
    }

    /// Returns how often each region ran; `None` if `counters` are fewer than its regions need, or if an
    /// expression needs itself.
    pub fn counts(&self, counters: &[u64], rule: Rule) -> Option<Vec<Count>> {
        let mut evaluator = Evaluator::new(counters, &self.expressions, rule);
        let mut count = |region: &Region| {
            let times = evaluator.evaluate(region.counter)?;
            Some(Count { times, otherwise: evaluator.evaluate(otherwise(region))? })
        };
        self.regions.iter().map(&mut count).collect()
    }
}

fn otherwise(region: &Region) -> Counter {
    match region.kind {
        RegionKind::Branch { otherwise } | RegionKind::Condition { otherwise } => otherwise,
        _ => Counter::Zero,
    }
}

/// Gives each expansion the counter of the first region of what is expanded, through expansions in expansions.
fn give_expansions_their_counters(regions: &mut [Region], n_files: usize) {
    let mut first: Vec<Option<usize>> = vec![None; n_files];
    for (place, region) in regions.iter().enumerate().rev() {
        first[region.file as usize] = Some(place);
    }
    // Each pass resolves what the one before made resolvable; chains are as long as macros are nested. Those that
    // lead back to themselves are left with zero, as they are for `llvm-cov`.
    let mut settled: Vec<bool> =
        regions.iter().map(|region| !matches!(region.kind, RegionKind::Expansion { .. })).collect();
    for start in 0..regions.len() {
        let mut chain = Vec::new();
        let mut at = start;
        while !settled[at] {
            settled[at] = true;
            chain.push(at);
            let RegionKind::Expansion { expanded } = regions[at].kind else { break };
            match first[expanded as usize] {
                Some(next) => at = next,
                None => break,
            }
        }
        let counter = regions[at].counter;
        for place in chain {
            regions[place].counter = counter;
        }
    }
}

/// Reads the regions of a function one by one.
pub(crate) struct RegionReader<'data> {
    cursor: Cursor<'data>,
    n_files: u32,
    n_expressions: u32,
    /// The file that comes after the current one.
    next_file: u32,
    /// How many regions of the current file are left.
    left: u32,
    line: u32,
}

/// Above the low bits of a counter of zero: set if what follows is the number of a file that is expanded.
const EXPANSION: u32 = 1 << 2;
/// Set in the end column of gaps.
const GAP: u32 = 1 << 31;

impl<'data> RegionReader<'data> {
    /// Reads what comes before the regions: the files, and the expressions if they are wanted.
    pub(crate) fn open(
        mut cursor: Cursor<'data>,
        list: &FileList,
        files: &mut Vec<u32>,
        mut expressions: Option<&mut Vec<Expression>>,
    ) -> Result<Self, BinaryError> {
        let n_files = cursor.count(1)?;
        files.clear();
        for _ in 0..n_files {
            let place = cursor.leb_u32()?;
            match list.get(place as usize) {
                Some(Some(file)) => files.push(*file),
                _ => return Err(cursor.damaged("a function is of a file that its compilation does not list")),
            }
        }
        let n_expressions = cursor.count(2)?;
        for _ in 0..n_expressions {
            let left = Counter::read(&mut cursor, n_expressions)?;
            let right = Counter::read(&mut cursor, n_expressions)?;
            if let Some(expressions) = expressions.as_mut() {
                expressions.push(Expression { left, right });
            }
        }
        Ok(RegionReader { cursor, n_files, n_expressions, next_file: 0, left: 0, line: 0 })
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Region>, BinaryError> {
        while self.left == 0 {
            if self.next_file == self.n_files {
                return Ok(None);
            }
            self.next_file += 1;
            self.left = self.cursor.count(5)?;
            self.line = 0;
        }
        self.left -= 1;
        let (counter, kind) = self.counter_and_kind()?;
        let too_far = "a region ends after the last line there can be";
        let cursor = &mut self.cursor;
        self.line = self.line.checked_add(cursor.leb_u32()?).ok_or_else(|| cursor.damaged(too_far))?;
        let mut start_column = cursor.leb_u32()?;
        let n_lines = cursor.leb_u32()?;
        let end_column = cursor.leb_u32()?;
        let end_line = self.line.checked_add(n_lines).ok_or_else(|| cursor.damaged(too_far))?;
        let kind = if end_column & GAP == 0 { kind } else { RegionKind::Gap };
        let mut end_column = end_column & !GAP;
        if start_column == 0 && end_column == 0 {
            // Whole lines, written short.
            (start_column, end_column) = (1, u32::MAX);
        }
        let range = TextRange {
            start: Position { line: self.line, column: start_column },
            end: Position { line: end_line, column: end_column },
        };
        Ok(Some(Region { file: self.next_file - 1, range, kind, counter }))
    }

    #[inline]
    fn counter_and_kind(&mut self) -> Result<(Counter, RegionKind), BinaryError> {
        let value = self.cursor.leb_u32()?;
        if value & 3 != 0 {
            return Ok((Counter::decode(value, self.n_expressions, &self.cursor)?, RegionKind::Code));
        }
        self.special_kind(value)
    }

    fn special_kind(&mut self, value: u32) -> Result<(Counter, RegionKind), BinaryError> {
        let number = value >> 3;
        if value & EXPANSION != 0 {
            if number >= self.n_files {
                return Err(self.cursor.damaged("a file is expanded that the function does not have"));
            }
            return Ok((Counter::Zero, RegionKind::Expansion { expanded: number }));
        }
        let kind = match number {
            0 => RegionKind::Code,
            2 => RegionKind::Skipped,
            4 | 6 => {
                let counter = Counter::read(&mut self.cursor, self.n_expressions)?;
                let otherwise = Counter::read(&mut self.cursor, self.n_expressions)?;
                if number == 4 {
                    return Ok((counter, RegionKind::Branch { otherwise }));
                }
                for _ in 0..3 {
                    self.cursor.leb_u32()?;
                }
                return Ok((counter, RegionKind::Condition { otherwise }));
            }
            5 => {
                for _ in 0..2 {
                    self.cursor.leb_u32()?;
                }
                RegionKind::Decision
            }
            _ => return Err(self.cursor.damaged("a region has a kind that is not known")),
        };
        Ok((Counter::Zero, kind))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Result<FunctionRegions, String> {
        let list: FileList = [None, Some(7), Some(9)].into();
        FunctionRegions::decode(Cursor::new("__llvm_covfun", 0, bytes), &list)
            .map_err(|error| error.to_string())
    }

    fn range(start: (u32, u32), end: (u32, u32)) -> TextRange {
        let position = |(line, column)| Position { line, column };
        TextRange { start: position(start), end: position(end) }
    }

    #[test]
    fn all_kinds_of_regions_are_decoded() {
        let bytes = [
            &[2, 1, 2][..],                                   // files
            &[1, 0b0101, 0b0001],                             // counter 1 and counter 0
            &[7],                                             // regions of the first file
            &[0b0001, 3, 5, 2, 8],                            // counter 0, 3:5 to 5:8
            &[0b0010, 1, 1, 0, 0x89, 0x80, 0x80, 0x80, 0x08], // gap with the difference
            &[0b1100, 0, 2, 0, 4],                            // expands file 1
            &[2 << 3, 1, 0, 3, 0],                            // skipped, whole lines
            &[4 << 3, 0b0101, 0b0011, 0, 1, 0, 2],            // branch
            &[5 << 3, 0, 2, 0, 1, 0, 9],                      // decision
            &[6 << 3, 0b0001, 0, 1, 2, 0, 0, 1, 0, 5],        // condition
            &[1, 0b0101, 40, 1, 0, 6],                        // counter 1, in the expanded file
        ]
        .concat();
        let function = decode(&bytes).unwrap();
        assert_eq!(function.files, [7, 9]);
        let expected = [
            (0, range((3, 5), (5, 8)), RegionKind::Code, Counter::Direct(0)),
            (0, range((4, 1), (4, 9)), RegionKind::Gap, Counter::Difference(0)),
            (0, range((4, 2), (4, 4)), RegionKind::Expansion { expanded: 1 }, Counter::Direct(1)),
            (0, range((5, 1), (8, u32::MAX)), RegionKind::Skipped, Counter::Zero),
            (0, range((5, 1), (5, 2)), RegionKind::Branch { otherwise: Counter::Sum(0) }, Counter::Direct(1)),
            (0, range((5, 1), (5, 9)), RegionKind::Decision, Counter::Zero),
            (
                0,
                range((5, 1), (5, 5)),
                RegionKind::Condition { otherwise: Counter::Zero },
                Counter::Direct(0),
            ),
            (1, range((40, 1), (40, 6)), RegionKind::Code, Counter::Direct(1)),
        ];
        let expected = expected.map(|(file, range, kind, counter)| Region { file, range, kind, counter });
        assert_eq!(function.regions, expected);
        assert_eq!(function.n_counters(), 2);
        let counts = function.counts(&[2, 5], Rule::Exact).unwrap();
        let times: Vec<u64> = counts.iter().map(|count| count.times).collect();
        assert_eq!(times, [2, 3, 5, 0, 5, 0, 2, 5]);
        assert_eq!(counts[4].otherwise, 7);
        assert_eq!(function.counts(&[2], Rule::Exact), None);
    }

    #[test]
    fn expansions_in_expansions_have_the_innermost_counter_and_circles_have_none() {
        let expansion = |file: u8| file << 3 | 0b100;
        let nested = [
            &[4, 1, 1, 1, 1, 0][..],
            &[1, expansion(1), 1, 1, 0, 2],
            &[1, expansion(2), 1, 1, 0, 2],
            &[2, 0b0101, 1, 1, 0, 2, expansion(3), 1, 1, 0, 2],
            &[1, expansion(3), 1, 1, 0, 2],
        ]
        .concat();
        let counters: Vec<Counter> =
            decode(&nested).unwrap().regions.iter().map(|region| region.counter).collect();
        let one = Counter::Direct(1);
        assert_eq!(counters, [one, one, one, Counter::Zero, Counter::Zero]);
    }

    #[test]
    fn what_points_nowhere_is_refused() {
        assert!(decode(&[1, 3, 0, 0]).unwrap_err().contains("does not list"));
        assert!(decode(&[1, 0, 0, 0]).unwrap_err().contains("does not list"));
        assert!(decode(&[1, 1, 1, 0b0110, 0, 0]).unwrap_err().contains("expression"));
        assert!(decode(&[1, 1, 0, 1, 0b0010, 1, 1, 0, 2]).unwrap_err().contains("expression"));
        assert!(decode(&[1, 1, 0, 1, 0b1100, 1, 1, 0, 2]).unwrap_err().contains("expanded"));
        assert!(decode(&[1, 1, 0, 1, 7 << 3, 1, 1, 0, 2]).unwrap_err().contains("kind"));
        assert!(decode(&[1, 1, 0, 2, 1, 1, 1, 0, 2]).unwrap_err().contains("more than there is"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_regions_or_an_error(bytes in prop::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..60)) {
            if let Ok(function) = decode(&bytes) {
                function.counts(&[1, 2, 3], Rule::Exact);
                function.counts(&[1, 2, 3], Rule::Possible);
            }
        }
    }
}
