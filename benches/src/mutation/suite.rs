//! All tests of a project, as its own runner has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use super::find::Language;

/// A test: its suite, and its name there.
pub type Test = (String, String);

/// How the tests of a project are run.
#[derive(Debug)]
pub struct Suite {
    /// What they are written in.
    pub language: Language,
    /// Where they run.
    pub folder: PathBuf,
    /// Where things are kept meanwhile, and built.
    pub scratch: PathBuf,
    /// When a test hangs.
    pub patience: Duration,
    /// When everything does, such as a build.
    pub limit: Duration,
}

/// What came of running all tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// Whether each passed.
    pub passed: BTreeMap<Test, bool>,
    /// Whether some test, or all of it, had to be stopped.
    pub hung: bool,
}

impl Suite {
    /// Runs all tests. `None` where they do not build. `known` are the tests that there should be: those that a crash of
    /// another one in the same process kept from running are run apart.
    pub fn run(&self, known: &BTreeSet<Test>) -> io::Result<Option<Results>> {
        match self.language {
            Language::Rust => self.run_nextest(),
            Language::Go => self.run_go(known),
        }
    }

    fn run_nextest(&self) -> io::Result<Option<Results>> {
        let config = self.scratch.join("nextest.toml");
        let seconds = self.patience.as_secs().max(1);
        fs::write(
            &config,
            format!(
                "[profile.mutants]\nslow-timeout = {{ period = \"{seconds}s\", terminate-after = 1, grace-period = \"1s\" }}\n"
            ),
        )?;
        let config = format!("skiptrace:{}", config.display());
        // What a mutant provokes are warnings at most.
        let build = ["nextest", "run", "--workspace", "--no-run"];
        let built = self.command("cargo", &build)?;
        if !built.success {
            return Ok(None);
        }
        let args = [
            &build[..3],
            &["--no-fail-fast", "--tool-config-file", &config, "--profile", "mutants"],
            &["--status-level", "all", "--final-status-level", "none", "--color", "never"],
            &["--failure-output", "never", "--success-output", "never"],
        ]
        .concat();
        let ran = self.command("cargo", &args)?;
        let mut results = Results { hung: ran.stopped, ..Results::default() };
        for line in ran.stderr.lines() {
            if let Some((test, status)) = nextest_line(line) {
                results.hung |= status == "TIMEOUT";
                let passed = matches!(status, "PASS" | "LEAK");
                results.passed.insert(test, passed);
            }
        }
        Ok(Some(results))
    }

    fn run_go(&self, known: &BTreeSet<Test>) -> io::Result<Option<Results>> {
        let mut results = Results::default();
        let mut packages: Vec<(String, Option<String>)> = vec![("./...".to_owned(), None)];
        // A crash ends a test binary; what it kept from running is run again, without what ran.
        for _ in 0..20 {
            let mut next: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
            let before = results.passed.len();
            for (package, pattern) in packages {
                let timeout = format!("-timeout={}s", self.patience.as_secs().max(1));
                let mut args = vec!["test", "-json", "-vet=off", &timeout];
                let flag = pattern.map(|pattern| format!("-run={pattern}"));
                args.extend(flag.as_deref());
                args.push(&package);
                let ran = self.command("go", &args)?;
                results.hung |= ran.stopped;
                if !results.read_go(&ran.stdout) {
                    return Ok(None);
                }
            }
            for test in known.iter().filter(|test| !results.passed.contains_key(*test)) {
                next.entry(&test.0).or_default().push(&test.1);
            }
            packages = next
                .into_iter()
                .map(|(package, names)| (package.clone(), Some(format!("^({})$", names.join("|")))))
                .collect();
            if packages.is_empty() || results.passed.len() == before {
                break;
            }
        }
        Ok(Some(results))
    }

