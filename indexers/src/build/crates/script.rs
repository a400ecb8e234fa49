//! Whether a build script that does not say what it reads can read anything.

use std::fs;
use std::path::PathBuf;

use super::Crates;

/// What it takes to look at files, or to have somebody else look at them, with nothing but the standard library.
const LOOKING: &[&str] = &[
    "Command",
    "File",
    "OpenOptions",
    "asm",
    "canonicalize",
    "exists",
    "extern",
    "fs",
    "include",
    "include_bytes",
    "include_str",
    "is_dir",
    "is_file",
    "metadata",
    "net",
    "os",
    "process",
    "read_dir",
    "read_link",
    "try_exists",
];

impl Crates<'_> {
    /// Returns whether none of the builds of a build script can have read a file of its package: each is of the
    /// standard library alone, and mentions nothing of what it takes.
    ///
    /// Many scripts only print a flag or two, and forget to say that they read nothing.
    pub(super) fn is_blind(&mut self, scripts: &[PathBuf]) -> bool {
        let repository = self.repository.clone();
        !scripts.is_empty()
            && scripts.iter().all(|note| {
                let part = self.part(note);
                let files = &part.own.files;
                part.linked.is_empty()
                    && part.scripts.is_empty()
                    && part.own.unknown.is_empty()
                    && !files.is_empty()
                    && files.iter().all(|file| {
                        fs::read_to_string(repository.join(file.as_str())).is_ok_and(|text| !looks(&text))
                    })
            })
    }
}

/// Returns whether a source mentions something with which files can be looked at.
fn looks(source: &str) -> bool {
    let mut words = source.split(|char: char| !char.is_alphanumeric() && char != '_');
    words.any(|word| LOOKING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_prints_is_blind() {
        assert!(!looks(
            "fn main() { println!(\"cargo::rustc-cfg=fast\"); std::env::var(\"TARGET\").unwrap(); }"
        ));
        for source in
            ["use std::fs;", "Path::new(\"src\").read_dir()", "Command::new(\"rustc\")", "include!(\"a\")"]
        {
            assert!(looks(source), "{source}");
        }
    }
}
