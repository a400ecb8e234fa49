//! Sources that git ignores, and that are compiled all the same.
//!
//! The go tool takes whatever source stands in the folder of a package, and all modules from the folder `vendor` if there
//! is one. Git may ignore either: what a generator writes, what somebody has for this machine alone. What was there when
//! tests were recorded is in the index; what has come since is in no list of git's.

use std::collections::BTreeSet;
use std::path::Path;

use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::gains::is_built_by_go;
use skiptrace_indexers::record::listing::Listing;

/// Returns what is in the folders of packages and modules that is built, and neither listed nor `known`.
pub(super) fn new_sources(root: &Path, listing: &Listing, known: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let has_name = |path: &RepoPath, name: &str| {
        path.as_str().strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    let folders_with = |is_one: &dyn Fn(&RepoPath) -> bool| -> BTreeSet<RepoPath> {
        let files = listing.files.iter().chain(known).filter(|path| is_one(path));
        files.filter_map(RepoPath::parent).collect()
    };
    let packages = folders_with(&|path| path.as_str().ends_with(".go"));
    let modules = folders_with(&|path| has_name(path, "go.mod") || has_name(path, "go.work"));
    let built = packages.iter().flat_map(|folder| files_in(root, folder)).filter(is_built_by_go);
    let vendored = modules.iter().filter_map(|folder| join(folder, "vendor/modules.txt"));
    let vendored = vendored.filter(|path| root.join(path.as_str()).is_file());
    let is_new = |path: &RepoPath| {
        !listing.files.contains(path) && !listing.links.contains_key(path) && !known.contains(path)
    };
    built.chain(vendored).filter(is_new).collect()
}

/// Returns the files that are in a folder itself.
fn files_in(root: &Path, folder: &RepoPath) -> Vec<RepoPath> {
    let entries = std::fs::read_dir(root.join(folder.as_str())).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    files.filter_map(|entry| join(folder, entry.file_name().to_str()?)).collect()
}

fn join(folder: &RepoPath, name: &str) -> Option<RepoPath> {
    let path = match folder.as_str() {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    RepoPath::new(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_lists_in_the_folder_of_a_package_is_new() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a", "b", "m/vendor", "n/vendor", "texts"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
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
        for file in files.iter().chain(&["texts/x.go", "m/vendor/modules.txt", "n/vendor/modules.txt"]) {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let listing = Listing {
            files: ["a/a.go", "m/go.mod", "n/no-go.mod", "texts/a.txt"].map(path).into(),
            ..Listing::default()
        };
        let known = ["a/known.go", "b/made.go"].map(path).into();
        let new: Vec<_> =
            new_sources(root.path(), &listing, &known).iter().map(ToString::to_string).collect();
        assert_eq!(new, ["a/local.go", "b/zz.s", "m/vendor/modules.txt"]);
    }
}
