//! What the compiler and cargo say of themselves, asked once and remembered.
//!
//! Asking goes through rustup, which takes longer than all else that has to be done before tests are selected. So the
//! answers are kept, together with everything that decided them: which programs the names lead to, what chooses a
//! toolchain, and the files of the toolchain that was chosen. An answer is taken only while all of that is as it was.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use skiptrace_engine::fingerprint::Fingerprint;

/// The files that choose a toolchain, in a folder or any above it.
pub const CHOOSING: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// The compiler and cargo, in their own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// What `rustc -vV` prints.
    pub rustc: String,
    /// What `cargo -V` prints.
    pub cargo: String,
}

/// What decides which toolchain is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Cargo, as it is called.
    pub cargo: &'a str,
    /// The toolchain asked for, without a plus sign.
    pub toolchain: Option<&'a str>,
    /// The folder that it is asked in.
    pub cwd: &'a Path,
    /// The variables around.
    pub variables: &'a BTreeMap<OsString, OsString>,
}

/// An answer, and what it holds for.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    asked: String,
    answer: Toolchain,
    files: Vec<Stamp>,
}

/// A file as it was.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    path: PathBuf,
    /// Its length and when it was written; `None` if there is none.
    about: Option<(u64, u128)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Stamp {
        let about = fs::metadata(&path).ok().and_then(|about| {
            let written = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some((about.len(), written.as_nanos()))
        });
        Stamp { path, about }
    }

    fn holds(&self) -> bool {
        self.about.is_some() && *self == Stamp::of(self.path.clone())
    }
}

impl Toolchain {
    /// Asks; with a folder for what is kept, only if nothing there still holds.
    pub fn ask(asked: &Asked<'_>, kept_in: Option<&Path>) -> io::Result<Toolchain> {
        let Some(folder) = kept_in else { return asked.ask() };
        let text = asked.text();
        let name = format!("toolchain-{}.json", &Fingerprint::of(text.as_bytes()).to_string()[..16]);
        let path = folder.join(name);
        let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        if let Some(kept) = kept
            && kept.asked == text
            && !kept.files.is_empty()
            && kept.files.iter().all(Stamp::holds)
        {
            return Ok(kept.answer);
        }
        let files = asked.files();
        let answer = asked.ask()?;
        // What changed meanwhile may be what was asked, or not.
        if let Some(files) = files.filter(|files| files.iter().all(Stamp::holds)) {
            let _ = keep(&path, folder, &Kept { asked: text, answer: answer.clone(), files });
        }
        Ok(answer)
    }
}

/// Writes an answer down. Another process may do the same, so that it is there as a whole or not at all.
fn keep(path: &Path, folder: &Path, kept: &Kept) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&file, kept)?;
    file.persist(path)?;
    Ok(())
}

