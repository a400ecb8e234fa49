//! The tests of a test binary, each as a process.
//!
//! Go marks the lines that say what became of a test with a character that hardly a test prints, when it is asked to
//! (`-test.v=test2json`). A test has passed when the process ended well *and* said that this very test passed: a
//! process that ends well may have run nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::args;
use super::kept::Kept;
use super::pattern;
use crate::run::case::{Case, CommandLine, Verdict};
use crate::run::together::TOGETHER;

/// Stands for the folder of coverage until it is known. It cannot be written to.
const COVERAGE: &str = "-test.gocoverdir=/dev/null/coverage";
/// Stands for the log of what was read until its place is known.
const TESTLOG: &str = "-test.testlogfile=/dev/null/testlog";
/// What marks the lines of package `testing`.
const MARK: char = '\x16';
/// The name of the case that runs none.
pub const NOTHING: &str = "(nothing)";
/// How much longer than its own limit a process is given: it says more of itself than if it were killed.
const GRACE: Duration = Duration::from_secs(60);

/// Returns the case of one test, which may be a subtest.
pub fn case(kept: &Kept, suite: &str, name: &str) -> Case {
    let line = |word: &str| format!("{MARK}--- {word}: {name} (");
    let verdict =
        Verdict::Output { skip_codes: Vec::new(), skipped: vec![line("SKIP")], ran: vec![line("PASS")] };
    let run = pattern::exact([name]).concat();
    of(kept, suite, name, Some(&run), verdict)
}

/// Returns the case of all these tests in one process. Where no pattern can hold their names, it is all that the
/// user's command runs.
pub fn together<S: AsRef<str>>(kept: &Kept, suite: &str, names: &[S]) -> Case {
    let verdict =
        Verdict::Output { skip_codes: Vec::new(), skipped: Vec::new(), ran: vec![format!("{MARK}PASS")] };
    let users = args::value(&kept.args, "test.run");
    let run = match pattern::exact(names).as_slice() {
        [run] => Some(run.clone()),
        _ => users,
    };
    of(kept, suite, TOGETHER, run.as_deref(), verdict)
}

/// Returns the case that runs no test: what it executes belongs to every test of the binary.
pub fn nothing(kept: &Kept, suite: &str) -> Case {
    of(kept, suite, NOTHING, Some("^$"), Verdict::ExitCode)
}

fn of(kept: &Kept, suite: &str, name: &str, run: Option<&str>, verdict: Verdict) -> Case {
    let mut words: Vec<OsString> = run.map(|run| format!("-test.run={run}").into()).into_iter().collect();
    words.extend(["-test.v=test2json", COVERAGE, TESTLOG].map(OsString::from));
    words.extend(kept.own_args());
    Case {
        suite: suite.into(),
        name: name.into(),
        command: kept.command(words),
        verdict,
        skipped: false,
        timeout: timeout(&kept.args),
        locks: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    }
}

/// Returns the command with the places where it leaves its coverage, a folder that exists, and the log of what it
/// read. Children of the process leave their coverage there as well.
pub fn with_folders(command: &CommandLine, coverage: &Path, testlog: &Path) -> CommandLine {
    let mut command = command.clone();
    for arg in &mut command.args {
        let (flag, path) = match arg.to_str() {
            Some(COVERAGE) => (COVERAGE, coverage),
            Some(TESTLOG) => (TESTLOG, testlog),
            _ => continue,
        };
        let name = flag.split('=').next().unwrap_or_default();
        let mut word = OsString::from(format!("{name}="));
        word.push(path);
        *arg = word;
    }
    // A process that leaves by `os.Exit` writes to this one only.
    command.env.insert("GOCOVERDIR".into(), Some(coverage.into()));
    command
}

/// Returns how long a process may take that has a limit of its own.
fn timeout(args: &[OsString]) -> Option<Duration> {
    let timeout = duration(&args::value(args, "test.timeout")?)?;
    (!timeout.is_zero()).then(|| timeout.saturating_add(GRACE))
}

