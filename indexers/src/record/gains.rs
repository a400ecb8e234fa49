//! Whom a new file concerns that nothing names: a build may take it up, or find it in place of another.
//!
//! A change of what is there is told by content. A file that was not there has none to compare, and some builds change
//! with it although nothing else does: the go tool compiles every file of a package's folder, a C compiler takes the
//! first header of a name. What an index knows of that is which files tests were compiled from, so the rules here are
//! said in terms of those: a new file concerns the tests that depend on certain [others](Among), if there are any.
//!
//! That tests look for files as they run is another matter: folders that were listed, and paths that were looked for
//! ([`tree`](skiptrace_engine::tree)).
//!
//! # The rules
//!
//! | | New file | Concerns |
//! |---|---|---|
//! | any | what builds are told by (`go.mod`, `Cargo.toml`, `CMakeLists.txt` …) | everything |
//! | Go | a source without C, and without conditions under which it is built | nobody, but what is in it does what it would do in another file of the package |
//! | Go | any other file with an extension that the go tool builds, or `default.pgo` | tests compiled from a file of the same folder |
//! | Go | any other `…_test.go` | tests compiled from a test file of the same folder |
//! | Go | a header of C | besides, tests compiled from any C |
//! | Go | any, for `//go:embed` | tests compiled from a file of Go in a folder around the new one, and from a file that is no source below that |
//! | Go | a file in a new folder | nobody: whoever imports the package says so |
//! | C, C++ | a header, or a file without an extension | tests compiled from a file of the same name anywhere (it may come first in the include path), of the same stem in the same folder (`AUTOMOC`), or that names `__has_include` |
//! | C, C++ | a source, or any other file | everything: the build may match it (`file(GLOB)`) |
//! | Rust | `build.rs` | everything |
//! | Rust | `src/lib.rs`, `src/main.rs` | tests compiled from a file of the same folder |
//! | Rust | any | tests compiled from a file that is no source, in any folder around the new one (a build script without a list of its inputs takes all files of its package), or that names a macro which lists folders |
//!
//! A new module of Rust is compiled only if a file says `mod`, which is a change of that file; so is a new package of Go
//! by whoever imports it.

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{self, Arrival};
use skiptrace_engine::recording::EnvironmentKey;

use super::listing::is_for_people;

/// Who builds the tests of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builder {
    /// The go tool.
    Go,
    /// Cargo.
    Cargo,
    /// Whatever builds C and C++.
    Native,
}

/// Whom a new file concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Every test of the job.
    Everything,
    /// The tests that depend on one of these: were compiled from them, or executed something in them. If there are
    /// none, nobody.
    Whoever(Vec<Among>),
}

/// Some files of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among {
    /// Those that are in a folder itself.
    In(RepoPath, Kind),
    /// Those that are in a folder, or in folders in it.
    Below(RepoPath, Kind),
    /// Files that are no sources, in a folder or in folders in it, and of the tests that were compiled from them those
    /// that were compiled from a file of Go in the folder itself as well: a pattern of `//go:embed` matches below the
    /// folder of its package, and at least one file, or nothing is built.
    Embedded(RepoPath),
    /// Those of a name, in any folder.
    Named(Box<str>),
    /// Those in a folder whose name up to its extension is this.
    Stem(RepoPath, Box<str>),
    /// Those with a unit that mentions a name.
    Mentioning(&'static str),
}

/// What a file is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// A file of Go.
    Go,
    /// A test file of Go.
    GoTest,
    /// A source or header of C, C++ or assembly.
    C,
    /// No source of any language, and no file that builds are told by.
    Data,
}

/// What the go tool builds of a package's folder, besides Go.
const GO_BUILDS: &[&str] = &[
    "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s", "S", "sx",
    "swig", "swigcxx", "syso",
];
/// Extensions of C, C++ and assembly.
const C: &[&str] = &[
    "c", "cc", "cpp", "cxx", "c++", "C", "m", "mm", "h", "hh", "hpp", "hxx", "h++", "H", "inl", "inc", "ipp",
    "tpp", "tcc", "def", "s", "S", "sx", "asm", "cu", "cuh",
];
/// Those of headers.
const HEADERS: &[&str] =
    &["h", "hh", "hpp", "hxx", "h++", "H", "inl", "inc", "ipp", "tpp", "tcc", "def", "cuh"];
/// Files that say what is built and how.
const OF_BUILDS: &[&str] = &[
    "go.mod",
    "go.sum",
    "go.work",
    "go.work.sum",
    "modules.txt",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain",
    "rust-toolchain.toml",
    "CMakeLists.txt",
    "CMakePresets.json",
    "CMakeUserPresets.json",
    "Makefile",
    "GNUmakefile",
    "makefile",
    "meson.build",
    "meson_options.txt",
    "build.ninja",
    "configure",
    "BUILD",
    "BUILD.bazel",
    "WORKSPACE",
    "MODULE.bazel",
    "conanfile.txt",
    "conanfile.py",
    "vcpkg.json",
    "nextest.toml",
];
/// Macros and crates of Rust that read the names in a folder while they are expanded, which nothing tells.
const LISTING: &[&str] = &[
    "automod",
    "include_dir",
    "embed_migrations",
    "diesel_migrations",
    "migrate",
    "refinery",
    "RustEmbed",
    "rust_embed",
    "Embed",
    "rstest",
    "rstest_reuse",
    "test_resources",
    "test_generator",
    "dir_test",
    "datatest",
];

