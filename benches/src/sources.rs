//! A drawn project as files of a work tree, for measuring what asks git and reads files.
//!
//! Each file is Rust that is cut into as many functions and items as were drawn. Functions mention their file's, their
//! package's and everybody's names, the common ones often. Items of the first files, which every suite is compiled
//! with, are everybody's; those of the others are their package's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rand::Rng;
use rand::rngs::SmallRng;
use rayon::prelude::*;
use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::index::Index;
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::observation::Parts;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::recording::{Recording, Shard};
use skiptrace_engine::tree::{listed, lookups};
use skiptrace_engine::unit::{SourceFile, Unit, UnitKind};
use skiptrace_indexers::record::listing::Listing;
use skiptrace_indexers::units::{Language, cut};

use crate::workload::{Of, Plan, unit_kind, zipf};

/// What is edited in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// Nothing.
    Nothing,
    /// What its first function does.
    Body,
    /// The value of its first item, which others name.
    Item,
}

impl Plan {
    /// Returns the text of a source file.
    pub fn source_text(&self, file: u32, edited: Edited) -> String {
        let mut rng = self.workload.rng(Of::Source, file);
        let package = self.package_of(file);
        let n_units = self.n_units(file);
        let mut text = "#![allow(dead_code)]\n\n".to_owned();
        for at in 0..n_units {
            let n_names = rng.random_range(2..=8);
            let names: Vec<String> = (0..n_names).map(|_| self.name(&mut rng, file, package)).collect();
            let number: u32 = rng.random_range(0..1_000_000);
            let is_edited = (at == 0 && edited == Edited::Body) || (at == 2 && edited == Edited::Item);
            let number = if is_edited { number + 1_000_000 } else { number };
            let name = self.unit_name(file, package, at);
            let written = match unit_kind(at, n_units) {
                UnitKind::Function => {
                    let calls: Vec<String> =
                        names.iter().map(|name| format!("    total += {name}(total);\n")).collect();
                    let calls = calls.concat();
                    write!(
                        text,
                        "/// Counts.\npub fn {name}(mut total: u32) -> u32 {{\n{calls}    total + {number}\n}}\n\n"
                    )
                }
                UnitKind::Item => {
                    write!(text, "pub const {name}: u32 = {number} + {};\n\n", names.join(" + "))
                }
                _ => Ok(()),
            };
            written.expect("a text takes all that is written to it");
        }
        text
    }

    /// Returns the text of a file that is no source.
    pub fn data_text(&self, path: &RepoPath) -> String {
        format!("{{ \"of\": \"{path}\" }}\n")
    }

    /// Returns the paths of the files that are no sources.
    pub fn data_paths(&self) -> Vec<RepoPath> {
        (0..self.n_packages()).flat_map(|package| self.data_files(package)).collect()
    }

