//! The compiler wrapper that instruments the repository's own crates and nothing else.
//!
//! cargo calls `RUSTC_WRAPPER RUSTC ARGS…`, and what is here says what to run in its place. Dependencies stay as
//! they are, because a change of one is seen in the lockfile; build scripts and procedural macros do as well,
//! because they run while the tests are compiled and would leave profiles in the source tree.
//!
//! Cargo does not know that a wrapper adds flags: an instrumented build needs a target folder of its own.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;
use thiserror::Error;

const COVERAGE: &str = "-Cinstrument-coverage";
const RELOCATION: &str = "-runtime-counter-relocation";
/// Linux refuses a longer variable; half of it leaves room for nothing to go wrong.
const LONGEST_VARIABLE: usize = 64 * 1024;

/// The folders of the packages whose crates are instrumented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instrumented {
    folders: BTreeSet<String>,
}

/// How [`Instrumented`] is handed to the wrapper: in one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handover {
    /// As the variable's value.
    Inline(String),
    /// In a file, because it is too long; the variable's value is [`Handover::reference`] of the file.
    File(String),
}

/// Why the folders could not be read.
#[derive(Debug, Error)]
pub enum HandoverError {
    /// The file that the variable names cannot be read.
    #[error("could not read `{}`, which names the packages to instrument", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what was written.
    #[error("the list of packages to instrument is not understood")]
    Malformed(#[source] serde_json::Error),
}

/// The variables that cargo sets for a compilation and that count here.
#[derive(Debug, Clone, Copy, Default)]
pub struct CompilationEnvironment<'a> {
    /// `CARGO_MANIFEST_DIR`.
    pub manifest_dir: Option<&'a OsStr>,
    /// `CARGO_CRATE_NAME`, which says the crate even where the arguments are in a file.
    pub crate_name: Option<&'a OsStr>,
    /// `CARGO_BIN_NAME`, which is set for a program and not for a build script.
    pub bin_name: Option<&'a OsStr>,
}

impl Instrumented {
    /// Returns the packages that come from folders inside of the repository, members of the workspace or not.
    ///
    /// `roots` are the repository's root, by all names that it goes by: with and without symbolic links.
    pub fn of(metadata: &Metadata, roots: &[&Path]) -> Instrumented {
        let local = metadata.packages.iter().filter(|package| package.source.is_none());
        let folders = local.filter_map(|package| package.manifest_path.parent());
        let inside = folders.filter(|folder| {
            folder.starts_with(&metadata.workspace_root) || roots.iter().any(|root| folder.starts_with(root))
        });
        Instrumented { folders: inside.map(|folder| folder.as_str().to_owned()).collect() }
    }

    /// Returns the folders.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// Writes the folders for the wrapper.
    pub fn encode(&self) -> Handover {
        let text = serde_json::to_string(&self.folders).expect("a set of texts is JSON");
        if text.len() <= LONGEST_VARIABLE { Handover::Inline(text) } else { Handover::File(text) }
    }

    /// Reads the value of the variable, and the file when it names one.
    pub fn decode(
        value: &str,
        read: impl FnOnce(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<Instrumented, HandoverError> {
        let bytes = match value.strip_prefix('@') {
            Some(path) => read(Path::new(path))
                .map_err(|source| HandoverError::Unreadable { path: path.into(), source })?,
            None => value.as_bytes().to_vec(),
        };
        let folders = serde_json::from_slice(&bytes).map_err(HandoverError::Malformed)?;
        Ok(Instrumented { folders })
    }
}

impl Handover {
    /// Returns the value of the variable that names a file.
    pub fn reference(file: &Path) -> OsString {
        let mut value = OsString::from("@");
        value.push(file);
        value
    }
}

/// Returns what to run instead of `argv`, which is the compiler and its arguments as cargo hands them over.
///
/// `chained` is the wrapper that was there before; it gets the whole command line, ours included.
pub fn command_line(
    argv: &[OsString],
    environment: CompilationEnvironment<'_>,
    instrumented: &Instrumented,
    chained: Option<&OsStr>,
) -> Vec<OsString> {
    let mut command: Vec<OsString> =
        chained.map(OsStr::to_owned).into_iter().chain(argv.iter().cloned()).collect();
    let args = argv.get(1..).unwrap_or_default();
    if wants_coverage(args, environment, instrumented) {
        let codegen: Vec<&str> = codegen_options(args).collect();
        // The last one given is the one that counts for a flag, and all of them for arguments to LLVM.
        let last = codegen.iter().rev().find_map(|option| match option.split_once('=') {
            Some(("instrument-coverage", value)) => {
                Some(!matches!(value, "off" | "no" | "n" | "0" | "false"))
            }
            None if *option == "instrument-coverage" => Some(true),
            _ => None,
        });
        if last != Some(true) {
            command.push(COVERAGE.into());
        }
        let mut llvm_args = codegen.iter().filter_map(|option| option.strip_prefix("llvm-args="));
        if !llvm_args.any(|args| {
            args.split_whitespace()
                .any(|arg| arg.trim_start_matches("--").trim_start_matches('-') == &RELOCATION[1..])
        }) {
            command.push(format!("-Cllvm-args={RELOCATION}").into());
        }
    }
    command
}

fn wants_coverage(
    args: &[OsString],
    environment: CompilationEnvironment<'_>,
    instrumented: &Instrumented,
) -> bool {
    let folder = environment.manifest_dir.and_then(OsStr::to_str);
    if !folder.is_some_and(|folder| instrumented.folders.contains(folder)) {
        return false;
    }
    // A command line that was too long is in a file; what cargo compiles is named in its variables all the same.
    let in_file = args.iter().any(|arg| arg.as_encoded_bytes().starts_with(b"@"));
    let is = |wanted: &str| args.iter().any(|arg| arg == wanted);
    let asks = |arg: &OsString| {
        arg.to_str()
            .is_some_and(|arg| matches!(arg, "-" | "-V" | "-vV" | "--version") || arg.starts_with("--print"))
    };
    let crate_name = value_of(args, "--crate-name").or(environment.crate_name.and_then(OsStr::to_str));
    let Some(crate_name) = crate_name else { return false };
    if args.iter().any(asks) {
        return false;
    }
    if is("--test") {
        return true;
    }
    let crate_type = value_of(args, "--crate-type");
    // A program may be called so as well, but has a name.
    let is_script = crate_name.starts_with("build_script_")
        && environment.bin_name.is_none()
        && (crate_type == Some("bin") || in_file);
    !is_script && crate_type != Some("proc-macro")
}

/// Returns the first value of an option: `--name value` or `--name=value`.
fn value_of<'a>(args: &'a [OsString], name: &str) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(idx, arg)| {
        let rest = arg.to_str()?.strip_prefix(name)?;
        if rest.is_empty() { args.get(idx + 1)?.to_str() } else { rest.strip_prefix('=') }
    })
}

/// Returns what is given to `-C` and `--codegen`.
fn codegen_options(args: &[OsString]) -> impl Iterator<Item = &str> {
    args.iter().enumerate().filter_map(|(idx, arg)| {
        let arg = arg.to_str()?;
        match arg {
            "-C" | "--codegen" => args.get(idx + 1)?.to_str(),
            _ => arg.strip_prefix("--codegen=").or_else(|| arg.strip_prefix("-C")),
        }
    })
}

#[cfg(test)]
mod tests;
