//! What a build script reads that does not say what it reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use skiptrace_engine::path::RepoPath;

use super::Crates;
use crate::units::words_of_rust;

/// What it takes to look at files, or to have somebody else look at them, with nothing but the standard library. What is
/// special to a system is no more than other names for some of it, or more of what some of it gives.
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
    "is_symlink",
    "metadata",
    "net",
    "process",
    "read_dir",
    "read_link",
    "symlink_metadata",
    "try_exists",
];

impl Crates<'_> {
    /// Returns whether none of the builds of a build script can have read a file of its package: each is of the
    /// standard library alone, and mentions nothing of what it takes.
    ///
    /// Many scripts only print a flag or two, and forget to say that they read nothing.
    pub(super) fn is_blind(&mut self, scripts: &[PathBuf]) -> bool {
        self.mentions_none(scripts, LOOKING)
    }

    /// Returns whether what a build script knows of files it knows by opening them, or by their names.
    pub(super) fn only_opens(&mut self, scripts: &[PathBuf]) -> bool {
        self.mentions_none(scripts, UNSEEN)
    }

    /// Returns whether each build of a build script is of the standard library alone, and mentions none of some words.
    fn mentions_none(&mut self, scripts: &[PathBuf], words: &[&str]) -> bool {
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
                        fs::read_to_string(repository.join(file.as_str()))
                            .is_ok_and(|text| !mentions(&text, words))
                    })
            })
    }
}

/// What it takes to see more of a file than its name without opening it: its size, its age. Other programs may do so.
const UNSEEN: &[&str] = &["Command", "asm", "extern", "metadata", "net", "process", "symlink_metadata"];

/// Where it is noted what a build script opened, in the folder that it ran in.
const NOTE: &str = "skiptrace-opened.json";
/// How much later than a moment a file may say that it was written then.
const TICK: Duration = Duration::from_millis(10);

/// What a build script opened when it ran last.
#[derive(Debug, Serialize, Deserialize)]
struct Opened {
    /// When what it printed was written.
    ended: SystemTime,
    /// The files of its package.
    files: BTreeSet<String>,
}

impl Crates<'_> {
    /// Returns the files of its package that a build script opened when it ran, in the folder `run`; `None` if nobody
    /// knows. If cargo found no reason to run it again, it is what it opened before.
    pub(super) fn opened(&self, run: &Path, package: &RepoPath) -> Option<BTreeSet<RepoPath>> {
        let written = |name: &str| fs::metadata(run.join(name)).and_then(|about| about.modified()).ok();
        // Cargo writes the one before it runs the script, and the other when that has ended.
        let (began, ended) = (written("invoked.timestamp")?, written("output")?);
        let opened = self.opens.and_then(|opens| opens((began.checked_sub(TICK)?, ended + TICK)));
        let Some(opened) = opened else {
            let known: Opened = serde_json::from_slice(&fs::read(run.join(NOTE)).ok()?).ok()?;
            let files = known.files.into_iter().map(RepoPath::new).collect::<Result<_, _>>().ok()?;
            return (known.ended == ended).then_some(files);
        };
        let is_file = |path: &RepoPath| path.is_in(package) && self.repository.join(path.as_str()).is_file();
        let files: BTreeSet<RepoPath> = opened.into_iter().filter(is_file).collect();
        let note = Opened { ended, files: files.iter().map(ToString::to_string).collect() };
        // Without it the next recording takes the whole package for what it read.
        let _ = fs::write(run.join(NOTE), serde_json::to_vec(&note).unwrap_or_default());
        Some(files)
    }
}

/// Returns whether a source mentions one of some words, but for what is in comments and texts.
fn mentions(source: &str, wanted: &[&str]) -> bool {
    words_of_rust(source).is_none_or(|mut words| words.any(|word| wanted.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_prints_is_blind() {
        let looks = |source: &str| mentions(source, LOOKING);
        assert!(!looks(
            "fn main() { println!(\"cargo::rustc-cfg=fast\"); std::env::var(\"TARGET\").unwrap(); }"
        ));
        assert!(!looks("// A file exists.\nfn main() { let os = std::env::var(\"fs\").unwrap(); }"));
        for source in [
            "use std::fs;",
            "Path::new(\"src\").read_dir()",
            "Command::new(\"rustc\")",
            "include!(\"a\")",
            "r#fs",
            "fn main() { \"",
            "use std::os::{unix as os, self as o};\nfn f(file: os::fs::File) {}",
        ] {
            assert!(looks(source), "{source}");
        }
    }
}
