//! Which variables a test binary asks for before its tests begin.
//!
//! The log of what tests ask for begins with them, and says nothing of initialisers, `init` and `TestMain`. What of the
//! repository's code ran there is known from a run without tests, so what it asks for is read in the sources: names
//! that are written there, also as constants, and those that are handed to functions that hand them on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::unit::UnitKind;

use crate::build::go::compiled::TestBinary;
use crate::trace::{Places, Trace};
use crate::units::go_facts::{GoTestKind, go_facts};
use crate::units::{Language, cut};

/// The functions of the standard library that are told a name.
const ASKING: [&str; 2] = ["Getenv", "LookupEnv"];
/// Those that look at any variable.
const ALL: [&str; 2] = ["Environ", "ExpandEnv"];

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The names.
    pub(super) names: BTreeSet<String>,
    /// Where something else is asked for, for people.
    pub(super) unknown: BTreeSet<String>,
    /// Whether it may look for files, which nobody hears either.
    pub(super) looks: bool,
}

/// What code names that looks for files, or has others look for them.
const LOOKING: [&str; 18] = [
    "Chdir",
    "Command",
    "CommandContext",
    "CreateTemp",
    "DirFS",
    "EvalSymlinks",
    "Glob",
    "Lstat",
    "Open",
    "OpenFile",
    "ParseFiles",
    "ParseGlob",
    "ReadDir",
    "ReadFile",
    "Readlink",
    "Stat",
    "Walk",
    "WalkDir",
];

/// Looks into sources, each read once.
pub(super) struct Before<'a> {
    repository: &'a Path,
    places: &'a Places,
    files: HashMap<RepoPath, File>,
}

struct File {
    text: String,
    parts: Vec<Part>,
}

/// A declaration.
struct Part {
    /// The last part of its name.
    name: String,
    kind: Kind,
    lines: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It runs before tests: an initialiser, `init`, `TestMain`.
    First,
    Function,
    /// It does not.
    Later,
}

impl<'a> Before<'a> {
    pub(super) fn new(repository: &'a Path, places: &'a Places) -> Before<'a> {
        Before { repository, places, files: HashMap::new() }
    }

    /// Returns what a binary asks for that executes this when it runs no test; `None`: nobody knows what it executes.
    pub(super) fn asked(&mut self, binary: &TestBinary, baseline: Option<&Trace>) -> Asked {
        let mut executed: BTreeMap<&RepoPath, Vec<(u32, u32)>> = BTreeMap::new();
        for number in baseline.iter().flat_map(|trace| &trace.places) {
            let (file, range) = &self.places.all()[*number as usize];
            let lines = (range.start.line, range.last_line().max(range.start.line));
            executed.entry(&self.places.files()[*file as usize]).or_default().push(lines);
        }
        let paths: Vec<&RepoPath> = binary.compiled.iter().chain(&binary.test_files).collect();
        for path in &paths {
            if !self.files.contains_key(*path) {
                self.files.insert((*path).clone(), File::read(self.repository, path));
            }
        }
        // The text of whatever runs before tests.
        let mut running: Vec<Running<'_>> = Vec::new();
        for path in &paths {
            let file = &self.files[*path];
            let is_test = binary.test_files.contains(*path);
            for part in &file.parts {
                let ran = |(first, last): &(u32, u32)| *first <= part.lines.1 && part.lines.0 <= *last;
                let runs = match part.kind {
                    Kind::First => true,
                    Kind::Later => false,
                    Kind::Function if is_test || baseline.is_none() => true,
                    Kind::Function => executed.get(*path).is_some_and(|lines| lines.iter().any(ran)),
                };
                if runs {
                    running.push(Running { path, part, text: file.lines(part.lines), is_sure: !is_test });
                }
            }
        }
        let texts: Vec<&str> = paths.iter().map(|path| &*self.files[*path].text).collect();
        asked(&running, &texts)
    }
}

/// A declaration that runs before tests, or may.
struct Running<'a> {
    path: &'a RepoPath,
    part: &'a Part,
    text: &'a str,
    is_sure: bool,
}

