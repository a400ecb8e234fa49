//! What stands between cargo and the compiler while tests are built with coverage.
//!
//! It adds the coverage arguments for the packages that it is told, leaves a note of how each crate was compiled, and
//! becomes the compiler.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::invocation::{Invocation, expand};

/// The name under which the program is a compiler wrapper.
pub const NAME: &str = "skiptrace-rustc";
/// The variable that hands the plan to the wrapper.
pub const PLAN: &str = "SKIPTRACE_COMPILER_PLAN";

const COVERAGE: &str = "-Cinstrument-coverage";
/// With counters that can be moved, they are kept in the profile's file itself from the start, so that nothing is
/// lost however a process ends.
const RELOCATION: &str = "-runtime-counter-relocation";
/// The flags that have code count so, for who calls a compiler without us.
pub const FLAGS: [&str; 2] = [COVERAGE, "-Cllvm-args=-runtime-counter-relocation"];
/// How long a plan may be as a variable, of which no system takes any length.
const LONGEST: usize = 64 << 10;

/// What the wrapper is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The packages whose crates count, by their folders.
    pub packages: Packages,
    /// The wrapper that the user has anyway.
    pub chain: Option<PathBuf>,
}

/// Which packages count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packages {
    /// All, dependencies as well.
    All,
    /// Those in these folders.
    In(Vec<PathBuf>),
}

impl Plan {
    /// Returns the value of [`PLAN`]: the plan, or the name of a file in `folder` that has it.
    pub fn hand_over(&self, folder: &Path) -> io::Result<OsString> {
        let text = serde_json::to_string(self).expect("a plan is plain data");
        if text.len() <= LONGEST {
            return Ok(text.into());
        }
        let path = folder.join("compiler-plan.json");
        fs::write(&path, text)?;
        let mut value = OsString::from("@");
        value.push(path);
        Ok(value)
    }

    /// Reads the value of [`PLAN`].
    fn take(value: &OsStr) -> Option<Plan> {
        let value = value.to_str()?;
        match value.strip_prefix('@') {
            Some(path) => serde_json::from_slice(&fs::read(path).ok()?).ok(),
            None => serde_json::from_str(value).ok(),
        }
    }

    /// Returns whether what is compiled counts. Build scripts and procedural macros run in the compiler's company,
    /// not in that of tests.
    fn counts(&self, invocation: &Invocation) -> bool {
        let is_macro = invocation.crate_types.iter().any(|kind| kind == "proc-macro") && !invocation.is_test;
        let is_wanted = match &self.packages {
            Packages::All => true,
            Packages::In(folders) => folders.contains(&invocation.manifest_dir),
        };
        is_wanted && !is_macro && !invocation.is_script
    }
}

/// Acts as the wrapper: returns only if it cannot become the compiler.
pub fn run(args: &[OsString], vars: &BTreeMap<OsString, OsString>, cwd: &Path) -> io::Result<i32> {
    let var = &|name: &str| vars.get(OsStr::new(name)).cloned();
    let (compiler, rest) =
        args.split_first().ok_or_else(|| io::Error::other("there is no compiler to run"))?;
    let plan = var(PLAN).and_then(|value| Plan::take(&value));
    let mut command = match plan.as_ref().and_then(|plan| plan.chain.as_ref()) {
        Some(chain) => {
            let mut command = Command::new(chain);
            command.arg(compiler);
            command
        }
        None => Command::new(compiler),
    };
    command.args(rest);
    if let Some(plan) = &plan
        && let Some(mut invocation) = Invocation::of(rest, vars, cwd)
    {
        if plan.counts(&invocation) {
            command.args(missing(rest, &invocation, cwd));
            invocation.instrumented = true;
        }
        // Without a note, what is compiled here is unknown later, and that is said then.
        let _ = leave(&invocation);
    }
    become_compiler(&mut command)
}

/// Returns the arguments that make a crate count, without those that are there: LLVM takes none twice.
fn missing(args: &[OsString], invocation: &Invocation, cwd: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    if !invocation.instrumented {
        missing.push(COVERAGE.to_owned());
    }
    let is_there = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.contains(RELOCATION));
    if !expand(args, cwd).unwrap_or_default().iter().any(is_there) {
        missing.push(format!("-Cllvm-args={RELOCATION}"));
    }
    missing
}

fn leave(invocation: &Invocation) -> io::Result<()> {
    fs::create_dir_all(&invocation.out_dir)?;
    let note = invocation.note();
    // One of an earlier build would tell of another crate.
    match fs::remove_file(&note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let unfinished = note.with_extension(format!("skiptrace-{}", std::process::id()));
    fs::write(&unfinished, serde_json::to_vec(invocation)?)?;
    fs::rename(unfinished, note)
}

#[cfg(unix)]
fn become_compiler(command: &mut Command) -> io::Result<i32> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_compiler(command: &mut Command) -> io::Result<i32> {
    Ok(command.status()?.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    /// Returns what is added to a call of the compiler for a package in `/w/a`.
    fn added(packages: Packages, args: &str) -> String {
        let vars = BTreeMap::from([("CARGO_MANIFEST_DIR".into(), "/w/a".into())]);
        let args = words(&format!("--out-dir /x {args}"));
        let invocation = Invocation::of(&args, &vars, "/w".as_ref()).unwrap();
        let plan = Plan { packages, chain: None };
        if plan.counts(&invocation) {
            missing(&args, &invocation, "/w".as_ref()).join(" ")
        } else {
            String::new()
        }
    }

    const BOTH: &str = "-Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation";

    #[test]
    fn tools_of_the_compiler_do_not_count() {
        let check = |args: &str| added(Packages::In(vec!["/w/a".into()]), args);
        assert_eq!(check("--crate-name a a.rs --crate-type lib"), BOTH);
        assert_eq!(check("--crate-name a a.rs --test"), BOTH);
        assert_eq!(check("--crate-name m a.rs --crate-type proc-macro"), "");
        assert_eq!(check("--crate-name m a.rs --crate-type proc-macro --test"), BOTH);
        assert_eq!(check("--crate-name build_script_build build.rs --crate-type bin"), "");
    }

    #[test]
    fn what_the_user_gave_stays() {
        let check = |args: &str| added(Packages::All, &format!("--crate-name a a.rs {args}"));
        let relocation = "-Cllvm-args=-runtime-counter-relocation";
        assert_eq!(check("-C instrument-coverage"), relocation);
        assert_eq!(check("--codegen=instrument-coverage=all -C llvm-args=--runtime-counter-relocation"), "");
        assert_eq!(check("-Cinstrument-coverage=off"), BOTH);
    }

    #[test]
    fn other_packages_stay_as_they_are() {
        for folder in ["/w/ab", "/w", "/w/a/vendored"] {
            assert_eq!(added(Packages::In(vec![folder.into()]), "--crate-name a a.rs"), "", "{folder}");
        }
    }

    #[test]
    fn plans_of_any_length_are_handed_over() {
        let scratch = tempfile::tempdir().unwrap();
        for n in [1, 5000] {
            let folders = (0..n).map(|n| format!("/a/long folder/of/é/package-{n}").into()).collect();
            let plan = Plan { packages: Packages::In(folders), chain: Some("sccache".into()) };
            let value = plan.hand_over(scratch.path()).unwrap();
            assert!(value.len() <= LONGEST);
            assert_eq!(Plan::take(&value), Some(plan));
        }
        assert_eq!(Plan::take("@/gone".as_ref()), None);
    }
}
