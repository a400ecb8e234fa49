//! Where the files that compilers name are at home.
//!
//! Compilers write paths as they were given them: relative to the folder they ran in, through symbolic links, with
//! prefixes replaced (`--remap-path-prefix`, `-ffile-prefix-map`), or into a standard library that is on no disk. A
//! [`Normalizer`] undoes all of that, once for each distinct path.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use skiptrace_engine::path::RepoPath;

/// Where a file is at home.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// In the repository.
    Repo(RepoPath),
    /// In a package of a registry, which never changes.
    Registry {
        /// The package.
        package: Box<str>,
        /// Its version.
        version: Box<str>,
        /// The file in it.
        path: Box<str>,
    },
    /// In cargo's checkout of a git repository.
    Checkout {
        /// The repository, as cargo calls its folder: its name and a hash of its address.
        repository: Box<str>,
        /// The start of the commit's hash.
        revision: Box<str>,
        /// The file in it.
        path: Box<str>,
    },
    /// In the standard library.
    Std,
    /// In a folder that builds write to.
    Generated {
        /// The package whose build script wrote it; `None` where no build script did.
        package: Option<Box<str>>,
        /// The file in that folder, or in the build script's output folder.
        path: Box<str>,
    },
    /// Somewhere else on the machine: system headers, toolchains.
    Outside(Box<str>),
    /// Nobody can say: it is not UTF-8, holds a NUL, or is relative to nothing. It may well be in the repository.
    Unknown(Box<str>),
}

/// Where things are on this machine. Every folder is absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roots {
    /// The repository.
    pub repository: PathBuf,
    /// What a path is relative to that comes without a compilation folder: cargo's workspace, the build folder.
    pub workspace: PathBuf,
    /// Folders that builds write to: cargo's target and build folders, CMake's build folder.
    pub build_folders: Vec<PathBuf>,
    /// `CARGO_HOME`, when there is one.
    pub cargo_home: Option<PathBuf>,
    /// The prefix maps that compilers were given, in their order.
    pub prefix_maps: Vec<PrefixMap>,
}

/// A prefix that a compiler was told to replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixMap {
    /// The prefix as it is on disk.
    pub from: Box<str>,
    /// What stands in its place.
    pub to: Box<str>,
}

/// Says of paths where they are at home; remembers every answer.
#[derive(Debug)]
pub struct Normalizer {
    roots: Vec<(PathBuf, Root)>,
    workspace: PathBuf,
    prefix_maps: Vec<PrefixMap>,
    homes: HashMap<Box<[u8]>, Home>,
    /// Folders as they were written, and where they really are; `None` where there is none.
    folders: HashMap<PathBuf, Option<PathBuf>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    // The order is who wins where two roots are the same folder: the later.
    Build,
    Registry,
    Checkouts,
    Repository,
}

impl Normalizer {
    /// Looks at the roots on disk.
    pub fn new(roots: Roots) -> Normalizer {
        let mut found = Vec::new();
        let mut add = |folder: &Path, root| {
            let real = folder.canonicalize().ok();
            found.extend(real.into_iter().chain([lexical(folder)]).map(|folder| (folder, root)));
        };
        for folder in &roots.build_folders {
            add(folder, Root::Build);
        }
        if let Some(home) = &roots.cargo_home {
            add(&home.join("registry/src"), Root::Registry);
            add(&home.join("git/checkouts"), Root::Checkouts);
        }
        add(&roots.repository, Root::Repository);
        Normalizer {
            roots: found,
            workspace: roots.workspace,
            prefix_maps: roots.prefix_maps,
            homes: HashMap::new(),
            folders: HashMap::new(),
        }
    }

    /// Returns where a file is at home that a compiler, running in `folder`, wrote as `path`.
    pub fn home(&mut self, folder: &[u8], path: &[u8]) -> &Home {
        // An absolute path is the same from everywhere, so that it is remembered once.
        let absolute = std::str::from_utf8(path).is_ok_and(|path| Path::new(path).is_absolute());
        let mut key = Vec::with_capacity(folder.len() + path.len() + 1);
        if !absolute {
            key.extend_from_slice(folder);
        }
        key.push(0);
        key.extend_from_slice(path);
        if !self.homes.contains_key(key.as_slice()) {
            let home = self.find(folder, path);
            self.homes.insert(key.clone().into(), home);
        }
        &self.homes[key.as_slice()]
    }

    fn find(&mut self, folder: &[u8], path: &[u8]) -> Home {
        let unknown = || Home::Unknown(String::from_utf8_lossy(path).into());
        let (Ok(folder), Ok(text)) = (std::str::from_utf8(folder), std::str::from_utf8(path)) else {
            return unknown();
        };
        if text.is_empty() || text.contains('\0') || folder.contains('\0') {
            return unknown();
        }
        let written = Path::new(folder).join(text);
        let path = self.undo_prefix_maps(&written);
        // Only now: an empty replacement makes relative what was absolute.
        let path = if path.is_absolute() { path } else { self.workspace.join(path) };
        if !path.is_absolute() {
            return unknown();
        }
        let real = self.real(&path);
        self.classify(&real).unwrap_or_else(unknown)
    }

