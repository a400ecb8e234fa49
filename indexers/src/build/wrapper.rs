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

use super::invocation::Invocation;

/// The name under which the program is a compiler wrapper.
pub const NAME: &str = "skiptrace-rustc";
/// The variable that hands the plan to the wrapper.
pub const PLAN: &str = "SKIPTRACE_COMPILER_PLAN";

/// The arguments that make a crate count. With counters that can be moved, they are kept in the profile's file itself
/// from the start, so that nothing is lost however a process ends.
pub const ARGUMENTS: &[&str] = &["-Cinstrument-coverage", "-Cllvm-args=-runtime-counter-relocation"];

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
    /// Returns the plan as text for the variable.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a plan is plain data")
    }

    /// Returns whether what is compiled counts. Build scripts and procedural macros run in the compiler's company,
    /// not in that of tests.
    fn counts(&self, invocation: &Invocation) -> bool {
        let is_host = invocation.crate_name.starts_with("build_script_")
            || invocation.crate_types.iter().any(|kind| kind == "proc-macro") && !invocation.is_test;
        let is_wanted = match &self.packages {
            Packages::All => true,
            Packages::In(folders) => folders.contains(&invocation.manifest_dir),
        };
        is_wanted && !is_host && !invocation.instrumented
    }
}

/// Acts as the wrapper: returns only if it cannot become the compiler.
pub fn run(args: &[OsString], vars: &BTreeMap<OsString, OsString>, cwd: &Path) -> io::Result<i32> {
    let var = &|name: &str| vars.get(OsStr::new(name)).cloned();
    let (compiler, rest) =
        args.split_first().ok_or_else(|| io::Error::other("there is no compiler to run"))?;
    let plan = var(PLAN).and_then(|text| serde_json::from_str::<Plan>(text.to_str()?).ok());
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
            command.args(ARGUMENTS);
            invocation.instrumented = true;
        }
        // Without a note, what is compiled here is unknown later, and that is said then.
        let _ = leave(&invocation);
    }
    become_compiler(&mut command)
}

fn leave(invocation: &Invocation) -> io::Result<()> {
    fs::create_dir_all(&invocation.out_dir)?;
    let note = invocation.note();
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
