//! From what a test executed of a file to the units it reached.

use crate::observation::Parts;
use crate::unit::Unit;

use super::{TextRange, normalize_ranges, subtract_ranges};

/// Where the units of a file stand, for finding those that a stretch of text meets.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// First line, last line, place in the file's list; sorted.
    spans: Vec<(u32, u32, usize)>,
    /// The largest last line among the spans up to each.
    furthest: Vec<u32>,
}

impl Layout {
    pub(super) fn new(units: &[Unit]) -> Layout {
        let mut spans: Vec<_> =
            units.iter().enumerate().map(|(at, unit)| (unit.lines.start, unit.lines.end, at)).collect();
        spans.sort_unstable();
        let furthest = spans
            .iter()
            .scan(0, |furthest: &mut u32, span| {
                *furthest = span.1.max(*furthest);
                Some(*furthest)
            })
            .collect();
        Layout { spans, furthest }
    }

    /// Returns the units that have a line in common with `range`.
    fn meeting(&self, range: &TextRange) -> impl Iterator<Item = usize> + '_ {
        let (first, last) = (range.start.line, range.last_line());
        let end = self.spans.partition_point(|span| span.0 <= last);
        (0..end)
            .rev()
            .take_while(move |at| self.furthest[*at] >= first)
            .filter(move |at| self.spans[*at].1 >= first)
            .map(|at| self.spans[at].2)
    }
}

/// The units of a file that a test reached.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Those it reached itself.
    pub(super) own: Vec<usize>,
    /// Those it reached only as its baseline did.
    pub(super) shared: Vec<usize>,
    /// Whether it executed something that is in no unit.
    pub(super) stray: bool,
    /// Whether it did, but only as its baseline did.
    pub(super) stray_shared: bool,
}

/// Returns what a test reached that executed `parts`, where its baselines executed theirs.
///
/// What a baseline executed is subtracted only where both are told in the same terms; everything else is
/// the test's own, which selects it more often.
pub(super) fn reach(parts: &Parts, baselines: &[&Parts], layout: &Layout, n_units: usize) -> Reach {
    let all = touched(parts, layout, n_units);
    if baselines.is_empty() {
        return Reach { own: all.units, stray: all.stray, ..Reach::default() };
    }
    let left = match without(parts, baselines) {
        Some(left) => touched(&left, layout, n_units),
        None => Touched::default(),
    };
    let shared = all.units.into_iter().filter(|unit| left.units.binary_search(unit).is_err()).collect();
    Reach { own: left.units, shared, stray: left.stray, stray_shared: all.stray && !left.stray }
}

#[derive(Debug, Default)]
struct Touched {
    /// Sorted, without repetition.
    units: Vec<usize>,
    stray: bool,
}

fn touched(parts: &Parts, layout: &Layout, n_units: usize) -> Touched {
    let mut touched = Touched::default();
    match parts {
        Parts::Whole => {
            touched.units.extend(0..n_units);
            touched.stray = n_units == 0;
        }
        Parts::Units(units) => {
            for unit in units.iter().map(|unit| *unit as usize) {
                if unit < n_units { touched.units.push(unit) } else { touched.stray = true }
            }
        }
        Parts::Ranges(ranges) => {
            for range in normalize_ranges(&ranges.iter().map(whole_lines_if_empty).collect::<Vec<_>>()) {
                let before = touched.units.len();
                touched.units.extend(layout.meeting(&range));
                touched.stray |= touched.units.len() == before;
            }
        }
    }
    touched.units.sort_unstable();
    touched.units.dedup();
    touched
}

/// Returns a range with something in it: one that is empty or runs backwards says that something ran thereabouts.
fn whole_lines_if_empty(range: &TextRange) -> TextRange {
    if !range.is_empty() {
        return *range;
    }
    TextRange::lines(range.end.line, range.start.line)
}

/// Returns what of `parts` no baseline executed; `None` when that is nothing.
fn without(parts: &Parts, baselines: &[&Parts]) -> Option<Parts> {
    if baselines.contains(&&Parts::Whole) {
        return None;
    }
    match parts {
        Parts::Whole => Some(Parts::Whole),
        Parts::Units(units) => {
            let gone = |unit: &&u32| {
                baselines
                    .iter()
                    .any(|baseline| matches!(baseline, Parts::Units(those) if those.contains(unit)))
            };
            let left: Vec<u32> = units.iter().filter(|unit| !gone(unit)).copied().collect();
            (!left.is_empty()).then_some(Parts::Units(left))
        }
        Parts::Ranges(ranges) => {
            let gone = baselines.iter().filter_map(|baseline| match baseline {
                Parts::Ranges(those) => Some(those.as_slice()),
                Parts::Whole | Parts::Units(_) => None,
            });
            // Nothing can be taken from an empty range, and it still says that something ran there.
            let empty = ranges.iter().filter(|range| range.is_empty()).copied();
            let mut left = subtract_ranges(ranges, &gone.collect::<Vec<_>>().concat());
            left.extend(empty);
            (!left.is_empty()).then_some(Parts::Ranges(left))
        }
    }
}

/// Returns parts that are in either; told in different terms, they are the whole file.
pub(super) fn unite(a: &Parts, b: &Parts) -> Parts {
    match (a, b) {
        (Parts::Ranges(a), Parts::Ranges(b)) => Parts::Ranges([a.as_slice(), b].concat()),
        (Parts::Units(a), Parts::Units(b)) => Parts::Units([a.as_slice(), b].concat()),
        _ => Parts::Whole,
    }
}
