//! Finding the tools that some tests need.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Makes a missing tool a failure, for machines that are meant to have them all.
const REQUIRE: &str = "SKIPTRACE_REQUIRE_TOOLS";

/// Returns where a tool is. Where it is not, the test that asks says that it is skipped and should return, unless
/// `SKIPTRACE_REQUIRE_TOOLS=1`.
#[track_caller]
pub fn require(tool: &str) -> Option<PathBuf> {
    require_any(&[tool])
}

/// Returns where the first of several tools is, any of which will do, as [`require`] does.
#[track_caller]
pub fn require_any(tools: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let find = |tool: &&str| {
        let name = format!("{tool}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&folders).map(|folder| folder.join(&name)).find(|path| path.is_file())
    };
    let found = tools.iter().find_map(find);
    let tool = tools.join("`, `");
    if found.is_none() {
        missing(&format!("`{tool}` on the PATH"));
    }
    found
}

/// Returns whether a Python has a module. Where it does not, the same as for a tool.
#[track_caller]
pub fn has_python_module(python: &Path, module: &str) -> bool {
    let import =
        Command::new(python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    let found = import.is_ok_and(|status| status.success());
    if !found {
        missing(&format!("`{module}` in `{}`", python.display()));
    }
    found
}

#[track_caller]
fn missing(what: &str) {
    let required = std::env::var(REQUIRE).is_ok_and(|value| value != "0" && !value.is_empty());
    assert!(!required, "there is no {what}, and {REQUIRE} is set");
    let place = std::panic::Location::caller();
    // The test harness swallows what goes through `println!`, and this has to be seen.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no {what} ({place})");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_or_skipped() {
        assert!(require("git").is_some_and(|path| path.is_file()));
        if std::env::var_os(REQUIRE).is_none() {
            assert_eq!(require("no-such-tool"), None);
        }
    }
}
