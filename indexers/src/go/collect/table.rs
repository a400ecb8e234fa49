//! The places of a package's functions.

use std::collections::HashMap;
use std::sync::Arc;

use skiptrace_engine::observation::{Position, TextRange};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;

use super::{Grain, Linked, Unplaced};
use crate::go::covdata::{CovdataError, MetaFile, Package, PackageBlob, Unit};
use crate::go::home::{Home, Homes, PackageId};
use crate::trace::{Places, Trace};

/// What decides over places.
pub(super) struct Context<'c> {
    pub(super) homes: &'c dyn Homes,
    pub(super) grain: Grain,
    pub(super) unplaced: Unplaced,
}

/// Where to add what ran.
pub(super) struct Ran<'r> {
    pub(super) trace: &'r mut Trace,
    /// How often functions were called, by their places.
    pub(super) calls: &'r mut Vec<(u32, u32)>,
}

/// The tables of all packages, each once, whatever number of binaries link it.
#[derive(Debug, Default)]
pub(super) struct Tables {
    by_package: HashMap<(Box<str>, [u8; 16], usize), Arc<Table>>,
}

/// Where the functions of a package are, or its units: whichever is one place. Each of those is a slot.
#[derive(Debug)]
pub(super) struct Table {
    /// For each function, where its units begin among those of the package; one more at the end.
    first_units: Vec<u32>,
    /// For each function, which of its units is entered first.
    entries: Vec<u32>,
    /// For each slot, where its places begin in `places`; one more at the end.
    starts: Vec<u32>,
    places: Vec<u32>,
    /// Slots of which nobody knows where they are; sorted.
    nowhere: Vec<u32>,
    /// The files that those are in, as they were named.
    lost: Vec<Box<str>>,
}

impl Tables {
    /// Returns the tables of a binary's packages, in the order of their numbers.
    pub(super) fn of(
        &mut self,
        meta: &MetaFile<'_>,
        context: &Context<'_>,
        places: &mut Places,
    ) -> Result<Vec<Arc<Table>>, CovdataError> {
        // The hash changes with everything that a table is made of.
        let key = |blob: &PackageBlob<'_>| (blob.path.into(), blob.hash, blob.bytes().len());
        let new = meta.packages.iter().filter(|blob| !self.by_package.contains_key(&key(blob)));
        let new: Vec<(&PackageBlob<'_>, Package)> =
            new.map(|blob| Ok((blob, blob.decode()?))).collect::<Result<_, CovdataError>>()?;
        // Before any of them is remembered.
        meta.verify(new.iter().map(|(blob, package)| (*blob, package)))?;
        for (blob, package) in new {
            self.by_package.insert(key(blob), Arc::new(Table::new(&package, context, places)));
        }
        let tables = meta.packages.iter().map(|blob| &self.by_package[&key(blob)]);
        Ok(tables.map(Arc::clone).collect())
    }
}

impl Table {
    fn new(package: &Package, context: &Context<'_>, places: &mut Places) -> Table {
        let id = PackageId { path: &package.path, module: &package.module, name: &package.name };
        let mut homes: HashMap<(&str, bool), Home> = HashMap::new();
        let mut table = Table {
            first_units: vec![0],
            entries: Vec::new(),
            starts: vec![0],
            places: Vec::new(),
            nowhere: Vec::new(),
            lost: Vec::new(),
        };
        for function in &package.functions {
            let units = package.units_of(function);
            table.first_units.push(function.first_unit + function.n_units);
            // They are not in the order of the text.
            table.entries.push((0..).zip(units).min_by_key(|(_, unit)| unit.start).map_or(0, |(at, _)| at));
            // A directive inside of a function moves only some of its units.
            let is_moved = units.iter().any(is_moved);
            let file: &str = &function.file;
            let home = homes.entry((file, is_moved)).or_insert_with(|| match is_moved {
                true => context.homes.moved(&id, file),
                false => context.homes.home(&id, file),
            });
            match context.grain {
                Grain::Function => table.add_slot(home, hull(units), file, context.unplaced, places),
                Grain::Block => {
                    for unit in units {
                        table.add_slot(home, Some(visible(unit.range())), file, context.unplaced, places);
                    }
                }
            }
        }
        table
    }