    /// Returns what `path` was before the compiler replaced its prefix.
    fn undo_prefix_maps(&self, path: &Path) -> PathBuf {
        let Some(text) = path.to_str() else { return path.to_owned() };
        // The last map that fits is what compilers apply. Which one they applied cannot be told from the result,
        // so that of several the one counts that leads to a file.
        let mut originals = self.prefix_maps.iter().rev().filter_map(|map| {
            if map.to.is_empty() {
                return (!path.is_absolute()).then(|| Path::new(&*map.from).join(path));
            }
            let rest = text.strip_prefix(&*map.to)?;
            let at_a_border = rest.is_empty() || rest.starts_with('/') || map.to.ends_with('/');
            at_a_border.then(|| PathBuf::from(format!("{}{rest}", map.from)))
        });
        let Some(first) = originals.next() else { return path.to_owned() };
        let exists = |path: &PathBuf| path.is_absolute() && path.exists();
        if exists(&first) {
            return first;
        }
        originals.chain([path.to_owned()]).find(exists).unwrap_or(first)
    }

    /// Returns the path without symbolic links; of what does not exist, as far as it does.
    fn real(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return path.canonicalize().unwrap_or_else(|_| lexical(path));
        };
        if !self.folders.contains_key(parent) {
            self.folders.insert(parent.to_owned(), parent.canonicalize().ok());
        }
        if let Some(folder) = &self.folders[parent] {
            let file = folder.join(name);
            return match file.symlink_metadata() {
                Ok(about) if about.is_symlink() => file.canonicalize().unwrap_or(file),
                _ => file,
            };
        }
        // The folder is gone, or `..` leads through one that never was: only the text is left to go by.
        let path = lexical(path);
        for ancestor in path.ancestors().skip(1) {
            if let (Ok(real), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
                return real.join(rest);
            }
        }
        path
    }

    /// Returns whose the deepest root around a path is; `None` for a path that has no text.
    fn classify(&self, path: &Path) -> Option<Home> {
        let deepest = self
            .roots
            .iter()
            .filter_map(|(folder, root)| Some((folder, *root, path.strip_prefix(folder).ok()?)))
            .max_by_key(|(folder, root, _)| (folder.components().count(), *root as u8));
        let outside = path.to_str()?;
        let Some((_, root, rest)) = deepest else {
            return Some(elsewhere(outside));
        };
        let segments: Vec<&str> =
            rest.components().map(|part| part.as_os_str().to_str()).collect::<Option<_>>()?;
        match root {
            Root::Repository => RepoPath::new(segments.join("/")).ok().map(Home::Repo),
            Root::Registry => Some(registry(&segments).unwrap_or_else(|| Home::Outside(outside.into()))),
            Root::Checkouts => Some(checkout(&segments).unwrap_or_else(|| Home::Outside(outside.into()))),
            Root::Build => Some(generated(&segments)),
        }
    }
}

/// What is in no known folder may still say what it is: the standard library's sources have a path that is on no
/// disk, and a path of another machine's cargo, as a cache may hand it out, is still a registry's.
fn elsewhere(path: &str) -> Home {
    if is_std(path) {
        return Home::Std;
    }
    let segments: Vec<&str> = path.split('/').collect();
    let after = |names: [&str; 2]| {
        let at = segments.windows(2).position(|pair| pair == names)?;
        segments.get(at + 2..)
    };
    let home = after(["registry", "src"]).and_then(registry);
    home.or_else(|| after(["git", "checkouts"]).and_then(checkout))
        .unwrap_or_else(|| Home::Outside(path.into()))
}

/// `<index>/<name>-<version>/<path>`.
fn registry(segments: &[&str]) -> Option<Home> {
    let [_index, package, path @ ..] = segments else { return None };
    // A name may hold `-1` as well; what follows it is no version then.
    let mut dashes = package.match_indices('-').map(|(at, _)| (&package[..at], &package[at + 1..]));
    let (name, version) = dashes.find(|(_, version)| Version::parse(version).is_ok())?;
    Some(Home::Registry { package: name.into(), version: version.into(), path: path.join("/").into() })
}

/// `<repository>-<hash>/<revision>/<path>`.
fn checkout(segments: &[&str]) -> Option<Home> {
    let [repository, revision, path @ ..] = segments else { return None };
    Some(Home::Checkout {
        repository: (*repository).into(),
        revision: (*revision).into(),
        path: path.join("/").into(),
    })
}

/// `…/build/<package>-<hash>/out/<path>` is what a build script wrote.
fn generated(segments: &[&str]) -> Home {
    let script = segments.windows(3).enumerate().find_map(|(at, window)| {
        let (package, hash) = window[1].rsplit_once('-')?;
        let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        (window[0] == "build" && window[2] == "out" && is_hash).then_some((package, at + 3))
    });
    match script {
        Some((package, at)) => {
            Home::Generated { package: Some(package.into()), path: segments[at..].join("/").into() }
        }
        None => Home::Generated { package: None, path: segments.join("/").into() },
    }
}

/// The standard library's sources: under a name that is on no disk, or where `rust-src` puts them.
fn is_std(path: &str) -> bool {
    path.strip_prefix("/rustc/").is_some_and(|rest| rest.contains("/library/") || rest.contains("/compiler/"))
        || path.contains("/lib/rustlib/src/rust/")
        || path.contains("/lib/rustlib/rustc-src/rust/")
}

/// Removes `.` and `..` without looking at the disk.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests;
