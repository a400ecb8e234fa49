//! Cargo projects whose tests write down themselves what they execute, and what recordings of them came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::codec::decode;
use skiptrace_engine::id::TestId;
use skiptrace_engine::index::{FileRecord, Index};
use skiptrace_engine::record::TestRecord;
use skiptrace_engine::unit::UnitKind;

use crate::sandbox::{Output, Sandbox};

/// What writes the truth down; what tests execute of it is of no interest.
const TRUTH: [&str; 2] = ["truth/src/lib.rs", "truth/truth.go"];

/// A repository with packages of Rust, in a sandbox. Nothing is fetched: all dependencies are folders.
#[derive(Debug)]
pub struct CargoProject {
    /// What is around it.
    pub sandbox: Sandbox,
    truth: PathBuf,
    /// Where the workspace is.
    folder: PathBuf,
}

/// What a recording came to.
#[must_use]
#[derive(Debug)]
pub struct Recorded {
    /// What the program said, and how it ended.
    pub output: Output,
    /// The index.
    pub index: Index,
    /// What each test really called, by the test's last name.
    pub truth: BTreeMap<String, BTreeSet<String>>,
}

impl CargoProject {
    /// Makes a project of the files below `fixtures/record/<name>` and commits it.
    pub fn of_fixture(program: impl Into<PathBuf>, name: &str) -> CargoProject {
        CargoProject::of_fixture_in(program, name, "")
    }

    /// Makes the same in a folder of the repository.
    pub fn of_fixture_in(program: impl Into<PathBuf>, name: &str, folder: &str) -> CargoProject {
        let mut project = CargoProject::empty(program);
        project.folder.push(folder);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/record").join(name);
        copy(&fixture, &project.folder);
        project.commit(&[]);
        project
    }

    /// Makes a project without files.
    pub fn empty(program: impl Into<PathBuf>) -> CargoProject {
        let mut sandbox = Sandbox::new(program);
        let truth = sandbox.path().join("truth");
        std::fs::create_dir(&truth).expect("the sandbox is ours");
        sandbox.var("TRUTH", truth.to_str().expect("sandboxes are text"));
        sandbox.var("CARGO_NET_OFFLINE", "true");
        // Cargo's own home is the sandbox's; the toolchain is the machine's.
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let rustup = var("RUSTUP_HOME")
            .or_else(|| Some(Path::new(&var("HOME")?).join(".rustup").display().to_string()));
        for (name, value) in [("RUSTUP_HOME", rustup), ("RUSTUP_TOOLCHAIN", var("RUSTUP_TOOLCHAIN"))] {
            if let Some(value) = value {
                sandbox.var(name, value);
            }
        }
        sandbox.repo();
        let folder = sandbox.work();
        CargoProject { sandbox, truth, folder }
    }

