//! doctest.

use std::collections::BTreeSet;
use std::ffi::OsString;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::run::case::{Case, Verdict};
use crate::run::native::exact::{self, Named};
use crate::run::native::{Binary, LeftOut, ListError, Listing, Options, xml};
use crate::run::together::{TOGETHER, Together, Told, number_before};

/// Options with this prefix are understood even by programs that keep the short ones for themselves.
const LIST: &str = "--dt-list-test-cases";
const REPORTER: &str = "--dt-reporters=console";
const FILTER: &str = "--dt-test-case=";

/// Lists the tests of a binary that speaks doctest.
pub fn list(binary: &Binary, options: Options, listing: &Listing) -> Result<Vec<Case>, ListError> {
    let all = ask(binary, None, listing)?;
    if all.is_empty() {
        return Err(binary.not_a_list(LIST, "it has no tests"));
    }
    let tests: Vec<Named> = all
        .iter()
        .map(|listed| Named {
            name: listed.name.clone(),
            filter: listed.name.replace('\\', "\\\\").replace(',', "\\,"),
            is_plain: is_plain(&listed.name),
        })
        .collect();
    let picks = exact::picks(&tests, ',', |place| {
        // An empty filter is none.
        if tests[place].filter.is_empty() {
            return Ok(Vec::new());
        }
        // What can be escaped has changed from release to release, so the binary is asked.
        let selected = ask(binary, Some(&tests[place].filter), listing)?;
        Ok((0..all.len()).filter(|&other| selected.contains(&all[other])).collect())
    })?;
    let runs = |place: &usize| options.left_out == LeftOut::Run || !all[*place].skipped;
    let case = |name: &str, filter: Option<&str>, n_run: usize| {
        let mut args: Vec<OsString> = filter.map(choose).into_iter().flatten().collect();
        args.extend([REPORTER.into(), "--dt-no-colors=true".into()]);
        if options.left_out == LeftOut::Run {
            args.push("--dt-no-skip=true".into());
        }
        Case { skipped: n_run == 0, ..binary.case(name, args, verdict(n_run.max(1))) }
    };
    let mut cases: Vec<Case> = picks
        .groups
        .iter()
        .map(|group| {
            let name = match group.members[..] {
                [only] => &all[only].name,
                _ => &group.filter,
            };
            case(name, Some(&group.filter), group.members.iter().filter(|&place| runs(place)).count())
        })
        .collect();
    if picks.needs_all {
        cases.push(case("*", None, (0..all.len()).filter(runs).count()));
    }
    Ok(cases)
}

/// Returns several tests of a program in one process, which may be all that it does not leave out; `None` where they are
/// not of this framework.
pub fn together(cases: &[&Case], all: Option<LeftOut>) -> Option<Together> {
    let mut case = (*cases.first()?).clone();
    if !case.command.args.iter().any(|arg| arg == REPORTER) {
        return None;
    }
    let filter = |case: &Case| case.command.args.first()?.to_str()?.strip_prefix(FILTER).map(str::to_owned);
    let chosen = match all {
        Some(_) => Vec::new(),
        None => {
            choose(&cases.iter().map(|case| filter(case)).collect::<Option<Vec<String>>>()?.join(",")).into()
        }
    };
    let n_own = if filter(&case).is_some() { choose("").len() } else { 0 };
    case.name = TOGETHER.into();
    case.command.args.splice(..n_own, chosen);
    case.verdict = Verdict::ExitCode;
    Some(Together { case, told })
}

/// Reads what a program says of its tests at its end, which is not the names of those that failed.
fn told(output: &str) -> Option<Told<'_>> {
    let (_, counts) = output.rsplit_once("[doctest] test cases: ")?;
    let n_ran = number_before(counts, "|")?;
    Some(Told { n_ran, n_failed: number_before(counts, " failed")?, failed: BTreeSet::new() })
}

/// What is told of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    name: String,
    suite: String,
    file: String,
    line: String,
    skipped: bool,
}

fn choose(filter: &str) -> [OsString; 2] {
    [OsString::from(format!("{FILTER}{filter}")), "--dt-case-sensitive=true".into()]
}

fn ask(binary: &Binary, filter: Option<&str>, listing: &Listing) -> Result<Vec<Listed>, ListError> {
    let mut args: Vec<OsString> =
        [LIST, "--dt-reporters=xml", "--dt-no-skip=true", "--dt-no-colors=true"].map(OsString::from).to_vec();
    args.extend(filter.map(choose).into_iter().flatten());
    let answer = listing.ask(&binary.command, &args)?;
    if !answer.status.success() {
        return Err(answer.failed(&binary.command.program, LIST));
    }
    parse(&String::from_utf8_lossy(&answer.stdout)).map_err(|reason| binary.not_a_list(LIST, reason))
}

fn verdict(n_run: usize) -> Verdict {
    Verdict::Output {
        skip_codes: Vec::new(),
        skipped: Vec::new(),
        ran: vec![format!("[doctest] test cases: {n_run} | {n_run} passed | 0 failed")],
    }
}

/// Returns whether a filter can take a name for nothing but itself, in all releases.
fn is_plain(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && !name.ends_with(' ')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || " _-./:()<>+".contains(char))
}

fn parse(text: &str) -> Result<Vec<Listed>, String> {
    // A program's own `main` may print before it hands over.
    let start = text.find("<?xml").ok_or("it is not XML")?;
    let mut reader = Reader::from_str(&text[start..]);
    let mut listed = Vec::new();
    let mut is_complete = false;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Empty(element) if element.name().as_ref() == "TestCase" => {
                let get = |name| {
                    xml::attribute(&element, name)
                        .map(Option::unwrap_or_default)
                        .map_err(|error| error.to_string())
                };
                listed.push(Listed {
                    name: get("name")?,
                    suite: get("testsuite")?,
                    file: get("filename")?,
                    line: get("line")?,
                    skipped: get("skipped")? == "true",
                });
            }
            // A test that was run has things in it.
            Event::Start(element) if element.name().as_ref() == "TestCase" => {
                return Err("it ran its tests".to_owned());
            }
            Event::End(element) if element.name().as_ref() == "doctest" => {
                is_complete = true;
                break;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if is_complete { Ok(listed) } else { Err("its list does not end".to_owned()) }
}

#[cfg(test)]
mod tests;
