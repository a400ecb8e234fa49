//! Catch2, versions 2 and 3.

use std::collections::BTreeSet;
use std::ffi::OsString;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::run::case::{Case, Verdict};
use crate::run::native::exact::{self, Named};
use crate::run::native::{Binary, LeftOut, ListError, Listing, Options, xml};
use crate::run::together::{TOGETHER, Together, Told, number_before};

const LIST: &str = "--list-tests";
/// The filter of all tests that are not hidden, and of all.
const SHOWN: &str = "~[.]";
const ALL: &str = "*";

/// The option as both versions know it, and how to read what they print for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// Names with a place after each, because a name may have line breaks in it.
    Two,
    /// XML.
    Three,
}

/// Lists the tests of a binary that speaks Catch2.
pub fn list(binary: &Binary, options: Options, listing: &Listing) -> Result<Vec<Case>, ListError> {
    let program = &binary.command.program;
    // Version 2 prints a list for people here, whatever the reporter.
    let answer = listing.ask(&binary.command, &[LIST, "-r", "xml"])?;
    if answer.was_killed() {
        return Err(answer.failed(program, LIST));
    }
    let version = if answer.stdout.starts_with(b"<?xml") { Version::Three } else { Version::Two };
    let ask = |filter: Option<&str>| ask(binary, version, filter, listing);
    // Without a filter the hidden ones are left out; a star is all there is.
    let shown: BTreeSet<Listed> = ask(None)?.into_iter().collect();
    let all = ask(Some("*"))?;
    if all.is_empty() {
        return Err(binary.not_a_list(LIST, "it has no tests"));
    }
    let tests: Vec<Named> = all
        .iter()
        .map(|listed| {
            let name = listed.name(version);
            // Names are compared without regard to case and to blanks around them.
            Named { name: name.trim().to_lowercase(), filter: filter(name), is_plain: is_plain(name) }
        })
        .collect();
    let picks = exact::picks(&tests, ',', |place| {
        if tests[place].name.is_empty() {
            return Ok(Vec::new());
        }
        // How much of a name can be escaped has changed from release to release, so the binary is asked.
        let selected: BTreeSet<Listed> = ask(Some(&tests[place].filter))?.into_iter().collect();
        Ok((0..all.len()).filter(|&other| selected.contains(&all[other])).collect())
    })?;
    let case = |name: &str, filter: &str, n_run: usize, skipped: bool| {
        let args = vec![OsString::from("-r"), "console".into(), filter.into()];
        Case { skipped, ..binary.case(name, args, verdict(n_run)) }
    };
    let is_left_out = |place: usize| options.left_out == LeftOut::Skip && !shown.contains(&all[place]);
    let mut cases = Vec::with_capacity(picks.groups.len());
    for group in &picks.groups {
        match group.members[..] {
            [only] => cases.push(case(all[only].name(version), &group.filter, 1, is_left_out(only))),
            // A filter that names hidden tests runs them.
            _ => {
                let skipped = group.members.iter().all(|&place| is_left_out(place));
                cases.push(case(&group.filter, &group.filter, group.members.len(), skipped));
            }
        }
    }
    if picks.needs_all {
        let (filter, n_run) = match options.left_out {
            LeftOut::Skip => (SHOWN, shown.len()),
            LeftOut::Run => (ALL, all.len()),
        };
        cases.push(case("*", filter, n_run, n_run == 0));
    }
    Ok(cases)
}

/// Returns several tests of a program in one process, which may be all that it does not leave out; `None` where they are
/// not of this framework.
pub fn together(cases: &[&Case], all: Option<LeftOut>) -> Option<Together> {
    let filters: Vec<&str> = cases.iter().map(|case| chosen(case)).collect::<Option<_>>()?;
    let filter = match all {
        Some(LeftOut::Skip) => SHOWN.to_owned(),
        Some(LeftOut::Run) => ALL.to_owned(),
        None => filters.join(","),
    };
    let mut case = (*cases.first()?).clone();
    case.name = TOGETHER.into();
    *case.command.args.last_mut()? = filter.into();
    case.verdict = Verdict::ExitCode;
    Some(Together { case, told })
}

/// Returns the filter of a case that is made here.
fn chosen(case: &Case) -> Option<&str> {
    match &case.command.args[..] {
        [report, reporter, filter] if report == "-r" && reporter == "console" => filter.to_str(),
        _ => None,
    }
}

/// Reads what a program says of its tests at its end, which is not the names of those that failed.
fn told(output: &str) -> Option<Told<'_>> {
    let is_end = |line: &&str| line.starts_with("All tests passed (") || line.starts_with("test cases: ");
    let end = output.lines().rev().find(is_end)?;
    let n_ran = match end.strip_prefix("test cases: ") {
        Some(counts) => number_before(counts, "|")?,
        None => number_before(end, " test case")?,
    };
    // Some fail as expected, which is another column.
    let n_failed = end.split('|').find_map(|column| column.trim().strip_suffix(" failed")?.parse().ok());
    Some(Told { n_ran, n_failed: n_failed.unwrap_or(0), failed: BTreeSet::new() })
}

