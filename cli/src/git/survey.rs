//! One look through a work tree.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::id::CommitId;

use super::changes::GitPath;
use super::hash::mode_at;
use super::listing::Listed;
use super::mode::FileMode;
use super::process::Running;
use super::raw::Side;
use super::tracked::{Entry, Tracked};
use super::{GitError, Repository};

/// What one look through a work tree tells.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The commit that is checked out; `None` before the first.
    pub(super) head: Option<CommitId>,
    /// The files that git was told of, as it was told.
    pub(super) tracked: Tracked,
    /// Those of them, and of the commit's files, that are not the same in the commit, as git was told, and on disk.
    pub(super) touched: BTreeMap<GitPath, Touched>,
    /// Files that git was not told of, and does not ignore.
    pub(super) untracked: BTreeSet<GitPath>,
    /// Files that git was told not to look at, but are there, with what git has of them.
    pub(super) overlooked: BTreeMap<GitPath, Side>,
}

/// A file that is not the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    /// As the commit has it that is checked out.
    pub(super) head: Option<Side>,
    /// As git was told.
    pub(super) staged: Option<Side>,
    /// As it is on disk.
    pub(super) now: Now,
}

/// A file on disk, beside what git was told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Now {
    /// It is the same.
    AsStaged,
    /// What git takes it for is another, or its size or content; with line ends to convert, git may store the same of
    /// it nevertheless.
    Other(FileMode),
    /// It is gone.
    Gone,
    /// Git was told of several versions, and none of them need be what is there.
    Unmerged,
}

/// So many folders are named to git, which takes only so many words.
const MOST_NAMED: usize = 100;

/// A look through a work tree that has begun.
#[derive(Debug)]
pub(super) struct Surveying {
    /// All that git was told of, which is read from its own list alone.
    files: Running,
    /// The one walk through folders and files.
    status: Running,
}

impl Repository {
    /// Begins to look through the work tree. Git works on its own until somebody wants to know what it found.
    pub(super) fn survey(&self) -> Result<Surveying, GitError> {
        // All that people may have set otherwise is said. Folders of which git knows nothing come as one: so it can use
        // what it keeps of folders that did not change, if it was told to keep that (`core.untrackedCache`).
        let status = [
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "-z",
            "--untracked-files=normal",
            "--ignored=no",
            "--no-renames",
            "--ignore-submodules=none",
        ];
        let status = Running::start(&self.environment, self.root(), &status)?;
        let files = ["ls-files", "-v", "--stage", "--cached", "-z"];
        let files = Running::start(&self.environment, self.root(), &files)?;
        Ok(Surveying { files, status })
    }

    /// Adds the files in folders of which git knows nothing, or wherever there are any. One that is a repository of its
    /// own stays what it is.
    fn open_folders(
        &self,
        folders: Option<Vec<GitPath>>,
        untracked: &mut BTreeSet<GitPath>,
    ) -> Result<(), GitError> {
        if folders.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let mut args = vec!["--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--"];
        let named: Option<Vec<&str>> = folders
            .as_ref()
            .filter(|folders| folders.len() <= MOST_NAMED)
            .and_then(|folders| folders.iter().map(|folder| std::str::from_utf8(&folder.0).ok()).collect());
        // Where they cannot all be said, git looks everywhere.
        args.extend(named.into_iter().flatten());
        let mut git = Running::start(&self.environment, self.root(), &args)?;
        while let Some(path) = git.next(0)? {
            let path = path.strip_suffix(b"/").unwrap_or(&path);
            untracked.insert(GitPath(path.to_vec()));
        }
        Complaint::check(&git, |_| false)
    }
}

impl Surveying {
    /// Waits for what git finds.
    pub(super) fn finish(mut self, repository: &Repository) -> Result<Survey, GitError> {
        let mut survey = Survey::default();
        let absent = self.read_files(&mut survey, repository)?;
        let folders = self.read_status(&mut survey)?;
        // Unlike what is not checked out, what git takes for unchanged was removed by somebody.
        for path in &absent.removed {
            survey.lose(&path.0);
        }
        // Nor does git tell of a folder that stands where a file of its list was.
        let mut gone = survey.touched.iter().filter(|(_, touched)| touched.now == Now::Gone);
        let is_replaced =
            absent.is_replaced || gone.any(|(path, _)| There::of(repository, path) == There::Folder);
        repository.open_folders((!is_replaced).then_some(folders), &mut survey.untracked)?;
        Ok(survey)
    }

