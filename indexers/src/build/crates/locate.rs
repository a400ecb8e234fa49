//! Where the notes are that belong to something, as cargo and the compiler call their files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use crate::build::invocation::{EXTENSION, Invocation, note_of};

/// Reads a note; `None` when there is none, or it is damaged.
pub(super) fn read_note(path: &Path) -> Option<Invocation> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns the notes of what was compiled to `output`; if there is none, the one that there should be.
///
/// Cargo links `debug/my-tool` to `debug/deps/my_tool-0123`, or copies it where it cannot, and the latter has a note.
pub(super) fn notes_of(output: &Path) -> Vec<PathBuf> {
    let Some(own) = note_of(output) else { return Vec::new() };
    let (false, Some(folder), Some(name)) =
        (own.is_file(), output.parent(), own.file_stem().and_then(OsStr::to_str))
    else {
        return vec![own];
    };
    let name = name.replace('-', "_");
    let is_called_so = |note: &PathBuf| {
        let stem = note.file_stem().and_then(OsStr::to_str).and_then(|stem| stem.strip_prefix(&name));
        let is_hash = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        stem.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(is_hash))
    };
    let called: Vec<PathBuf> =
        [folder.join("deps"), folder.to_owned()].iter().flat_map(|folder| notes_in(folder)).collect();
    let called: Vec<PathBuf> = called.into_iter().filter(is_called_so).collect();
    let linked: Vec<PathBuf> = called.iter().filter(|note| is_same(note, output)).cloned().collect();
    // Of a copy, nobody can say which it is a copy of, so that all count.
    match (linked.is_empty(), called.is_empty()) {
        (false, _) => linked,
        (true, false) => called,
        (true, true) => vec![own],
    }
}

/// Returns whether `output` is a link to what a note was left of.
#[cfg(unix)]
fn is_same(note: &Path, output: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(about) = fs::metadata(output) else { return false };
    let mut name = note.file_stem().unwrap_or_default().to_owned();
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    let mut library = OsString::from("lib");
    library.push(&name);
    [name, library].into_iter().any(|name| {
        fs::metadata(note.with_file_name(name))
            .is_ok_and(|other| (other.dev(), other.ino()) == (about.dev(), about.ino()))
    })
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

/// Returns the notes of the build scripts that were compiled for a package; `run` is the folder one of them ran in.
pub(super) fn build_scripts(run: &Path, of: &Invocation) -> Vec<PathBuf> {
    let Some(builds) = run.parent() else { return Vec::new() };
    // `target/<triple>/debug/build` holds what ran for another target, `target/debug/build` what ran it.
    let profile = builds.parent().and_then(Path::file_name);
    let host =
        builds.ancestors().nth(3).zip(profile).map(|(target, profile)| target.join(profile).join("build"));
    let prefix = format!("{}-", of.package);
    let is_of = |note: &PathBuf| read_note(note).is_some_and(|script| script.manifest_dir == of.manifest_dir);
    let found = |builds: &Path| -> Vec<PathBuf> {
        let named = |path: &PathBuf| {
            path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(&prefix))
        };
        entries(builds).into_iter().filter(named).flat_map(|folder| notes_in(&folder)).filter(is_of).collect()
    };
    let scripts = found(builds);
    if scripts.is_empty() { host.map(|builds| found(&builds)).unwrap_or_default() } else { scripts }
}

/// Returns the notes in a folder.
pub(super) fn notes_in(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.extension() == Some(EXTENSION.as_ref())).collect()
}

/// Returns what is in a folder, in order.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}
