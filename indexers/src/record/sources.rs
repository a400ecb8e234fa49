//! The source files of a recording, cut into units.

use std::collections::BTreeMap;

use rayon::prelude::*;
use skiptrace_engine::id::ObjectId;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::tree;
use skiptrace_engine::unit::{SourceFile, Unit, UnitKind};

use crate::units;

/// Where the content of the repository's files comes from.
pub trait Tree: Sync {
    /// Returns the content of a file; `None` where there is no such file, or it cannot be read.
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>>;

    /// Returns the git blob that has this content, when the file is as git has it.
    fn blob(&self, path: &RepoPath) -> Option<ObjectId>;

    /// Returns whether the file was written to since the recording began, so that nobody knows which version of it
    /// the tests were compiled from.
    fn is_unsettled(&self, path: &RepoPath) -> bool;
}

/// The files of a recording, by path.
#[derive(Debug, Default)]
pub struct Sources {
    files: BTreeMap<RepoPath, SourceFile>,
    /// Those that changed meanwhile.
    unsettled: Vec<RepoPath>,
}

/// The files of a recording, by path.
pub type Files = BTreeMap<RepoPath, SourceFile>;

impl Sources {
    /// Reads and cuts files, several at a time. Those that are not there are left out.
    ///
    /// Those in `known` were read before, and are taken as they were then.
    pub fn read(tree: &dyn Tree, mut paths: Vec<RepoPath>, known: Files) -> Sources {
        paths.retain(|path| !known.contains_key(path));
        let mut files = cut_all(tree, paths);
        files.extend(known);
        let unsettled: Vec<RepoPath> = files.keys().filter(|path| tree.is_unsettled(path)).cloned().collect();
        for path in &unsettled {
            if let Some(file) = files.get_mut(path) {
                file.blob = None;
                for unit in &mut file.units {
                    unit.fingerprint = None;
                }
            }
        }
        Sources { files, unsettled }
    }

    /// Returns the files that were written to since the recording began. Nothing in them counts as unchanged.
    pub fn unsettled(&self) -> &[RepoPath] {
        &self.unsettled
    }

    /// Returns a file.
    pub fn get(&self, path: &RepoPath) -> Option<&SourceFile> {
        self.files.get(path)
    }

    /// Returns where they are, in order.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.keys()
    }

    /// Returns the files in the order of their paths.
    pub fn into_files(self) -> impl Iterator<Item = SourceFile> {
        self.files.into_values()
    }
}

/// Reads and cuts files, several at a time. Those that are not there are left out.
pub fn cut_all(files: &dyn Tree, paths: Vec<RepoPath>) -> Files {
    let cut = |path: RepoPath| {
        let source = files.read(&path)?;
        let mut units = units::cut(units::Language::of(&path), &source);
        let blob = files.blob(&path);
        // One unit of the whole file is known by the bytes already.
        if blob.is_none() && units.iter().any(|unit| unit.kind != UnitKind::File) {
            units.push(tree::bytes(&source));
        }
        Some((path.clone(), SourceFile { path, blob, units }))
    };
    paths.into_par_iter().filter_map(cut).collect()
}

/// Finds the units of one file that lines belong to.
#[derive(Debug)]
pub struct Finder {
    /// First line, last line, place in the list; sorted.
    spans: Vec<(u32, u32, u32)>,
    /// The largest last line among the spans up to each.
    furthest: Vec<u32>,
}

impl Finder {
    /// Sorts the units of a file.
    pub fn new(units: &[Unit]) -> Finder {
        let mut spans: Vec<_> =
            units.iter().zip(0..).map(|(unit, at)| (unit.lines.start, unit.lines.end, at)).collect();
        spans.sort_unstable();
        let mut last = 0;
        let furthest = spans
            .iter()
            .map(|span| {
                last = last.max(span.1);
                last
            })
            .collect();
        Finder { spans, furthest }
    }

    /// Returns the units that have one of the lines `first..=last`.
    pub fn on_lines(&self, first: u32, last: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.spans.partition_point(|span| span.0 <= last);
        (0..end)
            .rev()
            .take_while(move |at| self.furthest[*at] >= first)
            .filter(move |at| self.spans[*at].1 >= first)
            .map(|at| self.spans[at].2)
    }
}
