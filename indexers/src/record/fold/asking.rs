//! Who asks something of the machine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use skiptrace_engine::observation::{Executed, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::unit::UnitKind;
use skiptrace_engine::variable::{Consulted, VariableName};

use super::Sources;
use crate::record::machine::{Asked, Fact};
use crate::units::Language;

/// The code that asks something.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// The units that do, by file.
    units: HashMap<RepoPath, Vec<(u32, Fact)>>,
    /// What all tests of a suite do: it is asked at file scope of something that they were compiled from.
    by_all: BTreeMap<Box<str>, BTreeSet<Fact>>,
    /// What it is told.
    answers: BTreeMap<Fact, Consulted>,
}

impl Asking {
    /// Looks for it.
    pub(super) fn find(compiled: &BTreeMap<Box<str>, BTreeSet<RepoPath>>, sources: &Sources) -> Asking {
        let answers = Fact::ALL.into_iter().map(|fact| (fact, answer(fact))).collect();
        let mut asking = Asking { answers, ..Asking::default() };
        let mut in_language: BTreeMap<Language, Asked> = BTreeMap::new();
        let mut of_files: HashMap<&RepoPath, BTreeSet<Fact>> = HashMap::new();
        for path in sources.paths() {
            let Some((language, file)) = Language::of(path).zip(sources.get(path)) else { continue };
            let asked = in_language.entry(language).or_insert_with(|| Asked::in_language(language));
            for (at, unit) in (0..).zip(&file.units) {
                for fact in asked.by(unit) {
                    asking.units.entry(path.clone()).or_default().push((at, fact));
                    if unit.kind != UnitKind::Function {
                        of_files.entry(path).or_default().insert(fact);
                    }
                }
            }
        }
        for (suite, files) in compiled {
            let facts: BTreeSet<Fact> =
                files.iter().filter_map(|path| of_files.get(path)).flatten().copied().collect();
            asking.by_all.insert(suite.clone(), facts);
        }
        asking
    }

    /// Returns what a test of a suite asked, as something that it consulted.
    pub(super) fn consulted<'e>(
        &self,
        suite: &str,
        executed: impl Iterator<Item = &'e Executed>,
    ) -> Vec<Consulted> {
        let mut facts = self.by_all.get(suite).cloned().unwrap_or_default();
        for Executed { path, parts } in executed {
            let is_meant = |unit: u32| match parts {
                Parts::Units(units) => units.contains(&unit),
                _ => true,
            };
            let of_file = self.units.get(path).into_iter().flatten();
            facts.extend(of_file.filter(|(unit, _)| is_meant(*unit)).map(|(_, fact)| *fact));
        }
        facts.iter().filter_map(|fact| self.answers.get(fact)).cloned().collect()
    }
}

/// Returns what whoever asks something here consulted.
fn answer(fact: Fact) -> Consulted {
    // What nobody knows here is nowhere what it was.
    let here = fact.here().unwrap_or_else(|| "unknown".to_owned());
    Consulted::new(VariableName::new(fact.name()).expect("it is short text"), Some(here.as_bytes()))
}
