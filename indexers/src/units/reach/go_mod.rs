//! Go: what the go tool builds by.
//!
//! Tests have the lines that they were built by among what they depend on: those of the modules that they link, and
//! those that concern everybody. So nobody else is concerned by a change of a unit that was there.

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Edit, Reach};

use super::super::go_mod::module_of;

/// Returns whom an edit of `go.mod` or `go.work` concerns.
///
/// What `replace` and `exclude` say is in the unit that requires the module, what `go`, `toolchain` and `godebug` say in
/// `module`, and a requirement that may choose other versions of modules that no line names is there as well. So one
/// that is new is a change of a unit that was there, if it concerns anybody. In a workspace there is no such unit.
pub(super) fn directive(file: &RepoPath, name: &str, edit: Edit) -> Reach {
    let verb = name.split(' ').next().unwrap_or(name);
    let is_told = match verb {
        "require" | "replace" | "exclude" | "godebug" | "go" | "toolchain" => {
            !file.as_str().ends_with(".work")
        }
        // It says something to those who require this module.
        "retract" => true,
        // A program that is built besides.
        "tool" => true,
        _ => false,
    };
    match edit {
        Edit::Added if !is_told => Reach::Compiled,
        _ => Reach::Nobody,
    }
}

/// Returns whom an edit of a sum file concerns: sums change nothing but whether there is a build at all.
pub(super) fn sum() -> Reach {
    Reach::Nobody
}

/// Returns whom an edit of the list of vendored modules concerns. What a new section is about, no test links so far.
pub(super) fn vendored(name: &str, edit: Edit) -> Reach {
    match edit {
        Edit::Added if module_of(name).is_none() || name.starts_with('#') => Reach::Compiled,
        _ => Reach::Nobody,
    }
}
