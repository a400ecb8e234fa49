//! What the tests of this folder share: folders to build in, and tools that may be missing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own, removed in the end.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    real: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        Sandbox { folder, real }
    }

    pub(crate) fn path(&self) -> &Path {
        assert!(self.folder.path().exists());
        &self.real
    }

    /// Writes a file, with the folders that it needs.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.real.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Returns how a tool is called, or says that the test is skipped for want of it.
pub(crate) fn tool(name: &str) -> Option<&str> {
    if Command::new(name).arg("--version").output().is_ok_and(|done| done.status.success()) {
        return Some(name);
    }
    skip(format_args!("`{name}` is not installed"));
    None
}

/// Returns the compiler wrapper as a program, an example of this package, or says that the test is skipped.
pub(crate) fn compiler_wrapper() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let program = test
        .parent()?
        .parent()?
        .join("examples/compiler_wrapper")
        .with_extension(std::env::consts::EXE_EXTENSION);
    if program.is_file() {
        return Some(program);
    }
    skip(format_args!("the examples are not built (`cargo test --examples` builds them)"));
    None
}

fn skip(why: std::fmt::Arguments<'_>) {
    let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{why}, and SKIPTRACE_REQUIRE_TOOLS=1 is set");
    eprintln!("skipped: {why}");
}
