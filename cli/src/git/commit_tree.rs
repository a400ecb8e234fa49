//! The files of a commit, whatever is checked out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::sources::Tree;

use super::{GitError, Repository};

/// No file of a larger size is read; what is not read is unknown.
const LARGEST: u64 = 1 << 30;

/// The plain files of a commit.
#[derive(Debug)]
pub struct CommitTree {
    blobs: BTreeMap<RepoPath, ObjectId>,
    contents: Mutex<Contents>,
}

/// A git process that is asked for one blob after the other.
#[derive(Debug)]
struct Contents {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What went wrong first. Nothing is asked any more from then on.
    failed: Option<io::Error>,
}

impl CommitTree {
    /// Asks git for the files of a commit.
    pub fn of(repository: &Repository, commit: &CommitId) -> Result<CommitTree, GitError> {
        let mut blobs = BTreeMap::new();
        // `100644 blob <id><tab>path`, each ended by a NUL.
        for entry in repository.entries(&["ls-tree", "-r", "-z", "--full-tree", commit.as_str()])? {
            let Ok(entry) = std::str::from_utf8(&entry) else { continue };
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let mut fields = about.split(' ');
            if fields.next().is_some_and(|mode| mode.starts_with("100"))
                && let (Some(Ok(blob)), Ok(path)) = (fields.nth(1).map(str::parse), RepoPath::new(path))
            {
                blobs.insert(path, blob);
            }
        }
        let failed = |source| GitError::Spawn { folder: repository.root.clone(), source };
        let mut process = Command::new("git")
            .args(["cat-file", "--batch"])
            .current_dir(&repository.root)
            .env_clear()
            .envs(&repository.environment.vars)
            .envs([("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let input = process.stdin.take().expect("it was asked for");
        let output = BufReader::new(process.stdout.take().expect("it was asked for"));
        Ok(CommitTree { blobs, contents: Mutex::new(Contents { process, input, output, failed: None }) })
    }

    /// Returns the files.
    pub fn files(&self) -> BTreeSet<RepoPath> {
        self.blobs.keys().cloned().collect()
    }

    /// Returns what went wrong while contents were read.
    pub fn finish(self) -> io::Result<()> {
        let Contents { mut process, input, failed, .. } =
            self.contents.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(input);
        // It ends when nobody asks any more.
        process.wait()?;
        failed.map_or(Ok(()), Err)
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree for CommitTree {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let blob = self.blobs.get(path)?;
        let mut contents = self.contents();
        if contents.failed.is_some() {
            return None;
        }
        contents.read(blob).unwrap_or_else(|error| {
            contents.failed = Some(error);
            None
        })
    }

    fn blob(&self, path: &RepoPath) -> Option<ObjectId> {
        self.blobs.get(path).cloned()
    }
}

impl Contents {
    fn read(&mut self, blob: &ObjectId) -> io::Result<Option<Vec<u8>>> {
        writeln!(self.input, "{blob}")?;
        self.input.flush()?;
        let mut head = String::new();
        self.output.by_ref().take(4096).read_line(&mut head)?;
        let strange = || io::Error::new(io::ErrorKind::InvalidData, format!("git says `{}`", head.trim()));
        // `<id> blob <size>`
        let [_, "blob", size] = head.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(strange());
        };
        let size: u64 = size.parse().map_err(|_| strange())?;
        if size > LARGEST {
            io::copy(&mut self.output.by_ref().take(size + 1), &mut io::sink())?;
            return Ok(None);
        }
        let mut content = Vec::new();
        self.output.by_ref().take(size).read_to_end(&mut content)?;
        let mut end = [0];
        self.output.read_exact(&mut end)?;
        if content.len() as u64 != size || end != *b"\n" {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(Some(content))
    }
}