    /// Writes files and commits everything, locks of dependencies as well.
    pub fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.sandbox.write(path, text);
        }
        if self.folder.join("Cargo.toml").is_file() {
            self.cargo(["generate-lockfile", "--quiet"]);
        }
        self.sandbox.repo().commit("a commit", &[]);
    }

    /// Runs cargo as the user does, and returns what it says.
    #[track_caller]
    pub fn cargo<const N: usize>(&self, args: [&str; N]) -> String {
        let mut command = self.sandbox.command("cargo");
        let output = command.args(args).current_dir(&self.folder).output().expect("cargo is installed");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "cargo {args:?}: {said}");
        said
    }

    /// Returns what git says of the work tree: nothing, unless something was left in it.
    pub fn status(&self) -> String {
        self.sandbox.repo().git(["status", "--porcelain"])
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
            .args(runner.split_whitespace());
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
        Recorded { index: decode(&*bytes).expect("it is an index"), truth: self.truth(), output }
    }

    /// Forgets what tests called.
    pub fn forget_truth(&self) {
        std::fs::remove_dir_all(&self.truth).expect("the truth is ours");
        std::fs::create_dir(&self.truth).expect("the sandbox is ours");
    }

    /// Returns what tests called since it was last forgotten.
    pub fn truth(&self) -> BTreeMap<String, BTreeSet<String>> {
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

impl Recorded {
    /// Returns a line for each test: its suite and name, how it ended, what is wrong with its coverage.
    pub fn tests(&self) -> String {
        let mut text = String::new();
        for test in self.index.tests() {
            write!(text, "{} {}: {}", test.key.suite, test.key.name, test.outcome.name())
                .expect("it is text");
            for problem in test.health.problems() {
                write!(text, ", {}", problem.name()).expect("it is text");
            }
            text.push('\n');
        }
        text
    }

    /// Returns a test.
    #[track_caller]
    pub fn test(&self, name: &str) -> (TestId, &TestRecord) {
        let mut found = (0..).zip(self.index.tests()).filter(|(_, test)| *test.key.name == *name);
        let (at, test) = found.next().unwrap_or_else(|| panic!("no test `{name}`:\n{}", self.tests()));
        assert!(found.next().is_none(), "several tests are called `{name}`");
        (TestId(at), test)
    }

    /// Returns whether a test's recorded run can prove that it need not run.
    #[track_caller]
    pub fn proves(&self, name: &str) -> bool {
        self.test(name).1.can_prove()
    }

    /// Returns the last names of the units that a test executed, without those of the crate that tells the truth.
    pub fn executed(&self, test: TestId, wanted: &[UnitKind]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let is_truth = |path: &str| TRUTH.iter().any(|truth| path.ends_with(truth));
        for file in self.index.files().iter().filter(|file| !is_truth(file.path.as_str())) {
            for unit in self.index.units_of(file) {
                if self.index.set(unit.own).contains(test) && wanted.contains(&unit.kind) {
                    // What acts from afar says so in its name.
                    let name = last(&unit.name);
                    let name = name.strip_prefix("extern ").unwrap_or(name);
                    names.insert(match name.strip_prefix("macro_rules! ") {
                        Some(name) => format!("{name}!"),
                        None => name.to_owned(),
                    });
                }
            }
        }
        names
    }

    /// Returns the files that a test's suite was compiled from.
    pub fn compiled(&self, test: TestId) -> BTreeSet<&str> {
        let is_in = |file: &&FileRecord| self.index.set(file.compiled).contains(test);
        self.index.files().iter().filter(is_in).map(|file| file.path.as_str()).collect()
    }

    /// Returns the files of which a test executed something, without those that cargo builds by.
    pub fn files(&self, test: TestId) -> BTreeSet<&str> {
        let touches = |file: &&FileRecord| {
            let mut units = self.index.units_of(file).iter();
            units.any(|unit| self.index.set(unit.own).contains(test))
        };
        let paths = self.index.files().iter().filter(touches).map(|file| file.path.as_str());
        paths.filter(|path| !path.ends_with("Cargo.toml") && !path.ends_with("Cargo.lock")).collect()
    }

    /// Asserts the law, that a test which may be skipped has everything that it called in its footprint, and returns
    /// how many tests it was asserted of.
    #[track_caller]
    pub fn check_law(&self) -> usize {
        let mut checked = 0;
        for (test, truth) in self.provable_with_truth() {
            let executed = self.executed(test, &UnitKind::ALL);
            let missing: Vec<_> = truth.difference(&executed).collect();
            let name = &self.index.tests()[test.index()].key.name;
            assert!(missing.is_empty(), "`{name}` could be skipped, and misses {missing:?}: {executed:?}");
            checked += 1;
        }
        checked
    }

    /// Asserts the law, and that nothing more than what tests called is in their footprints, but for functions that
    /// do not tell the truth, which are in `silent`.
    #[track_caller]
    pub fn check_exact(&self, silent: &[&str]) -> usize {
        for (test, truth) in self.provable_with_truth() {
            let executed = self.executed(test, &[UnitKind::Function]);
            let more: Vec<_> =
                executed.difference(truth).filter(|name| !silent.contains(&name.as_str())).collect();
            let name = &self.index.tests()[test.index()].key.name;
            assert!(more.is_empty(), "`{name}` did not call {more:?}");
        }
        self.check_law()
    }

    fn provable_with_truth(&self) -> impl Iterator<Item = (TestId, &BTreeSet<String>)> {
        (0..).zip(self.index.tests()).filter(|(_, test)| test.can_prove()).filter_map(|(at, test)| {
            let truth = self.truth.get(last(&test.key.name))?;
            Some((TestId(at), truth))
        })
    }
}

/// Returns the last part of a name, without the number that tells it from others of the same name.
pub(crate) fn last(name: &str) -> &str {
    let last = name.rsplit("::").next().unwrap_or(name);
    last.split_once('#').map_or(last, |(name, _)| name)
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("folders can be made");
    let entries = std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    for entry in entries {
        let entry = entry.expect("the folder can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("files can be copied");
        }
    }
}
