//! Who may see what cargo says of a package: its version, and what its manifest says to people.
//!
//! Cargo hands it to compilers, build scripts and running tests as variables, `CARGO_PKG_VERSION` and others. What a crate
//! itself asks for (`env!`) is in its dep-info; what macros ask for is not (`asking`).

use std::collections::BTreeSet;
use std::fs;

use skiptrace_engine::path::RepoPath;

use super::Crates;
use crate::build::compiled::Compiled;
use crate::build::invocation::Invocation;
use crate::units::words_of_rust;

/// How the names of these variables begin.
const ABOUT: &str = "CARGO_PKG_";
/// Who looks at all variables, or hands them on to another program.
#[rustfmt::skip]
const EVERYTHING: &[&str] = &[
    "Command", "assert_cmd", "duct", "environ", "expectrl", "getenv", "libc", "nix", "rexpect", "snapbox",
    "subprocess", "trycmd", "vars", "vars_os", "xshell",
];

impl Crates<'_> {
    /// Returns whether sources may look these variables up when they are executed. Who makes up the name of a variable is
    /// told from what is executed.
    pub(super) fn looks_up(&mut self, files: &BTreeSet<RepoPath>) -> bool {
        files.iter().any(|file| {
            *self.looking_up.entry(file.clone()).or_insert_with(|| {
                fs::read_to_string(self.repository.join(file.as_str())).map_or(true, |text| looks_up(&text))
            })
        })
    }
}

fn looks_up(source: &str) -> bool {
    let names_all =
        || words_of_rust(source).is_none_or(|mut words| words.any(|word| EVERYTHING.contains(&word)));
    source.contains(ABOUT) || names_all()
}

/// Returns whether a variable says something of a package that its manifest may say otherwise tomorrow.
pub(super) fn is_about(variable: &str) -> bool {
    variable.starts_with(ABOUT) && variable != "CARGO_PKG_NAME"
}

impl Crates<'_> {
    /// Returns whether a crate, or what is executed to make it or with it, may see its package's version, and what else
    /// cargo says of the package in variables.
    pub(super) fn sees_about(&mut self, invocation: &Invocation, own: &Compiled) -> bool {
        invocation.is_script
            || invocation.generated.is_some()
            || !own.unknown.is_empty()
            || own.variables.keys().any(|name| is_about(name))
            || invocation.externs.iter().any(|library| self.brings_asking(library))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_variable_or_all_of_them_looks_them_up() {
        for source in [
            "fn f() { std::env::var(\"CARGO_PKG_VERSION\") }",
            "fn f() { std::env::vars() }",
            "use std::process::Command;",
            "extern \"C\" { fn getenv(); }",
            "fn f() { \"",
        ] {
            assert!(looks_up(source), "{source}");
        }
        assert!(!looks_up("fn f() { std::env::var(\"HOME\") } // vars"));
    }
}
