//! Notes that the compiler wrapper leaves beside what it compiles, and that tell later how it was compiled.
//!
//! Cargo calls the compiler only for what is out of date, so what it was called with is written down beside the
//! output: the note of `deps/name-hash.d` is `deps/name-hash.skiptrace`. Following the `--extern` arguments from note
//! to note gives the exact graph of crates that a binary was compiled from, features and flags included.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The extension of a note's file.
pub const EXTENSION: &str = "skiptrace";

/// How one crate was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Invocation {
    /// The crate's name.
    pub crate_name: String,
    /// The kinds of output: `lib`, `bin`, `proc-macro`.
    pub crate_types: Vec<String>,
    /// Whether it is a test harness.
    pub is_test: bool,
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
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let Some(text) = word.to_str() else {
                // A path that is no text can only be the source.
                invocation.source = PathBuf::from(word);
                continue;
            };
            let (name, joined) = match text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ if text.starts_with("-C") && text.len() > 2 => ("-C", Some(text[2..].to_owned())),
                _ => (text, None),
            };
            let mut value =
                || joined.clone().or_else(|| words.next().and_then(|word| word.to_str().map(str::to_owned)));
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
                "--print" | "-vV" | "--version" => return None,
                "--edition" | "--target" | "-Z" => invocation.flags.push(format!("{name} {}", value()?)),
                "--emit"
                | "--error-format"
                | "--json"
                | "--cap-lints"
                | "-L"
                | "-l"
                | "--check-cfg"
                | "--diagnostic-width"
                | "--color"
                | "-A"
                | "-W"
                | "-D"
                | "-F"
                | "--allow"
                | "--warn"
                | "--deny"
                | "--forbid"
                | "--sysroot"
                | "--remap-path-prefix"
                | "-o" => drop(value()),
                "-" => return None,
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
        Some(invocation)
    }

    fn add_codegen(&mut self, option: String) {
        let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name);
        match name {
            "extra-filename" => {
                self.extra_filename = option.split_once('=').map_or("", |(_, value)| value).to_owned();
            }
            // What only tells builds apart, or says where things are.
            "metadata" | "incremental" | "linker" | "link-arg" | "link-args" | "link-self-contained" => {}
            "instrument-coverage" => self.instrumented = true,
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
        let args: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
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
        assert_eq!(check("- --crate-name ___ --print=file-names --crate-type bin"), None);
        assert_eq!(check(""), None);
    }

    #[test]
    fn outputs_lead_to_notes() {
        let check = |output: &str| note_of(output.as_ref()).map(|note| note.display().to_string());
        assert_eq!(check("/d/libserde-12.rmeta").as_deref(), Some("/d/serde-12.skiptrace"));
        assert_eq!(check("/d/libderive-12.so").as_deref(), Some("/d/derive-12.skiptrace"));
        assert_eq!(check("/d/lib-12").as_deref(), Some("/d/lib-12.skiptrace"));
    }
}
