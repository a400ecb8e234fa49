//! `ctest`: a file of the names it is to leave out or run, or a regular expression where it reads no such
//! file.
//!
//! CTest's own tests may hold many of the tests that recordings know, so which it has, and what is in each,
//! has to be asked first. One is left out when all that it holds need not run.

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

    /// Returns whether nobody knows what it holds.
    pub(super) fn is_opaque(&self) -> bool {
        self.tests.is_empty()
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
/// How much of a regular expression CMake can hold, which is 64 KiB as it is compiled. Where it cannot, CTest
/// takes no notice of what it is to leave out, and runs nothing at all of what it is to run.
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
        let all = !entry.is_opaque() && entry.tests.iter().all(is_left_out);
        if all {
            skip.insert(&entry.name)
        } else {
            run.insert(&entry.name)
        };
    }
    // A name that two folders of a project use is one to CTest.
    skip.retain(|name| !run.contains(name));
    let mut told = BTreeSet::new();
    if ctest.release < READS_FILES {
        let users = ctest.exclude.map_or(0, |users| PIECE * users.len());
        if run.is_empty() {
            rendered.form = Form::Run;
            rendered.arguments.extend(["--exclude-regex".to_owned(), ".*".to_owned()]);
            return rendered;
        }
        told = sayable(&skip, &run, LIMIT.saturating_sub(users));
        if !told.is_empty() {
            let names: Vec<String> = told.iter().map(|name| quoted(name)).collect();
            let users = ctest.exclude.map(|users| format!("|{users}")).unwrap_or_default();
            let regex = format!("^({})${users}", names.join("|"));
            rendered.arguments.extend(["--exclude-regex".to_owned(), regex]);
        }
    } else if (ask.form == Form::Run || run.is_empty()) && run.iter().all(|name| is_a_plain_line(name)) {
        rendered.form = Form::Run;
        rendered.arguments.push(format!("--tests-from-file={}", path_text(folder, NAMES)));
        rendered.files.push(file(&run));
        told.clone_from(&skip);
    } else {
        told.extend(skip.iter().filter(|name| is_a_line(name)));
        if !told.is_empty() {
            rendered.arguments.push(format!("--exclude-from-file={}", path_text(folder, NAMES)));
            rendered.files.push(file(&told));
        }
    }
    if rendered.arguments.len() == 1 {
        rendered.arguments.clear();
    }
    let (mut shared, mut unsaid) = (Kept::default(), Kept::default());
    for entry in ctest.entries.iter().filter(|entry| !told.contains(&*entry.name)) {
        let kept = if skip.contains(&*entry.name) { &mut unsaid } else { &mut shared };
        entry.tests.iter().filter(|test| ask.skip.contains(test)).for_each(|test| kept.add(&test.name));
    }
    shared.tell(&mut rendered, "because they are part of a test of CTest's that must");
    unsaid.tell(&mut rendered, "because CTest cannot be told so many names, or such");
    let n_opaque = ctest.entries.iter().filter(|entry| entry.is_opaque()).count();
    if n_opaque > 0 {
        rendered.notes.push(format!("{n_opaque} of CTest's tests run because nobody knows what they hold"));
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

fn file(names: &BTreeSet<&str>) -> File {
    let text: String = names.iter().map(|name| format!("{name}\n")).collect();
    File { name: NAMES.to_owned(), bytes: text.into_bytes() }
}

/// Returns the names that a regular expression can hold within the limit, and that none of `others` is like.
///
/// A shell may cut an expression at blanks, and of what is none then CTest may run no test at all. So a blank
/// is written as any byte, where that means no other test.
fn sayable<'a>(names: &BTreeSet<&'a str>, others: &BTreeSet<&str>, limit: usize) -> BTreeSet<&'a str> {
    let is_like = |name: &str, other: &&str| {
        let mut bytes = name.bytes().zip(other.bytes());
        name.len() == other.len() && bytes.all(|(byte, other)| byte == b' ' || byte == other)
    };
    let mut len = 0;
    let mut told = BTreeSet::new();
    for name in names.iter().filter(|name| is_a_line(name)) {
        let n_blanks = name.matches(' ').count();
        let taken = name.len() + PIECE * (2 + 2 * n_blanks);
        let is_alone = n_blanks == 0 || !others.iter().any(|other| is_like(name, other));
        if is_alone && len + taken <= limit {
            len += taken;
            told.insert(*name);
        }
    }
    told
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