/// Returns whom a file concerns that is new at `path`, in a job whose tests are built by `builder`. Where the file speaks for
/// itself, nothing need be said but what is told of each of its units.
pub fn concerned_by_new_file(path: &RepoPath, builder: Builder, speaks_for_itself: bool) -> Concern {
    let name = name(path);
    let extension = extension(name);
    let folder = path.parent().unwrap_or_else(RepoPath::root);
    let of_cargo = folder.as_str().rsplit('/').next() == Some(".cargo") && name.starts_with("config");
    if OF_BUILDS.contains(&name) || of_cargo || matches!(extension, Some("cmake" | "mk" | "ninja")) {
        return Concern::Everything;
    }
    let around = || std::iter::successors(path.parent(), RepoPath::parent);
    let mut among = Vec::new();
    match builder {
        Builder::Go => {
            if speaks_for_itself {
                // As much as if it stood in another file of the package.
            } else if name.ends_with("_test.go") && is_built_by_go(path) {
                among.push(Among::In(folder, Kind::GoTest));
            } else if is_built_by_go(path) || name == "default.pgo" {
                among.push(Among::In(folder, Kind::Any));
            }
            if extension.is_some_and(|extension| HEADERS.contains(&extension)) {
                among.push(Among::Below(RepoPath::root(), Kind::C));
            }
            among.extend(around().map(Among::Embedded));
        }
        Builder::Cargo => {
            if name == "build.rs" {
                return Concern::Everything;
            }
            if matches!(name, "lib.rs" | "main.rs") {
                among.push(Among::In(folder, Kind::Any));
            }
            among.extend(around().map(|folder| Among::In(folder, Kind::Data)));
            among.extend(LISTING.iter().map(|name| Among::Mentioning(name)));
        }
        Builder::Native => match extension {
            Some(extension) if !HEADERS.contains(&extension) => {
                if !is_for_people(path) {
                    return Concern::Everything;
                }
            }
            _ => {
                among.push(Among::Named(name.into()));
                let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                among.push(Among::Stem(folder, stem.into()));
                among.push(Among::Mentioning("__has_include"));
                among.push(Among::Mentioning("__has_embed"));
            }
        },
    }
    Concern::Whoever(among)
}

/// Returns whether the go tool builds a file of such a name that stands in the folder of a package.
pub fn is_built_by_go(path: &RepoPath) -> bool {
    let name = name(path);
    extension(name).is_some_and(|extension| GO_BUILDS.contains(&extension)) && !name.starts_with(['_', '.'])
}

impl Builder {
    /// Returns who builds tests that were recorded under some conditions; `None` where they do not say.
    pub fn of(recorded: &EnvironmentKey) -> Option<Builder> {
        let has = |part: &str| recorded.parts.contains_key(part);
        match () {
            () if has("rustc") => Some(Builder::Cargo),
            () if has("go") => Some(Builder::Go),
            () if has("compilers") => Some(Builder::Native),
            () => None,
        }
    }
}

impl Concern {
    /// Returns the same, as questions that an index can be asked.
    pub fn into_arrival(self) -> Arrival {
        match self {
            Concern::Everything => Arrival::Everything,
            Concern::Whoever(among) => {
                Arrival::Whoever(among.into_iter().map(Among::into_question).collect())
            }
        }
    }
}

impl Among {
    fn into_question(self) -> reach::Among {
        match self {
            Among::Mentioning(name) => reach::Among::Mentioning(Identifier::of(name)),
            Among::Embedded(ref folder) => {
                let go = Among::In(folder.clone(), Kind::Go);
                reach::Among::Both(Box::new(move |path| self.has(path)), Box::new(move |path| go.has(path)))
            }
            among => reach::Among::Files(Box::new(move |path| among.has(path))),
        }
    }

    /// Returns whether a file is among them, as far as its path says; of those that mention a name it says nothing.
    pub fn has(&self, path: &RepoPath) -> bool {
        match self {
            Among::In(folder, kind) => path.parent().as_ref() == Some(folder) && kind.has(path),
            Among::Below(folder, kind) => kind.has(path) && is_below(path, folder),
            Among::Embedded(folder) => Kind::Data.has(path) && is_below(path, folder),
            Among::Named(wanted) => name(path) == &**wanted,
            Among::Stem(folder, stem) => {
                let is_of = |name: &str| name.rsplit_once('.').is_some_and(|(of, _)| of == &**stem);
                path.parent().as_ref() == Some(folder) && is_of(name(path))
            }
            Among::Mentioning(_) => false,
        }
    }
}

fn is_below(path: &RepoPath, folder: &RepoPath) -> bool {
    std::iter::successors(path.parent(), RepoPath::parent).any(|at| at == *folder)
}

