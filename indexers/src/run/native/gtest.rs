//! GoogleTest.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::run::case::{Case, Verdict};
use crate::run::native::exact::{self, Named};
use crate::run::native::{Binary, DeathTests, LeftOut, ListError, Listing, Options, unset};
use crate::run::together::{TOGETHER, Together, Told, number_before};

const LIST: &str = "--gtest_list_tests";
const FILTER: &str = "--gtest_filter=";

/// How many pairs of a pattern and a name are compared to find the tests that a pattern cannot name alone.
const MAX_COMPARED: usize = 50_000_000;

/// Variables that choose tests, or change what is printed of them. Flags would do for some, but a program that
/// does not know a flag of GoogleTest's prints its help and runs nothing.
const VARIABLES: [&str; 12] = [
    "GTEST_ALSO_RUN_DISABLED_TESTS",
    "GTEST_BRIEF",
    "GTEST_FILTER",
    "GTEST_FLAGFILE",
    "GTEST_LIST_TESTS",
    "GTEST_OUTPUT",
    "GTEST_REPEAT",
    "GTEST_SHARD_INDEX",
    "GTEST_SHARD_STATUS_FILE",
    "GTEST_TOTAL_SHARDS",
    "TESTBRIDGE_TEST_ONLY",
    "XML_OUTPUT_FILE",
];

/// Lists the tests of a binary that speaks GoogleTest.
pub fn list(binary: &Binary, options: Options, listing: &Listing) -> Result<Vec<Case>, ListError> {
    let mut binary = binary.clone();
    unset(&mut binary.command.env, &VARIABLES);
    let program = binary.command.program.clone();
    let io = |source| ListError::Io { program: program.clone(), source };
    let folder = tempfile::tempdir_in(&listing.scratch).map_err(io)?;
    let file = folder.path().join("tests.json");
    let mut output = OsString::from("--gtest_output=json:");
    output.push(&file);
    let args = [OsString::from(LIST), "--gtest_filter=*".into(), "--gtest_color=no".into(), output];
    let answer = listing.ask(&binary.command, &args)?;
    if !answer.status.success() {
        return Err(answer.failed(&binary.command.program, LIST));
    }
    // Releases before 1.10 list in text only, and so does a `main` that hides the output flag.
    let names = match read_bounded(&file, listing.max_output).map_err(io)? {
        Some(json) => parse_json(&json),
        None => parse_text(&answer.stdout),
    };
    let names = names.map_err(|reason| binary.not_a_list(LIST, reason))?;
    if names.is_empty() {
        return Err(binary.not_a_list(LIST, "it has no tests"));
    }
    cases(&binary, options, &names)
}

/// Returns several tests of a program in one process, which may be all that it does not leave out; `None` where they are
/// not of this framework.
pub fn together(cases: &[&Case], all: Option<LeftOut>) -> Option<Together> {
    let filter = |case: &&Case| case.command.args.first()?.to_str()?.strip_prefix(FILTER).map(str::to_owned);
    let filters: Vec<String> = cases.iter().map(filter).collect::<Option<_>>()?;
    let filter = if all.is_some() { "*".to_owned() } else { filters.join(":") };
    let mut case = (*cases.first()?).clone();
    case.name = TOGETHER.into();
    case.command.args[0] = format!("{FILTER}{filter}").into();
    case.verdict = Verdict::ExitCode;
    Some(Together { case, told })
}

/// Reads what a program says of its tests at its end.
fn told(output: &str) -> Option<Told<'_>> {
    let is_end = |line: &&str| line.starts_with("[==========] ") && line.contains(" ran.");
    let end = output.lines().rev().find(is_end)?;
    let lines = output.lines().filter_map(|line| line.strip_prefix("[  FAILED  ] "));
    let n_failed = lines.clone().filter_map(|rest| number_before(rest, " test")).next_back();
    // What is counted there is not a name.
    let names = lines.filter_map(|rest| rest.split([' ', ',']).next()).filter(|name| name.contains('.'));
    let n_ran = number_before(end, " test")?;
    Some(Told { n_ran, n_failed: n_failed.unwrap_or(0), failed: names.collect() })
}

/// A test's name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    suite: String,
    test: String,
}

impl Name {
    fn full(&self) -> String {
        format!("{}.{}", self.suite, self.test)
    }

    /// Returns whether GoogleTest leaves it out, whose rule is `DISABLED_*:*/DISABLED_*` on either part.
    fn is_disabled(&self) -> bool {
        [&self.suite, &self.test]
            .iter()
            .any(|part| part.starts_with("DISABLED_") || part.contains("/DISABLED_"))
    }
}