    /// Reads what git was told of.
    fn read_files(&mut self, survey: &mut Survey, repository: &Repository) -> Result<Absent, GitError> {
        let git = &mut self.files;
        survey.tracked = Tracked::parse(git.rest()?).map_err(|odd| git.unexpected(&odd))?;
        let mut found = Absent::default();
        // Of a sparse checkout most is not there, folder by folder.
        let mut absent: Vec<u8> = Vec::new();
        for entry in survey.tracked.iter().filter(Entry::is_overlooked) {
            let path = GitPath(entry.path.to_vec());
            let side = entry.side();
            if side.mode == FileMode::Repository {
                continue;
            }
            let there = There::beside(repository, &path, &mut absent);
            found.is_replaced |= there == There::Folder;
            match there {
                There::File => drop(survey.overlooked.insert(path, side)),
                _ if entry.is_checked_out() => found.removed.push(path),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Reads what is not as git was told. Returns the folders of which git knows nothing: it did not look into them.
    fn read_status(&mut self, survey: &mut Survey) -> Result<Vec<GitPath>, GitError> {
        let git = &mut self.status;
        let mut folders = Vec::new();
        while let Some(entry) = git.next(0)? {
            let unexpected = || git.unexpected(&entry);
            match entry.first() {
                Some(b'#') => {
                    let oid = entry.strip_prefix(b"# branch.oid ").filter(|oid| *oid != b"(initial)");
                    if let Some(oid) = oid {
                        let oid = std::str::from_utf8(oid).ok().and_then(|oid| oid.parse().ok());
                        survey.head = Some(oid.ok_or_else(unexpected)?);
                    }
                }
                Some(b'?') => {
                    let path = entry.strip_prefix(b"? ").ok_or_else(unexpected)?;
                    match path.strip_suffix(b"/") {
                        Some(folder) => folders.push(GitPath(folder.to_vec())),
                        None => drop(survey.untracked.insert(GitPath(path.to_vec()))),
                    }
                }
                Some(_) => {
                    let (path, touched) = touched(&entry).ok_or_else(unexpected)?;
                    survey.touched.insert(path, touched);
                }
                None => return Err(unexpected()),
            }
        }
        Complaint::check(git, |path| survey.lose(path))?;
        Ok(folders)
    }
}

impl Survey {
    /// Takes a file for gone, which git could not look at. Returns whether there is such a file.
    fn lose(&mut self, path: &[u8]) -> bool {
        let Some(entry) = self.tracked.iter().find(|entry| entry.path == path) else { return false };
        let (path, side) = (GitPath(path.to_vec()), entry.side());
        let as_head = || Touched { head: Some(side.clone()), staged: Some(side.clone()), now: Now::Gone };
        self.touched.entry(path).or_insert_with(as_head).now = Now::Gone;
        true
    }
}

impl Survey {
    /// Hands out all files that are there; of each, what git knows of it without reading it.
    pub(super) fn each(&self, repository: &Repository, mut each: impl FnMut(&[u8], Listed)) {
        for entry in self.tracked.iter() {
            let is_known =
                !self.touched.contains_key(entry.path) && !self.overlooked.contains_key(entry.path);
            if is_known {
                each(entry.path, Listed::from(entry.side()));
            }
        }
        let is_loose = |path: &GitPath| self.untracked.contains(path) || self.overlooked.contains_key(path);
        for (path, touched) in self.touched.iter().filter(|(path, _)| !is_loose(path)) {
            if let Some(side) = touched.on_disk(path, repository) {
                each(&path.0, Listed::from(side));
            }
        }
        for path in self.untracked.iter().chain(self.overlooked.keys()) {
            let mode = mode_at(repository.root(), path);
            each(&path.0, mode.map_or_else(Listed::opaque, |mode| Listed { mode, blob: None }));
        }
    }
}

impl Touched {
    /// Returns what is on disk, its blob where git knows it without reading the file; `None` where nothing is.
    pub(super) fn on_disk(&self, path: &GitPath, repository: &Repository) -> Option<Side> {
        match self.now {
            Now::AsStaged => self.staged.clone(),
            Now::Other(mode) => Some(Side { mode, blob: None }),
            Now::Gone => None,
            Now::Unmerged => mode_at(repository.root(), path).map(|mode| Side { mode, blob: None }),
        }
    }
}

/// Reads what git says of a file: `1 XY sub mH mI mW hH hI path`, or of one with conflicts
/// `u XY sub m1 m2 m3 mW h1 h2 h3 path`.
fn touched(entry: &[u8]) -> Option<(GitPath, Touched)> {
    let n_fields = match entry.first()? {
        b'1' => 8,
        b'u' => 10,
        _ => return None,
    };
    let mut spaces = entry.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    let end = spaces.nth(n_fields - 1)?;
    let path = GitPath(entry[end + 1..].to_vec());
    let about: Vec<&str> = fields(&entry[..end]).collect();
    let touched = match about[..] {
        ["1", xy, _, head_mode, staged_mode, mode, head, staged] => Touched {
            head: Side::parse(head_mode, head),
            staged: Side::parse(staged_mode, staged),
            now: match (xy.as_bytes().get(1)?, FileMode::parse(mode)) {
                (b'.', _) => Now::AsStaged,
                (b'D', _) | (_, None) => Now::Gone,
                (_, Some(mode)) => Now::Other(mode),
            },
        },
        // Which of the versions is the commit's, its tree tells.
        ["u", ..] => Touched { head: None, staged: None, now: Now::Unmerged },
        _ => return None,
    };
    Some((path, touched))
}

/// Splits what git says of a path. What is no text is nothing that git says.
fn fields(about: &[u8]) -> impl Iterator<Item = &str> {
    std::str::from_utf8(about).unwrap_or_default().split(' ')
}

/// What git says of what it could not look at. It goes on as if that were what it was.
#[derive(Debug, PartialEq, Eq)]
enum Complaint<'a> {
    /// A file.
    Of(&'a [u8]),
    /// Nobody knows what.
    Other,
}

/// Why something cannot be looked at, as the operating system says it.
const REASONS: [&str; 8] = [
    "Permission denied",
    "Operation not permitted",
    "Input/output error",
    "Too many levels of symbolic links",
    "File name too long",
    "Too many open files",
    "Cannot allocate memory",
    "Stale file handle",
];

impl<'a> Complaint<'a> {
    /// Makes an error of what a git that ended well could not look at, unless `lose` knows the file.
    fn check(git: &Running, mut lose: impl FnMut(&[u8]) -> bool) -> Result<(), GitError> {
        for line in git.complaints() {
            match Complaint::of(line) {
                None => {}
                Some(Complaint::Of(path)) if lose(path) => {}
                Some(_) => return Err(git.unexpected(line)),
            }
        }
        Ok(())
    }

    /// Reads `path: reason`; `None` for what is about no file of the work tree. Files of its own that git may not read,
    /// such as the configuration of another user, are no matter.
    fn of(line: &'a [u8]) -> Option<Complaint<'a>> {
        if line.starts_with(b"warning: unable to access") {
            return None;
        }
        let is_about = REASONS.iter().find_map(|reason| line.strip_suffix(reason.as_bytes()));
        match is_about.and_then(|line| line.strip_suffix(b": ")) {
            Some(path) if !path.starts_with(b"warning: ") => Some(Complaint::Of(path)),
            Some(_) => Some(Complaint::Other),
            None => (line == b"and more").then_some(Complaint::Other),
        }
    }
}

/// Files that git was told not to look at, and that are not there.
#[derive(Debug, Default)]
struct Absent {
    /// Those that are checked out.
    removed: Vec<GitPath>,
    /// Whether a folder is in the place of any of them.
    is_replaced: bool,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    File,
    Folder,
    Nothing,
}

impl There {
    fn of(repository: &Repository, path: &GitPath) -> There {
        match mode_at(repository.root(), path) {
            Some(FileMode::Repository) => There::Folder,
            Some(_) => There::File,
            None => There::Nothing,
        }
    }

    /// Looks at a path after others; `absent` is a folder that is known not to be.
    fn beside(repository: &Repository, path: &GitPath, absent: &mut Vec<u8>) -> There {
        let is_in =
            |folder: &[u8]| path.0.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'));
        if !absent.is_empty() && is_in(absent) {
            return There::Nothing;
        }
        let there = There::of(repository, path);
        if there == There::Nothing {
            // The topmost folder of it that is not there spares looking for all others below.
            let slashes = path.0.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
            let mut folders = slashes.map(|at| GitPath(path.0[..at].to_vec()));
            let gone = folders.find(|folder| mode_at(repository.root(), folder).is_none());
            absent.splice(.., gone.into_iter().flat_map(|folder| folder.0));
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entry: &str) -> Option<(String, Touched)> {
        touched(entry.as_bytes()).map(|(path, touched)| (path.shown(), touched))
    }

    #[test]
    fn files_are_told_by_lines() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let side = |id: &str| Some(Side { mode: FileMode::Plain, blob: id.parse().ok() });
        let line = |xy: &str, mode: &str| read(&format!("1 {xy} N... 100644 100644 {mode} {one} {two} a b"));
        let with = |now| Some(("a b".to_owned(), Touched { head: side(&one), staged: side(&two), now }));
        assert_eq!(line("M.", "100644"), with(Now::AsStaged));
        assert_eq!(line("MM", "100755"), with(Now::Other(FileMode::Executable)));
        assert_eq!(line("MT", "120000"), with(Now::Other(FileMode::Link)));
        assert_eq!(line("MD", "000000"), with(Now::Gone));
        let nothing = "0".repeat(40);
        let (_, new) = read(&format!("1 A. N... 000000 100644 100644 {nothing} {two} a")).unwrap();
        assert_eq!((new.head, new.staged), (None, side(&two)));
        let conflict = format!("u UU N... 100644 100644 100644 100644 {one} {two} {two} a b");
        assert_eq!(read(&conflict).unwrap().1.now, Now::Unmerged);
        for odd in ["", "2 R. N...", "1 M. N... 100644", "x"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn what_git_could_not_look_at_is_noticed() {
        for (line, complaint) in [
            ("secret/a.rs: Permission denied", Some(Complaint::Of(b"secret/a.rs"))),
            ("warning: could not open directory 'secret/': Permission denied", Some(Complaint::Other)),
            ("and more", Some(Complaint::Other)),
            ("warning: unable to access '/root/.config/git/attributes': Permission denied", None),
            ("12:00:00.000000 git.c:460               trace: built-in: git status", None),
            ("", None),
        ] {
            assert_eq!(Complaint::of(line.as_bytes()), complaint, "{line}");
        }
    }
}
