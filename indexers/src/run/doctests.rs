//! What rustdoc says of the tests in documentation: examples, known by where they stand.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use skiptrace_engine::record::Outcome;

use super::cargo::CargoCommand;
use super::cargo_test::Variables;

/// An example in documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The file that it stands in, as rustdoc writes it.
    pub file: String,
    /// The line that it begins in, counted from one.
    pub line: usize,
    /// Whether it runs, and is not only compiled.
    pub runs: bool,
    /// How it ended; `None` where it was only listed.
    pub outcome: Option<Outcome>,
}

/// The examples of a crate, and how they ended together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Crate {
    /// The examples.
    pub examples: Vec<Example>,
    /// How they ended together; `None` where none ran.
    pub outcome: Option<Outcome>,
}

impl Crate {
    /// Returns whether each example is known, with how it ended: what rustdoc counts are as many.
    fn is_whole(&self, n_ran: usize) -> bool {
        let ran = self
            .examples
            .iter()
            .filter(|example| matches!(example.outcome, Some(Outcome::Passed | Outcome::Failed)));
        ran.count() == n_ran
    }
}

/// Returns the arguments with which cargo tests documentation alone.
pub fn arguments(cargo: &CargoCommand) -> Vec<String> {
    // Quiet, cargo does not say which crate it tests.
    let is_quiet = |arg: &&String| *arg == "-q" || *arg == "--quiet";
    let mut arguments: Vec<String> = cargo.args.iter().filter(|arg| !is_quiet(arg)).cloned().collect();
    if !cargo.has("--doc") {
        arguments.push("--doc".to_owned());
    }
    arguments.extend(["--no-fail-fast", "--color=never"].map(str::to_owned));
    arguments
}

/// Asks for all examples, by the names of their crates; nothing if rustdoc does not answer.
pub fn list(
    cargo: &CargoCommand,
    cwd: &Path,
    variables: &Variables,
) -> io::Result<Option<BTreeMap<String, Crate>>> {
    let (reader, output) = io::pipe()?;
    let errors = output.try_clone()?;
    let mut command = Command::new(&cargo.program);
    command
        .args(cargo.head())
        .args(arguments(cargo))
        .args(["--", "--list"])
        .current_dir(cwd)
        .envs(variables.iter().cloned())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let mut child = command.spawn()?;
    // It holds the other end of the pipe.
    drop(command);
    let text = io::read_to_string(reader)?;
    let is_answer = child.wait()?.success() || has_no_library(&text);
    Ok(is_answer.then(|| parse(&text)))
}

/// Returns whether cargo had nothing to do, which it tells as an error.
pub fn has_no_library(text: &str) -> bool {
    text.contains("no library targets found")
}

/// Reads what cargo prints: a line for each crate, then its examples, listed or with how they ended, in one part or
/// several. Where not all can be told apart, only what came of all of them is known.
pub fn parse(text: &str) -> BTreeMap<String, Crate> {
    let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut has_result = false;
    for line in text.lines() {
        if let Some(name) = line.trim_start().strip_prefix("Doc-tests ") {
            crates.entry(name.trim().to_owned()).or_default();
            (current, has_result) = (Some(name.trim().to_owned()), false);
            continue;
        }
        let Some((name, of)) = current.as_ref().and_then(|name| Some((name, crates.get_mut(name)?))) else {
            continue;
        };
        let mut ended = |outcome| of.outcome = Some(of.outcome.map_or(outcome, |known| known.max(outcome)));
        if let Some(result) = line.strip_prefix("test result: ") {
            has_result = true;
            let count = |what: &str| {
                let before = result.split(what).next().filter(|before| before.len() < result.len());
                before.and_then(|before| before.rsplit(' ').next()?.parse().ok()).unwrap_or(0_usize)
            };
            let (passed, failed) = (count(" passed"), count(" failed"));
            *counts.entry(name.clone()).or_default() += passed + failed;
            match result.starts_with("ok. ") {
                true if passed == 0 => {}
                true => ended(Outcome::Passed),
                false => ended(Outcome::Failed),
            }
        } else if line.starts_with("error") && !has_result {
            ended(Outcome::Failed);
        } else if let Some(example) = example(line) {
            of.examples.push(example);
        }
    }
    for (name, of) in &mut crates {
        if of.outcome.is_some() && !of.is_whole(counts.get(name).copied().unwrap_or(0)) {
            of.examples.clear();
        }
    }
    crates
}

