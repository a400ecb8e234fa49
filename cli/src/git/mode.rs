//! What git takes a file for.

use std::fs::Metadata;

/// What git takes a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileMode {
    /// A file.
    Plain,
    /// A file that can be executed.
    Executable,
    /// A symbolic link; where it leads to is its content.
    Link,
    /// Another repository: a submodule, whose commit is its content, or one that nobody told git of.
    Repository,
}

impl FileMode {
    /// Reads what git prints; `None` where there is nothing.
    pub(super) fn parse(octal: &str) -> Option<FileMode> {
        match octal {
            "100755" => Some(FileMode::Executable),
            "120000" => Some(FileMode::Link),
            "160000" => Some(FileMode::Repository),
            "000000" => None,
            // Old repositories have files that a group may write to.
            _ => Some(FileMode::Plain),
        }
    }

    /// Returns what git would take a file for that is there; `None` for what it would not take at all.
    pub(super) fn of(about: &Metadata) -> Option<FileMode> {
        let kind = about.file_type();
        if kind.is_symlink() {
            Some(FileMode::Link)
        } else if kind.is_dir() {
            Some(FileMode::Repository)
        } else if kind.is_file() {
            Some(if is_executable(about) { FileMode::Executable } else { FileMode::Plain })
        } else {
            None
        }
    }
}

#[cfg(unix)]
fn is_executable(about: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}
