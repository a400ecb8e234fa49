//! What the go tool builds by: `go.mod`, `go.work`, their sums, and `vendor/modules.txt`.
//!
//! # Units and their names
//!
//! | File | Unit | Name |
//! |---|---|---|
//! | `go.mod`, `go.work` | directives about one thing | `module`, `go`, `toolchain`, `retract` |
//! | | those about many | `require PATH`, `replace PATH`, `exclude PATH`, `tool PATH`, `use PATH`, `godebug KEY` |
//! | sums | all lines of a module | its path |
//! | `vendor/modules.txt` | all sections of a module | its path, or `## workspace` |
//!
//! What `replace` and `exclude` say of a module is in the fingerprint of its `require` as well, and `go`, `toolchain` and
//! `godebug` are in that of `module`: whoever depends on those notices one of these that is new. Before Go 1.17 `go.mod`
//! did not list what is required only by what it requires, so that any directive about a module may choose another
//! version of one that has no line. There `module` knows which there are.
//!
//! No name holds a version, so that a bump is a change of one unit. Comments are in no fingerprint, `// indirect`
//! included: it tells people why a requirement is there. The order of lines is not either, for none of these files
//! means another thing when its lines change places.

use std::collections::BTreeMap;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::unit::{LineSpan, Unit, UnitKind};

/// Returns the name of the unit of `go.mod` that requires a module.
pub fn requirement(module: &str) -> String {
    format!("require {module}")
}

/// Returns the name of the unit of `go.mod` or `go.work` that replaces versions of a module.
pub fn replacement(module: &str) -> String {
    format!("replace {module}")
}

/// Returns the name of the unit of `go.mod` that excludes versions of a module.
pub fn exclusion(module: &str) -> String {
    format!("exclude {module}")
}

/// Returns the name of the unit of a sum file that holds a module's sums.
pub fn sums(module: &str) -> String {
    module.to_owned()
}

/// Returns the name of the unit of `vendor/modules.txt` that lists a module's packages.
pub fn vendored(module: &str) -> String {
    module.to_owned()
}

/// Returns the module that a unit of one of these files is about; `None` if its change concerns all that the file
/// is in force for.
///
/// A `retract` directive concerns nobody in the module that it stands in; it is `None` all the same.
pub fn module_of(unit: &str) -> Option<&str> {
    match unit.split_once(' ') {
        Some(("require" | "replace" | "exclude", module)) => Some(module),
        Some(_) => None,
        // Paths of modules have a point or a slash in them, unless they are of the standard library.
        None => (!ALONE.contains(&unit) && !unit.is_empty()).then_some(unit),
    }
}

/// The directive that names the module itself.
const MODULE: &str = "module";
/// The directives that say one thing.
const ALONE: [&str; 4] = ["module", "go", "toolchain", "retract"];
/// The section of `vendor/modules.txt` that says that it is a workspace's.
const WORKSPACE: &str = "## workspace";

/// What is known of one name.
#[derive(Debug, Default)]
struct Entry {
    said: Vec<Vec<u8>>,
    first: u32,
    last: u32,
}

/// The units of a file so far.
#[derive(Debug, Default)]
struct Entries {
    named: BTreeMap<String, Entry>,
    /// The version of Go that the file is written for, as far as it matters.
    go: Option<(u32, u32)>,
}

impl Entries {
    fn add(&mut self, name: String, line: u32, said: Vec<u8>) {
        let entry = self.named.entry(name).or_insert_with(|| Entry { first: line, ..Entry::default() });
        entry.last = line;
        entry.said.push(said);
    }

    /// Returns the units in the order of their first lines.
    fn into_units(self) -> Vec<Unit> {
        let mut units: Vec<_> = self
            .named
            .into_iter()
            .map(|(name, mut entry)| {
                entry.said.sort();
                let mut bytes = Vec::new();
                for said in entry.said {
                    bytes.extend((said.len() as u64).to_le_bytes());
                    bytes.extend(said);
                }
                Unit {
                    kind: UnitKind::Item,
                    name: name.into(),
                    lines: LineSpan { start: entry.first, end: entry.last },
                    fingerprint: Some(Fingerprint::of(&bytes)),
                    identifiers: Vec::new(),
                }
            })
            .collect();
        units.sort_by(|a, b| (a.lines, &a.name).cmp(&(b.lines, &b.name)));
        units
    }
}

/// Returns the words of a line, each with its length, so that no two lists of words are the same bytes.
fn encode(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in words {
        bytes.extend((word.len() as u64).to_le_bytes());
        bytes.extend_from_slice(word.as_bytes());
    }
    bytes
}

fn lines(source: &[u8]) -> Option<impl Iterator<Item = (u32, &str)>> {
    let text = std::str::from_utf8(source).ok()?;
    Some((1..).zip(text.lines()))
}