fn cases(binary: &Binary, options: Options, names: &[Name]) -> Result<Vec<Case>, ListError> {
    let tests: Vec<Named> = names
        .iter()
        .map(|name| {
            let name = name.full();
            let filter = pattern(&name);
            Named { is_plain: filter == name && !name.contains('?'), name, filter }
        })
        .collect();
    let mut left = MAX_COMPARED;
    let picks = exact::picks(&tests, ':', |place| {
        if left < tests.len() {
            return Ok(Vec::new());
        }
        left -= tests.len();
        let filter = tests[place].filter.as_bytes();
        Ok((0..tests.len()).filter(|&other| matches(filter, tests[other].name.as_bytes())).collect())
    })?;
    let runs = |place: usize| options.left_out == LeftOut::Run || !names[place].is_disabled();
    let case = |name: &str, filter: &str, members: &mut dyn Iterator<Item = usize>| {
        let n_run = members.filter(|&place| runs(place)).count();
        let mut args = vec![OsString::from(format!("{FILTER}{filter}")), "--gtest_color=no".into()];
        if options.left_out == LeftOut::Run {
            args.push("--gtest_also_run_disabled_tests".into());
        }
        if options.death_tests == DeathTests::Threadsafe {
            args.push("--gtest_death_test_style=threadsafe".into());
        }
        Case { skipped: n_run == 0, ..binary.case(name, args, verdict(n_run.max(1))) }
    };
    let mut cases: Vec<Case> = picks
        .groups
        .iter()
        .map(|group| {
            let name = match group.members[..] {
                [only] => &tests[only].name,
                _ => &group.filter,
            };
            case(name, &group.filter, &mut group.members.iter().copied())
        })
        .collect();
    if picks.needs_all {
        cases.push(case("*", "*", &mut (0..names.len())));
    }
    Ok(cases)
}

fn verdict(n_run: usize) -> Verdict {
    Verdict::Output {
        skip_codes: Vec::new(),
        // Of several tests, one that was skipped leaves the others without a proof, which costs only time.
        skipped: vec!["[  SKIPPED ] ".to_owned()],
        ran: vec![passed(n_run)],
    }
}

/// Returns what GoogleTest prints at the end when so many tests ran and passed.
pub(crate) fn passed(n_run: usize) -> String {
    format!("[  PASSED  ] {n_run} test{}.\n", if n_run == 1 { "" } else { "s" })
}

/// Returns the one test that these arguments choose, when that is all they do.
pub(crate) fn chosen<'a>(args: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut chosen = None;
    for arg in args {
        if let Some(filter) = arg.strip_prefix(FILTER) {
            if chosen.replace(filter).is_some() || filter.is_empty() || pattern(filter) != *filter {
                return None;
            }
        } else if arg != "--gtest_also_run_disabled_tests" && !arg.starts_with("--gtest_color=") {
            return None;
        }
    }
    chosen.filter(|filter| !filter.contains('?'))
}

/// Returns a pattern that matches `name`, and as little else as possible: there is no escaping in a filter, so
/// what means something there becomes "any character".
fn pattern(name: &str) -> String {
    let pattern = |char| match char {
        '*' | '?' | ':' | '-' => '?',
        // Stands for bytes that are no text; how many nobody knows.
        char::REPLACEMENT_CHARACTER => '*',
        char => char,
    };
    name.chars().map(pattern).collect()
}

/// Returns whether a filter as users write it, patterns and after a dash those of exceptions, chooses a test.
pub fn is_chosen(filter: &str, name: &str) -> bool {
    let (wanted, unwanted) = filter.split_once('-').unwrap_or((filter, ""));
    let has = |patterns: &str| {
        let mut patterns = patterns.split(':').filter(|pattern| !pattern.is_empty());
        patterns.any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
    };
    (wanted.is_empty() || has(wanted)) && !has(unwanted)
}

/// Returns whether GoogleTest's pattern matches all of `name`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // The last star, and the first byte that it has not yet taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[derive(Deserialize)]
struct Document {
    testsuites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    testsuite: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    name: String,
}

fn parse_json(json: &[u8]) -> Result<Vec<Name>, String> {
    // What parameters print as need not be text.
    let document: Document =
        serde_json::from_str(&String::from_utf8_lossy(json)).map_err(|error| error.to_string())?;
    let suites = document.testsuites.into_iter();
    Ok(suites
        .flat_map(|Suite { name, testsuite }| {
            let suite = unmangled(name);
            testsuite.into_iter().map(move |test| Name { suite: suite.clone(), test: unmangled(test.name) })
        })
        .collect())
}

/// Returns a name as the program has it: GoogleTest writes each byte beyond ASCII as a character of its own where a
/// `char` is signed.
fn unmangled(name: String) -> String {
    if name.is_ascii() {
        return name;
    }
    let bytes: Option<Vec<u8>> = name.chars().map(|char| u8::try_from(char).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(name)
}

fn parse_text(text: &[u8]) -> Result<Vec<Name>, String> {
    let text = String::from_utf8_lossy(text);
    let mut names = Vec::new();
    let mut suite: Option<&str> = None;
    for line in text.lines() {
        // Parameters and types are told behind the name, and may print as anything but a line's end.
        let told = |mark: &str| line.split_once(mark).map_or(line, |(name, _)| name).trim_end();
        if let Some(test) = told("  # GetParam() = ").strip_prefix("  ") {
            let suite = suite.ok_or_else(|| format!("the test `{test}` has no suite"))?;
            names.push(Name { suite: suite.to_owned(), test: test.to_owned() });
        } else if let Some(name) = told("  # TypeParam = ").strip_suffix('.') {
            suite = Some(name);
        } else if suite.is_some() {
            return Err(format!("`{line}` is neither a suite nor a test"));
        }
        // Before the first suite a `main` may say what it likes.
    }
    Ok(names)
}

fn read_bounded(path: &Path, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(metadata) if usize::try_from(metadata.len()).is_ok_and(|len| len <= limit) => {
            fs::read(path).map(Some)
        }
        Ok(_) => Err(std::io::Error::other("its list of tests is too long")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
