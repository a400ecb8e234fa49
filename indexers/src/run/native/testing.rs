//! What tests with real frameworks share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

use crate::run::case::{Case, CommandLine};
use crate::run::native::{Binary, Listing};
use crate::run::together::{Together, Told};
use crate::run::verdict::Judgement;

/// A folder with programs to list.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        Bench { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn listing(&self) -> Listing {
        Listing { scratch: self.path("scratch"), timeout: Duration::from_secs(60), max_output: 16 << 20 }
    }

    /// Returns whether C++ programs can include this header.
    pub(crate) fn has_header(&self, header: &str) -> bool {
        let file = self.path("probe.cpp");
        fs::write(&file, format!("#if !__has_include(<{header}>)\n#error missing\n#endif\n")).unwrap();
        let probe = Command::new("g++").args(["-std=c++17", "-fsyntax-only"]).arg(&file).output();
        probe.is_ok_and(|output| output.status.success())
    }

    /// Compiles a program; `None`, said aloud, where the machine has not what it takes.
    pub(crate) fn compile(
        &self,
        name: &str,
        source: &str,
        needs: &str,
        libraries: &[&str],
    ) -> Option<Binary> {
        let file = self.path(&format!("{name}.cpp"));
        // The header alone tells whether the framework is there, so that a mistake in the program is a failure.
        if !self.has_header(needs) {
            skipped(needs);
            return None;
        }
        fs::write(&file, source).unwrap();
        let program = self.path(name);
        let output = Command::new("g++")
            .args(["-std=c++17", "-O0", "-o"])
            .args([&program, &file])
            .args(libraries)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(self.binary(name))
    }

    pub(crate) fn script(&self, name: &str, text: &str) -> Binary {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        // Read by a shell rather than started: a file that another thread's child still has open for writing, as
        // it may between fork and exec, cannot be started.
        let mut binary = self.binary(name);
        binary.command.program = "/bin/sh".into();
        binary.command.args = vec![path.into()];
        binary
    }

    fn binary(&self, name: &str) -> Binary {
        let command = CommandLine {
            program: self.path(name),
            args: Vec::new(),
            cwd: self.path("work"),
            env: BTreeMap::new(),
        };
        Binary { suite: name.into(), command }
    }

    /// Nothing that is listed or run may leave a file where it runs.
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(fs::read_dir(self.path("work")).unwrap().count(), 0);
    }
}

/// Says that a test could not do its work, which is a failure where all tools have to be there.
pub(crate) fn skipped(tool: &str) {
    assert!(std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_none(), "`{tool}` is missing");
    eprintln!("skipped: `{tool}` is missing");
}

pub(crate) fn run(case: &Case) -> Judgement {
    let output = spawn(&case.command);
    case.verdict.judge(output.status.code(), &output.stdout, &output.stderr)
}

pub(crate) fn spawn(command: &CommandLine) -> Output {
    let mut process = Command::new(&command.program);
    process.args(&command.args).current_dir(&command.cwd);
    for (name, value) in &command.env {
        match value {
            Some(value) => process.env(name, value),
            None => process.env_remove(name),
        };
    }
    process.output().unwrap()
}

/// Runs every case, and tells for each its name, whether it is left out, how it ended, and which tests it ran
/// according to what the program wrote to the file that `LOG` names.
pub(crate) fn told(cases: &[Case], bench: &Bench) -> String {
    let log = bench.path("log");
    let mut told = String::new();
    for case in cases {
        let _ = fs::remove_file(&log);
        let mut case = case.clone();
        case.command.env.insert("LOG".into(), Some(log.clone().into()));
        let mark = if case.skipped { " (left out)" } else { "" };
        let judgement = run(&case);
        told.push_str(&format!("{:?}{mark}: {:?} ran {}\n", case.name, judgement, read_log(&log)));
    }
    told
}

/// Runs several tests in one process, and says how many began according to the log, and what is told of them.
pub(crate) fn told_together(together: &Together, bench: &Bench) -> String {
    let log = bench.path("log");
    let _ = fs::remove_file(&log);
    let mut command = together.case.command.clone();
    command.env.insert("LOG".into(), Some(log.clone().into()));
    let output = String::from_utf8_lossy(&spawn(&command).stdout).into_owned();
    let n_began = fs::read_to_string(&log).unwrap_or_default().matches('|').count();
    match (together.told)(&output) {
        Some(Told { n_ran, n_failed, failed }) => {
            format!("{n_began} began, {n_ran} ran, {n_failed} failed: {failed:?}\n")
        }
        None => format!("{n_began} began, and nothing is told\n"),
    }
}

fn read_log(log: &Path) -> String {
    let log = fs::read_to_string(log).unwrap_or_default();
    if log.is_empty() { "nothing".to_owned() } else { log.trim_end_matches('|').replace('|', " + ") }
}
