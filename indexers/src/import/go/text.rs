//! Text profiles: what ran according to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use skiptrace_engine::observation::{Position, TextRange};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;

use crate::go::home::{Home, Homes, PackageId};
use crate::go::profile::{Block, Profile};
use crate::trace::Trouble;

/// No larger profile is read.
const LARGEST: u64 = 4 << 30;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The units that ran.
    executed: Vec<Block>,
    /// The packages of all units.
    pub(super) packages: BTreeSet<Box<str>>,
}

impl Text {
    pub(super) fn read(file: &Path) -> Result<Text, Trouble> {
        let opaque = |detail: String| Trouble { problem: Problem::Opaque, detail };
        let about = fs::metadata(file).map_err(|error| opaque(format!("cannot be read: {error}")))?;
        if about.len() > LARGEST {
            return Err(opaque(format!("it has {} bytes, which no profile of one test has", about.len())));
        }
        let bytes = fs::read(file).map_err(|error| opaque(format!("cannot be read: {error}")))?;
        let profile = Profile::parse(&bytes)
            .map_err(|error| Trouble { problem: error.problem(), detail: error.to_string() })?;
        let mut text = Text::default();
        for block in profile.blocks {
            let package = package_of(&block.file);
            if !text.packages.contains(package) {
                text.packages.insert(package.into());
            }
            if block.count > 0 {
                text.executed.push(block);
            }
        }
        Ok(text)
    }

    /// Returns whether something of a package ran.
    pub(super) fn has_run(&self, package: &str) -> bool {
        self.executed.iter().any(|block| package_of(&block.file) == package)
    }

    /// Finds what ran in the repository; what cannot be found is told.
    pub(super) fn places(&self, homes: &dyn Homes) -> (Vec<(RepoPath, TextRange)>, Vec<Trouble>) {
        let mut places = Vec::new();
        let mut lost: BTreeSet<&str> = BTreeSet::new();
        for Block { file, unit, .. } in &self.executed {
            let package = PackageId { path: package_of(file), module: "", name: "" };
            let numbers = [unit.start.line, unit.start.column, unit.end.line, unit.end.column];
            let home = match numbers.contains(&0) || unit.start > unit.end {
                true => homes.moved(&package, file),
                false => homes.home(&package, file),
            };
            match home {
                Home::Repo(path) => {
                    let least = Position { column: unit.start.column.saturating_add(1), ..unit.start };
                    places.push((path, TextRange { start: unit.start, end: unit.end.max(least) }));
                }
                Home::Whole(files) if !files.is_empty() => {
                    places.extend(files.into_iter().map(|path| (path, TextRange::lines(1, u32::MAX))));
                }
                Home::Elsewhere => {}
                Home::Whole(_) | Home::Unknown => {
                    lost.insert(file);
                }
            }
        }
        let trouble = |file: &str| Trouble {
            problem: Problem::Opaque,
            detail: format!("it executed code of `{file}`, which nobody can place in the repository"),
        };
        (places, lost.into_iter().map(trouble).collect())
    }
}

/// The compiler joins import path and base name.
fn package_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(package, _)| package)
}