/// Reads a duration as Go writes it, `1h2m3.5s`; `None` for what is none.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// Returns the names of the subtests that ran, told from what a process printed that was asked as [`case`] asks.
pub fn subtests(output: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let marker = format!("{MARK}=== RUN   ");
    for at in memchr::memmem::find_iter(output, marker.as_bytes()) {
        let rest = &output[at + marker.len()..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let name = std::str::from_utf8(&rest[..end]).ok().filter(|name| name.contains('/'));
        names.extend(name.map(|name| name.trim_end_matches('\r').to_owned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::verdict::Judgement;

    fn kept(args: &[&str], chain: &[&str]) -> Kept {
        Kept {
            binary: "/k/x.test".into(),
            args: args.iter().map(OsString::from).collect(),
            cwd: "/w/x".into(),
            env: [("PWD".into(), Some("/w/x".into()))].into(),
            chain: chain.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    const ARGS: &[&str] = &[
        "-test.paniconexit0",
        "-test.gocoverdir=/tmp/go-build1/c",
        "-test.timeout=1m30s",
        "-test.count=1",
        "-test.run=A",
        "-test.short=true",
        "-own",
        "word",
    ];

    #[test]
    fn a_case_runs_one_test() {
        let case = case(&kept(ARGS, &["wrap", "-x"]), "e.org/x", "TestA/b c");
        insta::assert_debug_snapshot!((&case.command, case.timeout), @r#"
        (
            CommandLine {
                program: "wrap",
                args: [
                    "-x",
                    "/k/x.test",
                    "-test.run=^TestA$/^b c$",
                    "-test.v=test2json",
                    "-test.gocoverdir=/dev/null/coverage",
                    "-test.testlogfile=/dev/null/testlog",
                    "-test.paniconexit0",
                    "-test.timeout=1m30s",
                    "-test.short=true",
                    "-own",
                    "word",
                ],
                cwd: "/w/x",
                env: {
                    "PWD": Some(
                        "/w/x",
                    ),
                },
            },
            Some(
                150s,
            ),
        )
        "#);
        let command = with_folders(&case.command, "/c d".as_ref(), "/l".as_ref());
        assert_eq!(command.args[4], "-test.gocoverdir=/c d");
        assert_eq!(command.args[5], "-test.testlogfile=/l");
        assert_eq!(command.env[std::ffi::OsStr::new("GOCOVERDIR")], Some("/c d".into()));
    }

    #[test]
    fn a_test_passes_when_it_says_so() {
        let verdict = case(&kept(ARGS, &[]), "x", "TestA").verdict;
        for (code, output, expected) in [
            (Some(0), "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n\x16PASS\n", Judgement::Passed),
            (Some(0), "no newline\x16--- PASS: TestA (0.00s)\nPASS\n", Judgement::Passed),
            (Some(0), "\x16--- SKIP: TestA (0.00s)\n\x16PASS\n", Judgement::Skipped),
            (Some(1), "\x16--- SKIP: TestA (0.00s)\n\x16FAIL\n", Judgement::Failed),
            (Some(1), "\x16--- PASS: TestA (0.00s)\n\x16FAIL\n", Judgement::Failed),
            (None, "\x16--- PASS: TestA (0.00s)\n", Judgement::Failed),
            (Some(0), "testing: warning: no tests to run\n\x16PASS\n", Judgement::NothingRan),
            (Some(0), "--- PASS: TestA (0.00s)\n", Judgement::NothingRan),
            (Some(0), "\x16--- PASS: TestAB (0.00s)\n", Judgement::NothingRan),
            (Some(0), "\x16--- PASS: TestA/sub (0.00s)\n", Judgement::NothingRan),
            (Some(0), "", Judgement::NothingRan),
        ] {
            assert_eq!(verdict.judge(code, output.as_bytes(), b""), expected, "{output:?}");
        }
    }

    #[test]
    fn durations_are_gos() {
        let check = |text: &str| duration(text).map(|duration| duration.as_secs_f64());
        assert_eq!(check("1h2m3.5s"), Some(3723.5));
        assert_eq!(check("10m0s"), Some(600.0));
        assert_eq!(check("1500ms"), Some(1.5));
        assert_eq!(check("0"), Some(0.0));
        for other in ["", "1", "s", "-1s", "1x", "1e400h", "..s", "999999999999999999999h"] {
            assert_eq!(duration(other), None, "{other}");
        }
        assert_eq!(timeout(&["-test.timeout=0s".into()]), None);
    }

    #[test]
    fn subtests_are_those_that_ran() {
        let output =
            b"\x16=== RUN   TestA\n\x16=== RUN   TestA/b\nx\x16=== RUN   TestA/b#01\n=== RUN   TestA/c\n";
        assert_eq!(subtests(output), ["TestA/b".to_owned(), "TestA/b#01".to_owned()].into());
    }
}
