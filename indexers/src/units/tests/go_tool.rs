//! What the go tool's own packages say of the same sources: those of its library and tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use skiptrace_engine::unit::UnitKind;

use super::super::go::{ACTS, LINKED, Outline};
use super::super::go_facts::{go_facts, is_small};
use super::super::lex::{self, TokenKind};
use super::super::{Language, cut};

/// Says where the sources of the installed go tool are; without one, why nothing is checked.
fn sources() -> Option<PathBuf> {
    let root =
        Command::new("go").args(["env", "GOROOT"]).output().ok().filter(|output| output.status.success());
    let root = root.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("src"));
    let found = root.filter(|root| root.join("fmt/print.go").is_file());
    if found.is_none() {
        let why = "there is no `go` with its sources";
        assert!(!is_thorough(), "{why}");
        eprintln!("skipped: {why}");
    }
    found
}

fn is_thorough() -> bool {
    std::env::var("SKIPTRACE_REQUIRE_TOOLS").as_deref() == Ok("1")
}

/// What the go tool's packages say of a file.
#[derive(Debug)]
struct Reading {
    path: PathBuf,
    is_refused: bool,
    tokens: u64,
    /// First line, last line, name.
    units: Vec<(u32, u32, String)>,
    /// Kind and name.
    tests: Vec<String>,
}

/// Returns the readings of all files below a folder, and the letters that Go counts as small.
fn readings(sources: &Path) -> (Vec<Reading>, Vec<u32>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("reader.go"), include_str!("go_tool/reader.go.txt")).unwrap();
    let output = Command::new("go")
        .args(["run", "reader.go"])
        .arg(sources)
        .current_dir(folder.path())
        .env("GOFLAGS", "")
        .env("GO111MODULE", "off")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut readings, mut small) = (Vec::<Reading>::new(), Vec::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (what, rest) = line.split_once(' ').unwrap();
        let mut words = rest.splitn(3, ' ');
        let mut word = || words.next().unwrap();
        match what {
            "lower" => small.push(word().parse().unwrap()),
            "file" => {
                let (state, tokens) = (word(), u64::from_str_radix(word(), 16).unwrap());
                let (path, is_refused) = (PathBuf::from(word()), state == "refused");
                readings.push(Reading { path, is_refused, tokens, units: Vec::new(), tests: Vec::new() });
            }
            "unit" => {
                let (first, last) = (word().parse().unwrap(), word().parse().unwrap());
                readings.last_mut().unwrap().units.push((first, last, word().to_owned()));
            }
            "test" => readings.last_mut().unwrap().tests.push(rest.to_owned()),
            _ => panic!("{line}"),
        }
    }
    (readings, small)
}

/// Hashes tokens as the reader does.
fn hash(source: &[u8]) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut write = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    let mut ended = 0;
    for token in lex::go::tokens(source)?.iter().filter(|token| token.kind != TokenKind::Remark) {
        if token.kind == TokenKind::End {
            ended += 1;
            continue;
        }
        let closes = token.is(source, ")") || token.is(source, "}");
        write(&b";".repeat(if closes { 0 } else { ended }));
        ended = 0;
        let at = token.start.to_le_bytes();
        write(&[at[0], at[1], at[2], source[token.start]]);
    }
    write(&b";".repeat(ended));
    Some(hash)
}

fn without_number(name: &str) -> &str {
    let (before, number) = name.rsplit_once('#').unwrap_or((name, ""));
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) { before } else { name }
}

/// Returns how a file is read otherwise here, if it is.
fn difference(reading: &Reading) -> Option<String> {
    let source = fs::read(&reading.path).unwrap();
    let units = cut(Some(Language::Go), &source);
    if units[0].kind == UnitKind::File {
        return Some("it is one unit".to_owned());
    }
    if hash(&source) != Some(reading.tokens) {
        return Some("other tokens".to_owned());
    }
    let tokens = lex::go::tokens(&source)?;
    let outline = Outline::of(&source, &tokens)?;
    let own: Vec<_> = units
        .iter()
        .zip(&outline.declarations)
        .map(|(unit, declaration)| {
            assert!(unit.lines.start <= tokens[declaration.tokens.start].line);
            let name = without_number(&unit.name);
            let name = name.strip_prefix(LINKED).unwrap_or(name);
            let name = name.strip_suffix(ACTS).unwrap_or(name).to_owned();
            (tokens[declaration.tokens.start].line, unit.lines.end, name)
        })
        .collect();
    let is_same = |(own, theirs): &(&(u32, u32, String), &(u32, u32, String))| {
        // The receiver of a method that does not compile has no name.
        own == theirs || theirs.2.starts_with("?.")
    };
    let other = own.iter().zip(&reading.units).find(|pair| !is_same(pair));
    if own.len() != units.len() || own.len() != reading.units.len() || other.is_some() {
        return Some(format!("{} units for {}, {other:?}", own.len(), reading.units.len()));
    }
    let facts = go_facts(&source)?;
    let tests: Vec<_> = facts.tests.iter().map(|test| format!("{:?} {}", test.kind, test.name)).collect();
    (tests != reading.tests).then(|| format!("tests {tests:?} for {:?}", reading.tests))
}

