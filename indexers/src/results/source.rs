//! Where a file of results comes from, as far as that says who is meant.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A file of results.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Where it is, for people, and for what its name tells.
    pub path: &'a Path,
    /// Its number among the files of a job. Files of one [origin](Source::origin) have the same.
    pub number: u32,
}

impl Source<'_> {
    /// Returns what a file is about: the file itself; of Bazel's attempts, the one that has the last.
    pub fn origin(path: &Path) -> PathBuf {
        match path.parent() {
            Some(folder) if folder.file_name() == Some(OsStr::new("test_attempts")) => {
                folder.with_file_name("test.xml")
            }
            _ => path.to_owned(),
        }
    }

    /// Returns the name of the program that the file may be of: its own name, or, where Bazel named it, the target's.
    pub(super) fn program(&self) -> Box<str> {
        let origin = Source::origin(self.path);
        let stem = origin.file_stem();
        let mut folder = origin.parent();
        if stem == Some(OsStr::new("test")) {
            let name = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
            if folder.and_then(name).is_some_and(|name| name.starts_with("shard_")) {
                folder = folder.and_then(Path::parent);
            }
            if let Some(name) = folder.and_then(name) {
                return name.into();
            }
        }
        stem.unwrap_or_default().to_string_lossy().into()
    }

    /// Returns the place of the part with a number, for files that do not say which suite a test is in.
    pub(super) fn place(&self, part: u32) -> u64 {
        u64::from(self.number) << 32 | u64::from(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_attempts() {
        let program = |path: &str| Source { path: path.as_ref(), number: 0 }.program().to_string();
        assert_eq!(program("out/unit_tests.xml"), "unit_tests");
        assert_eq!(program("bazel-testlogs/pkg/unit/test.xml"), "unit");
        assert_eq!(program("bazel-testlogs/pkg/unit/shard_1_of_2/test.xml"), "unit");
        assert_eq!(program("bazel-testlogs/pkg/unit/test_attempts/attempt_1.xml"), "unit");
        assert_eq!(program("-"), "-");
        assert_eq!(Source::origin("a/test_attempts/attempt_1.xml".as_ref()), Path::new("a/test.xml"));
        assert_eq!(Source::origin("a/test.xml".as_ref()), Path::new("a/test.xml"));
    }
}
