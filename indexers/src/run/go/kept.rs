//! Test binaries that the go tool built and did not run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{args, shim};
use crate::run::case::CommandLine;

/// The file that says how a binary would have been run.
const NOTE: &str = "kept.json";

/// A test binary, and how the go tool would have run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The binary, in a folder of ours.
    pub binary: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder of its package, which it runs in.
    pub cwd: PathBuf,
    /// What the go tool sets of the environment: values, and `None` for what it takes away.
    pub env: BTreeMap<OsString, Option<OsString>>,
    /// What the user has put before test binaries.
    pub chain: Vec<String>,
}

/// Why what was kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The folder cannot be read.
    #[error("cannot read `{}`, where test binaries were kept", path.display())]
    Read {
        /// What cannot be read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A binary was not kept whole, or what is said of it cannot be understood.
    #[error("`{}` holds a test binary that was not kept whole: is the disk full?", path.display())]
    Unfinished {
        /// Its folder.
        path: PathBuf,
    },
    /// Two binaries are of one package.
    #[error("two test binaries ran in `{}`: name each package once", folder.display())]
    Twice {
        /// The folder of the package.
        folder: PathBuf,
    },
}

#[derive(Serialize, Deserialize)]
struct Note {
    binary: OsString,
    args: Vec<OsString>,
    cwd: OsString,
    env: Vec<(OsString, OsString)>,
    chain: Vec<String>,
}

/// Keeps a binary in a folder of its own below `folder`.
pub(super) fn keep(
    folder: &Path,
    binary: &Path,
    args: &[OsString],
    vars: &BTreeMap<OsString, OsString>,
    cwd: &Path,
    chain: &[String],
) -> io::Result<()> {
    let own = own_folder(folder)?;
    let name = binary.file_name().unwrap_or(OsStr::new("test"));
    let place = own.join(name);
    // The go tool removes it as soon as it believes that it ran.
    if fs::hard_link(binary, &place).is_err() {
        fs::copy(binary, &place)?;
    }
    let note = Note {
        binary: name.to_owned(),
        args: args.to_vec(),
        cwd: cwd.as_os_str().to_owned(),
        env: vars.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        chain: chain.to_vec(),
    };
    let unfinished = own.join("kept.tmp");
    fs::write(&unfinished, serde_json::to_vec(&note)?)?;
    fs::rename(unfinished, own.join(NOTE))
}

/// Makes a folder that nobody else has: the go tool starts several of us at the same time.
fn own_folder(folder: &Path) -> io::Result<PathBuf> {
    let base = std::process::id();
    for number in 0..u32::MAX {
        let own = folder.join(format!("{base}-{number}"));
        match fs::create_dir(&own) {
            Ok(()) => return Ok(own),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there is no folder left"))
}

/// Returns the binaries kept in `folder`, ordered by their packages' folders; `before` is the environment that the
/// go tool was given.
pub fn read(folder: &Path, before: &BTreeMap<OsString, OsString>) -> Result<Vec<Kept>, KeptError> {
    let failed = |source| KeptError::Read { path: folder.to_owned(), source };
    let mut kept = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let own = entry.map_err(failed)?.path();
        let unfinished = || KeptError::Unfinished { path: own.clone() };
        let bytes = fs::read(own.join(NOTE)).map_err(|_| unfinished())?;
        let note: Note = serde_json::from_slice(&bytes).map_err(|_| unfinished())?;
        let binary = own.join(&note.binary);
        if !binary.is_file() {
            return Err(unfinished());
        }
        let env = changes(before, note.env.into_iter().collect());
        let one = Kept { binary, args: note.args, cwd: note.cwd.into(), env, chain: note.chain };
        if let Some(other) = kept.insert(one.cwd.clone(), one) {
            return Err(KeptError::Twice { folder: other.cwd });
        }
    }
    Ok(kept.into_values().collect())
}

/// Returns what the go tool changed of the environment.
fn changes(
    before: &BTreeMap<OsString, OsString>,
    mut after: BTreeMap<OsString, OsString>,
) -> BTreeMap<OsString, Option<OsString>> {
    // Ours, and where it wanted the coverage of this run.
    for name in [shim::PLAN, "GOCOVERDIR"] {
        after.remove(OsStr::new(name));
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), None));
    let mut changes: BTreeMap<OsString, Option<OsString>> =
        gone.filter(|(name, _)| name != shim::PLAN && name != "GOCOVERDIR").collect();
    changes.extend(
        after
            .into_iter()
            .filter(|(name, value)| before.get(name) != Some(value))
            .map(|(name, value)| (name, Some(value))),
    );
    changes
}

impl Kept {
    /// Returns how the binary is started with `args` and nothing else.
    pub fn command(&self, args: Vec<OsString>) -> CommandLine {
        let (program, args) = match self.chain.split_first() {
            Some((program, chained)) => {
                let mut words: Vec<OsString> = chained.iter().map(OsString::from).collect();
                words.push(self.binary.clone().into_os_string());
                words.extend(args);
                (PathBuf::from(program), words)
            }
            None => (self.binary.clone(), args),
        };
        CommandLine { program, args, cwd: self.cwd.clone(), env: self.env.clone() }
    }

    /// Returns its arguments without those that recording says itself.
    pub fn own_args(&self) -> Vec<OsString> {
        args::without(&self.args, args::TAKEN_OVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, built) = (dir.path().join("with space"), dir.path().join("b 1"));
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&built).unwrap();
        fs::write(built.join("x.test"), "binary").unwrap();
        let args = ["-test.paniconexit0", "-test.run=A B"].map(OsString::from);
        let before = vars(&[("HOME", "/h"), ("GONE", "1"), ("PATH", "/bin")]);
        let after = vars(&[("HOME", "/h"), ("PATH", "/go/bin:/bin"), ("PWD", "/p"), (shim::PLAN, "{}")]);
        let chain = ["wrap".to_owned(), "-x y".to_owned()];
        keep(&folder, &built.join("x.test"), &args, &after, "/p".as_ref(), &chain).unwrap();
        fs::remove_dir_all(&built).unwrap();
        let kept = read(&folder, &before).unwrap();
        assert_eq!(kept.len(), 1);
        let kept = &kept[0];
        assert_eq!(fs::read_to_string(&kept.binary).unwrap(), "binary");
        assert_eq!(kept.binary.file_name(), Some(OsStr::new("x.test")));
        insta::assert_debug_snapshot!(kept.env, @r#"
        {
            "GONE": None,
            "PATH": Some(
                "/go/bin:/bin",
            ),
            "PWD": Some(
                "/p",
            ),
        }
        "#);
        let command = kept.command(kept.own_args());
        assert_eq!(command.program, Path::new("wrap"));
        assert_eq!(command.args, ["-x y".as_ref(), kept.binary.as_os_str(), "-test.paniconexit0".as_ref()]);
        assert_eq!(command.cwd, Path::new("/p"));
        // A second one of the same package cannot be told from the first.
        fs::create_dir_all(&built).unwrap();
        fs::write(built.join("x.test"), "binary").unwrap();
        keep(&folder, &built.join("x.test"), &args, &after, "/p".as_ref(), &chain).unwrap();
        assert!(matches!(read(&folder, &before), Err(KeptError::Twice { .. })));
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("1-0")).unwrap();
        assert!(matches!(read(dir.path(), &BTreeMap::new()), Err(KeptError::Unfinished { .. })));
        assert!(matches!(read(&dir.path().join("none"), &BTreeMap::new()), Err(KeptError::Read { .. })));
    }
}
