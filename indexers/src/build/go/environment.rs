//! The conditions that a recording of Go tests holds for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use skiptrace_engine::recording::EnvironmentKey;
use thiserror::Error;

use super::flags::BuildFlags;
use super::tool::{GoTool, GoVersion, ToolError};
use crate::build::environment::{Machine, Parts, Placeholder, quoted};
use crate::run::watch::Watch;

/// What `go env` says: the variables of the process, of the user's configuration, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoEnvironment {
    values: BTreeMap<Box<str>, Box<str>>,
}

/// Why an environment is not understood.
#[derive(Debug, Error)]
#[error("what `go env -json` printed is not understood")]
pub struct EnvironmentError(#[from] serde_json::Error);

/// What a Go build is made with.
#[derive(Debug, Clone)]
pub struct GoBuild<'a> {
    /// What `go env` says.
    pub environment: &'a GoEnvironment,
    /// The flags of the command line over those of `GOFLAGS`.
    pub flags: &'a BuildFlags,
    /// How tests are covered: `set`, `count`, `atomic`.
    pub cover_mode: &'a str,
    /// Whether C is in any test binary; what says how it is compiled counts only then.
    pub uses_cgo: bool,
    /// The C compilers, as [`GoEnvironment::compilers`] names them.
    pub compilers: &'a [String],
    /// Whether dependencies come out of `vendor`.
    pub vendored: bool,
    /// Other conditions by name: variables that tests look at.
    pub variables: BTreeMap<Box<str>, Option<Box<str>>>,
    /// The operating system and its architecture.
    pub machine: Machine<'a>,
    /// The folders that must not be in the key.
    pub placeholders: &'a [Placeholder],
}

impl GoEnvironment {
    /// Parses what `go env -json` prints.
    pub fn parse(bytes: &[u8]) -> Result<GoEnvironment, EnvironmentError> {
        Ok(GoEnvironment { values: serde_json::from_slice(bytes)? })
    }

    /// Returns a variable that has a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| &**value).filter(|value| !value.is_empty())
    }

    /// Returns the version of Go.
    pub fn version(&self) -> Option<GoVersion> {
        GoVersion::parse(self.get("GOVERSION")?)
    }

    /// Returns the flags of `GOFLAGS`.
    pub fn flags(&self) -> BuildFlags {
        BuildFlags::from_goflags(self.get("GOFLAGS").unwrap_or_default())
    }

    /// Returns the file of the main module, when there is one.
    pub fn module_file(&self) -> Option<&Path> {
        let file = self.get("GOMOD").filter(|file| !matches!(*file, "/dev/null" | "NUL"));
        file.map(Path::new)
    }

    /// Returns the workspace's file, when there is one and it is not switched off.
    pub fn workspace_file(&self) -> Option<&Path> {
        self.get("GOWORK").filter(|file| *file != "off").map(Path::new)
    }

    /// Returns the folders that are Go's own: what is in them never changes, or is made by the go command.
    pub fn own_folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = ["GOROOT", "GOMODCACHE", "GOCACHE"]
            .iter()
            .filter_map(|name| self.get(name))
            .map(PathBuf::from)
            .collect();
        folders.retain(|folder| folder.is_absolute());
        folders
    }

    /// Returns the version of each C compiler that cgo uses, as the compilers say; one that says nothing is named so.
    pub fn compilers(&self, tool: &GoTool, watch: &Watch) -> Vec<String> {
        let mut versions = BTreeSet::new();
        for name in ["CC", "CXX"] {
            let words = crate::go::quoted::words(self.get(name).unwrap_or_default());
            let Some((program, args)) = words.split_first() else { continue };
            let args: Vec<&str> = args.iter().map(String::as_str).chain(["--version"]).collect();
            let found = GoTool::find(program.as_ref(), &tool.folder, tool.env.clone());
            let printed: Result<_, ToolError> =
                found.and_then(|found| tool.run(&found.program, &args, watch));
            let version = printed.ok().and_then(|printed| {
                let text = String::from_utf8_lossy(&printed).into_owned();
                text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
            });
            versions.insert(version.unwrap_or_else(|| format!("`{program}` does not say its version")));
        }
        versions.into_iter().collect()
    }

    /// Returns the variable that says which variant of the architecture is meant, and its value.
    fn variant(&self) -> Option<&str> {
        let name = match self.get("GOARCH")? {
            "386" => "GO386",
            "amd64" => "GOAMD64",
            "arm" => "GOARM",
            "arm64" => "GOARM64",
            "mips" | "mipsle" => "GOMIPS",
            "mips64" | "mips64le" => "GOMIPS64",
            "ppc64" | "ppc64le" => "GOPPC64",
            "riscv64" => "GORISCV64",
            "wasm" => "GOWASM",
            _ => return None,
        };
        self.get(name)
    }
}

