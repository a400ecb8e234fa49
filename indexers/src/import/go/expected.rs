//! The binaries whose coverage the tests of a job must have.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::id::JobName;

/// The binaries that each job is expected to run, by what people call them.
pub type Expected = BTreeMap<JobName, BTreeSet<Box<str>>>;

/// A test without the coverage of a binary that was expected of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingBinary {
    /// The job.
    pub job: JobName,
    /// The test, with its suite.
    pub test: String,
    /// The binary.
    pub binary: Box<str>,
}

/// Returns whether people may call a program so: by its import path, or as the go tool calls what it builds of it.
pub(super) fn is_called(import_path: &str, name: &str) -> bool {
    let mut elements = import_path.rsplit('/');
    let last = elements.next().unwrap_or(import_path);
    // The last element but for a major version.
    let is_version = last.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits != "1" && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let shortest = elements.next().filter(|_| is_version).unwrap_or(last);
    [import_path, last, shortest].contains(&name)
}

/// Returns what a program is called that was started as `path`.
pub(super) fn program_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".exe").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_as_the_go_tool_calls_them() {
        for name in ["example.com/m/cmd/agent", "agent"] {
            assert!(is_called("example.com/m/cmd/agent", name), "{name}");
        }
        assert!(is_called("example.com/agent/v2", "agent") && is_called("example.com/agent/v2", "v2"));
        for name in ["cmd", "ent", "cmd/agent", "m", ""] {
            assert!(!is_called("example.com/m/cmd/agent", name), "{name}");
        }
        assert!(!is_called("example.com/agent/view", "agent"));
        assert_eq!(program_name("/opt/x/agent"), "agent");
        assert_eq!(program_name(r"C:\x\agent.exe"), "agent");
    }
}