    fn command(&self, program: &str, args: &[&str]) -> io::Result<Ran> {
        let (out, err) = (self.scratch.join("stdout"), self.scratch.join("stderr"));
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder).process_group(0).stdin(Stdio::null());
        command.stdout(File::create(&out)?).stderr(File::create(&err)?);
        command.env("CARGO_TARGET_DIR", self.scratch.join("target-plain"));
        command.env("RUSTFLAGS", "--cap-lints=warn");
        command.envs([
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_PROFILE_TEST_DEBUG", "0"),
            ("CARGO_INCREMENTAL", "1"),
        ]);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let (mut status, mut stopped) = (None, false);
        while status.is_none() {
            std::thread::sleep(Duration::from_millis(5));
            status = child.try_wait()?;
            if status.is_none() && started.elapsed() > self.limit {
                stopped = true;
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                status = Some(child.wait()?);
            }
        }
        Ok(Ran {
            success: status.is_some_and(|status| status.success()),
            stopped,
            stdout: read(&out)?,
            stderr: read(&err)?,
        })
    }
}

/// What a command left behind.
struct Ran {
    success: bool,
    stopped: bool,
    stdout: String,
    stderr: String,
}

fn read(path: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// Understands a line such as `PASS [   0.003s] (1/9) crate::binary module::test`.
fn nextest_line(line: &str) -> Option<(Test, &str)> {
    let line = line.trim();
    let (status, rest) = line.split_once(' ')?;
    if status.is_empty() || !status.chars().all(|letter| letter.is_ascii_uppercase()) || status == "SLOW" {
        return None;
    }
    let (_, rest) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
    let mut rest = rest.trim_start();
    if let Some((_, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        rest = after.trim_start();
    }
    let (suite, name) = rest.split_once(' ')?;
    Some(((suite.to_owned(), name.trim().to_owned()), status))
}

/// A line of `go test -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
}

impl Results {
    /// Reads what `go test -json` printed; returns false where something did not build.
    fn read_go(&mut self, text: &str) -> bool {
        let mut running: BTreeSet<Test> = BTreeSet::new();
        for event in text.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()) {
            if event.action == "build-fail" {
                return false;
            }
            if event.output.starts_with("panic: test timed out after") {
                self.hung = true;
            }
            // Subtests are part of their test.
            if event.test.is_empty() || event.test.contains('/') {
                continue;
            }
            let test = (event.package, event.test);
            match event.action.as_str() {
                "run" | "cont" => {
                    running.insert(test);
                }
                "pause" => {
                    running.remove(&test);
                }
                "pass" | "skip" | "fail" => {
                    running.remove(&test);
                    self.passed.insert(test, event.action != "fail");
                }
                _ => {}
            }
        }
        // Nobody says how those end that were running when their process did.
        for test in running {
            self.passed.entry(test).or_insert(false);
        }
        true
    }

    /// Returns the tests that passed.
    pub fn all_passed(&self) -> BTreeSet<Test> {
        self.passed.iter().filter(|(_, passed)| **passed).map(|(test, _)| test.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_nextest() {
        let check = |line: &str, expected: Option<(&str, &str, &str)>| {
            let expected =
                expected.map(|(suite, name, status)| ((suite.to_owned(), name.to_owned()), status));
            assert_eq!(nextest_line(line), expected, "{line}");
        };
        check(
            "        PASS [   0.003s] ( 1/34) semver::test_it test_eq",
            Some(("semver::test_it", "test_eq", "PASS")),
        );
        check("     SIGABRT [   0.003s] fd::bin/fd tests::a", Some(("fd::bin/fd", "tests::a", "SIGABRT")));
        check("        SLOW [>  1.000s] ( 1/34) a b", None);
        check("     Summary [   0.282s] 34 tests run: 34 passed, 0 skipped", None);
        check("    Finished `test` profile [unoptimized] target(s) in 1s", None);
    }

    #[test]
    fn events_of_go() {
        let mut results = Results::default();
        let text = r#"{"Action":"run","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A/sub"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"B"}
{"Action":"run","Package":"p","Test":"C"}
{"Action":"pause","Package":"p","Test":"C"}
{"Action":"fail","Package":"p"}"#;
        assert!(results.read_go(text));
        let named: Vec<(&str, bool)> =
            results.passed.iter().map(|((_, name), passed)| (name.as_str(), *passed)).collect();
        assert_eq!(named, [("A", false), ("B", false)], "C never ran");
        assert!(!Results::default().read_go(r#"{"ImportPath":"p","Action":"build-fail"}"#));
    }
}
