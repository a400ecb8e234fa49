//! Which procedural macros may look variables up while they expand.
//!
//! What a macro asks for leaves no trace. It may be any variable of the package that it is used in, and it may come from
//! anywhere: a library that hands it on is enough. So the sources of macros are read, and those of all that they are made
//! of. Where all that they ask for stands there as text, they ask for nothing else.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::Crates;
use super::about::is_about;
use super::locate::read_note;
use crate::build::dep_info::DepInfo;
use crate::build::invocation::{Invocation, note_of};
use crate::units::texts_of_rust;

/// What is named by who looks variables up while it is executed, reads the manifest itself, or lets another program do so.
const ASKING: &[&str] = &["Command", ENV, "environ", "fs", "getenv", "libc", "nix"];
const ENV: &str = "env";

/// What is known of crates, by their notes.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Whether what is executed of it may look variables up.
    executed: HashMap<PathBuf, bool>,
    /// Whether it is such a macro, or hands one on.
    brought: HashMap<PathBuf, bool>,
}

impl Crates<'_> {
    /// Returns whether a library is a macro that may look variables up, or may hand one on.
    pub(super) fn brings_asking(&mut self, library: &Path) -> bool {
        // The libraries of macros are loaded; one of which nothing is known may be any.
        let is_loaded = !matches!(library.extension().and_then(OsStr::to_str), Some("rlib" | "rmeta" | "a"));
        let Some((note, invocation)) = noted(library) else { return is_loaded };
        if let Some(known) = self.asking.brought.get(&note) {
            return *known;
        }
        let brings = match is_loaded {
            true => self.may_ask(library),
            false => invocation.externs.iter().any(|library| self.brings_asking(library)),
        };
        self.asking.brought.insert(note, brings);
        brings
    }

    /// Returns whether what is executed of a library may look variables up.
    fn may_ask(&mut self, library: &Path) -> bool {
        let Some((note, invocation)) = noted(library) else { return true };
        if let Some(known) = self.asking.executed.get(&note) {
            return *known;
        }
        let asks = names_asking(&invocation).unwrap_or(true)
            || invocation.externs.iter().any(|library| self.may_ask(library));
        self.asking.executed.insert(note, asks);
        asks
    }
}

/// Returns the note of a library, and what is in it.
fn noted(library: &Path) -> Option<(PathBuf, Invocation)> {
    let note = note_of(library)?;
    let invocation = read_note(&note)?;
    Some((note, invocation))
}

/// Returns whether the sources of a crate name something that looks variables up; `None` where they cannot be read.
fn names_asking(invocation: &Invocation) -> Option<bool> {
    let bytes = fs::read(invocation.dep_info()).ok()?;
    let info = DepInfo::parse_rustc(&bytes).ok()?;
    for source in info.sources() {
        let source = std::str::from_utf8(source).ok()?;
        let text = fs::read(invocation.cwd.join(source)).ok()?;
        let text = std::str::from_utf8(&text).ok()?;
        let asks = match Path::new(source).extension().is_some_and(|extension| extension == "rs") {
            true => asks(&texts_of_rust(text)?.collect::<Vec<_>>()),
            // It may be code all the same.
            false => text.split(|c: char| !c.is_alphanumeric()).any(|word| ASKING.contains(&word)),
        };
        if asks {
            return Some(true);
        }
    }
    Some(false)
}

/// Returns whether code names something that looks variables up, other than what is sure to ask for no such variable.
fn asks(code: &[&str]) -> bool {
    let mut imports = false;
    code.iter().enumerate().any(|(at, text)| {
        let next = &code[at + 1..];
        match *text {
            "use" => imports = next.first() != Some(&"<"),
            ";" => imports = false,
            _ => {}
        }
        let is_quiet = match next {
            // It is expanded where it stands.
            ["!", ..] => true,
            ["," | ";" | "}", ..] => imports && *text == ENV,
            ["::", "var" | "var_os", "(", name, ")", ..] => *text == ENV && is_other(name),
            _ => false,
        };
        ASKING.contains(text) && !is_quiet
    })
}

/// Returns whether a literal is the name of a variable that says nothing of a package.
fn is_other(literal: &str) -> bool {
    let name = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    name.is_some_and(|name| !name.contains('\\') && !is_about(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(source: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let (code, dep_info) = (folder.path().join("lib.rs"), folder.path().join("mac-1.d"));
        fs::write(&code, source).unwrap();
        fs::write(&dep_info, format!("mac-1.so: {0}\n\n{0}:\n", code.display())).unwrap();
        let invocation = Invocation {
            crate_name: "mac".to_owned(),
            out_dir: folder.path().to_owned(),
            extra_filename: "-1".to_owned(),
            ..Invocation::default()
        };
        assert_eq!(invocation.dep_info(), dep_info);
        names_asking(&invocation).unwrap_or(true)
    }

    #[test]
    fn who_names_the_environment_may_ask_for_anything() {
        for source in [
            "fn f(name: &str) { std::env::var(name); }",
            "use std::env; fn f() { env::vars(); }",
            "fn f() { std::process::Command::new(\"cargo\"); }",
            "fn f() { std::fs::read(\"Cargo.toml\"); }",
            "extern \"C\" { fn getenv(name: *const u8) -> *const u8; }",
            "fn f() { if env != 1 {} }",
            "use std::env::var; fn f() { var(\"CARGO_PKG_VERSION\"); }",
            "use std::env as e; fn f() { e::var(\"CARGO_PKG_VERSION\"); }",
            "fn f() -> impl A + use<'_> { g(env, \"CARGO_PKG_VERSION\") }",
            "use std::env; fn f() { env::var(\"CARGO_PKG_VERSION\"); }",
            "use std::env; fn f() { env::var(\"CARGO\\x5fPKG_VERSION\"); }",
            "use std::env; fn f() { env::var(r\"CARGO_PKG_VERSION\"); }",
            "use std::env; fn f() { env::var(concat!(\"CARGO_PKG_\", \"VERSION\")); }",
            "fn f() { \"",
        ] {
            assert!(asks(source), "{source}");
        }
        for source in [
            "fn f() { env!(\"CARGO_PKG_VERSION\") }",
            "fn f() { \"env\" } // env",
            "fn f(var: u8) {}",
            "use std::env; fn f() { env::var(\"HOME\"); std::env::var_os(\"CARGO_PKG_NAME\"); }",
            "use std::{env, time::Duration}; fn f() { env::var(\"TERM\"); }",
        ] {
            assert!(!asks(source), "{source}");
        }
    }
}
