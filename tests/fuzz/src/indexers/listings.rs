//! Programs that answer with any bytes when they are asked for their tests.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use skiptrace_indexers::run::case::CommandLine;
use skiptrace_indexers::run::native::{Binary, Listing};

/// Prints the file of its first argument, also to where GoogleTest is told to write its list.
const SCRIPT: &str = r#"cat "$0"; for arg; do case "$arg" in
    --gtest_output=json:*) cat "$0" > "${arg#--gtest_output=json:}";; esac; done"#;

/// A folder for answers.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// Returns the folder of this process.
    pub fn get() -> &'static Stage {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| Stage { folder: tempfile::tempdir().expect("a folder for temporary files") })
    }

    /// Returns a program that answers with these bytes.
    pub fn program(&self, answer: &[u8]) -> Binary {
        let file = self.folder.path().join("answer");
        fs::write(&file, answer).expect("a file in a folder of ours");
        let args: Vec<OsString> = ["-c".into(), SCRIPT.into(), file.into()].into();
        let cwd = self.folder.path().to_owned();
        let command = CommandLine { program: PathBuf::from("/bin/sh"), args, cwd, env: BTreeMap::new() };
        Binary { suite: "suite".into(), command }
    }

    /// Returns how programs are asked.
    pub fn listing(&self) -> Listing {
        Listing {
            scratch: self.folder.path().to_owned(),
            timeout: Duration::from_secs(20),
            max_output: 1 << 20,
        }
    }
}