    fn add_slot(
        &mut self,
        home: &Home,
        range: Option<TextRange>,
        file: &str,
        unplaced: Unplaced,
        places: &mut Places,
    ) {
        let slot = self.starts.len() as u32 - 1;
        match (home, range) {
            (Home::Repo(path), Some(range)) => self.places.push(places.number(path, range)),
            (Home::Whole(files), Some(_)) if !files.is_empty() => {
                self.places.extend(files.iter().map(|path| whole(path, places)));
            }
            (Home::Whole(_) | Home::Unknown, Some(_)) if unplaced == Unplaced::Distrust => {
                self.nowhere.push(slot);
                if self.lost.last().is_none_or(|last| **last != *file) {
                    self.lost.push(file.into());
                }
            }
            // Other people's code changes with its version, never by an edit here. What has no unit never runs.
            _ => {}
        }
        self.starts.push(self.places.len() as u32);
    }

    /// Adds what of a function ran.
    pub(super) fn add(
        &self,
        package: &str,
        function: u32,
        counters: &[u32],
        grain: Grain,
        ran: &mut Ran<'_>,
    ) -> Result<(), CovdataError> {
        let at = function as usize;
        let Some([first, end]) = self.first_units.get(at..).and_then(<[u32]>::first_chunk) else {
            let n_functions = self.first_units.len() - 1;
            return Err(CovdataError::FunctionIndex {
                package: package.into(),
                index: function,
                n_functions,
            });
        };
        let n_units = (end - first) as usize;
        if counters.len() != n_units {
            let n_counters = counters.len();
            return Err(CovdataError::CounterCount {
                package: package.into(),
                function,
                n_counters,
                n_units,
            });
        }
        match grain {
            Grain::Function => {
                if counters.iter().any(|counter| *counter != 0) {
                    let entered = counters.get(self.entries[at] as usize).copied().unwrap_or_default();
                    let places = self.add_executed(function, package, ran.trace);
                    ran.calls.extend(places.iter().map(|place| (*place, entered.max(1))));
                }
            }
            Grain::Block => {
                let hit = (*first..*end).zip(counters).filter(|(_, counter)| **counter != 0);
                hit.for_each(|(slot, _)| _ = self.add_executed(slot, package, ran.trace));
            }
        }
        Ok(())
    }

    /// Adds a slot that ran, and returns its places.
    fn add_executed(&self, slot: u32, package: &str, trace: &mut Trace) -> &[u32] {
        let at = slot as usize;
        let places = &self.places[self.starts[at] as usize..self.starts[at + 1] as usize];
        trace.places.extend_from_slice(places);
        if !self.nowhere.is_empty() && self.nowhere.binary_search(&slot).is_ok() {
            let files = self.lost.join("`, `");
            trace.trouble(
                Problem::Opaque,
                format!(
                    "it executed code of `{package}` that nobody can place; it is said to be in `{files}`"
                ),
            );
        }
        places
    }
}

impl From<&PackageBlob<'_>> for Linked {
    fn from(blob: &PackageBlob<'_>) -> Linked {
        Linked {
            path: blob.path.into(),
            name: blob.name.into(),
            module: blob.module.into(),
            n_functions: blob.n_functions(),
        }
    }
}

/// Returns the place of a file of which nobody knows what in it ran.
pub(super) fn whole(path: &RepoPath, places: &mut Places) -> u32 {
    places.number(path, TextRange::lines(1, u32::MAX))
}

/// Columns are counted from one, unless a `//line` directive names a line only. Ends in front of starts come of one
/// inside of a statement.
fn is_moved(unit: &Unit) -> bool {
    let numbers = [unit.start.line, unit.start.column, unit.end.line, unit.end.column];
    numbers.contains(&0) || unit.start > unit.end
}

/// Returns all that a function's units are in; `None` when it has none.
///
/// They are not in the order of the text.
fn hull(units: &[Unit]) -> Option<TextRange> {
    let start = units.iter().map(|unit| unit.start).min()?;
    let end = units.iter().map(|unit| unit.end).max()?;
    Some(visible(TextRange { start, end }))
}

/// Makes a stretch hold something. Where functions have one counter each, its unit is the place in front of `func`.
pub(super) fn visible(range: TextRange) -> TextRange {
    let Position { line, column } = range.start;
    let least = Position { line, column: column.saturating_add(1) };
    TextRange { start: range.start, end: range.end.max(least) }
}
