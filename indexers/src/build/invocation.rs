//! Notes that the compiler wrapper leaves beside what it compiles, and that tell later how it was compiled.
//!
//! Cargo calls the compiler only for what is out of date, so what it was called with is written down beside the
//! output: the note of `deps/name-hash.d` is `deps/name-hash.skiptrace`. Following the `--extern` arguments from note
//! to note gives the exact graph of crates that a binary was compiled from, features and flags included.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The extension of a note's file.
pub const EXTENSION: &str = "skiptrace";

/// Options of one letter, whose value may follow at once.
const SHORT: &[&str] = &["-A", "-C", "-D", "-F", "-L", "-W", "-Z", "-l", "-o"];

/// Options with a value that decide nothing of what the code does, or say only where things are.
const WITHOUT_EFFECT: &[&str] = &[
    "--emit",
    "--error-format",
    "--json",
    "--cap-lints",
    "--check-cfg",
    "--diagnostic-width",
    "--color",
    "--allow",
    "--warn",
    "--deny",
    "--forbid",
    "-A",
    "-D",
    "-F",
    "-L",
    "-W",
    "-o",
];

/// How one crate was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Invocation {
    /// The crate's name.
    pub crate_name: String,
    /// The kinds of output: `lib`, `bin`, `proc-macro`.
    pub crate_types: Vec<String>,
    /// Whether it is a test harness.
    pub is_test: bool,
    /// Whether it is a build script.
    pub is_script: bool,
    /// The part of output names that tells builds of one crate apart, hyphen included.
    pub extra_filename: String,
    /// The folder of its output.
    pub out_dir: PathBuf,
    /// The folder that relative paths start from.
    pub cwd: PathBuf,
    /// Its main source file, as the compiler was given it.
    pub source: PathBuf,
    /// The package it belongs to.
    pub package: String,
    /// That package's version.
    pub version: String,
    /// The folder of that package.
    pub manifest_dir: PathBuf,
    /// The crates it was given, by the files they were given as.
    pub externs: Vec<PathBuf>,
    /// The folder of what its build script generated.
    pub generated: Option<PathBuf>,
    /// The binaries of its package that it may run, by the names cargo tells it.
    pub binaries: BTreeMap<String, PathBuf>,
    /// Its features.
    pub features: BTreeSet<String>,
    /// Arguments that say how code is generated, in order.
    pub flags: Vec<String>,
    /// Whether coverage was asked for.
    pub instrumented: bool,
}