/// What is told of a test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    printed: String,
    place: String,
}

impl Listed {
    fn name(&self, version: Version) -> &str {
        // Version 2 quotes a name that its own input files would take for a comment.
        let quoted = self.printed.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        match quoted {
            Some(name) if version == Version::Two && name.starts_with('#') => name,
            _ => &self.printed,
        }
    }
}

fn ask(
    binary: &Binary,
    version: Version,
    filter: Option<&str>,
    listing: &Listing,
) -> Result<Vec<Listed>, ListError> {
    let mut args = match version {
        Version::Two => vec!["--list-test-names-only", "-v", "high"],
        Version::Three => vec![LIST, "-r", "xml"],
    };
    args.extend(filter);
    let answer = listing.ask(&binary.command, &args)?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let listed = match version {
        // The exit code of version 2 is the number of tests, as far as it goes.
        Version::Two => parse_names(&text).and_then(|listed| match answer.status.code() {
            Some(code) if usize::try_from(code) == Ok(listed.len().min(255)) => Ok(listed),
            _ => Err("the exit code is not the number of tests".to_owned()),
        }),
        Version::Three if !answer.status.success() => {
            return Err(answer.failed(&binary.command.program, LIST));
        }
        Version::Three => parse_xml(&text),
    };
    listed.map_err(|reason| binary.not_a_list(LIST, reason))
}

fn verdict(n_run: usize) -> Verdict {
    let cases = if n_run == 1 { "case" } else { "cases" };
    Verdict::Output {
        // Version 3 says that all tests were skipped by 4, which from others is the number of failures.
        skip_codes: vec![4],
        skipped: vec![format!("test cases: {n_run} | {n_run} skipped\n")],
        ran: vec![
            format!(" in {n_run} test {cases})\n"),
            format!("test cases: {n_run} | {n_run} passed\n"),
            format!("test cases: {n_run} | {n_run} failed as expected\n"),
        ],
    }
}

/// Returns whether a filter can take a name for nothing but itself, in all releases.
fn is_plain(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && !name.ends_with(' ')
        && !name.to_ascii_lowercase().starts_with("exclude:")
        && name.chars().all(|char| char.is_ascii_alphanumeric() || " _-./:()<>=+".contains(char))
}

fn filter(name: &str) -> String {
    let mut filter = String::with_capacity(name.len());
    for (place, char) in name.char_indices() {
        if matches!(char, '\\' | ',' | '[' | '"') || place == 0 && matches!(char, '-' | '~' | '#' | '@') {
            filter.push('\\');
        }
        filter.push(char);
    }
    filter
}

fn parse_names(text: &str) -> Result<Vec<Listed>, String> {
    let mut listed = Vec::new();
    let mut rest = text.strip_prefix('\n').unwrap_or(text);
    while !rest.trim().is_empty() {
        let (printed, after) = rest.split_once("\t@").ok_or("a name has no place")?;
        let (place, after) = after.split_once('\n').unwrap_or((after, ""));
        let is_place = place.rsplit_once([':', '(']).is_some_and(|(file, line)| {
            let line = line.trim_end_matches(')');
            !file.is_empty() && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !is_place {
            return Err(format!("`{place}` is no place"));
        }
        listed.push(Listed { printed: printed.to_owned(), place: place.to_owned() });
        rest = after;
    }
    Ok(listed)
}

fn parse_xml(text: &str) -> Result<Vec<Listed>, String> {
    let mut reader = Reader::from_str(text);
    let mut listed = Vec::new();
    // Which elements are open, how the test is called, and where it is.
    let mut open: Vec<String> = Vec::new();
    let (mut printed, mut place) = (String::new(), String::new());
    let mut is_complete = false;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let path: Vec<&str> = open.iter().map(String::as_str).collect();
        let field = match path[..] {
            ["MatchingTests", "TestCase", "Name"] => Some(&mut printed),
            ["MatchingTests", "TestCase", "SourceInfo", "File" | "Line"] => Some(&mut place),
            _ => None,
        };
        match event {
            Event::Start(element) => {
                if open.len() > 8 {
                    return Err("its elements are nested too deeply".to_owned());
                }
                open.push(element.name().as_ref().to_owned());
            }
            Event::End(_) => {
                match path[..] {
                    ["MatchingTests", "TestCase"] => listed.push(Listed {
                        printed: std::mem::take(&mut printed),
                        place: std::mem::take(&mut place),
                    }),
                    ["MatchingTests", "TestCase", "SourceInfo", "File"] => place.push(':'),
                    ["MatchingTests"] => is_complete = true,
                    _ => {}
                }
                open.pop();
            }
            Event::Text(text) => field.into_iter().for_each(|field| field.push_str(&text)),
            Event::GeneralRef(reference) => {
                if let Some(field) = field {
                    field.push_str(&xml::referred(&reference).ok_or("an unknown entity")?);
                }
            }
            Event::Empty(element) if path.is_empty() && element.name().as_ref() == "MatchingTests" => {
                is_complete = true;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if is_complete { Ok(listed) } else { Err("its list does not end".to_owned()) }
}

#[cfg(test)]
mod tests;
