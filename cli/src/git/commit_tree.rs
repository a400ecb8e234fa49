//! The files of a commit, whatever is checked out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::sources::Tree;

use super::process::{command, not_started};
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
pub(super) struct Contents {
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
        let contents = Contents::start(repository, &[])?;
        Ok(CommitTree { blobs, contents: Mutex::new(contents) })
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
        self.contents().ask(blob.as_str())
    }

    fn blob(&self, path: &RepoPath) -> Option<ObjectId> {
        self.blobs.get(path).cloned()
    }

    fn is_unsettled(&self, _: &RepoPath) -> bool {
        false
    }
}

impl Contents {
    /// Starts the process.
    pub(super) fn start(repository: &Repository, flags: &[&str]) -> Result<Contents, GitError> {
        let args: Vec<&str> = ["cat-file", "--batch"].iter().chain(flags).copied().collect();
        let mut process = command(&repository.environment, &repository.root, &args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| not_started(&repository.root, error))?;
        let input = process.stdin.take().expect("it was asked for");
        let output = BufReader::new(process.stdout.take().expect("it was asked for"));
        Ok(Contents { process, input, output, failed: None })
    }

    /// Returns the content of a blob.
    pub(super) fn ask(&mut self, blob: &str) -> Option<Vec<u8>> {
        if self.failed.is_some() {
            return None;
        }
        self.read(blob).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        })
    }

    /// Returns the content of a file, named in any way that is one line; `None` also where there is none, or a link
    /// leads nowhere or out of the repository.
    pub(super) fn look(&mut self, name: &str) -> Option<Vec<u8>> {
        if self.failed.is_none() {
            match self.read_any(name) {
                Ok(content) => return content,
                Err(error) => self.failed = Some(error),
            }
        }
        None
    }

    fn read_any(&mut self, name: &str) -> io::Result<Option<Vec<u8>>> {
        writeln!(self.input, "{name}")?;
        self.input.flush()?;
        let mut head = Vec::new();
        self.output.by_ref().take(1 << 16).read_until(b'\n', &mut head)?;
        let head = String::from_utf8_lossy(&head);
        let head = head.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
        if head.ends_with(" missing") || head.ends_with(" ambiguous") {
            return Ok(None);
        }
        // `<id> blob <size>`; of a link `dangling <size>` and the like.
        let mut fields = head.rsplit(' ');
        let size = fields.next().and_then(|size| size.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let is_blob = fields.next() == Some("blob");
        Ok(self.content(size)?.filter(|_| is_blob))
    }

    fn read(&mut self, blob: &str) -> io::Result<Option<Vec<u8>>> {
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
        self.content(size)
    }

    fn content(&mut self, size: u64) -> io::Result<Option<Vec<u8>>> {
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
