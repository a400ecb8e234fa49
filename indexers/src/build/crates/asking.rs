//! Which procedural macros may look variables up while they expand.
//!
//! What a macro asks for leaves no trace. It may be any variable of the package that it is used in, and it may come from
//! anywhere: a library that hands it on is enough. So the sources of macros are read, and those of all that they are made
//! of.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::Crates;
use super::locate::read_note;
use crate::build::dep_info::DepInfo;
use crate::build::invocation::{Invocation, note_of};
use crate::units::plain_words_of_rust;

/// What is named by who looks variables up while it is executed, reads the manifest itself, or lets another program do so.
/// `env!` is none of that: it is expanded where it stands.
const ASKING: &[&str] = &["Command", "env", "environ", "fs", "getenv", "libc", "nix"];

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
            true => plain_words_of_rust(text)?.any(|word| ASKING.contains(&word)),
            // It may be code all the same.
            false => text.split(|c: char| !c.is_alphanumeric()).any(|word| ASKING.contains(&word)),
        };
        if asks {
            return Some(true);
        }
    }
    Some(false)
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
            "fn f() { \"",
        ] {
            assert!(asks(source), "{source}");
        }
        for source in
            ["fn f() { env!(\"CARGO_PKG_VERSION\") }", "fn f() { \"env\" } // env", "fn f(var: u8) {}"]
        {
            assert!(!asks(source), "{source}");
        }
    }
}