/// Returns the key of a Go build.
///
/// Versions of modules are not part of it: each test depends on the lines of `go.mod` that concern what it links.
pub fn go(build: &GoBuild<'_>) -> EnvironmentKey {
    let GoBuild { environment, flags, .. } = build;
    let mut parts = Parts::new(build.placeholders, build.machine);
    let value = |name| environment.get(name).unwrap_or_default();
    // A version without a number is told apart by all that there is.
    parts.set("go", value("GOVERSION"));
    let target = [value("GOOS"), value("GOARCH"), environment.variant().unwrap_or_default()];
    parts.set("target", target.join("/").trim_end_matches('/'));
    parts.set("tags", &flags.tags().into_iter().collect::<Vec<_>>().join(","));
    let sanitizers = ["race", "msan", "asan"].into_iter().filter(|name| flags.is_on(name));
    parts.set("sanitizers", &sanitizers.collect::<Vec<_>>().join(","));
    parts.set("flags", &quoted(&flags.other_args()));
    parts.set("cover mode", build.cover_mode);
    parts.set("cgo", value("CGO_ENABLED"));
    let mode = if build.vendored { "vendor" } else { flags.value("mod").unwrap_or("readonly") };
    let workspace = if environment.workspace_file().is_some() { " in a workspace" } else { "" };
    let modfile = flags.value("modfile").map(|file| format!(" of {file}")).unwrap_or_default();
    parts.set("modules", &format!("{mode}{workspace}{modfile}"));
    if let Some(overlay) = flags.value("overlay") {
        parts.set("overlay", overlay);
    }
    for name in ["GO111MODULE", "GODEBUG", "GOEXPERIMENT", "GOFIPS140"] {
        // Versions before 1.24 do not know the last of them, which is to them as it is by default.
        if let Some(value) = environment.get(name).filter(|value| (name, *value) != ("GOFIPS140", "off")) {
            parts.set(&format!("${name}"), value);
        }
    }
    if build.uses_cgo {
        parts.set("compilers", &build.compilers.join("; "));
        const NAMES: [&str; 8] = [
            "CC",
            "CXX",
            "PKG_CONFIG",
            "CGO_CFLAGS",
            "CGO_CPPFLAGS",
            "CGO_CXXFLAGS",
            "CGO_FFLAGS",
            "CGO_LDFLAGS",
        ];
        for (name, value) in NAMES.iter().filter_map(|name| Some((name, environment.get(name)?))) {
            parts.set(&format!("${name}"), value);
        }
    }
    parts.set_variables(&build.variables);
    parts.key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(changes: &[(&str, &str)]) -> GoEnvironment {
        let mut values = BTreeMap::from([
            ("GOVERSION", "go1.26.8"),
            ("GOOS", "linux"),
            ("GOARCH", "amd64"),
            ("GOAMD64", "v1"),
            ("GOARM64", "v8.0"),
            ("CGO_ENABLED", "1"),
            ("CC", "gcc"),
            ("CXX", "g++"),
            ("CGO_CFLAGS", "-O2 -g"),
            ("GOEXPERIMENT", ""),
            ("GOFIPS140", "off"),
            ("GOFLAGS", "-tags=netgo,osusergo -v -mod=mod"),
            ("GOWORK", ""),
        ]);
        values.extend(changes.iter().copied());
        GoEnvironment {
            values: values.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }

    fn key(environment: &GoEnvironment, args: &[&str], uses_cgo: bool) -> EnvironmentKey {
        go(&GoBuild {
            environment,
            flags: &BuildFlags::parse(args).unwrap().over(&environment.flags()),
            cover_mode: "set",
            uses_cgo,
            compilers: &["gcc 12.2.0".to_owned()],
            vendored: false,
            variables: BTreeMap::from([("LEVEL".into(), None)]),
            machine: Machine { os: "linux", arch: "x86_64" },
            placeholders: &[Placeholder { folder: "/home/me/repo".into(), name: "<repository>".into() }],
        })
    }

    #[test]
    fn reads_well() {
        let args = ["-race", "-ldflags=-s -X main.dir=/home/me/repo/x"];
        let key = key(&environment(&[]), &args, true);
        let text: Vec<String> = key.parts.iter().map(|(part, value)| format!("{part}: {value}")).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        $CC: gcc
        $CGO_CFLAGS: -O2 -g
        $CXX: g++
        $LEVEL: (not set)
        arch: x86_64
        cgo: 1
        compilers: gcc 12.2.0
        cover mode: set
        flags: "-ldflags=-s -X main.dir=<repository>/x"
        go: go1.26.8
        modules: mod
        os: linux
        sanitizers: race
        tags: netgo,osusergo
        target: linux/amd64/v1
        "#);
    }

    #[test]
    fn every_condition_counts() {
        let changed = |changes: &[(&str, &str)], args: &[&str], uses_cgo| {
            let (old, new) =
                (key(&environment(&[]), &[], uses_cgo), key(&environment(changes), args, uses_cgo));
            old.differences(&new).into_iter().map(|difference| difference.part).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(changed(&[], &[], true), "");
        assert_eq!(changed(&[("GOVERSION", "go1.26.9")], &[], false), "go");
        assert_eq!(changed(&[("GOAMD64", "v3")], &[], false), "target");
        // Another architecture's variant acts on nothing.
        assert_eq!(changed(&[("GOARM64", "v9.0")], &[], false), "");
        assert_eq!(changed(&[("GOOS", "darwin")], &[], false), "target");
        assert_eq!(changed(&[("CGO_ENABLED", "0")], &[], false), "cgo");
        assert_eq!(changed(&[("CC", "clang")], &[], false), "");
        assert_eq!(changed(&[("CC", "clang"), ("CGO_CFLAGS", "-O0")], &[], true), "$CC $CGO_CFLAGS");
        assert_eq!(changed(&[("GOWORK", "/home/me/repo/go.work")], &[], false), "modules");
        assert_eq!(changed(&[("GOWORK", "off")], &[], false), "");
        assert_eq!(changed(&[("GOEXPERIMENT", "jsonv2")], &[], false), "$GOEXPERIMENT");
        assert_eq!(changed(&[("GODEBUG", "x=1")], &[], false), "$GODEBUG");
        assert_eq!(changed(&[("GOFLAGS", "-tags=osusergo,netgo -mod=mod")], &[], false), "");
        assert_eq!(changed(&[("GOFLAGS", "-tags=netgo,osusergo -mod=mod -short")], &[], false), "flags");
        assert_eq!(changed(&[], &["-v", "-p=3"], false), "");
        assert_eq!(changed(&[], &["-tags=netgo"], false), "tags");
        assert_eq!(changed(&[], &["-asan"], false), "sanitizers");
        assert_eq!(changed(&[], &["-mod=vendor", "-modfile=x.mod"], false), "modules");
        assert_eq!(changed(&[], &["-gcflags=-N", "-trimpath"], false), "flags");
        assert_eq!(changed(&[], &["-overlay=o.json"], false), "overlay");
    }

    #[test]
    fn folders_and_files_are_found() {
        let environment =
            environment(&[("GOMOD", "/dev/null"), ("GOROOT", "/usr/local/go"), ("GOCACHE", "off")]);
        assert_eq!(environment.module_file(), None);
        assert_eq!(environment.workspace_file(), None);
        assert_eq!(environment.own_folders(), [Path::new("/usr/local/go")]);
        assert!(GoEnvironment::parse(b"[]").is_err());
    }
}
