//! What git would store of files that are there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use skiptrace_engine::id::ObjectId;

use super::changes::GitPath;
use super::mode::FileMode;
use super::process::{command, not_started};
use super::{GitError, Repository};

impl Repository {
    /// Returns the blobs that git would make of files of the work tree, with line ends and filters as it is set
    /// to. A file that cannot be read has none, and neither has one after it that git did not come to.
    pub(super) fn hash(
        &self,
        files: &BTreeMap<GitPath, FileMode>,
    ) -> Result<BTreeMap<GitPath, ObjectId>, GitError> {
        let (links, plain): (Vec<_>, Vec<_>) =
            files.iter().partition(|(_, mode)| matches!(mode, FileMode::Link));
        let mut hashed = BTreeMap::new();
        let plain: Vec<&GitPath> = plain
            .into_iter()
            // Git gives up at the first file that it cannot read.
            .filter(|(path, mode)| **mode != FileMode::Repository && self.is_readable(path))
            .map(|(path, _)| path)
            .collect();
        let blobs = self.hash_all(&[], plain.iter().map(|path| path.0.clone()).collect())?;
        hashed.extend(plain.into_iter().cloned().zip(blobs));
        if links.is_empty() {
            return Ok(hashed);
        }
        // Git follows links when it is asked for a blob, so where they lead to is put into files.
        let failed = |source| GitError::Spawn { folder: self.root.clone(), source };
        let folder = tempfile::tempdir().map_err(failed)?;
        let (mut copies, mut known) = (Vec::new(), Vec::new());
        for (path, _) in links {
            let Ok(target) = fs::read_link(self.root.join(path.os())) else { continue };
            let copy = folder.path().join(copies.len().to_string());
            fs::write(&copy, target.as_os_str().as_encoded_bytes()).map_err(failed)?;
            copies.push(copy.into_os_string().into_encoded_bytes());
            known.push(path);
        }
        let blobs = self.hash_all(&["--no-filters"], copies)?;
        hashed.extend(known.into_iter().cloned().zip(blobs));
        Ok(hashed)
    }

    fn is_readable(&self, path: &GitPath) -> bool {
        fs::File::open(self.root.join(path.os())).is_ok()
    }

    /// Hashes files, in their order; fewer than there are when git gives up.
    fn hash_all(&self, flags: &[&str], paths: Vec<Vec<u8>>) -> Result<Vec<ObjectId>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let args: Vec<&str> = ["hash-object", "--stdin-paths"].iter().chain(flags).copied().collect();
        let mut child = command(&self.environment, &self.root, &args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| not_started(&self.root, error))?;
        let mut input = child.stdin.take().expect("it was asked for");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        // It answers while it is asked, and stops when nobody reads.
        let writer = std::thread::spawn(move || -> io::Result<()> {
            let mut lines = Vec::new();
            for path in paths {
                quote(&path, &mut lines);
                if lines.len() > 1 << 15 {
                    input.write_all(&lines)?;
                    lines.clear();
                }
            }
            input.write_all(&lines)
        });
        let mut blobs = Vec::new();
        for line in output.lines() {
            let Some(blob) = line.ok().and_then(|line| line.parse().ok()) else { break };
            blobs.push(blob);
        }
        let _ = writer.join();
        let _ = child.wait();
        Ok(blobs)
    }
}

/// Writes a path as a line in which every byte can be, as a C program would spell it.
fn quote(path: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    for byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            0x20..=0x7e => line.push(*byte),
            _ => line.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    line.extend(b"\"\n");
}

/// Returns what git would take the file at `path` for; `None` where there is none.
pub(super) fn mode_at(root: &Path, path: &GitPath) -> Option<FileMode> {
    FileMode::of(&fs::symlink_metadata(root.join(path.os())).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_path_fits_into_a_line() {
        let mut line = Vec::new();
        quote(b"a \"b\"\\\n\xff", &mut line);
        assert_eq!(line, b"\"a \\\"b\\\"\\\\\\012\\377\"\n");
    }
}
