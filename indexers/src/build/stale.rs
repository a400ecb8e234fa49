//! Whether cargo is going to change a lockfile before it builds anything.
//!
//! What a test was compiled from is known by what the lockfile says of it. That holds only while cargo takes the lockfile
//! as it is. Where a manifest asks for what is not locked, cargo resolves anew, and nobody knows what it is going to
//! build. So everything has to run then, and as well where a manifest or a lockfile is not understood.

use std::iter::successors;

use skiptrace_engine::path::RepoPath;
use thiserror::Error;

use super::lockfile::Lockfile;
use crate::units::cargo::{Manifest, Workspace};

/// Why nobody knows what cargo is going to build.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Stale {
    /// A manifest asks for something that is not locked as it is asked for.
    #[error("`{manifest}` asks for `{asked}`, which `{lockfile}` does not have as it is asked for")]
    Lacking {
        /// The manifest.
        manifest: RepoPath,
        /// What it asks for.
        asked: Box<str>,
        /// The lockfile.
        lockfile: RepoPath,
    },
    /// A manifest is gone, and the lockfile may still have what it asked for.
    #[error("`{manifest}` is gone, and `{lockfile}` may still have what it asked for")]
    Gone {
        /// The manifest.
        manifest: RepoPath,
        /// The lockfile.
        lockfile: RepoPath,
    },
    /// A manifest or lockfile is there and not understood.
    #[error("`{0}` is not understood")]
    Odd(RepoPath),
}

/// How files are read; `None` where there is none.
type Read<'a> = &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>;

impl Stale {
    /// Says why a lockfile is stale, by one of the manifests that are not what they were, if it is.
    ///
    /// Where there is no lockfile, none is stale: one that was there is gone, which concerns whoever depends on it.
    pub fn find<'m>(manifests: impl IntoIterator<Item = &'m RepoPath>, read: Read<'_>) -> Option<Stale> {
        manifests.into_iter().find_map(|manifest| stale(manifest, read).err())
    }
}

/// A manifest, and where it is.
struct Found {
    path: RepoPath,
    manifest: Manifest,
}

impl Found {
    /// Reads the manifest at a path, if there is one.
    fn at(path: RepoPath, read: Read<'_>) -> Result<Option<Found>, Stale> {
        let Some(source) = read(&path) else { return Ok(None) };
        match Manifest::read(&source) {
            Some(manifest) => Ok(Some(Found { path, manifest })),
            None => Err(Stale::Odd(path)),
        }
    }

    fn folder(&self) -> RepoPath {
        self.path.parent().unwrap_or_else(RepoPath::root)
    }
}

fn stale(path: &RepoPath, read: Read<'_>) -> Result<(), Stale> {
    let found = Found::at(path.clone(), read)?;
    let own = found.as_ref().map(|found| &found.manifest);
    let root = root_of(path, own, read)?;
    let folder = root.as_ref().or(found.as_ref()).map(Found::folder).or_else(|| path.parent());
    let lockfile = beside(&folder.unwrap_or_else(RepoPath::root), "Cargo.lock");
    let Some(source) = read(&lockfile) else { return Ok(()) };
    let Ok(locked) = Lockfile::parse(&source) else { return Err(Stale::Odd(lockfile)) };
    let Some(Found { manifest, .. }) = found else {
        return Err(Stale::Gone { manifest: path.clone(), lockfile });
    };
    let root = root.map_or_else(|| manifest.clone(), |root| root.manifest);
    match locked.lacks(&manifest, &root).or_else(|| locked.lacks_offered(&manifest)) {
        Some(asked) => Err(Stale::Lacking { manifest: path.clone(), asked, lockfile }),
        None => Ok(()),
    }
}