#[test]
fn the_go_tool_reads_the_same() {
    let Some(sources) = sources() else { return };
    let (readings, small) = readings(&sources);
    let (refused, read): (Vec<_>, Vec<_>) = readings.iter().partition(|reading| reading.is_refused);
    // All of them where tools must be there, for that is where time is.
    let step = if is_thorough() { 1 } else { 9 };
    let differences: Vec<_> = read
        .par_iter()
        .step_by(step)
        .filter_map(|reading| Some(format!("{}: {}", reading.path.display(), difference(reading)?)))
        .collect();
    assert!(differences.is_empty(), "{} of {}: {differences:#?}", differences.len(), read.len());
    assert!(read.len() > 5_000 && refused.len() < 200, "{} read, {} refused", read.len(), refused.len());
    let units: usize = read.iter().map(|reading| reading.units.len()).sum();
    let tests: usize = read.iter().map(|reading| reading.tests.len()).sum();
    assert!(units > 100_000 && tests > 5_000, "{units} units, {tests} tests");
    // The two know different versions of Unicode, which only ever grow.
    let other: Vec<_> = small.iter().filter_map(|at| char::from_u32(*at)).filter(|c| !is_small(*c)).collect();
    assert!(other.len() < 50, "{other:?}");
    let theirs: std::collections::HashSet<u32> = small.iter().copied().collect();
    let ours = (0..0x2000).filter_map(char::from_u32).filter(|c| c.is_alphabetic() && is_small(*c));
    let other: Vec<_> = ours.filter(|c| !theirs.contains(&u32::from(*c))).collect();
    assert!(other.len() < 5, "{other:?}");
}

/// Returns the source with other white space: none or much between tokens of a line, and no indents.
fn respaced(source: &str) -> String {
    let tokens = lex::go::tokens(source.as_bytes()).unwrap();
    let (mut text, mut last) = (String::new(), 0);
    for (at, token) in tokens.iter().enumerate() {
        let gap = &source[last..token.start];
        let spaced = match at % 3 {
            _ if !gap.trim().is_empty() || token.kind == TokenKind::Remark => gap.to_owned(),
            // Two tokens that white space held apart may become one without it.
            0 => format!("{gap} "),
            1 => gap.replace('\t', ""),
            _ => gap.replace(' ', "\t  "),
        };
        text.push_str(&spaced);
        text.push_str(&source[token.start..token.end]);
        last = token.end;
    }
    text + &source[last..]
}

#[test]
fn the_formatter_changes_nothing() {
    let Some(sources) = sources() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut folders = vec![sources];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match path.is_dir() {
                true if entry.file_name() != "testdata" => folders.push(path),
                false if path.extension().is_some_and(|extension| extension == "go") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let named = |source: &str| -> BTreeMap<_, _> {
        let units = cut(Some(Language::Go), source.as_bytes());
        units.into_iter().map(|unit| ((unit.kind, unit.name), unit.fingerprint)).collect()
    };
    let mut expected = Vec::new();
    for (number, path) in files.iter().step_by(if is_thorough() { 23 } else { 61 }).enumerate() {
        let source = fs::read_to_string(path).unwrap();
        let (mut units, moved) = (named(&source), named(&format!("\n{source}")));
        // Those that know their place know their columns too.
        units.retain(|key, fingerprint| moved.get(key) == Some(fingerprint));
        let respaced = respaced(&source);
        let own = named(&respaced);
        for (key, fingerprint) in &units {
            assert_eq!(own.get(key), Some(fingerprint), "{}: {key:?}", path.display());
        }
        fs::write(folder.path().join(format!("{number}.go")), respaced).unwrap();
        expected.push((path, units));
    }
    assert!(expected.len() > 100, "{}", expected.len());
    let status = Command::new("gofmt").arg("-w").arg(folder.path()).status().unwrap();
    assert!(status.success());
    for (number, (path, units)) in expected.into_iter().enumerate() {
        let formatted = fs::read_to_string(folder.path().join(format!("{number}.go"))).unwrap();
        let own = named(&formatted);
        for (key, fingerprint) in units {
            assert_eq!(own.get(&key), Some(&fingerprint), "{}: {key:?}", path.display());
        }
    }
}