impl Invocation {
    /// Reads a compiler's arguments (without the compiler itself); `None` when nothing is compiled by them.
    pub fn of(args: &[OsString], vars: &BTreeMap<OsString, OsString>, cwd: &Path) -> Option<Invocation> {
        let mut invocation = Invocation { cwd: cwd.to_owned(), ..Invocation::default() };
        let args = expand(args, cwd)?;
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let Some(text) = word.to_str() else {
                // A path that is no text can only be the source.
                invocation.source = PathBuf::from(word);
                continue;
            };
            let (name, joined) = match text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => match text.split_at_checked(2) {
                    Some((name, value)) if SHORT.contains(&name) && !value.is_empty() => (name, Some(value)),
                    _ => (text, None),
                },
            };
            let mut value =
                || joined.or_else(|| words.next().and_then(|word| word.to_str())).map(str::to_owned);
            match name {
                "--crate-name" => invocation.crate_name = value()?,
                "--crate-type" => invocation.crate_types.push(value()?),
                "--test" => invocation.is_test = true,
                "--out-dir" => invocation.out_dir = cwd.join(value()?),
                "--extern" => invocation.externs.extend(extern_file(&value()?, cwd)),
                "--cfg" => {
                    let cfg = value()?;
                    match cfg.strip_prefix("feature=") {
                        Some(feature) => {
                            invocation.features.insert(feature.trim_matches('"').to_owned());
                        }
                        None => invocation.flags.push(format!("--cfg {cfg}")),
                    }
                }
                "-C" | "--codegen" => invocation.add_codegen(value()?),
                "-" | "--print" | "-V" | "-vV" | "--version" => return None,
                "--edition" | "--target" | "--sysroot" | "--remap-path-prefix" | "-Z" | "-l" => {
                    invocation.flags.push(format!("{name} {}", value()?));
                }
                _ if WITHOUT_EFFECT.contains(&name) => drop(value()),
                _ if !text.starts_with('-') => invocation.source = PathBuf::from(text),
                _ => invocation.flags.push(text.to_owned()),
            }
        }
        if invocation.crate_name.is_empty() || invocation.out_dir.as_os_str().is_empty() {
            return None;
        }
        let var = |name: &str| vars.get(OsStr::new(name));
        let text = |name: &str| var(name).and_then(|value| value.to_str()).unwrap_or_default().to_owned();
        invocation.package = text("CARGO_PKG_NAME");
        invocation.version = text("CARGO_PKG_VERSION");
        invocation.manifest_dir = var("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        invocation.generated = var("OUT_DIR").map(PathBuf::from);
        for (name, value) in vars {
            if let Some(binary) = name.to_str().and_then(|name| name.strip_prefix("CARGO_BIN_EXE_")) {
                invocation.binaries.insert(binary.to_owned(), PathBuf::from(value));
            }
        }
        // A program or an example may be called so as well, but is no `bin` without a name.
        invocation.is_script = invocation.crate_name.starts_with("build_script_")
            && invocation.crate_types == ["bin"]
            && !invocation.is_test
            && var("CARGO_BIN_NAME").is_none();
        Some(invocation)
    }

    fn add_codegen(&mut self, option: String) {
        let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name);
        match name {
            "extra-filename" => {
                self.extra_filename = option.split_once('=').map_or("", |(_, value)| value).to_owned();
            }
            // What only tells builds apart.
            "metadata" | "incremental" => {}
            // The last one counts.
            "instrument-coverage" => {
                let value = option.split_once('=').map(|(_, value)| value);
                self.instrumented = !matches!(value, Some("off" | "no" | "n" | "0" | "false"));
            }
            "llvm-args" if option.ends_with("-runtime-counter-relocation") => {}
            _ => self.flags.push(format!("-C {option}")),
        }
    }

    /// Returns the name of its note, of its dep-info without its extension, and of a binary that comes of it.
    pub fn stem(&self) -> String {
        format!("{}{}", self.crate_name, self.extra_filename)
    }

    /// Returns where its note is kept.
    pub fn note(&self) -> PathBuf {
        self.out_dir.join(format!("{}.{EXTENSION}", self.stem()))
    }

    /// Returns where the compiler says which files it read.
    pub fn dep_info(&self) -> PathBuf {
        self.out_dir.join(format!("{}.d", self.stem()))
    }
}

/// Returns the arguments with those of argument files (`@path`) in their place, as cargo hands over what is too long
/// for a command line; `None` when a file cannot be read.
pub fn expand(args: &[OsString], cwd: &Path) -> Option<Vec<OsString>> {
    let mut expanded = Vec::new();
    for arg in args {
        match arg.to_str().and_then(|arg| arg.strip_prefix('@')) {
            Some(path) => {
                let text = fs::read_to_string(cwd.join(path)).ok()?;
                expanded.extend(text.lines().map(OsString::from));
            }
            None => expanded.push(arg.clone()),
        }
    }
    Some(expanded)
}

/// Returns the file of `--extern name=file`; what the compiler finds for itself has none.
fn extern_file(value: &str, cwd: &Path) -> Option<PathBuf> {
    value.split_once('=').map(|(_, file)| cwd.join(file))
}