/// Returns the root of the workspace that a manifest belongs to, as cargo finds it; `None` where it is its own.
fn root_of(path: &RepoPath, own: Option<&Manifest>, read: Read<'_>) -> Result<Option<Found>, Stale> {
    if own.is_some_and(|own| own.workspace.is_some()) {
        return Ok(None);
    }
    let folder = path.parent().unwrap_or_else(RepoPath::root);
    if let Some(named) = own.and_then(|own| own.workspace_root.as_deref()) {
        // One outside of the repository is nothing that anybody here can look at.
        let root = joined(&folder, named).map(|folder| beside(&folder, "Cargo.toml"));
        let root = root.map(|root| Found::at(root, read)).transpose()?.flatten();
        return root.map(Some).ok_or_else(|| Stale::Odd(path.clone()));
    }
    for above in successors(folder.parent(), RepoPath::parent) {
        let Some(found) = Found::at(beside(&above, "Cargo.toml"), read)? else { continue };
        if found.manifest.workspace.as_ref().is_some_and(|workspace| !workspace.excludes(&above, &folder)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

impl Workspace {
    /// Returns whether a folder does not belong to it, though it is below its root.
    fn excludes(&self, root: &RepoPath, folder: &RepoPath) -> bool {
        let is_in = |named: &str| {
            let named = joined(root, named);
            successors(Some(folder.clone()), RepoPath::parent).any(|above| Some(above) == named)
        };
        let is_among = |folders: &[Box<str>]| folders.iter().any(|named| is_in(named));
        is_among(&self.exclude) && !is_among(&self.members)
    }
}

/// Returns the path of a file in a folder.
fn beside(folder: &RepoPath, name: &str) -> RepoPath {
    joined(folder, name).expect("a name leads nowhere else")
}

/// Returns where a relative path leads from a folder, if that is in the repository.
fn joined(folder: &RepoPath, relative: &str) -> Option<RepoPath> {
    if relative.starts_with('/') {
        return None;
    }
    let mut segments: Vec<&str> = folder.as_str().split('/').filter(|segment| !segment.is_empty()).collect();
    for segment in relative.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            name => segments.push(name),
        }
    }
    RepoPath::new(segments.join("/")).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LOCKFILE: &str = "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"log\"]\n\
        [[package]]\nname = \"log\"\nversion = \"0.4.1\"\nsource = \"registry+https://example.org/index\"\n";

    /// Says what a manifest's lockfile is like among some files.
    fn say(manifest: &str, files: &[(&str, &str)]) -> String {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let read = |path: &RepoPath| files.get(path.as_str()).map(|text| text.as_bytes().to_vec());
        let stale = Stale::find([&RepoPath::new(manifest).unwrap()], &read);
        stale.map_or("as it is asked for".to_owned(), |stale| stale.to_string())
    }

    fn asks(version: &str) -> String {
        format!("[package]\nname = \"a\"\n[dependencies]\nlog = \"{version}\"\n")
    }

    #[test]
    fn a_lockfile_is_that_of_the_workspace() {
        let workspace = "[workspace]\nmembers = [\"a\"]\n";
        let member = |version: &str, more: &[(&str, &str)]| {
            let asks = asks(version);
            let files = [("Cargo.toml", workspace), ("a/Cargo.toml", &*asks), ("Cargo.lock", LOCKFILE)];
            say("a/Cargo.toml", &[&files[..], more].concat())
        };
        assert_eq!(member("0.4", &[]), "as it is asked for");
        let stale = "`a/Cargo.toml` asks for `log`, which `Cargo.lock` does not have as it is asked for";
        assert_eq!(member("0.5", &[]), stale);
        // One that is left over from former times is not cargo's.
        assert_eq!(member("0.4", &[("a/Cargo.lock", "version = 4\n")]), "as it is asked for");
        assert_eq!(member("0.5", &[("a/Cargo.lock", &LOCKFILE.replace("0.4.1", "0.5.0"))]), stale);
    }

    #[test]
    fn who_does_not_belong_to_the_workspace_has_a_lockfile_of_its_own() {
        let asks = asks("0.5");
        let at = |root: &str, beside: &str| {
            let files = [("Cargo.toml", root), ("Cargo.lock", LOCKFILE), ("fuzz/a/Cargo.lock", beside)];
            say("fuzz/a/Cargo.toml", &[&files[..], &[("fuzz/a/Cargo.toml", &*asks)]].concat())
        };
        let newer = LOCKFILE.replace("0.4.1", "0.5.0");
        for root in ["[workspace]\nexclude = [\"fuzz\"]\n", "[package]\nname = \"b\"\n"] {
            assert_eq!(at(root, &newer), "as it is asked for", "{root}");
            assert!(at(root, LOCKFILE).contains("`fuzz/a/Cargo.lock` does not have"), "{root}");
        }
        let root = "[workspace]\nexclude = [\"fuzz\"]\nmembers = [\"fuzz/a\"]\n";
        assert!(at(root, &newer).contains("`Cargo.lock` does not have"));
    }

    #[test]
    fn a_package_may_say_which_its_workspace_is() {
        let asks = asks("0.4").replace("[dependencies]", "workspace = \"../root\"\n[dependencies]");
        let say = |root: &[(&str, &str)]| say("a/Cargo.toml", &[&[("a/Cargo.toml", &*asks)], root].concat());
        assert_eq!(
            say(&[("root/Cargo.toml", "[workspace]"), ("root/Cargo.lock", LOCKFILE)]),
            "as it is asked for"
        );
        assert!(say(&[("root/Cargo.toml", "[workspace]"), ("root/Cargo.lock", "")]).contains("asks for `a`"));
        assert_eq!(say(&[]), "`a/Cargo.toml` is not understood");
    }

    #[test]
    fn what_a_workspace_offers_counts() {
        let root = |version: &str| {
            let root =
                format!("[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nlog = \"{version}\"\n");
            say("Cargo.toml", &[("Cargo.toml", &*root), ("Cargo.lock", LOCKFILE)])
        };
        assert_eq!(root("0.4.1"), "as it is asked for");
        assert!(root("0.4.2").starts_with("`Cargo.toml` asks for `log`"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let asks = asks("0.4");
        let fine = [("Cargo.toml", "[workspace]"), ("a/Cargo.toml", &*asks), ("Cargo.lock", LOCKFILE)];
        let with = |path: &str, text: &str| {
            let files: Vec<_> =
                fine.iter().map(|(at, was)| (*at, if *at == path { text } else { was })).collect();
            say("a/Cargo.toml", &files)
        };
        assert_eq!(with("", ""), "as it is asked for");
        for path in ["Cargo.toml", "a/Cargo.toml", "Cargo.lock"] {
            assert_eq!(with(path, "<<<<<<< ours"), format!("`{path}` is not understood"));
        }
        // A lockfile above is not taken in its place.
        let files = [("Cargo.lock", LOCKFILE), ("a/Cargo.toml", &*asks), ("a/Cargo.lock", "= = =")];
        assert_eq!(say("a/Cargo.toml", &files), "`a/Cargo.lock` is not understood");
    }

    #[test]
    fn without_a_manifest_or_a_lockfile() {
        assert_eq!(say("Cargo.toml", &[("Cargo.toml", &asks("0.5"))]), "as it is asked for");
        let gone = "`a/Cargo.toml` is gone, and `Cargo.lock` may still have what it asked for";
        assert_eq!(say("a/Cargo.toml", &[("Cargo.toml", "[workspace]"), ("Cargo.lock", LOCKFILE)]), gone);
        assert_eq!(say("a/Cargo.toml", &[("b", "")]), "as it is asked for");
    }

    #[test]
    fn paths_are_joined_as_far_as_they_stay_inside() {
        let from =
            |relative: &str| joined(&RepoPath::new("a/b").unwrap(), relative).map(|path| path.to_string());
        assert_eq!(from("../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(from("../..").as_deref(), Some("."));
        assert_eq!((from("../../.."), from("/a")), (None, None));
    }
}
