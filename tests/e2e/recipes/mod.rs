//! The recipes for pipelines in `docs/ci`, each executed as its service does it: the jobs that an event starts, in a fresh
//! checkout of a bare repository, with the service's variables, its shell, and what it keeps from one run to the next.

mod buildkite;
mod github;
mod gitlab;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, Repo, Sandbox};
use yaml_rust2::{Yaml, YamlLoader};

use crate::PROGRAM;

const MANIFEST: &str =
    "[package]\nname = \"app\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\nincremental = false\n";
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.0.0\"\n";
const LIB: &str = "\
pub fn one() -> u32 {
    1
}

pub fn two() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    #[test]
    fn first() {
        assert_eq!(crate::one(), 1);
    }

    #[test]
    fn second() {
        assert_eq!(crate::two(), 2);
    }
}
";
const NEXTEST: &str = "[profile.ci.junit]\npath = \"junit.xml\"\n";

/// A repository of a team: the bare one that services fetch from, a clone in the work folder, and what services keep.
struct Team {
    sandbox: Sandbox,
    /// How many jobs were started.
    jobs: std::cell::Cell<u32>,
}

/// What came of a job.
struct Job {
    checkout: PathBuf,
    /// Whether its steps succeeded.
    passed: bool,
    /// What all of its steps said.
    log: String,
}

impl Team {
    /// Makes one whose main branch has a commit; `None` where a tool is missing.
    fn new() -> Option<Team> {
        require("cargo-nextest")?;
        let mut sandbox = CargoProject::empty(PROGRAM).sandbox;
        let tools = sandbox.path().join("bin");
        fs::create_dir(&tools).unwrap();
        symlink(PROGRAM, tools.join("skiptrace")).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        sandbox.var("PATH", format!("{}:{path}", tools.display()));
        let team = Team { sandbox, jobs: Default::default() };
        team.git(&team.sandbox.work(), &["init", "--quiet", "--bare", "../origin.git"]);
        let repo = team.repo();
        repo.commit(
            "first",
            &[
                ("Cargo.toml", MANIFEST),
                ("Cargo.lock", LOCK),
                ("src/lib.rs", LIB),
                (".config/nextest.toml", NEXTEST),
                (".gitignore", "target/\n"),
            ],
        );
        repo.git(["remote", "add", "origin", "../origin.git"]);
        repo.git(["push", "--quiet", "origin", "main"]);
        Some(team)
    }

    fn repo(&self) -> Repo<'_> {
        Repo::init(&self.sandbox, self.sandbox.work())
    }

    /// Returns the address that services fetch from, which can be fetched from in part.
    fn origin(&self) -> String {
        format!("file://{}", self.sandbox.path().join("origin.git").display())
    }

    fn git(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.sandbox.command("git").args(args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits a library on a new branch off `main`, pushes it under `reference`, and returns the commit. The reference
    /// is of the branch itself or, if asked for, of its merge with the main branch.
    fn propose(&self, branch: &str, from: &str, to: &str, reference: &str, merged: bool) -> String {
        let repo = self.repo();
        repo.checkout("main");
        repo.branch(branch);
        let text = self.sandbox.read("src/lib.rs");
        assert!(text.contains(from), "{from}");
        repo.commit(branch, &[("src/lib.rs", &text.replacen(from, to, 1))]);
        if merged {
            repo.git(["checkout", "--quiet", "--detach", "main"]);
            repo.git(["merge", "--quiet", "--no-ff", "--message=merge", branch]);
        }
        let commit = repo.git(["rev-parse", "HEAD"]);
        repo.git(["push", "--quiet", "--force", "origin", &format!("HEAD:{reference}")]);
        repo.checkout("main");
        commit
    }

    /// Commits a library on the main branch, and returns the commit.
    fn push(&self, from: &str, to: &str) -> String {
        let repo = self.repo();
        repo.checkout("main");
        let text = self.sandbox.read("src/lib.rs");
        assert!(text.contains(from), "{from}");
        let commit = repo.commit("more", &[("src/lib.rs", &text.replacen(from, to, 1))]);
        repo.git(["push", "--quiet", "origin", "main"]);
        commit
    }

    /// Returns a folder for a job, with a repository that has nothing yet.
    fn fresh_checkout(&self) -> PathBuf {
        self.jobs.set(self.jobs.get() + 1);
        let folder = self.sandbox.path().join("jobs").join(self.jobs.get().to_string()).join("app");
        fs::create_dir_all(&folder).unwrap();
        self.git(&folder, &["init", "--quiet"]);
        self.git(&folder, &["remote", "add", "origin", &self.origin()]);
        folder
    }

    /// Runs a script in a shell with some words, and adds what it says to the log.
    fn sh(
        &self,
        shell: &[&str],
        script: &str,
        folder: &Path,
        vars: &BTreeMap<String, String>,
        log: &mut String,
    ) -> bool {
        let mut command = Command::new(shell[0]);
        let base = self.sandbox.command(shell[0]);
        command.env_clear().envs(base.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("SKIPTRACE_NOW", self.moment());
        command.args(&shell[1..]).arg(script).envs(vars).current_dir(folder);
        let output = command.output().unwrap();
        log.push_str(&format!("$ {script}\n"));
        log.push_str(&String::from_utf8_lossy(&output.stdout));
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        output.status.success()
    }

    /// Returns a moment that is later for each job, so that runs are sorted as they happened.
    fn moment(&self) -> String {
        format!("2026-01-02T03:{:02}:05Z", self.jobs.get())
    }
}

impl Job {
    #[track_caller]
    fn passed(self) -> Job {
        assert!(self.passed, "{}", self.log);
        self
    }

    #[track_caller]
    fn failed(self) -> Job {
        assert!(!self.passed, "{}", self.log);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Job {
        assert!(self.log.contains(text), "not `{text}`:\n{}", self.log);
        self
    }

    /// Returns the names of the tests that ran, as the runner's own results have them.
    fn ran(&self) -> Vec<String> {
        let results =
            fs::read_to_string(self.checkout.join("target/nextest/ci/junit.xml")).unwrap_or_default();
        let cases = results.split("<testcase name=\"").skip(1);
        let mut names: Vec<String> = cases.map(|case| case.split('"').next().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

/// Reads a recipe.
fn recipe(name: &str) -> Yaml {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ci").join(name);
    let text = fs::read_to_string(path).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// Returns a text of a recipe that has to be there.
#[track_caller]
fn text(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("no text: {yaml:?}"))
}

/// Returns the texts of a list that has to be there.
#[track_caller]
fn texts(yaml: &Yaml) -> Vec<&str> {
    yaml.as_vec().unwrap_or_else(|| panic!("no list: {yaml:?}")).iter().map(text).collect()
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Returns whether a condition holds: comparisons of two words with `&&` between them.
fn holds(condition: &str, word: &dyn Fn(&str) -> String) -> bool {
    condition.split("&&").all(|comparison| {
        let equal = comparison.split_once("==");
        let (left, right) = equal.or_else(|| comparison.split_once("!=")).expect(condition);
        (word(left.trim()) == word(right.trim())) == equal.is_some()
    })
}
