//! Rust, by `cargo test`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use skiptrace_tests::Sandbox;

use super::bench::Bench;
use super::corpus::Language;
use super::results::{Results, normalize};
use crate::PROGRAM;

/// `cargo test` and what it needs.
pub(super) struct Rust {
    sandbox: Sandbox,
}

impl Rust {
    /// Finds the toolchain.
    pub(super) fn new() -> Rust {
        let mut sandbox = Sandbox::new(PROGRAM);
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let rustup = var("RUSTUP_HOME")
            .or_else(|| Some(Path::new(&var("HOME")?).join(".rustup").display().to_string()));
        let fixed = |value: &str| Some(value.to_owned());
        for (name, value) in [
            ("RUSTUP_HOME", rustup),
            ("RUSTUP_TOOLCHAIN", var("RUSTUP_TOOLCHAIN")),
            ("CARGO_NET_OFFLINE", fixed("true")),
            ("RUST_BACKTRACE", fixed("0")),
        ] {
            if let Some(value) = value {
                sandbox.var(name, value);
            }
        }
        Rust { sandbox }
    }
}

impl Language for Rust {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn runner(&self) -> &[&str] {
        &["cargo", "test", "--workspace"]
    }

    fn record(&self) {
        // Several runs show which tests take another way each time. Fewer would show it less surely: a way out of
        // sixteen is taken by chance twice or not at all.
        let args = ["record", "--runs", "6", "-q", "--"];
        let _ = self.sandbox.skiptrace(args.iter().chain(self.runner()));
    }

    fn run(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<Results, String> {
        // Both streams in one, because one says which binary runs and the other what it says.
        let script = "exec cargo test --workspace --no-fail-fast -- --show-output --test-threads=1 2>&1";
        let output = bench
            .command("sh")
            .args(["-c", script])
            .env("CARGO_TARGET_DIR", &bench.kept)
            .env("CARGO_TERM_COLOR", "never")
            .envs(env)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("\nerror: could not compile") || !text.contains("test result:") {
            let from = text.find("error").unwrap_or_default();
            return Err(text[from..].chars().take(1500).collect());
        }
        Ok(results(&text, bench.text()))
    }

    fn always(&self) -> &[(&str, &str)] {
        &[
            ("shapes", "tests::order::b_continues"),
            ("shapes", "tests::order::fails"),
            ("shapes", "tests::random::flips"),
            ("shapes", "tests::random::hashes"),
        ]
    }
}

/// Reads what `cargo test` prints.
fn results(text: &str, folder: &str) -> Results {
    let mut results = Results::default();
    let mut suite = String::new();
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    let mut outputs: BTreeMap<String, String> = BTreeMap::new();
    let mut showing: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(rest) = trimmed.strip_prefix("Running ") {
            suite = suite_of(rest);
        } else if let Some(package) = trimmed.strip_prefix("Doc-tests ") {
            suite = format!("{package}::doc");
        } else if line.starts_with("test result:") {
            for (name, outcome) in std::mem::take(&mut outcomes) {
                let output = normalize(&outputs.remove(&name).unwrap_or_default(), folder);
                if suite.ends_with("::doc") {
                    let file = name.split(" - ").next().unwrap_or_default();
                    results.add(&suite, file, &format!("{} {outcome}", without_line(&name)), &output);
                } else {
                    results.add(&suite, &name, &outcome, &output);
                }
            }
            (outputs, showing) = (BTreeMap::new(), None);
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----"))
        {
            showing = Some(name.to_owned());
        } else if matches!(line, "successes:" | "failures:") {
            showing = None;
        } else if let Some(name) = &showing {
            let output = outputs.entry(name.clone()).or_default();
            output.push_str(line);
            output.push('\n');
        } else if let Some((name, outcome)) =
            line.strip_prefix("test ").and_then(|line| line.rsplit_once(" ... "))
        {
            outcomes.insert(name.trim_end_matches(" - should panic").to_owned(), outcome.to_owned());
        }
    }
    results
}

/// Returns the suite of `tests/it.rs (…/deps/it-0123456789abcdef)`, or of `unittests src/lib.rs (…/deps/app-0123…)`.
fn suite_of(running: &str) -> String {
    let file = running.rsplit(['/', ')']).nth(1).unwrap_or_default();
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    let place = running.split(" (").next().unwrap_or_default();
    match place.strip_prefix("unittests ") {
        None => format!("{}::{name}", package_of(name)),
        Some(source) if source.ends_with("main.rs") => format!("{name}::bin/{name}"),
        Some(_) => name.to_owned(),
    }
}

/// Returns the package of the project that has integration tests of a name.
fn package_of(tests: &str) -> &str {
    match tests {
        "it" => "app",
        "fresh" => "shapes",
        package => package,
    }
}

/// Returns the name of a test of documentation without its line, which is nobody's business.
fn without_line(name: &str) -> &str {
    name.split(" (line ").next().unwrap_or(name)
}