impl Asked<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    fn rustc(&self) -> &OsStr {
        self.variable("RUSTC").unwrap_or(OsStr::new("rustc"))
    }

    /// Returns all that decides the answer, but for the toolchain's own files.
    fn text(&self) -> String {
        let mut text = format!("{:?} {:?} {:?}\n", self.cargo, self.toolchain, self.rustc());
        for program in [OsStr::new(self.cargo), self.rustc()] {
            text += &format!("{:?}\n", self.find(program).map(Stamp::of));
        }
        for name in ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "HOME", "CARGO_HOME", "RUSTC_BOOTSTRAP"] {
            text += &format!("{name} {:?}\n", self.variable(name));
        }
        let settings = match (self.variable("RUSTUP_HOME"), self.variable("HOME")) {
            (Some(home), _) => Some(Path::new(home).join("settings.toml")),
            (None, Some(home)) => Some(Path::new(home).join(".rustup/settings.toml")),
            (None, None) => None,
        };
        let chosen = self.cwd.ancestors().flat_map(|folder| CHOOSING.map(|name| folder.join(name)));
        for path in chosen.chain(settings) {
            if let Ok(content) = fs::read(&path) {
                text += &format!("{path:?} {}\n", Fingerprint::of(&content));
            }
        }
        // An override in the settings is for a folder.
        text + &format!("{:?}", self.cwd)
    }

    /// Finds a program as the system does.
    fn find(&self, program: &OsStr) -> Option<PathBuf> {
        let path = Path::new(program);
        if path.components().count() > 1 {
            return Some(self.cwd.join(path));
        }
        let folders = self.variable("PATH")?;
        std::env::split_paths(folders).map(|folder| folder.join(path)).find(|path| path.is_file())
    }

    /// Returns the files of the toolchain that is chosen.
    fn files(&self) -> Option<Vec<Stamp>> {
        let folder = self.said(self.rustc(), &["--print", "sysroot"]).ok()?;
        let folder = Path::new(folder.trim());
        let names = ["bin/rustc", "bin/cargo", "lib", "lib/rustlib"];
        let mut stamps: Vec<Stamp> = names.iter().map(|name| Stamp::of(folder.join(name))).collect();
        // A toolchain need not have a cargo of its own, nor be called so everywhere.
        stamps.retain(|stamp| stamp.about.is_some());
        let has_compiler = stamps.first().is_some_and(|stamp| stamp.path.ends_with("bin/rustc"));
        has_compiler.then_some(stamps)
    }

    fn ask(&self) -> io::Result<Toolchain> {
        Ok(Toolchain {
            rustc: self.said(self.rustc(), &["-vV"])?,
            cargo: self.said(OsStr::new(self.cargo), &["-V"])?,
        })
    }

    fn said(&self, tool: &OsStr, args: &[&str]) -> io::Result<String> {
        let mut command = Command::new(tool);
        command.env_clear().envs(self.variables);
        if let Some(toolchain) = self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        let output = command.args(args).current_dir(self.cwd).output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn an_answer_is_kept_as_long_as_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let rustc = |release: &str| {
            let log = at("log");
            let text = format!(
                "echo asked >> {}\ncase $1 in --print) echo {};; *) echo \"release: {release} $RUSTUP_TOOLCHAIN\";; esac",
                log.display(),
                at("sysroot").display()
            );
            script(&at("bin/rustc"), &text);
        };
        rustc("1");
        script(&at("bin/cargo"), "echo cargo 1");
        script(&at("sysroot/bin/rustc"), "");
        let path = std::env::join_paths([at("bin"), "/bin".into(), "/usr/bin".into()]).unwrap();
        let mut variables = BTreeMap::from([(OsString::from("PATH"), path)]);
        fs::create_dir_all(at("work/deep")).unwrap();
        let cwd = at("work/deep");
        let calls = || fs::read_to_string(at("log")).unwrap_or_default().lines().count();
        let ask = |toolchain: Option<&str>, variables: &BTreeMap<OsString, OsString>| {
            let before = calls();
            let asked = Asked { cargo: "cargo", toolchain, cwd: &cwd, variables };
            // The programs are scripts, which another thread's fork may hold open.
            let answer = Toolchain::ask(&asked, Some(&at("kept"))).unwrap();
            (answer.rustc.trim().to_owned(), calls() > before)
        };
        assert_eq!(ask(None, &variables), ("release: 1".to_owned(), true));
        assert_eq!(ask(None, &variables), ("release: 1".to_owned(), false));
        assert_eq!(ask(Some("nightly"), &variables), ("release: 1 nightly".to_owned(), true));
        assert_eq!(ask(None, &variables), ("release: 1".to_owned(), false));
        // What chooses a toolchain, and the toolchain itself.
        fs::write(at("work/rust-toolchain.toml"), "[toolchain]").unwrap();
        assert!(ask(None, &variables).1);
        assert!(!ask(None, &variables).1);
        fs::write(at("work/rust-toolchain.toml"), "[toolchain]\n").unwrap();
        assert!(ask(None, &variables).1);
        script(&at("sysroot/bin/rustc"), "# another");
        assert!(ask(None, &variables).1);
        rustc("2.0");
        assert_eq!(ask(None, &variables), ("release: 2.0".to_owned(), true));
        variables.insert("RUSTUP_TOOLCHAIN".into(), "beta".into());
        assert_eq!(ask(None, &variables), ("release: 2.0 beta".to_owned(), true));
        assert!(!ask(None, &variables).1);
        // What is damaged is no answer.
        for entry in fs::read_dir(at("kept")).unwrap() {
            fs::write(entry.unwrap().path(), "{}").unwrap();
        }
        assert!(ask(None, &variables).1);
    }
}
