//! The dependency graph that cargo resolved: `Cargo.lock`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::semver::{Version, VersionReq};
use serde::Deserialize;
use skiptrace_engine::fingerprint::Fingerprint;
use thiserror::Error;

use crate::units::cargo::{Declared, Manifest, Origin};

/// The packages of a lockfile. Two are equal whatever their order, comments and format version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lockfile {
    /// The packages and what each depends on.
    pub packages: BTreeMap<LockedPackage, BTreeSet<LockedPackage>>,
    /// The checksums of those that have one.
    pub checksums: BTreeMap<LockedPackage, Box<str>>,
}

/// A package that was resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockedPackage {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// Where it is from; `None` is a folder.
    pub source: Option<Box<str>>,
}

/// Why a text is no lockfile.
#[derive(Debug, Error)]
pub enum LockfileError {
    /// It is not UTF-8.
    #[error("the lockfile is not UTF-8")]
    NotUtf8,
    /// It is not the TOML that is expected.
    #[error("the lockfile is not understood")]
    Toml(#[source] Box<toml::de::Error>),
    /// A package depends on one that is not there.
    #[error("the lockfile's `{package}` depends on `{dependency}`, which it does not name")]
    Dangling {
        /// The package.
        package: Box<str>,
        /// What it depends on.
        dependency: String,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Entry>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Entry {
    name: Box<str>,
    version: Box<str>,
    source: Option<Box<str>>,
    checksum: Option<Box<str>>,
    #[serde(default)]
    dependencies: Vec<String>,
    /// What replaces it (`[replace]`).
    replace: Option<String>,
}

impl Lockfile {
    /// Parses a lockfile of any of cargo's versions.
    pub fn parse(bytes: &[u8]) -> Result<Lockfile, LockfileError> {
        let text = std::str::from_utf8(bytes).map_err(|_| LockfileError::NotUtf8)?;
        let file: File = toml::from_str(text).map_err(|error| LockfileError::Toml(Box::new(error)))?;
        let mut by_name: BTreeMap<Box<str>, Vec<LockedPackage>> = BTreeMap::new();
        for entry in &file.package {
            by_name.entry(entry.name.clone()).or_default().push(entry.package());
        }
        let mut lockfile = Lockfile::default();
        for entry in &file.package {
            let package = entry.package();
            let mut dependencies = BTreeSet::new();
            for dependency in entry.dependencies.iter().chain(&entry.replace) {
                // `name`, `name version` or `name version (source)`: as much as it takes to be one package.
                let mut words = dependency.splitn(3, ' ');
                let candidates =
                    words.next().and_then(|name| by_name.get(name)).map_or(&[][..], Vec::as_slice);
                let version = words.next();
                let source = words.next().map(|source| source.trim_matches(['(', ')']));
                let fits = |candidate: &&LockedPackage| {
                    version.is_none_or(|version| *candidate.version == *version)
                        && source.is_none_or(|source| candidate.is_from(source))
                };
                // Of two that fit, both count.
                let found: Vec<_> = candidates.iter().filter(fits).cloned().collect();
                if found.is_empty() {
                    let package = entry.name.clone();
                    return Err(LockfileError::Dangling { package, dependency: dependency.clone() });
                }
                dependencies.extend(found);
            }
            // The first version of the format keeps checksums apart.
            let apart = package.source.as_ref().and_then(|source| {
                file.metadata.get(&format!("checksum {} {} ({source})", package.name, package.version))
            });
            let checksum = entry.checksum.clone().or_else(|| apart.map(|sum| sum.as_str().into()));
            lockfile.checksums.extend(checksum.map(|checksum| (package.clone(), checksum)));
            lockfile.packages.insert(package, dependencies);
        }
        Ok(lockfile)
    }

    /// Returns the part of the graph that has only these packages; those that come from folders go by their names,
    /// because files say what is in them.
    pub fn only(&self, is_wanted: impl Fn(&LockedPackage) -> bool) -> Lockfile {
        let named = |package: &LockedPackage| match package.source {
            Some(_) => package.clone(),
            None => LockedPackage { version: "".into(), ..package.clone() },
        };
        let mut part = Lockfile::default();
        for (package, dependencies) in self.packages.iter().filter(|(package, _)| is_wanted(package)) {
            let wanted = dependencies.iter().filter(|dependency| is_wanted(dependency)).map(named);
            part.packages.entry(named(package)).or_default().extend(wanted);
            part.checksums.extend(self.checksums.get(package).map(|sum| (named(package), sum.clone())));
        }
        part
    }

    /// Returns a dependency of one of the repository's own packages that is not locked as its manifest asks for it, so
    /// that cargo is going to bring the lockfile up to date before it builds anything.
    ///
    /// `root` is the manifest of the workspace that the package belongs to, which may be its own.
    pub fn lacks(&self, manifest: &Manifest, root: &Manifest) -> Option<Box<str>> {
        let package = manifest.package.as_deref()?;
        let own: Vec<_> = self.own().filter(|(own, _)| *own.name == *package).collect();
        if own.is_empty() {
            return Some(package.into());
        }
        let locked: BTreeSet<&LockedPackage> = own.into_iter().flat_map(|(_, locked)| locked).collect();
        let is_locked = |declared: &Declared| {
            let said = match declared.inherited {
                true => root.workspace_dependencies.iter().find(|offered| offered.key == declared.key),
                false => Some(declared),
            };
            said.is_some_and(|said| locked.iter().any(|locked| locked.is_as_asked(said, root.replaces)))
        };
        let missing = manifest.dependencies.iter().find(|declared| !is_locked(declared));
        missing.map(|declared| declared.key.clone())
    }

    /// Returns a dependency that a workspace offers its packages, and that some package has in another version than
    /// may be taken, so that cargo is going to bring the lockfile up to date. That package may have asked for it on
    /// its own account, which its own manifest would tell: to look for that is not worth it.
    pub fn lacks_offered(&self, root: &Manifest) -> Option<Box<str>> {
        let is_other = |offered: &&Declared| {
            self.own().any(|(_, locked)| {
                let mut named = locked.iter().filter(|locked| locked.name == offered.package).peekable();
                named.peek().is_some() && !named.any(|locked| locked.is_as_asked(offered, root.replaces))
            })
        };
        let other = root.workspace_dependencies.iter().find(is_other);
        other.map(|offered| offered.key.clone())
    }

    /// Returns the packages that come from folders, and what each depends on.
    fn own(&self) -> impl Iterator<Item = (&LockedPackage, &BTreeSet<LockedPackage>)> {
        self.packages.iter().filter(|(package, _)| package.source.is_none())
    }

    /// Returns a hash of the graph.
    pub fn digest(&self) -> Fingerprint {
        let mut text = String::new();
        for (package, dependencies) in &self.packages {
            text += &format!("{package:?} {:?}\n", self.checksums.get(package));
            for dependency in dependencies {
                text += &format!("  {dependency:?}\n");
            }
        }
        Fingerprint::of(text.as_bytes())
    }
}

impl LockedPackage {
    /// Returns whether it is from `source`, which may leave out the commit of a git repository.
    fn is_from(&self, source: &str) -> bool {
        let own = self.source.as_deref().unwrap_or_default();
        own == source || own.split('#').next() == Some(source)
    }

    /// Returns whether it is what a manifest asks for. Where `replaces` says so, packages are taken from elsewhere than
    /// those who ask for them say.
    fn is_as_asked(&self, asked: &Declared, replaces: bool) -> bool {
        let source = self.source.as_deref();
        let is_from_there = match &asked.from {
            _ if replaces && asked.from != Origin::Folder => true,
            Origin::Registry => source
                .is_some_and(|source| ["registry+", "sparse+"].iter().any(|kind| source.starts_with(kind))),
            Origin::Folder => source.is_none(),
            Origin::Git { url, at } => {
                let at = at.as_ref().map(|at| format!("?{at}")).unwrap_or_default();
                self.is_from(&format!("git+{url}{at}"))
            }
        };
        let fits = match asked.version.as_deref().map(VersionReq::parse) {
            None => true,
            Some(Ok(wanted)) => Version::parse(&self.version).is_ok_and(|version| wanted.matches(&version)),
            Some(Err(_)) => false,
        };
        self.name == asked.package && is_from_there && fits
    }
}

impl Entry {
    fn package(&self) -> LockedPackage {
        LockedPackage { name: self.name.clone(), version: self.version.clone(), source: self.source.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = r#"
version = 4

[[package]]
name = "a"
version = "0.1.0"
dependencies = ["b 1.0.0", "c"]

[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://example.org/index"
checksum = "11"

[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://example.org/index"
checksum = "22"

[[package]]
name = "c"
version = "0.1.0"
"#;

    const V1: &str = r#"# another order, another format
[[package]]
name = "c"
version = "0.1.0"
[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://example.org/index"
[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://example.org/index"
[[package]]
name = "a"
version = "0.1.0"
dependencies = ["c 0.1.0", "b 1.0.0 (registry+https://example.org/index)"]
[metadata]
"checksum b 1.0.0 (registry+https://example.org/index)" = "11"
"checksum b 2.0.0 (registry+https://example.org/index)" = "22"
"#;

    #[test]
    fn only_the_graph_counts() {
        let parse = |text: &str| Lockfile::parse(text.as_bytes()).unwrap();
        assert_eq!(parse(V4), parse(V1));
        assert_eq!(parse(V4).digest(), parse(V1).digest());
        for (old, new) in [
            ("\"11\"", "\"12\""),
            ("b 1.0.0\"", "b 2.0.0\""),
            ("example.org", "example.com"),
            (", \"c\"", ""),
        ] {
            let changed = V4.replace(old, new);
            assert_ne!(changed, V4);
            assert_ne!(parse(&changed).digest(), parse(V4).digest(), "{old}");
        }
    }

    #[test]
    fn a_part_knows_nothing_of_the_rest() {
        let part = |text: &str| {
            let lockfile = Lockfile::parse(text.as_bytes()).unwrap();
            lockfile.only(|package| &*package.name != "b" || &*package.version == "1.0.0")
        };
        let first = part(V4);
        assert_eq!(first.packages.len(), 3);
        // Another version of what is left out, and of what files tell, is nothing; a checksum is something.
        assert_eq!(first, part(&V4.replace("2.0.0", "3.0.0").replace("\"22\"", "\"23\"")));
        assert_eq!(
            first,
            part(&V4.replace("name = \"c\"\nversion = \"0.1.0\"", "name = \"c\"\nversion = \"0.2.0\""))
        );
        assert_ne!(first, part(&V4.replace("\"11\"", "\"12\"")));
    }

    #[test]
    fn real_lockfiles_are_read() {
        let own = Lockfile::parse(include_bytes!("../../../Cargo.lock")).unwrap();
        let engine = own.packages.iter().find(|(package, _)| &*package.name == "skiptrace-engine").unwrap();
        assert!(engine.1.iter().any(|dependency| &*dependency.name == "roaring"));
        assert!(own.checksums.len() > 50);
        let git = "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"b 0.1.0 (git+https://e.org/b?branch=x)\"]\n\
            [[package]]\nname = \"b\"\nversion = \"0.1.0\"\nsource = \"git+https://e.org/b?branch=x#00ff\"\n\
            [[package]]\nname = \"b\"\nversion = \"0.1.0\"\nsource = \"git+https://e.org/b#00ff\"\n";
        let lockfile = Lockfile::parse(git.as_bytes()).unwrap();
        let (_, dependencies) = lockfile.packages.iter().find(|(package, _)| &*package.name == "a").unwrap();
        let sources: Vec<_> = dependencies.iter().map(|package| package.source.as_deref().unwrap()).collect();
        assert_eq!(sources, ["git+https://e.org/b?branch=x#00ff"]);
    }

    #[test]
    fn a_lockfile_may_be_out_of_date() {
        let lockfile = Lockfile::parse(V4.as_bytes()).unwrap();
        let read = |text: &str| Manifest::read(text.as_bytes()).unwrap();
        let offers = "[workspace.dependencies]\nc = { path = \"c\" }\nb = \"3\"\n";
        let lacks = |dependencies: &str, root: &str| {
            lockfile.lacks(
                &read(&format!("[package]\nname = \"a\"\n[dependencies]\n{dependencies}\n")),
                &read(root),
            )
        };
        for fitting in [
            "",
            "b = \"1\"",
            "x = { package = \"b\", version = \">=0.9\" }",
            "c.workspace = true",
            "c = { path = \"../c\", version = \"0.1\" }",
        ] {
            assert_eq!(lacks(fitting, offers), None, "{fitting}");
        }
        for missing in [
            "b = \"2\"",
            "b = \"1.0.1\"",
            "b.workspace = true",
            "b = \"?\"",
            "b.path = \"../b\"",
            "b.git = \"https://example.org/b\"",
        ] {
            assert_eq!(lacks(missing, offers).as_deref(), Some("b"), "{missing}");
        }
        assert_eq!(lacks("c = \"0.1\"", offers).as_deref(), Some("c"), "it is locked from a folder");
        assert_eq!(lacks("d = \"1\"", offers).as_deref(), Some("d"));
        assert_eq!(lacks("d.workspace = true", offers).as_deref(), Some("d"));
        let replaces = format!("{offers}[patch.crates-io]\nc = {{ path = \"c\" }}\n");
        assert_eq!(lacks("c = \"0.1\"", &replaces), None);
        assert_eq!(lockfile.lacks(&read("[package]\nname = \"new\""), &read(offers)).as_deref(), Some("new"));
    }

    #[test]
    fn a_repository_is_locked_at_what_was_asked_for() {
        let locked = |source: &str| {
            let text = format!(
                "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"b\"]\n\
                [[package]]\nname = \"b\"\nversion = \"0.1.0\"\nsource = \"git+https://e.org/b{source}#00ff\"\n"
            );
            Lockfile::parse(text.as_bytes()).unwrap()
        };
        let asks = |how: &str| {
            let text = format!(
                "[package]\nname = \"a\"\n[dependencies]\nb = {{ git = \"https://e.org/b\"{how} }}\n"
            );
            Manifest::read(text.as_bytes()).unwrap()
        };
        let root = Manifest::default();
        let ways = [("", ""), ("?branch=x", ", branch = \"x\""), ("?tag=v1", ", tag = \"v1\"")];
        for (source, _) in ways {
            for (other, how) in ways {
                assert_eq!(
                    locked(source).lacks(&asks(how), &root).is_none(),
                    source == other,
                    "{source} {how}"
                );
            }
        }
    }

    #[test]
    fn what_a_workspace_offers_may_be_out_of_date() {
        let lockfile = Lockfile::parse(V4.as_bytes()).unwrap();
        let lacks = |offers: &str| {
            let root = Manifest::read(format!("[workspace.dependencies]\n{offers}\n").as_bytes()).unwrap();
            lockfile.lacks_offered(&root)
        };
        for fitting in ["b = \"1\"", "c.path = \"c\"", "nobody-takes-it = \"1\""] {
            assert_eq!(lacks(fitting), None, "{fitting}");
        }
        // The other version is there as well, but it is not the one that is depended on.
        for missing in ["b = \"2\"", "b = \"3\"", "b.git = \"https://example.org/b\""] {
            assert_eq!(lacks(missing).as_deref(), Some("b"), "{missing}");
        }
    }

    #[test]
    fn what_is_odd_is_refused() {
        assert!(matches!(Lockfile::parse(b"\xff"), Err(LockfileError::NotUtf8)));
        assert!(matches!(Lockfile::parse(b"[[package]]\nname = 1"), Err(LockfileError::Toml(_))));
        let error = Lockfile::parse(V4.replace("\"c\"]", "\"d\"]").as_bytes()).unwrap_err();
        insta::assert_snapshot!(error, @"the lockfile's `a` depends on `d`, which it does not name");
    }
}
