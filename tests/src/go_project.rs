//! Go modules whose tests write down themselves what they execute, and what recordings of them came to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::codec::decode;
use skiptrace_engine::id::TestId;
use skiptrace_engine::unit::UnitKind;

use crate::cargo_project::{Recorded, copy, last};
use crate::sandbox::Sandbox;
use crate::tools::require;

/// A repository with Go modules, in a sandbox. Nothing is fetched: all dependencies are folders.
#[derive(Debug)]
pub struct GoProject {
    /// What is around it.
    pub sandbox: Sandbox,
    truth: PathBuf,
    temporary: PathBuf,
    /// Where the module is.
    folder: PathBuf,
}

impl GoProject {
    /// Makes a project of the files below `fixtures/record/<name>` and commits it; `None` without Go.
    #[track_caller]
    pub fn of_fixture(program: impl Into<PathBuf>, name: &str) -> Option<GoProject> {
        GoProject::of_fixture_in(program, name, "")
    }

    /// Makes the same in a folder of the repository.
    #[track_caller]
    pub fn of_fixture_in(program: impl Into<PathBuf>, name: &str, folder: &str) -> Option<GoProject> {
        let mut project = GoProject::empty(program)?;
        project.folder.push(folder);
        copy(&fixture(name), &project.folder);
        project.commit(&[]);
        Some(project)
    }

    /// Makes a project without files; `None` without Go.
    #[track_caller]
    pub fn empty(program: impl Into<PathBuf>) -> Option<GoProject> {
        let go = require("go")?;
        let mut sandbox = Sandbox::new(program);
        let folder = |name: &str| {
            let folder = sandbox.path().join(name);
            std::fs::create_dir(&folder).expect("the sandbox is ours");
            folder
        };
        let (truth, temporary) = (folder("truth"), folder("tmp"));
        let text = |path: &Path| path.to_str().expect("sandboxes are text").to_owned();
        sandbox.var("TRUTH", text(&truth));
        sandbox.var("TMPDIR", text(&temporary));
        // What was built once is not built again for each project.
        for name in ["GOCACHE", "GOMODCACHE", "GOPATH"] {
            let output = Command::new(&go).args(["env", name]).output().expect("go can be run");
            sandbox.var(name, String::from_utf8_lossy(&output.stdout).trim());
        }
        for (name, value) in [("GOENV", "off"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")] {
            sandbox.var(name, value);
        }
        sandbox.repo();
        let folder = sandbox.work();
        Some(GoProject { sandbox, truth, temporary, folder })
    }

    /// Copies the package that writes the truth down into a folder.
    pub fn add_truth(&self, folder: &str) {
        copy(&fixture("go/truth"), &self.sandbox.work().join(folder));
    }

    /// Writes files and commits everything.
    pub fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.sandbox.write(path, text);
        }
        self.sandbox.repo().commit("a commit", &[]);
    }

    /// Replaces a text in a file, which must be there.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.folder.join(path);
        let text = self.sandbox.read(&path);
        assert!(text.contains(from), "`{}` has no `{from}`", path.display());
        self.sandbox.write(&path, &text.replacen(from, to, 1));
    }

    /// Returns what git says of the work tree: nothing, unless something was left in it.
    pub fn status(&self) -> String {
        self.sandbox.repo().git(["status", "--porcelain", "--ignored"])
    }

    /// Returns what was left in the folder for temporary files: nothing, unless somebody forgot it.
    pub fn left_over(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.temporary).expect("the folder is ours");
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Makes the command that records with `options`, and the tests run by `runner`, into `file`.
    pub fn record_command(&self, options: &[&str], runner: &str, file: &Path) -> Command {
        let mut command = self.sandbox.skiptrace_command();
        command
            .arg("record")
            .arg("--output")
            .arg(file)
            .args(options)
            .arg("--")
            .args(runner.split_whitespace())
            .current_dir(&self.folder);
        command
    }

    /// Records and returns what came of it.
    #[track_caller]
    pub fn record(&self, options: &[&str], runner: &str) -> Recorded {
        self.record_from(&self.folder, options, runner)
    }

    /// Records, started in a folder.
    #[track_caller]
    pub fn record_from(&self, from: &Path, options: &[&str], runner: &str) -> Recorded {
        let file = self.sandbox.path().join("recorded.idx");
        let _ = std::fs::remove_file(&file);
        self.forget_truth();
        let output = self.sandbox.output(self.record_command(options, runner, &file).current_dir(from));
        let bytes =
            std::fs::read(&file).unwrap_or_else(|_| panic!("nothing was recorded: {}", output.snapshot()));
        assert_eq!(self.left_over(), [""; 0], "{}", output.snapshot());
        Recorded { index: decode(&*bytes).expect("it is an index"), truth: self.truth(), output }
    }

    /// Forgets what tests called.
    pub fn forget_truth(&self) {
        std::fs::remove_dir_all(&self.truth).expect("the truth is ours");
        std::fs::create_dir(&self.truth).expect("the sandbox is ours");
    }

    /// Returns what tests called since it was last forgotten, and what their binaries did before them.
    pub fn truth(&self) -> std::collections::BTreeMap<String, BTreeSet<String>> {
        let entries = std::fs::read_dir(&self.truth).expect("the truth is ours");
        entries
            .map(|entry| {
                let path = entry.expect("the folder can be read").path();
                let text = std::fs::read_to_string(&path).expect("the truth is text");
                let test = path.file_name().expect("it is in a folder").to_string_lossy().into_owned();
                (test, text.lines().map(str::to_owned).collect())
            })
            .collect()
    }
}

/// Asserts the law, that a test which may be skipped has everything that it called in its footprint, and that no
/// function is in it that neither it nor its binary called before. Returns how many tests it was asserted of.
///
/// Functions that do not tell the truth are in `silent`; tests in `coarse` may have more.
#[track_caller]
pub fn check(recorded: &Recorded, silent: &[&str], coarse: &[&str]) -> usize {
    let none = BTreeSet::new();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (test, record) in (0..).zip(recorded.index.tests()).filter(|(_, test)| test.can_prove()) {
        let (test, name) = (TestId(test), &*record.key.name);
        let package = record.key.suite.rsplit('/').next().unwrap_or_default();
        let Some(own) = recorded.truth.get(name) else { continue };
        let before = recorded.truth.get(&format!("before {package}.test")).unwrap_or(&none);
        let truth: BTreeSet<&String> = own.union(before).collect();
        let executed = recorded.executed(test, &UnitKind::ALL);
        let missing: Vec<_> = truth.iter().filter(|name| !executed.contains(**name)).collect();
        if !missing.is_empty() {
            wrong.push(format!("`{name}` could be skipped, and misses {missing:?}"));
        }
        let counted = counted(recorded, test);
        let is_more = |name: &&String| !truth.contains(name) && !silent.contains(&name.as_str());
        let more: Vec<_> = counted.iter().filter(is_more).collect();
        if !more.is_empty() && !coarse.contains(&name) {
            wrong.push(format!("`{name}` did not call {more:?}"));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    checked
}

/// Returns the functions that a test executed of those that are no tests' own.
fn counted(recorded: &Recorded, test: TestId) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in recorded.index.files() {
        let path = file.path.as_str();
        if !path.ends_with(".go") || path.ends_with("_test.go") || path.ends_with("truth/truth.go") {
            continue;
        }
        for unit in recorded.index.units_of(file) {
            if unit.kind == UnitKind::Function && recorded.index.set(unit.own).contains(test) {
                names.insert(last(&unit.name).to_owned());
            }
        }
    }
    names
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/record").join(name)
}
