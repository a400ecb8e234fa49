//! Asks the runners themselves: of tests with awkward names they are told to leave out a random half, and the
//! tests say which of them ran.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use skiptrace_indexers::select::{Choice, Form, Format, Rendered, Strangers, TestName, render};

mod cargo;
mod ctest;
mod go;
mod gtest;
mod pytest;

/// A project in a folder, and what its tests wrote when they ran.
struct Project {
    root: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { root: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            let path = project.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir(project.path("told")).unwrap();
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Renders a choice, and writes its files.
    fn tell(&self, format: &Format<'_>, choice: &Choice<'_>, form: Form) -> Rendered {
        let folder = self.path("told");
        let rendered = render(format, choice, form, &folder);
        for file in &rendered.files {
            fs::write(folder.join(&file.name), &file.bytes).unwrap();
        }
        rendered
    }

    /// Runs a command, whose tests write what they are called to the file `LOG`.
    fn run(&self, command: &mut Command, rendered: &Rendered) -> (Output, BTreeSet<TestName>) {
        let log = self.path("log");
        let _ = fs::remove_file(&log);
        command.current_dir(self.root.path()).env("LOG", &log);
        command.envs(rendered.environment.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        (output, read_log(&log))
    }
}

/// Reads what tests wrote: a suite, a name, and a null byte after each.
fn read_log(log: &Path) -> BTreeSet<TestName> {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8(text).unwrap();
    let mut words = text.split_terminator('\0');
    let mut ran = BTreeSet::new();
    while let (Some(suite), Some(name)) = (words.next(), words.next()) {
        assert!(ran.insert(TestName::new(suite, name)), "{suite} {name} ran twice");
    }
    ran
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Says that a test cannot do its work, which is a failure where all tools have to be there.
fn skipped(why: &str) {
    let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{why}, and SKIPTRACE_REQUIRE_TOOLS=1 is set");
    eprintln!("skipped: {why}");
}

/// Returns whether a tool answers.
fn has(tool: &str, args: &[&str]) -> bool {
    let answers = Command::new(tool).args(args).output().is_ok_and(|output| output.status.success());
    if !answers {
        skipped(&format!("`{tool}` is missing"));
    }
    answers
}

/// What a test must have done.
#[derive(Debug, Default)]
struct Halves {
    run: Vec<TestName>,
    skip: Vec<TestName>,
    /// In neither list.
    strange: Vec<TestName>,
}

/// Cuts tests into those that must run, those that need not, and a few that nobody knows.
fn halves(tests: &BTreeSet<TestName>, seed: u64) -> Halves {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut halves = Halves::default();
    for test in tests {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let half = match state % 16 {
            0..=6 => &mut halves.run,
            7..=13 => &mut halves.skip,
            _ => &mut halves.strange,
        };
        half.push(test.clone());
    }
    halves
}

impl Halves {
    /// Adds tests to skip that are no more.
    fn with_stale(mut self, suite: &str, n_tests: usize) -> Halves {
        let stale = |n: usize| {
            TestName::new(suite, format!("Test_gone_{n}_with_a_rather_long_name_so_that_it_adds_up"))
        };
        self.skip.extend((0..n_tests).map(stale));
        self.skip.sort();
        self
    }

    fn choice(&self, strangers: Strangers) -> Choice<'_> {
        Choice { run: &self.run, skip: &self.skip, strangers }
    }

    /// Returns what has to run where strangers do.
    fn with_strangers(&self) -> BTreeSet<TestName> {
        self.run.iter().chain(&self.strange).cloned().collect()
    }
}

/// Names that mean something to somebody.
const AWKWARD: &[&str] = &[
    "a",
    "ab",
    "a.b",
    "a*",
    "a?",
    "a|b",
    "^a$",
    "(a)",
    "[a]",
    "{a}",
    "a{2}",
    "a+",
    "\\a",
    "\\d",
    "a b",
    " a",
    "a ",
    "a,b",
    "a/b",
    "a//b",
    "/",
    "a:b",
    "a::b",
    "-a",
    "--a",
    "a=b",
    "~a",
    "#a",
    "a#01",
    "#00",
    "größe",
    "名前",
    "\u{1f600}",
    "\"a\"",
    "'a'",
    "`a`",
    "$a",
    "${a}",
    "$(a)",
    "a;b",
    "a&b",
    "!a",
    "<a>",
    "%a",
    "@a",
    "a\\",
    "all()",
    "not a",
    "a\u{a0}b",
    "é",
    "e\u{301}",
    "A",
    "aB",
];
