//! Sources that git ignores, and that are compiled all the same.
//!
//! The go tool takes whatever source stands in the folder of a package. Git may ignore one: what a generator writes, what
//! somebody has for this machine alone. What was there when tests were recorded is in the index; what has come since is
//! in no list of git's.

use std::collections::BTreeSet;
use std::path::Path;

use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::gains::is_built_by_go;
use skiptrace_indexers::record::listing::Listing;

/// Returns the sources that are in folders with files of Go, and neither listed nor `known`.
pub(super) fn new_sources(root: &Path, listing: &Listing, known: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let is_go = |path: &&RepoPath| path.as_str().ends_with(".go");
    let folders: BTreeSet<RepoPath> =
        listing.files.iter().chain(known).filter(is_go).filter_map(RepoPath::parent).collect();
    let is_new = |path: &RepoPath| {
        is_built_by_go(path)
            && !listing.files.contains(path)
            && !listing.links.contains_key(path)
            && !known.contains(path)
    };
    folders.iter().flat_map(|folder| files_in(root, folder)).filter(is_new).collect()
}

/// Returns the files that are in a folder itself.
fn files_in(root: &Path, folder: &RepoPath) -> Vec<RepoPath> {
    let entries = std::fs::read_dir(root.join(folder.as_str())).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    files
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let path = match folder.as_str() {
                "" => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            RepoPath::new(path).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_lists_in_the_folder_of_a_package_is_new() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a", "b", "texts"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let path = |text: &str| RepoPath::new(text).unwrap();
        let files = [
            "a/a.go",
            "a/known.go",
            "a/local.go",
            "a/_off.go",
            "a/local.txt",
            "b/made.go",
            "b/zz.s",
            "main.go",
        ];
        for file in files.iter().chain(&["texts/x.go"]) {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let listing = Listing { files: ["a/a.go", "texts/a.txt"].map(path).into(), ..Listing::default() };
        let known = ["a/known.go", "b/made.go"].map(path).into();
        let new: Vec<_> =
            new_sources(root.path(), &listing, &known).iter().map(ToString::to_string).collect();
        assert_eq!(new, ["a/local.go", "b/zz.s"]);
    }
}
