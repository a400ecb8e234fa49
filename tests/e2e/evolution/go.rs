//! Programs of Go: a module of several packages.

use serde_json::Value;
use skiptrace_tests::evolution::{Dice, Program};
use skiptrace_tests::{GoProject, Sandbox};

use super::{Language, Truth, evolve, features};
use crate::PROGRAM;

const FRAME: &[(&str, &str)] = &[
    ("go.mod", "module m\n\n"),
    ("m0/m0.go", "package m0\n"),
    ("m1/m1.go", "package m1\n"),
    ("m2/m2.go", "package m2\n"),
    ("m0/m0_test.go", "package m0\n"),
    ("m1/m1_test.go", "package m1\n"),
    ("m2/m2_test.go", "package m2\n"),
    ("t/t.go", "package t\n"),
    ("t/t_test.go", "package t\n"),
    ("u/u_test.go", "package u\n"),
];

struct Go(GoProject);

impl Language for Go {
    fn sandbox(&self) -> &Sandbox {
        &self.0.sandbox
    }

    fn commit(&self) {
        self.0.commit(&[]);
    }

    fn runner(&self) -> &'static [&'static str] {
        &["go", "test", "-vet=off", "./..."]
    }

    fn truth(&self) -> Result<Truth, String> {
        let mut command = self.sandbox().command("go");
        command.args(["test", "-vet=off", "-count=1", "-json", "./..."]);
        let output = command.output().expect("go is installed");
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("[build failed]") || text.contains("[setup failed]") || text.is_empty() {
            return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(read(&text))
    }
}

/// Reads the events of `go test -json`.
fn read(text: &str) -> Truth {
    let (mut truth, mut printed) = (Truth::new(), Truth::new());
    for line in text.lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let Some(test) = event["Test"].as_str() else { continue };
        match event["Action"].as_str() {
            Some("output") => {
                let output = event["Output"].as_str().unwrap_or_default();
                // Tests that fail tell where and how long.
                if !output.trim_start().starts_with("--- ") && !output.starts_with("=== ") {
                    printed.entry(test.to_owned()).or_default().push_str(output);
                }
            }
            Some("pass") => drop(truth.insert(test.to_owned(), "ok".to_owned())),
            Some(end @ ("fail" | "skip")) => drop(truth.insert(test.to_owned(), end.to_owned())),
            _ => {}
        }
    }
    for (name, text) in printed {
        truth.entry(name).or_default().push_str(&format!(": {text}"));
    }
    truth
}

fn program(dice: &mut Dice) -> Option<(Go, Program)> {
    let tests = ["t/t_test.go", "u/u_test.go"];
    let frame: Vec<(&str, &str)> = FRAME.to_vec();
    let pieces = super::number("PIECES").unwrap_or(16);
    let program = Program::new(dice, &features("go"), pieces, &["m0", "m1", "m2"], &tests, &frame, "//");
    Some((Go(GoProject::empty(PROGRAM)?), program))
}

#[test]
fn go() {
    evolve(1, 12, program);
}