impl Kind {
    fn has(self, path: &RepoPath) -> bool {
        let name = name(path);
        let is_of = |extensions: &[&str]| extension(name).is_some_and(|of| extensions.contains(&of));
        match self {
            Kind::Any => true,
            Kind::Go => is_of(&["go"]),
            Kind::GoTest => name.ends_with("_test.go"),
            Kind::C => is_of(C),
            Kind::Data => !is_of(GO_BUILDS) && !is_of(C) && !is_of(&["rs"]) && !OF_BUILDS.contains(&name),
        }
    }
}

fn name(path: &RepoPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

/// Returns what comes after the last dot; of a hidden file without another, nothing.
fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tests were compiled from.
    const COMPILED: &[&str] = &[
        "go.mod",
        "a/a.go",
        "a/a_test.go",
        "a/fast.s",
        "b/b.go",
        "b/pages/x/index.html",
        "c/c.go",
        "c/inc/c.h",
        "d/x_test.go",
        "Cargo.toml",
        "src/lib.rs",
        "src/main.rs",
        "src/LICENSE",
        "src/x/y.rs",
        "lib/util.cpp",
        "lib/util.hh",
        "inc/config.h",
    ];

    /// Returns which of them a new file concerns the tests of.
    fn check(builder: Builder, path: &str) -> String {
        match concerned_by_new_file(&RepoPath::new(path).unwrap(), builder, false) {
            Concern::Everything => "everything".to_owned(),
            Concern::Whoever(among) => {
                let has_go = |folder: &RepoPath| {
                    COMPILED.iter().any(|path| {
                        let path = RepoPath::new(*path).unwrap();
                        path.as_str().ends_with(".go") && path.parent().as_ref() == Some(folder)
                    })
                };
                let is_meant = |path: &&&str| {
                    let path = RepoPath::new(**path).unwrap();
                    among.iter().any(|among| match among {
                        Among::Embedded(folder) => has_go(folder) && among.has(&path),
                        _ => among.has(&path),
                    })
                };
                COMPILED.iter().filter(is_meant).copied().collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn the_go_tool_takes_what_is_in_a_packages_folder() {
        let check = |path| check(Builder::Go, path);
        assert_eq!(check("a/new.go"), "a/a.go a/a_test.go a/fast.s");
        assert_eq!(check("a/new_windows.s"), "a/a.go a/a_test.go a/fast.s");
        let plain = concerned_by_new_file(&RepoPath::new("a/new.go").unwrap(), Builder::Go, true);
        let Concern::Whoever(among) = plain else { panic!("{plain:?}") };
        assert!(among.iter().all(|among| matches!(among, Among::Embedded(_))), "{among:?}");
        assert_eq!(check("a/_new.go"), "");
        assert_eq!(check("a/new_test.go"), "a/a_test.go");
        assert_eq!(check("b/new_test.go"), "b/pages/x/index.html");
        assert_eq!(check("a/testdata/in.txt"), "");
        assert_eq!(check("new/new.go"), "");
        assert_eq!(check("b/pages/y/index.html"), "b/pages/x/index.html");
        assert_eq!(check("c/inc/d.h"), "a/fast.s c/inc/c.h lib/util.cpp lib/util.hh inc/config.h");
        for path in ["go.work", "vendor/modules.txt", "x/go.mod", "go.sum"] {
            assert_eq!(check(path), "everything", "{path}");
        }
    }

    #[test]
    fn cargo_takes_what_a_file_names() {
        let check = |path| check(Builder::Cargo, path);
        assert_eq!(check("src/x/new.rs"), "src/LICENSE");
        assert_eq!(check("tests/new.rs"), "");
        assert_eq!(check("src/x/main.rs"), "src/LICENSE src/x/y.rs");
        for path in ["x/build.rs", ".cargo/config.toml", "x/Cargo.toml", "rust-toolchain"] {
            assert_eq!(check(path), "everything", "{path}");
        }
        let path = RepoPath::new("migrations/2.sql").unwrap();
        let Concern::Whoever(among) = concerned_by_new_file(&path, Builder::Cargo, false) else {
            panic!("{path}")
        };
        assert!(among.contains(&Among::Mentioning("embed_migrations")));
    }

    #[test]
    fn compilers_of_c_take_the_first_of_a_name() {
        let check = |path| check(Builder::Native, path);
        assert_eq!(check("first/config.h"), "inc/config.h");
        assert_eq!(check("lib/util.h"), "lib/util.cpp lib/util.hh");
        assert_eq!(check("lib/other.h"), "");
        assert_eq!(check("README.md"), "");
        for path in ["lib/new.cpp", "data/x.json", "CMakeLists.txt", "cmake/Find.cmake"] {
            assert_eq!(check(path), "everything", "{path}");
        }
        let path = RepoPath::new("lib/other.h").unwrap();
        let Concern::Whoever(among) = concerned_by_new_file(&path, Builder::Native, false) else {
            panic!("{path}")
        };
        assert!(among.contains(&Among::Mentioning("__has_include")));
    }
}
