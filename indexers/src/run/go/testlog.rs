//! What a test asked package `os` for, as the test binary writes it down with `-test.testlogfile`.
//!
//! The go tool reads these logs to know whether a cached result still holds. They do not tell of what was read before
//! tests began, by cgo, by system calls, or by other processes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// What a test asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestLog {
    /// Files and folders that it opened, or tried to, whose targets it read, or that it removed. Absolute where the
    /// package's folder is.
    pub opened: BTreeSet<PathBuf>,
    /// Files and folders of which it asked whether they are there and what they are.
    pub statted: BTreeSet<PathBuf>,
    /// Variables of the environment that it asked for.
    pub variables: BTreeSet<OsString>,
    /// Whether the log is one, and ends where a line ends. It is not when the process was killed, or left without a
    /// word to package `testing`; what it did last is then missing.
    pub whole: bool,
    /// Whether there are lines that cannot be understood.
    pub strange: bool,
}

/// The line that every log begins with.
const HEADER: &[u8] = b"# test log";

/// Reads a log of a test that began in `folder`.
pub fn read(log: &[u8], folder: &Path) -> TestLog {
    let mut read = TestLog { whole: log.ends_with(b"\n"), ..TestLog::default() };
    let mut lines = log.split(|byte| *byte == b'\n');
    read.whole &= lines.next() == Some(HEADER);
    let mut folder = folder.to_owned();
    for line in lines.filter(|line| !line.is_empty()) {
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        match (parts.next(), parts.next()) {
            (Some(b"getenv"), Some(name)) => {
                read.variables.insert(text(name));
            }
            (Some(b"chdir"), Some(name)) => folder = joined(&folder, name),
            (Some(b"open"), Some(name)) => {
                read.opened.insert(joined(&folder, name));
            }
            (Some(b"stat"), Some(name)) => {
                read.statted.insert(joined(&folder, name));
            }
            // More than one run of tests in one process; its first line is said once.
            _ if line == HEADER => {}
            _ => read.strange = true,
        }
    }
    read
}

#[cfg(unix)]
fn text(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_owned())
}

#[cfg(not(unix))]
fn text(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Returns a path as seen from a folder, without the steps that lead nowhere. A step up is kept, because where it
/// leads is a matter of links.
fn joined(folder: &Path, name: &[u8]) -> PathBuf {
    let path = folder.join(text(name));
    path.components().filter(|component| *component != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_test_asked_for_is_told() {
        let log =
            b"# test log\ngetenv HOME\nopen testdata/a b.txt\nstat ./x\nstat /etc/hosts\nchdir /tmp/d\n\
                    open ../f\nopen .\ngetenv \xff\n";
        let read = read(log, "/w/p".as_ref());
        assert!(read.whole && !read.strange);
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<BTreeSet<_>>();
        assert_eq!(read.opened, paths(&["/w/p/testdata/a b.txt", "/tmp/d/../f", "/tmp/d"]));
        assert_eq!(read.statted, paths(&["/w/p/x", "/etc/hosts"]));
        assert_eq!(read.variables.len(), 2);
    }

    #[test]
    fn logs_of_processes_that_died_are_not_whole() {
        for (log, whole) in [
            ("", false),
            ("# test log", false),
            ("# test log\n", true),
            ("# test log\ngetenv A", false),
            ("getenv A\n", false),
        ] {
            assert_eq!(read(log.as_bytes(), "/".as_ref()).whole, whole, "{log:?}");
        }
        assert!(read(b"# test log\nread x\n", "/".as_ref()).strange);
        assert!(read(b"# test log\nopen\n", "/".as_ref()).strange);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(log in prop::collection::vec(any::<u8>(), 0..200)) {
            let read = read(&log, "/w".as_ref());
            let lines = log.split(|byte| *byte == b'\n').count();
            prop_assert!(read.opened.len() + read.statted.len() + read.variables.len() <= lines);
        }
    }
}