/// Cuts `go.mod` or `go.work`; `None` if a line is no directive.
pub(super) fn cut_directives(source: &[u8]) -> Option<Vec<Unit>> {
    let mut entries = Entries::default();
    let mut block: Option<&str> = None;
    for (number, line) in lines(source)? {
        let words = words(line)?;
        match (block, words.as_slice()) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (None, [verb, "("]) => block = Some(verb),
            // An empty block on one line.
            (None, [_, "(", ")"]) => {}
            (Some(verb), said) => entries.directive(verb, said, number)?,
            (None, [verb, said @ ..]) => entries.directive(verb, said, number)?,
        }
    }
    entries.tell_whom_they_concern();
    block.is_none().then(|| entries.into_units())
}

impl Entries {
    /// Has what a module depends on know what is said of that elsewhere in the file, and the module itself what is said
    /// of everything. Then a directive that is new, which nothing can depend on so far, is a change of one that is not.
    fn tell_whom_they_concern(&mut self) {
        let mut told: Vec<(String, Vec<u8>)> = Vec::new();
        let lists_all = self.lists_all();
        for (name, entry) in &self.named {
            let whom = match name.split_once(' ') {
                Some(("require", _)) if !lists_all => {
                    told.push((MODULE.to_owned(), encode(&[name])));
                    continue;
                }
                Some(("replace" | "exclude", module))
                    if !lists_all && !self.named.contains_key(&requirement(module)) =>
                {
                    MODULE.to_owned()
                }
                Some(("replace" | "exclude", module)) => requirement(module),
                Some(("godebug", _)) => MODULE.to_owned(),
                None if matches!(&**name, "go" | "toolchain") => MODULE.to_owned(),
                _ => continue,
            };
            told.extend(entry.said.iter().map(|said| (whom.clone(), [&encode(&[name])[..], said].concat())));
        }
        for (whom, said) in told {
            if let Some(entry) = self.named.get_mut(&whom) {
                entry.said.push(said);
            }
        }
    }

    /// Returns whether each module has a line of which something is built, as it is since Go 1.17.
    fn lists_all(&self) -> bool {
        self.go.is_some_and(|version| version >= (1, 17))
    }

    fn directive(&mut self, verb: &str, said: &[&str], line: u32) -> Option<()> {
        let first = said.first()?;
        if !verb.bytes().all(|byte| byte.is_ascii_lowercase()) || said.contains(&"(") || said.contains(&")") {
            return None;
        }
        let name = match verb {
            _ if ALONE.contains(&verb) => verb.to_owned(),
            // `godebug default=go1.21`: the value is no part of the name.
            "godebug" => format!("{verb} {}", first.split('=').next().unwrap_or(first)),
            _ => format!("{verb} {}", unquoted(first)),
        };
        let said: Vec<&str> = said.iter().map(|word| unquoted(word)).collect();
        if verb == "go" {
            let mut parts = said[0].split('.').map(|part| part.parse().ok());
            self.go = parts.next().flatten().zip(parts.next().flatten());
        }
        self.add(name, line, encode(&said));
        Some(())
    }
}

/// Returns the words of a line of `go.mod`, without its comment; `None` if a quoted word does not end.
fn words(line: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with("//") {
        let first = rest.chars().next()?;
        let len = match first {
            '(' | ')' | ',' | '[' | ']' => 1,
            '"' | '`' => rest[1..].find(first)? + 2,
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '[' | ']'));
                let end = end.unwrap_or(rest.len());
                // A comment may begin in the middle of a word.
                rest[..end].find("//").unwrap_or(end)
            }
        };
        // No path and no version has a backslash, and nobody should have to know what it would mean.
        if rest[..len].contains('\\') && first == '"' {
            return None;
        }
        words.push(&rest[..len]);
        rest = rest[len..].trim_start();
    }
    Some(words)
}

fn unquoted(word: &str) -> &str {
    let inside = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('`')).unwrap_or(word)
}

/// Cuts a sum file; `None` if a line is no sum.
pub(super) fn cut_sums(source: &[u8]) -> Option<Vec<Unit>> {
    let mut entries = Entries::default();
    for (number, line) in lines(source)? {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [module, _, _] => entries.add(sums(module), number, encode(&words)),
            _ => return None,
        }
    }
    Some(entries.into_units())
}

/// Cuts `vendor/modules.txt`; `None` if a line is in no section.
pub(super) fn cut_vendored(source: &[u8]) -> Option<Vec<Unit>> {
    let mut entries = Entries::default();
    let mut section: Option<String> = None;
    for (number, line) in lines(source)? {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if words.as_slice() == ["##", "workspace"] {
            entries.add(WORKSPACE.to_owned(), number, Vec::new());
            continue;
        }
        if let ["#", module, ..] = words.as_slice() {
            section = Some(vendored(module));
        }
        entries.add(section.clone()?, number, encode(&words));
    }
    Some(entries.into_units())
}
