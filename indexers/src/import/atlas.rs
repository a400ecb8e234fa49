//! Where the files that coverage names are in the repository.

use std::collections::{BTreeSet, HashMap};

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;

use super::CoveredFile;
use crate::build::paths::{Home, Normalizer, Roots};
use crate::trace::{Places, Trace};

/// Places of systems' own headers, which may be called like anything.
const SYSTEM: &[&str] =
    &["/usr/include/", "/usr/lib/", "/usr/lib64/", "/usr/local/include/", "/usr/local/lib/"];

/// Whose a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The repository's.
    Ours(RepoPath),
    /// Nobody can say, and it may be the repository's: why.
    Doubtful(Box<str>),
    /// Somebody else's: a dependency's, the system's, a generated file.
    Others,
}

/// Knows the repository's files, and numbers places in them.
#[derive(Debug)]
pub struct Atlas {
    normalizer: Normalizer,
    tracked: BTreeSet<RepoPath>,
    /// The tracked files of each file name.
    by_name: HashMap<Box<str>, Vec<RepoPath>>,
    answers: HashMap<Box<str>, Whose>,
    places: Places,
    known: BTreeSet<RepoPath>,
}

impl Atlas {
    /// Makes an atlas of the repository's files.
    pub fn new(roots: Roots, tracked: &BTreeSet<RepoPath>) -> Atlas {
        let mut by_name: HashMap<Box<str>, Vec<RepoPath>> = HashMap::new();
        for path in tracked {
            by_name.entry(file_name(path.as_str()).into()).or_default().push(path.clone());
        }
        Atlas {
            normalizer: Normalizer::new(roots),
            tracked: tracked.clone(),
            by_name,
            answers: HashMap::new(),
            places: Places::default(),
            known: BTreeSet::new(),
        }
    }

    /// Says whose a file is that a compiler wrote as `path`. One of the repository's is known from then on.
    pub fn whose(&mut self, path: &str) -> Whose {
        if let Some(whose) = self.answers.get(path) {
            return whose.clone();
        }
        let whose = match self.normalizer.home(b"", path.as_bytes()) {
            Home::Repo(file) if self.tracked.contains(file) => Whose::Ours(file.clone()),
            // A relative path that leads nowhere may be relative to another folder.
            Home::Repo(_) if path.starts_with('/') => Whose::Others,
            Home::Repo(_) | Home::Outside(_) => self.doubt(path),
            Home::Unknown(_) => Whose::Doubtful(format!("nobody can say where `{path}` is").into()),
            Home::Registry { .. } | Home::Checkout { .. } | Home::Std | Home::Generated { .. } => {
                Whose::Others
            }
        };
        if let Whose::Ours(file) = &whose {
            self.known.insert(file.clone());
        }
        self.answers.insert(path.into(), whose.clone());
        whose
    }

    /// Returns the number of a place.
    pub fn number(&mut self, file: &RepoPath, range: skiptrace_engine::observation::TextRange) -> u32 {
        self.places.number(file, range)
    }

    /// Adds what ran of these files to a trace.
    pub fn place(&mut self, files: &[CoveredFile], trace: &mut Trace) {
        for file in files {
            match self.whose(&file.path) {
                Whose::Ours(path) => {
                    let numbers = file.executed.iter().map(|range| self.places.number(&path, *range));
                    trace.places.extend(numbers);
                }
                Whose::Doubtful(why) if !file.executed.is_empty() => trace.trouble(Problem::Opaque, why),
                Whose::Doubtful(_) | Whose::Others => {}
            }
        }
    }

    /// Returns the places, and the files of the repository that were asked for.
    pub fn into_parts(self) -> (Places, BTreeSet<RepoPath>) {
        (self.places, self.known)
    }

    /// What is elsewhere but ends like a file of the repository may be that file in another checkout. Leaving it out
    /// would lose what ran in it.
    fn doubt(&self, path: &str) -> Whose {
        if SYSTEM.iter().any(|folder| path.starts_with(folder)) {
            return Whose::Others;
        }
        let path = path.replace('\\', "/");
        let plain = path.trim_start_matches("./").trim_start_matches("../");
        let namesakes = self.by_name.get(file_name(plain)).into_iter().flatten();
        let twin = namesakes.into_iter().find(|file| {
            let file = file.as_str();
            if path.starts_with('/') {
                is_tail(plain, file)
            } else {
                is_tail(file, plain) || is_tail(plain, file)
            }
        });
        match twin {
            Some(file) => Whose::Doubtful(
                format!("`{path}` may be `{file}` of the repository; say so with --map FROM=TO").into(),
            ),
            None => Whose::Others,
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns whether `path` ends with all the segments of `tail`.
fn is_tail(path: &str, tail: &str) -> bool {
    path.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}
