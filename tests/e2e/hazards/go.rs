//! Go, by `go test`.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;
use skiptrace_tests::Sandbox;
use skiptrace_tests::tools::require;

use super::bench::Bench;
use super::corpus::Language;
use super::results::{Results, TestName, normalize};
use crate::PROGRAM;

/// The go tool and what it needs.
pub(super) struct Go {
    sandbox: Sandbox,
}

/// How a test ended so far, and what it and its subtests printed.
#[derive(Default)]
struct Told {
    outcome: String,
    output: String,
}

impl Go {
    /// Finds the toolchain; `None` without Go.
    pub(super) fn new() -> Option<Go> {
        let go = require("go")?;
        let mut sandbox = Sandbox::new(PROGRAM);
        // What was built once is not built again.
        for name in ["GOCACHE", "GOMODCACHE", "GOPATH"] {
            let output = Command::new(&go).args(["env", name]).output().expect("go can be run");
            sandbox.var(name, String::from_utf8_lossy(&output.stdout).trim());
        }
        // What tests leave as they are recorded.
        let temporary = sandbox.path().join("temporary");
        std::fs::create_dir(&temporary).expect("the sandbox is ours");
        sandbox.var("TMPDIR", temporary.to_string_lossy());
        for (name, value) in [("GOENV", "off"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")] {
            sandbox.var(name, value);
        }
        Some(Go { sandbox })
    }
}

impl Language for Go {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn runner(&self) -> &[&str] {
        &["go", "test", "./..."]
    }

    fn record(&self) {
        // Several runs show which tests take another way each time. One after the other, for whoever runs beside a test
        // that starts programs counts as a reader of what these open.
        let args = ["record", "--runs", "4", "--jobs", "1", "-q", "--"];
        let _ = self.sandbox.skiptrace(args.iter().chain(self.runner()));
    }

    fn run(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<Results, String> {
        // The program that tests build is left there, once for each time that they run.
        let temporary = bench.kept.join("temporary");
        let _ = std::fs::remove_dir_all(&temporary);
        std::fs::create_dir(&temporary).map_err(|error| error.to_string())?;
        let output = bench
            .command("go")
            .env("TMPDIR", &temporary)
            .args(["test", "-json", "-count=1", "-vet=off", "./..."])
            .envs(env)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let results = results(&text, bench.text());
        if results.0.is_empty() || text.contains("\"FailedBuild\"") {
            return Err(broken(&text, &String::from_utf8_lossy(&output.stderr)));
        }
        Ok(results)
    }

    fn always(&self) -> &[(&str, &str)] {
        &[
            ("example.org/hazard/again", "TestHelper"),
            ("example.org/hazard/fails", "TestFails"),
            ("example.org/hazard/fails", "TestSkips"),
            ("example.org/hazard/random", "TestFlips"),
            ("example.org/hazard/random", "TestMapped"),
        ]
    }
}

/// Returns what the compiler said.
fn broken(text: &str, more: &str) -> String {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said = lines.filter(|event| event["Action"] == "build-output");
    said.filter_map(|event| event["Output"].as_str().map(str::to_owned)).chain([more.to_owned()]).collect()
}

/// Reads what `go test -json` prints. What subtests do is what their test does.
fn results(text: &str, folder: &str) -> Results {
    let mut told: BTreeMap<TestName, Told> = BTreeMap::new();
    for line in text.lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let word = |name: &str| event[name].as_str().unwrap_or_default();
        let (package, test) = (word("Package"), word("Test"));
        if test.is_empty() {
            continue;
        }
        let name = test.split('/').next().unwrap_or(test);
        let told = told.entry((package.to_owned(), name.to_owned())).or_default();
        match word("Action") {
            "output" => told.output.push_str(word("Output")),
            outcome @ ("pass" | "fail" | "skip") if name == test => told.outcome = outcome.to_owned(),
            _ => {}
        }
    }
    let mut results = Results::default();
    for ((suite, name), told) in told {
        results.add(&suite, &name, &told.outcome, &normalize(&without_durations(&told.output), folder));
    }
    results
}

/// Takes `(0.00s)` out of lines.
fn without_durations(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((before, after)) if after.ends_with("s)") && line.trim_start().starts_with("---") => {
            before.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
