//! `ctest`: a file of the names it is to leave out or run, or a regular expression where it reads no such file.
//!
//! CTest's own tests may hold many of the tests that recordings know, so which it has, and what is in each, has to be
//! asked first. One is left out when all that it holds need not run.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Ask, File, Form, Kept, Rendered, Strangers, TestName, path_text};
use crate::run::native::ctest::{Found, Held};

/// A test as CTest knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name in CTest.
    pub name: String,
    /// The tests that it runs, as recordings name them. Where that is not known there are none, and it runs.
    pub tests: Vec<TestName>,
}

impl Entry {
    /// Returns the tests of a build folder.
    pub fn all(found: &Found) -> Vec<Entry> {
        let test = |(suite, name): &(Box<str>, Box<str>)| TestName::new(suite.clone(), name.clone());
        let entry =
            |held: &Held| Entry { name: held.name.clone(), tests: held.cases.iter().map(test).collect() };
        found.held.iter().map(entry).collect()
    }
}

/// What has to be known of a build folder.
#[derive(Debug, Clone, Copy)]
pub struct Ctest<'a> {
    /// All of its tests.
    pub entries: &'a [Entry],
    /// The release of CTest: 3.29 is `(3, 29)`.
    pub release: (u32, u32),
    /// The user's own `--exclude-regex`, which before 3.29 gives way to ours.
    pub exclude: Option<&'a str>,
}

/// The first release that reads names from a file.
const READS_FILES: (u32, u32) = (3, 29);
/// How much of a regular expression CMake can hold, which is 64 KiB as it is compiled. Where it cannot, CTest takes
/// no notice of what it is to leave out, and runs nothing at all of what it is to run.
const LIMIT: usize = 60_000;
/// What a piece of a regular expression takes besides its characters.
const PIECE: usize = 8;
/// The file of names.
const NAMES: &str = "ctest-names.txt";

/// Reads the release from what `ctest --version` says.
pub fn release(said: &str) -> Option<(u32, u32)> {
    let version = said.lines().find_map(|line| line.strip_prefix("ctest version "))?;
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.trim().parse().ok()?))
}

pub(super) fn render(ctest: &Ctest<'_>, ask: &Ask<'_>, folder: &Path) -> Rendered {
    let mut rendered = Rendered { arguments: vec!["--no-tests=ignore".to_owned()], ..Rendered::default() };
    // CTest runs nothing without having listed it, so there are no strangers among its own names.
    let is_left_out = |test: &TestName| {
        ask.skip.contains(test) || ask.strangers == Strangers::Leave && !ask.run.contains(test)
    };
    let mut run: BTreeSet<&str> = BTreeSet::new();
    let mut skip: BTreeSet<&str> = BTreeSet::new();
    for entry in ctest.entries {
        let all = !entry.tests.is_empty() && entry.tests.iter().all(is_left_out);
        if all {
            skip.insert(&entry.name)
        } else {
            run.insert(&entry.name)
        };
    }
    let mut shared = Kept::default();
    let held = ctest.entries.iter().filter(|entry| run.contains(&*entry.name)).flat_map(|entry| &entry.tests);
    held.filter(|test| ask.skip.contains(test)).for_each(|test| shared.add(&test.name));
    shared.tell(&mut rendered, "because they are part of a test of CTest's that must");
    // A name that two folders of a project use is one to CTest.
    skip.retain(|name| !run.contains(name));
    let reads_files = ctest.release >= READS_FILES;
    if ask.is_nothing() && !reads_files {
        rendered.form = Form::Run;
        rendered.arguments.push("--exclude-regex".to_owned());
        rendered.arguments.push(".*".to_owned());
    } else if ask.form == Form::Run && reads_files && run.iter().all(|name| is_a_plain_line(name)) {
        rendered.form = Form::Run;
        rendered.arguments.push(format!("--tests-from-file={}", path_text(folder, NAMES)));
        rendered.files.push(file(run.iter().copied()));
    } else if reads_files {
        let mut unsayable = Kept::default();
        skip.iter().filter(|name| !is_a_line(name)).for_each(|name| unsayable.add(name));
        unsayable.tell(&mut rendered, "because their names are none to CTest's files");
        let names: Vec<&str> = skip.into_iter().filter(|name| is_a_line(name)).collect();
        if names.is_empty() {
            rendered.arguments.clear();
            return rendered;
        }
        rendered.arguments.push(format!("--exclude-from-file={}", path_text(folder, NAMES)));
        rendered.files.push(file(names));
    } else {
        let mut too_many = Kept::default();
        match regex(
            &skip,
            &run,
            LIMIT.saturating_sub(ctest.exclude.map_or(0, |users| PIECE * users.len())),
            &mut too_many,
        ) {
            Some(regex) => {
                let both = ctest.exclude.map_or_else(|| regex.clone(), |users| format!("{regex}|{users}"));
                rendered.arguments.extend(["--exclude-regex".to_owned(), both]);
            }
            None => rendered.arguments.clear(),
        }
        too_many.tell(&mut rendered, "because CTest before 3.29 takes no more, or no such, names");
    }
    rendered
}

/// Returns whether a name can be a line.
fn is_a_line(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_control)
}

/// Returns whether a name is a line in whichever way lines are read.
fn is_a_plain_line(name: &str) -> bool {
    is_a_line(name) && name.trim() == name && !name.starts_with('#')
}

fn file<'a>(names: impl IntoIterator<Item = &'a str>) -> File {
    let text: String = names.into_iter().map(|name| format!("{name}\n")).collect();
    File { name: NAMES.to_owned(), bytes: text.into_bytes() }
}

/// Returns a regular expression of CMake's for as many of the names as it takes, and for none of `others`.
///
/// A shell may cut it at blanks, and of what is no regular expression then CTest runs no test at all. So a blank is
/// written as any byte, where that means no other test.
fn regex(names: &BTreeSet<&str>, others: &BTreeSet<&str>, limit: usize, kept: &mut Kept) -> Option<String> {
    let mut alternatives = String::new();
    let mut len = 0;
    let is_like = |name: &str, other: &&str| {
        let mut bytes = name.bytes().zip(other.bytes());
        name.len() == other.len() && bytes.all(|(byte, other)| byte == b' ' || byte == other)
    };
    for name in names {
        if name.contains(' ') && others.iter().any(|other| is_like(name, other)) {
            kept.add(name);
            continue;
        }
        let n_blanks = name.matches(' ').count();
        let taken = name.len() + PIECE * (2 + 2 * n_blanks);
        if len + taken > limit || name.is_empty() || name.contains(char::is_control) {
            kept.add(name);
            continue;
        }
        if !alternatives.is_empty() {
            alternatives.push('|');
        }
        len += taken;
        alternatives.push_str(&quoted(name));
    }
    (!alternatives.is_empty()).then(|| format!("^({alternatives})$"))
}

fn quoted(name: &str) -> String {
    let mut quoted = String::new();
    for c in name.chars() {
        if c == ' ' {
            quoted.push('.');
            continue;
        }
        if r"^$.[]*+?()|\".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
