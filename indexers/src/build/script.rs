//! What a build script declares that it depends on.

use std::collections::BTreeSet;

/// The declarations in a build script's output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptOutput {
    /// Files and folders, relative to the package's folder (`rerun-if-changed`). A folder means all below it.
    pub paths: BTreeSet<Box<str>>,
    /// Variables (`rerun-if-env-changed`).
    pub variables: BTreeSet<Box<str>>,
    /// The names of variables that it sets for the code of its package (`rustc-env`).
    pub values: BTreeSet<Box<str>>,
}

impl ScriptOutput {
    /// Parses what a build script printed, as cargo does: line by line, what is not for cargo left out.
    pub fn parse(bytes: &[u8]) -> ScriptOutput {
        let mut declared = ScriptOutput::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else { continue };
            let Some(instruction) = line.trim().strip_prefix("cargo:") else { continue };
            let instruction = instruction.strip_prefix(':').unwrap_or(instruction);
            match instruction.split_once('=') {
                Some(("rerun-if-changed", path)) => declared.paths.insert(path.trim_end().into()),
                Some(("rerun-if-env-changed", name)) => declared.variables.insert(name.trim_end().into()),
                Some(("rustc-env", set)) => match set.split_once('=') {
                    Some((name, _)) => declared.values.insert(name.into()),
                    None => false,
                },
                _ => false,
            };
        }
        declared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_and_nothing_else() {
        let output = b"cargo:rerun-if-changed=a b.txt\r\n cargo::rerun-if-changed=dir/\nhello\n\
            cargo::rerun-if-env-changed=CC\ncargo:rustc-env=rerun-if-changed=x\ncargo:rerun-if-changed\n\xff\n\
            cargo:::rerun-if-changed=y\n";
        let declared = ScriptOutput::parse(output);
        assert_eq!(declared.paths, BTreeSet::from(["a b.txt".into(), "dir/".into()]));
        assert_eq!(declared.variables, BTreeSet::from(["CC".into()]));
        assert_eq!(declared.values, BTreeSet::from(["rerun-if-changed".into()]));
    }
}