fn asked(running: &[Running<'_>], all: &[&str]) -> Asked {
    let looks = looks(running);
    let mut asked = Asked { looks, ..Asked::default() };
    let mut open: Vec<String> = ASKING.map(str::to_owned).into();
    let mut known: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(function) = open.pop() {
        let mut is_called = ASKING.contains(&&*function);
        for Running { path, part, text, is_sure } in running {
            for argument in arguments(text, &function) {
                is_called = true;
                match argument {
                    Argument::Text(name) => _ = asked.names.insert(name),
                    Argument::Name(name) => {
                        let constants = constants(all, &name);
                        if !constants.is_empty() {
                            asked.names.extend(constants);
                        } else if part.kind == Kind::Function {
                            // Whoever calls this one says which.
                            if known.insert(part.name.clone()) {
                                open.push(part.name.clone());
                            }
                        } else {
                            asked.unknown.insert(format!("`{}` of `{path}`", part.name));
                        }
                    }
                    Argument::Other if *is_sure || part.kind == Kind::First => {
                        asked.unknown.insert(format!("`{}` of `{path}`", part.name));
                    }
                    Argument::Other => {}
                }
            }
        }
        if !is_called {
            let sure = running.iter().filter(|running| running.part.name == function && running.is_sure);
            asked.unknown.extend(sure.map(|running| format!("`{function}` of `{}`", running.path)));
        }
    }
    for Running { path, part, text, is_sure } in running {
        let looks = ALL.iter().any(|function| !arguments(text, function).is_empty());
        if looks && (*is_sure || part.kind == Kind::First) {
            asked.unknown.insert(format!("`{}` of `{path}`", part.name));
        }
    }
    asked
}

impl File {
    fn read(repository: &Path, path: &RepoPath) -> File {
        let source = std::fs::read(repository.join(path.as_str())).unwrap_or_default();
        let text = String::from_utf8_lossy(&source).into_owned();
        // Tests are not numbered among the functions that run before them.
        let tests = go_facts(&source).map(|facts| facts.tests).unwrap_or_default();
        let is_test_file = path.as_str().ends_with("_test.go");
        let parts = cut(Language::of(path), &source).into_iter().map(|unit| {
            let test = tests.iter().find(|test| is_test_file && *test.name == *unit.name);
            let kind = match (unit.kind, test.map(|test| test.kind)) {
                (_, Some(GoTestKind::Main)) => Kind::First,
                (_, Some(_)) => Kind::Later,
                (UnitKind::Function, None) => Kind::Function,
                _ if unit.name.starts_with("init") || unit.name.starts_with("var ") => Kind::First,
                // What does not read like Go may be anything.
                _ if unit.name.starts_with("const ")
                    || unit.name.starts_with("type ")
                    || unit.name.starts_with("import ")
                    || unit.name.starts_with("package ") =>
                {
                    Kind::Later
                }
                _ => Kind::First,
            };
            let name = unit.name.split('#').next().unwrap_or_default();
            let name = name.strip_prefix("linkname ").unwrap_or(name);
            let name = name.rsplit('.').next().unwrap_or_default().to_owned();
            Part { name, kind, lines: (unit.lines.start, unit.lines.end) }
        });
        File { parts: parts.collect(), text }
    }

    fn lines(&self, (first, last): (u32, u32)) -> &str {
        let start = |line: u32| {
            let before = (line as usize).saturating_sub(1);
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            if before == 0 { Some(0) } else { ends.map(|at| at + 1).nth(before - 1) }
        };
        let from = start(first).unwrap_or(self.text.len());
        let to = start(last.saturating_add(1)).unwrap_or(self.text.len());
        self.text.get(from..to.max(from)).unwrap_or_default()
    }
}

/// What a function is called with first.
#[derive(Debug, PartialEq, Eq)]
enum Argument {
    Text(String),
    /// A name, without the package before it.
    Name(String),
    /// Anything else, or it is not called but handed on.
    Other,
}

/// Returns whether something that runs before tests names what looks for files. Of the functions in test files, those
/// run that something names which runs.
fn looks(running: &[Running<'_>]) -> bool {
    let (mut open, mut others): (Vec<_>, Vec<_>) =
        running.iter().partition(|running| running.is_sure || running.part.kind == Kind::First);
    while let Some(running) = open.pop() {
        if LOOKING.iter().any(|name| has_word(running.text, name)) {
            return true;
        }
        let (named, rest) = others.into_iter().partition(|other| has_word(running.text, &other.part.name));
        others = rest;
        open.extend::<Vec<_>>(named);
    }
    false
}

/// Returns whether a name stands in a text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word))
}

/// Returns what a function is called with first, each time its name stands in a text, but for its own declaration.
fn arguments(text: &str, function: &str) -> Vec<Argument> {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let mut found = Vec::new();
    for (at, _) in text.match_indices(function) {
        let (before, rest) = (&text[..at], &text[at + function.len()..]);
        if before.ends_with(is_word) || rest.starts_with(is_word) {
            continue;
        }
        let line = before.rsplit('\n').next().unwrap_or_default();
        if is_hidden(line) || line.trim_start().starts_with("func ") && !line.contains('{') {
            continue;
        }
        let Some(inside) = rest.trim_start().strip_prefix('(') else {
            found.push(Argument::Other);
            continue;
        };
        let inside = inside.trim_start();
        let quoted = |quote: char| {
            let text = inside.strip_prefix(quote)?;
            let (text, after) = text.split_once(quote)?;
            let is_whole = after.trim_start().starts_with([',', ')']);
            (is_whole && (quote == '`' || !text.contains('\\'))).then(|| text.to_owned())
        };
        let named = || {
            let end = inside.find(|c: char| !is_word(c) && c != '.').unwrap_or(inside.len());
            let (name, after) = inside.split_at(end);
            let name = name.rsplit('.').next()?;
            (!name.is_empty() && after.trim_start().starts_with([',', ')'])).then(|| name.to_owned())
        };
        let text = quoted('"').or_else(|| quoted('`')).map(Argument::Text);
        found.push(text.or_else(|| named().map(Argument::Name)).unwrap_or(Argument::Other));
    }
    found
}

/// Returns whether a comment or a text has begun on a line and has not ended.
fn is_hidden(line: &str) -> bool {
    let line = line.replace("'\"'", "").replace("\\\"", "");
    let is_text = |line: &str| line.matches(['"', '`']).count() % 2 == 1;
    is_text(&line) || line.match_indices("//").any(|(at, _)| !is_text(&line[..at]))
}

/// Returns the texts that constants and variables of a name are set to.
fn constants(texts: &[&str], name: &str) -> BTreeSet<String> {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let mut found = BTreeSet::new();
    for text in texts {
        for (at, _) in text.match_indices(name) {
            let rest = &text[at + name.len()..];
            if text[..at].ends_with(is_word) || rest.starts_with(is_word) {
                continue;
            }
            let rest = rest.trim_start_matches(' ');
            let rest = rest.strip_prefix("string").unwrap_or(rest).trim_start_matches(' ');
            let rest = rest.strip_prefix(":=").or_else(|| rest.strip_prefix('=')).unwrap_or_default();
            let value = rest.trim_start_matches(' ').strip_prefix('"').and_then(|text| text.split_once('"'));
            found.extend(value.map(|(value, _)| value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::observation::TextRange;

    use super::*;

    #[test]
    fn arguments_are_read() {
        let check = |text: &str| arguments(text, "Getenv");
        let text = |text: &str| Argument::Text(text.to_owned());
        let name = |text: &str| Argument::Name(text.to_owned());
        assert_eq!(check("os.Getenv(\"A\"), os.Getenv( `B` )"), [text("A"), text("B")]);
        assert_eq!(check("Getenv(key, \"x\") + Getenv(env.Key)"), [name("key"), name("Key")]);
        assert_eq!(check("Getenv(\"A\" + b); f(os.Getenv)"), [Argument::Other, Argument::Other]);
        assert_eq!(check("Getenv(f(x)); Getenv(\"a\\\"b\")"), [Argument::Other, Argument::Other]);
        assert_eq!(check("// Getenv(x)\nMyGetenv(x) Getenvs(y)\nfunc Getenv(x string) string {\n"), []);
        assert_eq!(check("fmt.Println(\"Getenv\", \"Getenv(x)\")"), []);
        assert_eq!(check("f('\"', os.Getenv)"), [Argument::Other]);
        assert_eq!(check("s := \"http://\" + os.Getenv(\"A\")"), [text("A")]);
    }

    #[test]
    fn who_looks_for_files_before_tests_is_found() {
        let check = |source: &str| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("p_test.go"), source).unwrap();
            let path = RepoPath::new("p_test.go").unwrap();
            let binary = TestBinary { test_files: [path].into(), ..TestBinary::default() };
            Before::new(folder.path(), &Places::default()).asked(&binary, None).looks
        };
        let helper = "func read() []byte {\n\tb, _ := os.ReadFile(\"x\")\n\treturn b\n}\n\n";
        let main =
            "func TestMain(m *testing.M) {\n\tprepare()\n\tm.Run()\n}\n\nfunc prepare() {\n\tread()\n}\n";
        let test = "func TestX(t *testing.T) {\n\tread()\n}\n";
        assert!(!check(&format!("package p\n\n{helper}{test}")));
        assert!(check(&format!("package p\n\n{helper}{main}")));
        assert!(check("package p\n\nvar _, err = os.Stat(\"x\")\n"));
        assert!(!check("package p\n\nvar x = file.Status\n"));
    }

    #[test]
    fn constants_are_found() {
        let all =
            ["const (\n\tKey = \"A\"\n\tKeys = \"B\"\n)\nvar Key string = \"C\"\n", "if Key == \"D\" {}"];
        assert_eq!(constants(&all, "Key"), ["A".to_owned(), "C".to_owned()].into());
        assert_eq!(constants(&all, "key"), BTreeSet::new());
    }

    #[test]
    fn names_are_followed_to_whoever_says_them() {
        let source = "package p\n\nvar a = get(\"A\", \"x\")\n\nvar b = nested(\"B\")\n\n\
                      func get(key, other string) string {\n\treturn os.Getenv(key)\n}\n\n\
                      func nested(key string) string {\n\treturn get(key, \"\")\n}\n\n\
                      func init() {\n\tfor _, key := range keys {\n\t\tos.LookupEnv(key)\n\t}\n}\n\n\
                      func never() {\n\tos.Getenv(\"NEVER\")\n}\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.go"), source).unwrap();
        let path = RepoPath::new("p.go").unwrap();
        let binary = TestBinary { compiled: [path.clone()].into(), ..TestBinary::default() };
        let mut places = Places::default();
        let mut trace = Trace::default();
        for line in [8, 12] {
            trace.places.push(places.number(&path, TextRange::lines(line, line)));
        }
        let asked = Before::new(folder.path(), &places).asked(&binary, Some(&trace));
        assert_eq!(asked.names, ["A".to_owned(), "B".to_owned()].into());
        assert_eq!(asked.unknown, ["`init` of `p.go`".to_owned()].into());
    }
}
