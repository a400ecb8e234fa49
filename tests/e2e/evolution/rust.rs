//! Programs of Rust: a workspace of a library and one that uses it.

use skiptrace_tests::evolution::{Dice, Program};
use skiptrace_tests::{CargoProject, Sandbox};

use super::{Language, Truth, evolve, features, last};
use crate::PROGRAM;

const PROFILE: &str = "\n[profile.dev]\ndebug = 0\nincremental = false\n";

const FRAME: &[(&str, &str)] = &[
    (".gitignore", "/target\n"),
    (
        "alpha/src/lib.rs",
        "#![allow(warnings)]\n#[macro_use]\npub mod macros;\npub mod m0;\npub mod m1;\npub mod m2;\n",
    ),
    ("alpha/src/macros.rs", ""),
    ("alpha/src/m0.rs", "use std::fmt;\n"),
    ("alpha/src/m1.rs", "use std::fmt;\n"),
    ("alpha/src/m2.rs", "use std::fmt;\n"),
    ("alpha/tests/t0.rs", "#![allow(warnings)]\n"),
    ("alpha/tests/t1.rs", "#![allow(warnings)]\n"),
    ("beta/src/lib.rs", "#![allow(warnings)]\n"),
    ("beta/tests/t2.rs", "#![allow(warnings)]\n"),
    (
        "alpha/Cargo.toml",
        "[package]\nname = \"alpha\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ndoctest = false\n",
    ),
    (
        "beta/Cargo.toml",
        "[package]\nname = \"beta\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ndoctest = false\n\n\
         [dependencies]\nalpha = { path = \"../alpha\" }\n",
    ),
];

struct Rust(CargoProject);

impl Language for Rust {
    fn sandbox(&self) -> &Sandbox {
        &self.0.sandbox
    }

    fn commit(&self) {
        self.0.commit(&[]);
    }

    fn runner(&self) -> &'static [&'static str] {
        &["cargo", "test", "--workspace", "--no-fail-fast"]
    }

    fn truth(&self) -> Result<Truth, String> {
        let mut command = self.sandbox().command("cargo");
        command.args(["test", "--workspace", "--no-fail-fast", "--quiet", "--no-run"]);
        let target = self.sandbox().path().join("truth-target");
        let built = command.env("CARGO_TARGET_DIR", &target).output().expect("cargo is installed");
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into_owned());
        }
        let mut command = self.sandbox().command("cargo");
        command.args(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]);
        let ran = command.env("CARGO_TARGET_DIR", &target).output().expect("cargo is installed");
        Ok(read(&String::from_utf8_lossy(&ran.stdout)))
    }
}

/// Reads what libtest prints.
fn read(text: &str) -> Truth {
    let mut truth = Truth::new();
    let mut printed: Truth = Truth::new();
    let mut of: Option<String> = None;
    for line in text.lines() {
        if let Some((name, end)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) {
            let name = name.split(' ').next().unwrap_or(name);
            truth.insert(last(name).to_owned(), end.to_owned());
            of = None;
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----"))
        {
            of = Some(last(name.split(' ').next().unwrap_or(name)).to_owned());
        } else if ["successes:", "failures:", ""].contains(&line) {
            of = None;
        } else if let Some(of) = &of {
            // Failures tell the number of the thread.
            if !line.starts_with("thread ") && !line.starts_with("note: ") {
                let text = printed.entry(of.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    for (name, text) in printed {
        truth.entry(name).or_default().push_str(&format!(": {text}"));
    }
    truth
}

fn program(dice: &mut Dice) -> Option<(Rust, Program)> {
    let members = format!("[workspace]\nresolver = \"2\"\nmembers = [\"alpha\", \"beta\"]\n{PROFILE}");
    let frame: Vec<(&str, &str)> = FRAME.iter().copied().chain([("Cargo.toml", &*members)]).collect();
    let tests = ["alpha/tests/t0.rs", "alpha/tests/t1.rs", "beta/tests/t2.rs"];
    let features = features("rust");
    let pieces = super::number("PIECES").unwrap_or(14);
    let program = Program::new(dice, &features, pieces, &["m0", "m1", "m2"], &tests, &frame, "//");
    Some((Rust(CargoProject::empty(PROGRAM)), program))
}

#[test]
fn rust() {
    evolve(1, 8, program);
}