/// Returns where the note is that belongs to a library or binary as the compiler names them.
pub fn note_of(output: &Path) -> Option<PathBuf> {
    let stem = output.file_stem().and_then(OsStr::to_str)?;
    let is_library = output
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|extension| matches!(extension, "rlib" | "rmeta" | "so" | "dylib" | "a"));
    let stem = if is_library { stem.strip_prefix("lib").unwrap_or(stem) } else { stem };
    Some(output.with_file_name(format!("{stem}.{EXTENSION}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str) -> Option<Invocation> {
        let args = split(words);
        let vars: BTreeMap<OsString, OsString> = [
            ("CARGO_PKG_NAME", "my-crate"),
            ("CARGO_PKG_VERSION", "1.2.3"),
            ("CARGO_MANIFEST_DIR", "/repo/my-crate"),
            ("CARGO_BIN_EXE_tool", "/repo/target/debug/tool"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        Invocation::of(&args, &vars, "/repo".as_ref())
    }

    fn split(words: &str) -> Vec<OsString> {
        words.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn a_call_of_cargo_is_understood() {
        let found = check(
            "--crate-name it --edition=2024 my-crate/tests/it.rs --error-format=json --emit=dep-info,link \
             -C embed-bitcode=no -C debuginfo=2 --test --cfg feature=\"tls\" --cfg=other --check-cfg cfg(docsrs) \
             -C metadata=abc -C extra-filename=-0123 --out-dir /repo/target/debug/deps -L dependency=/x \
             --extern my_crate=/repo/target/debug/deps/libmy_crate-9.rlib --extern proc_macro \
             -Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation",
        )
        .unwrap();
        assert_eq!(found.stem(), "it-0123");
        assert_eq!(found.note(), Path::new("/repo/target/debug/deps/it-0123.skiptrace"));
        assert_eq!(found.dep_info(), Path::new("/repo/target/debug/deps/it-0123.d"));
        assert!(found.is_test && found.instrumented);
        assert_eq!(found.source, Path::new("my-crate/tests/it.rs"));
        assert_eq!(found.externs, [Path::new("/repo/target/debug/deps/libmy_crate-9.rlib")]);
        assert_eq!(Vec::from_iter(&found.features), ["tls"]);
        assert_eq!(found.flags, ["--edition 2024", "-C embed-bitcode=no", "-C debuginfo=2", "--cfg other"]);
        assert_eq!(found.binaries["tool"], Path::new("/repo/target/debug/tool"));
        assert_eq!((found.package.as_str(), found.version.as_str()), ("my-crate", "1.2.3"));
    }

    #[test]
    fn questions_are_no_compilations() {
        assert_eq!(check("-vV"), None);
        assert_eq!(check("--crate-name a --print cfg --out-dir /x"), None);
        assert_eq!(check("- --crate-name ___ --print=file-names --crate-type bin"), None);
        assert_eq!(check(""), None);
    }

    #[test]
    fn only_what_changes_the_code_counts() {
        let flags = |words: &str| check(&format!("--crate-name a --out-dir /x a.rs {words}")).unwrap().flags;
        assert!(
            flags("-Lnative=/a -L /b -Dwarnings -A dead_code --cap-lints=allow -C metadata=0").is_empty()
        );
        assert_eq!(
            flags(
                "-O -lstatic=z -l m -Zshare-generics=y --remap-path-prefix /a=b -Clink-arg=-s --codegen=lto"
            ),
            [
                "-O",
                "-l static=z",
                "-l m",
                "-Z share-generics=y",
                "--remap-path-prefix /a=b",
                "-C link-arg=-s",
                "-C lto"
            ]
        );
        let instrumented =
            |words: &str| check(&format!("--crate-name a --out-dir /x {words}")).unwrap().instrumented;
        assert!(instrumented("-C instrument-coverage=off -Cinstrument-coverage"));
        assert!(!instrumented("-Cinstrument-coverage --codegen=instrument-coverage=off"));
    }

    #[test]
    fn arguments_may_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("args"), "--crate-name\na\n--out-dir\n/x\nwith a space.rs\n").unwrap();
        let of = |words: &str| Invocation::of(&split(words), &BTreeMap::new(), folder.path());
        let found = of("@args --test").unwrap();
        assert_eq!((found.stem().as_str(), found.is_test), ("a", true));
        assert_eq!(found.source, Path::new("with a space.rs"));
        assert_eq!(of("@gone --crate-name a --out-dir /x"), None);
    }

    #[test]
    fn build_scripts_are_told_from_what_is_only_called_so() {
        let of = |words: &str, bin_name: Option<&str>| {
            let vars = bin_name.map(|name| ("CARGO_BIN_NAME".into(), name.into()));
            let args = split(&format!("--crate-name build_script_x x.rs --out-dir /x {words}"));
            Invocation::of(&args, &BTreeMap::from_iter(vars), "/".as_ref()).unwrap().is_script
        };
        assert!(of("--crate-type bin", None));
        assert!(!of("--crate-type bin", Some("build-script-x")));
        assert!(!of("--crate-type lib", None));
        assert!(!of("--test", None));
    }

    #[test]
    fn outputs_lead_to_notes() {
        let check = |output: &str| note_of(output.as_ref()).map(|note| note.display().to_string());
        assert_eq!(check("/d/libserde-12.rmeta").as_deref(), Some("/d/serde-12.skiptrace"));
        assert_eq!(check("/d/libderive-12.so").as_deref(), Some("/d/derive-12.skiptrace"));
        assert_eq!(check("/d/lib-12").as_deref(), Some("/d/lib-12.skiptrace"));
    }
}