    /// Builds the index of the project as it is written, recorded at a commit that has `blobs`.
    ///
    /// Its recording knows the whole tree; each suite lists the folder of its data, and looks for a file that is not
    /// there.
    pub fn build_written(&self, commit: &CommitId, blobs: &BTreeMap<RepoPath, ObjectId>) -> Index {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recording = Recording { commit: commit.clone(), ..self.recording(Shard::WHOLE) };
        let recording = builder.add_recording(recording);
        let n_files = self.paths().len() as u32;
        // Where the units that were drawn are among those that were cut.
        let mut places: Vec<Vec<u32>> = Vec::new();
        let cut_file = |file| cut(Some(Language::Rust), self.source_text(file, Edited::Nothing).as_bytes());
        let all_units: Vec<Vec<Unit>> = (0..n_files).into_par_iter().map(cut_file).collect();
        for ((file, path), units) in (0..n_files).zip(self.paths()).zip(all_units) {
            let by_name: BTreeMap<&str, u32> = units.iter().map(|unit| &*unit.name).zip(0..).collect();
            let package = self.package_of(file);
            let place = |at| by_name.get(&*self.unit_name(file, package, at)).copied().unwrap_or_default();
            places.push((0..self.n_units(file)).map(place).collect());
            let blob = blobs.get(path).cloned();
            builder.add_file(recording, SourceFile { path: path.clone(), blob, units });
        }
        let data = self.data_paths();
        for path in &data {
            let units = cut(None, self.data_text(path).as_bytes());
            let blob = blobs.get(path).cloned();
            builder.add_file(recording, SourceFile { path: path.clone(), blob, units });
        }
        let nothing = |path| SourceFile { path, blob: None, units: Vec::new() };
        builder.add_file(recording, nothing(listed()));
        builder.add_file(recording, nothing(lookups()));
        let files: BTreeSet<RepoPath> = self.paths().iter().chain(&data).cloned().collect();
        let listing = Listing { files, ..Listing::default() };
        for package in 0..self.n_packages() {
            let [folder, absent] = self.looked_at(package);
            builder.add_file(recording, listing.folder(&folder).expect("data files are in it"));
            builder.add_file(recording, nothing(absent));
            let suite = self.suite(package);
            let compiled = self.compiled_from(package).into_iter().flat_map(|package| self.files_of(package));
            let compiled: Vec<RepoPath> = compiled.map(|file| self.paths()[file as usize].clone()).collect();
            builder.add_compilation(recording, &suite, &compiled);
        }
        let numbers: BTreeMap<&RepoPath, usize> = self.paths().iter().zip(0..).collect();
        for test in self.tests_of(Shard::WHOLE) {
            let mut observation = self.observation(test);
            for executed in &mut observation.executed {
                let places = &places[numbers[&executed.path]];
                if let Parts::Units(units) = &mut executed.parts {
                    *units = units.iter().map(|unit| places[*unit as usize]).collect();
                }
            }
            if test % 10 == 0 {
                observation.opened.extend(self.looked_at(self.suite_of(test)));
            }
            builder.observe(recording, observation).expect("the job is the recording's");
        }
        builder.finish()
    }

    /// Returns the folder that a suite lists, and the path at which it finds nothing.
    fn looked_at(&self, package: u32) -> [RepoPath; 2] {
        let data = self.data_files(package).next().expect("every package has data");
        let folder = data.parent().expect("it is in a folder");
        let absent = RepoPath::new(format!("{folder}/local.json")).expect("drawn paths are paths");
        [folder, absent]
    }

    fn unit_name(&self, file: u32, package: u32, at: u32) -> String {
        match unit_kind(at, self.n_units(file)) {
            UnitKind::Item if file < self.n_hubs() => format!("ALL_{}", (file * 8 + at / 3) * 16 + 64),
            UnitKind::Item => format!("P{package}_{}", (file * 8 + at / 3) % 256),
            _ => format!("f{file}_{at}"),
        }
    }

    /// Draws a name that a unit mentions: of its file, of its package, or one of all, the common ones often.
    fn name(&self, rng: &mut SmallRng, file: u32, package: u32) -> String {
        match rng.random_range(0..10) {
            0..4 => format!("f{file}_{}", rng.random_range(0..32)),
            4..7 => format!("P{package}_{}", zipf(rng, 256)),
            _ => format!("ALL_{}", zipf(rng, self.workload.units / 4)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    #[test]
    fn what_is_written_is_cut_into_what_was_drawn() {
        let plan = Workload::TINY.draw();
        for file in [0, 7, 499] {
            let cut_as = |edited| cut(Some(Language::Rust), plan.source_text(file, edited).as_bytes());
            let units = cut_as(Edited::Nothing);
            let n_functions = |units: &[skiptrace_engine::unit::Unit]| {
                units.iter().filter(|unit| unit.kind == UnitKind::Function).count()
            };
            let drawn = plan.source_file(file).units;
            assert_eq!(n_functions(&units), n_functions(&drawn));
            for (edited, kind) in [(Edited::Body, UnitKind::Function), (Edited::Item, UnitKind::Item)] {
                let changed: Vec<_> =
                    cut_as(edited).into_iter().filter(|unit| !units.contains(unit)).collect();
                assert_eq!(changed.iter().map(|unit| unit.kind).collect::<Vec<_>>(), [kind]);
            }
        }
    }
}