/// Reads `test src/lib.rs - path::item (line 12) - compile ... ok`, or such a name followed by `: test`.
fn example(line: &str) -> Option<Example> {
    let (name, outcome) = match line.strip_prefix("test ") {
        Some(ended) => {
            let (name, outcome) = ended.rsplit_once(" ... ")?;
            let outcome = match outcome.split([',', ' ']).next()? {
                "ok" => Outcome::Passed,
                "FAILED" => Outcome::Failed,
                "ignored" => Outcome::Skipped,
                _ => return None,
            };
            (name, Some(outcome))
        }
        None => (line.strip_suffix(": test")?, None),
    };
    let (file, rest) = name.split_once(" - ")?;
    let (_, rest) = rest.rsplit_once("(line ")?;
    let (line, rest) = rest.split_once(')')?;
    let runs = matches!(rest, "" | " - should panic");
    Some(Example { file: file.to_owned(), line: line.parse().ok()?, runs, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_belong_to_the_crate_before_them() {
        let text = "   Doc-tests one\n\nrunning 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\n\
                    all doctests ran in 1s\n   Doc-tests two\ntest result: ok. 1 passed; 0 failed\n\
                    test result: FAILED. 0 passed; 1 failed\n   Doc-tests three\nrunning 0 tests\n\
                    test result: ok. 0 passed; 0 failed\n   Doc-tests four\nerror: cannot compile\n\
                    error: 2 targets failed\n";
        let found = parse(text);
        let outcome = |name: &str| found[name].outcome;
        assert_eq!(outcome("one"), Some(Outcome::Passed));
        assert_eq!(outcome("two"), Some(Outcome::Failed));
        assert_eq!(outcome("three"), None);
        assert_eq!(outcome("four"), Some(Outcome::Failed));
    }

    #[test]
    fn what_cargo_says_at_the_end_is_not_said_of_the_last_crate() {
        let text = "   Doc-tests one\ntest src/lib.rs - (line 1) ... FAILED\ntest result: FAILED. 0 passed; 1 failed\n\
                    \u{20}  Doc-tests two\ntest b.rs - (line 2) ... ok\ntest result: ok. 1 passed; 0 failed\n\
                    error: 1 target failed:\n    `-p one --doc`\n";
        let found = parse(text);
        assert_eq!(found["one"].outcome, Some(Outcome::Failed));
        assert_eq!(found["two"].outcome, Some(Outcome::Passed));
    }

    #[test]
    fn examples_are_known_by_file_and_line() {
        let text = "   Doc-tests one\n\nrunning 5 tests\n\
                    test src/lib.rs - (line 1) ... ok\n\
                    test src/a b.rs - map::Map<K, V>::get - x (line 12) - compile ... ok\n\
                    test src/a b.rs - f (line 30) - compile fail ... FAILED\n\
                    test src/a b.rs - g (line 40) - should panic ... ok\n\
                    test src/a b.rs - h (line 50) ... ignored, for a reason\n\
                    test nothing ... ok\n\n\
                    test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured\n";
        let found = parse(text);
        let shown: Vec<String> = found["one"]
            .examples
            .iter()
            .map(|Example { file, line, runs, outcome }| format!("{file}:{line} {runs} {outcome:?}"))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        src/lib.rs:1 true Some(Passed)
        src/a b.rs:12 false Some(Passed)
        src/a b.rs:30 false Some(Failed)
        src/a b.rs:40 true Some(Passed)
        src/a b.rs:50 true Some(Skipped)
        ");
    }

    #[test]
    fn examples_that_cannot_be_told_apart_are_not_known() {
        let text = "   Doc-tests one\ntest src/lib.rs - (line 1) ... ok\nprinted test src/lib.rs - (line 9) ... ok\n\
                    test result: ok. 2 passed; 0 failed\n";
        let of = &parse(text)["one"];
        assert!(of.examples.is_empty() && of.outcome == Some(Outcome::Passed));
    }

    #[test]
    fn listed_examples_have_not_ended() {
        let text = "   Doc-tests one\nsrc/lib.rs - f (line 3): test\nsrc/lib.rs - g (line 8) - compile: test\n\n\
                    2 tests, 0 benchmarks\n";
        let of = &parse(text)["one"];
        assert_eq!(of.examples.len(), 2);
        assert!(of.outcome.is_none() && of.examples.iter().all(|example| example.outcome.is_none()));
    }
}
