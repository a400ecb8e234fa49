//! What a case says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// One edit of a project, and what has to be said of it besides that nothing may be missed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The name of its file.
    #[serde(skip)]
    pub(super) name: String,
    /// What happens, for people.
    pub(super) title: String,
    /// Which hazard it is about, such as `H4`.
    pub(super) hazard: String,
    /// Codes of reasons, one of which some test that must run has to be given.
    #[serde(default)]
    pub(super) reason: Vec<String>,
    /// Patterns of tests that are left out by a good answer.
    #[serde(default)]
    pub(super) skips: Vec<String>,
    /// Patterns of tests that have to run whatever both sides say, because chance or order decides.
    #[serde(default)]
    pub(super) runs: Vec<String>,
    /// Running everything is the right answer.
    #[serde(default)]
    pub(super) everything: bool,
    /// No test does anything else than before, and none is to be selected; with `skips`, none of those.
    #[serde(default)]
    pub(super) inert: bool,
    /// Why tests are missed here that should not be: a bug that is known. Once none is, this has to go.
    pub(super) missed: Option<String>,
    /// Whether the project cannot be built any more, so that there is no other side.
    #[serde(default)]
    pub(super) broken: bool,
    /// More arguments of `select`.
    #[serde(default)]
    pub(super) select: Vec<String>,
    /// Variables that are set now.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// What is done, in this order.
    #[serde(default)]
    pub(super) edit: Vec<Edit>,
}

/// A step. All of its parts that are there are done, in the order of these fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    /// Which file it is about.
    #[serde(default)]
    pub(super) file: String,
    /// A text that is in the file once.
    pub(super) find: Option<String>,
    /// What is there instead of it.
    pub(super) replace: Option<String>,
    /// What is put before all other text.
    pub(super) prepend: Option<String>,
    /// What is put behind all other text.
    pub(super) append: Option<String>,
    /// The text of a new file.
    pub(super) create: Option<String>,
    /// Whether the file is removed.
    #[serde(default)]
    pub(super) delete: bool,
    /// What the file is called afterwards.
    pub(super) rename: Option<String>,
    /// What the file is afterwards a symbolic link to.
    pub(super) link: Option<String>,
    /// A script for the shell, in the project's folder.
    pub(super) sh: Option<String>,
    /// Commits all there is, with this message.
    pub(super) commit: Option<String>,
}

impl Case {
    /// Reads the cases of a language, in the order of their names.
    pub(super) fn all(language: &str) -> Vec<Case> {
        let folder = folder(language);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.iter().map(|path| Case::read(path)).collect()
    }

    fn read(path: &Path) -> Case {
        let text = fs::read_to_string(path).expect("it was listed");
        let mut case: Case =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        case.name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let number = case.hazard.trim_start_matches('H');
        let prefix = format!("H{number:0>2}-");
        assert!(case.name.starts_with(&prefix), "`{}` is about {}", case.name, case.hazard);
        case
    }

    /// Does all edits in a folder; what cannot be done is told.
    pub(super) fn apply(&self, folder: &Path, command: impl Fn(&str) -> Command) -> Result<(), String> {
        for edit in &self.edit {
            edit.apply(folder, &command)?;
        }
        Ok(())
    }
}

impl Edit {
    fn apply(&self, folder: &Path, command: &impl Fn(&str) -> Command) -> Result<(), String> {
        let path = folder.join(&self.file);
        let read = || fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", self.file));
        let write = |text: String| {
            let parent = path.parent().expect("a file is in a folder");
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| format!("`{}`: {error}", self.file))
        };
        if let Some(find) = &self.find {
            let text = read()?;
            let found = text.matches(find.as_str()).count();
            if found != 1 {
                return Err(format!("`{}` has {found} times: {find}", self.file));
            }
            write(text.replacen(find.as_str(), self.replace.as_deref().unwrap_or_default(), 1))?;
        }
        if let Some(more) = &self.prepend {
            write(format!("{more}{}", read()?))?;
        }
        if let Some(more) = &self.append {
            write(format!("{}{more}", read()?))?;
        }
        if let Some(text) = &self.create {
            if path.exists() {
                return Err(format!("`{}` is there already", self.file));
            }
            write(text.clone())?;
        }
        let io = |error: std::io::Error| format!("`{}`: {error}", self.file);
        if self.delete {
            fs::remove_file(&path).map_err(io)?;
        }
        if let Some(to) = &self.rename {
            let to = folder.join(to);
            fs::create_dir_all(to.parent().expect("a file is in a folder")).map_err(io)?;
            fs::rename(&path, to).map_err(io)?;
        }
        #[cfg(unix)]
        if let Some(target) = &self.link {
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(target, &path).map_err(io)?;
        }
        if let Some(script) = &self.sh {
            run(command("sh").args(["-euc", script]))?;
        }
        if let Some(message) = &self.commit {
            run(command("git").args(["add", "--all"]))?;
            run(command("git").args(["commit", "--quiet", "--allow-empty", "--message", message]))?;
        }
        Ok(())
    }
}

/// Returns where a language has its cases.
pub(super) fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hazards").join(language)
}

/// Runs a command that has to succeed.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
