//! The tests of Rust's own harness, and of those that answer as it does.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::run::case::{Case, CommandLine, Verdict};
use crate::run::native::{Binary, LeftOut, ListError, Listing, plain};
use crate::run::together::{TOGETHER, Together, Told, number_before};

const LIST: [&str; 3] = ["--list", "--format", "terse"];

/// Lists the tests of a binary that cargo has built for testing.
///
/// A harness of the project's own that does not understand the question, or answers it with something else, is one
/// test: the binary.
pub fn list(binary: &Binary, left_out: LeftOut, listing: &Listing) -> Result<Vec<Case>, ListError> {
    match ask(binary, listing) {
        Ok((names, ignored)) => Ok(cases(binary, left_out, &names, &ignored)),
        Err(error @ (ListError::Start { .. } | ListError::Io { .. })) => Err(error),
        Err(error) => {
            tracing::debug!(%error, "a harness of its own; the binary is run as one test");
            Ok(vec![plain::case(binary)])
        }
    }
}

/// Returns the names of all tests, and of those that are ignored.
fn ask(binary: &Binary, listing: &Listing) -> Result<(Vec<String>, BTreeSet<String>), ListError> {
    let ask = |args: &[&str]| {
        let answer = listing.ask(&binary.command, args)?;
        if !answer.status.success() {
            return Err(answer.failed(&binary.command.program, LIST[0]));
        }
        String::from_utf8(answer.stdout).map_err(|_| binary.not_a_list(LIST[0], "it is no text"))
    };
    let read = |text: &str| parse(text).map_err(|reason| binary.not_a_list(LIST[0], reason));
    let names = read(&ask(&LIST)?)?;
    // A harness that ignores its arguments, runs everything and prints nothing looks as if it had no tests; the
    // longer form of the list says so in words.
    if names.is_empty() {
        return match ask(&LIST[..1])?.trim() {
            "0 tests, 0 benchmarks" => Ok((names, BTreeSet::new())),
            _ => Err(binary.not_a_list(LIST[0], "it is empty")),
        };
    }
    let ignored: BTreeSet<String> =
        read(&ask(&[LIST[0], LIST[1], LIST[2], "--ignored"])?)?.into_iter().collect();
    let known: BTreeSet<&String> = names.iter().collect();
    match ignored.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(binary.not_a_list(LIST[0], format!("`{name}` is ignored, and not listed"))),
        None => Ok((names, ignored)),
    }
}

fn cases(binary: &Binary, left_out: LeftOut, names: &[String], ignored: &BTreeSet<String>) -> Vec<Case> {
    // Harnesses that make up their tests as they run may call several by one name, which then run together.
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(name, count)| {
            let mut args = vec![OsString::from("--exact")];
            if left_out == LeftOut::Run {
                args.push("--include-ignored".into());
            }
            if name.starts_with('-') {
                args.push("--".into());
            }
            args.push(name.into());
            let ran = format!("test result: ok. {count} passed; 0 failed;");
            let verdict = Verdict::Output { skip_codes: Vec::new(), skipped: Vec::new(), ran: vec![ran] };
            let skipped = left_out == LeftOut::Skip && ignored.contains(name);
            Case { skipped, ..binary.case(name, args, verdict) }
        })
        .collect()
}

/// Returns several tests of one binary in one process, as its harness runs them by itself; `None` if they are not run by
/// their names. Where they are all that the user's `whole` command runs, they run as there: not every harness takes more
/// than one name.
pub fn together(cases: &[&Case], whole: Option<&CommandLine>) -> Option<Together> {
    let first = cases.first()?;
    let exact = first.command.args.iter().position(|arg| arg == "--exact")?;
    let has_ignored = first.command.args[exact..].iter().any(|arg| arg == "--include-ignored");
    let mut case = (*first).clone();
    case.name = TOGETHER.into();
    // What came of them is counted.
    case.verdict = Verdict::ExitCode;
    if let Some(whole) = whole {
        case.command = whole.clone();
        let is_said = whole.args.iter().any(|arg| arg == "--include-ignored" || arg == "--ignored");
        case.command.args.extend((has_ignored && !is_said).then(|| "--include-ignored".into()));
    } else {
        let args = &mut case.command.args;
        args.truncate(exact + 1);
        args.extend(has_ignored.then(|| "--include-ignored".into()));
        if cases.iter().any(|case| case.name.starts_with('-')) {
            args.push("--".into());
        }
        args.extend(cases.iter().map(|case| OsString::from(&*case.name)));
    }
    Some(Together { case, told })
}

/// Reads what a harness says of its tests at its end.
pub fn told(output: &str) -> Option<Told<'_>> {
    let (before, summary) = output.rsplit_once("test result: ")?;
    let n_failed = number_before(summary, " failed;")?;
    let n_ran = number_before(summary, " passed;")? + n_failed;
    let names = before.rsplit_once("failures:\n").map(|(_, names)| names).filter(|_| n_failed > 0);
    let failed =
        names.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("    ")).collect();
    Some(Told { n_ran, n_failed, failed })
}

fn parse(text: &str) -> Result<Vec<String>, String> {
    text.lines()
        .map(|line| match line.rsplit_once(": ") {
            Some((name, "test" | "benchmark" | "bench")) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(format!("`{line}` is no test")),
        })
        .collect()
}

#[cfg(test)]
mod tests;
