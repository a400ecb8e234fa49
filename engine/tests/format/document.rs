//! `docs/format.md`: its example is what is written, and a reader made from it alone reads what the engine reads.

#![expect(clippy::disallowed_types, reason = "a test may start a reader in another language")]

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use skiptrace_engine::codec::encode;
use skiptrace_engine::id::{SetId, UnitId};
use skiptrace_engine::index::{Index, RulePattern};
use skiptrace_engine::kind::IndexKind;

use crate::fuzz::container::{File, NAMES, TRAILER};
use crate::fuzz::samples;

const DOCUMENT: &str = include_str!("../../../docs/format.md");
const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/format/reader.py");

#[test]
fn the_example_is_what_is_written() {
    let block = |from_the_end| DOCUMENT.rsplit("```").nth(from_the_end)?.strip_prefix("text\n");
    let example = annotate(&encode(&samples::tiny()).unwrap());
    assert!(block(3) == Some(&*example), "the last but one block of docs/format.md should be:\n\n{example}");

    let with_variables = annotate(&encode(&samples::tiny_with_variables()).unwrap());
    let is_new = |part: &&str| !example.contains(*part);
    let parts = with_variables.split_inclusive('\n').collect::<Vec<_>>();
    let parts = parts.chunk_by(|_, next| next.starts_with(' ')).map(|lines| lines.concat());
    let new: String = parts.filter(|part| is_new(&part.as_str())).collect();
    assert!(block(1) == Some(&*new), "the last block of docs/format.md should be:\n\n{new}");
}

/// A payload with a line for each thing in it.
struct Annotated<'a> {
    payload: &'a [u8],
    lines: Vec<String>,
}

impl Annotated<'_> {
    fn raw(&mut self, len: usize, what: &str) -> Vec<u8> {
        let (taken, rest) = self.payload.split_at(len);
        self.payload = rest;
        // Sixteen bytes a line, and what they are beside the first.
        for (at, chunk) in taken.chunks(16).enumerate() {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let line = format!("  {:<48}{}", hex.join(" "), if at == 0 { what } else { "" });
            self.lines.push(line.trim_end().to_owned());
        }
        taken.to_vec()
    }

    fn number(&mut self, what: impl Fn(u64) -> String) -> u64 {
        let len = 1 + self.payload.iter().take_while(|byte| **byte >= 0x80).count();
        let bits = |(at, byte): (usize, &u8)| u64::from(byte & 0x7f) << (7 * at);
        let value = self.payload[..len].iter().enumerate().map(bits).sum();
        self.raw(len, &what(value));
        value
    }

    fn numbers(&mut self, what: &[&str]) {
        for what in what {
            self.number(|value| format!("{what}: {value}"));
        }
    }

    fn text(&mut self, what: &str) {
        let (shared, len) = (self.payload[0], self.payload[1]);
        let new = String::from_utf8_lossy(&self.payload[2..][..len.into()]).into_owned();
        self.raw(2 + usize::from(len), &format!("{what}: shares {shared}, then {len} more, `{new}`"));
    }

    fn set(&mut self, what: &str) {
        let (len, form) = (self.payload[0] >> 2, self.payload[0] & 3);
        self.raw(1 + usize::from(len), &format!("{what}: form {form}, {len} bytes"));
    }

    fn key(&mut self) {
        self.numbers(&["job"]);
        self.text("suite");
        self.text("name");
    }
}

/// Writes a file of the tiny sample down, field by field.
fn annotate(bytes: &[u8]) -> String {
    let mut annotated = Annotated { payload: &bytes[..8], lines: vec!["header".to_owned()] };
    annotated.raw(8, "");
    let file = File::parse(bytes);
    for section in &file.sections {
        let name = NAMES[usize::from(section.code)];
        if section.frames.is_empty() {
            annotated.lines.push(format!("[{}] {name}: no block", section.code));
        }
        for (at, frame) in section.frames.iter().enumerate() {
            annotated.lines.push(format!("[{}] {name}, block {at}", section.code));
            annotated.payload = frame;
            annotate_block(&mut annotated, name);
            assert!(annotated.payload.is_empty(), "all of {name} was told");
        }
    }
    annotated.lines.push("trailer".to_owned());
    annotated.payload = &bytes[bytes.len() - TRAILER..];
    for (len, what) in [
        (8, "where the footer begins"),
        (4, "its packed size"),
        (4, "its unpacked size"),
        (8, "its checksum"),
        (2, "version"),
        (2, "oldest version whose readers can read it"),
        (4, "zero"),
        (8, "checksum of the 32 bytes before"),
    ] {
        annotated.raw(len, what);
    }
    annotated.lines.join("\n") + "\n"
}

fn annotate_block(block: &mut Annotated<'_>, section: &str) {
    match section {
        "tests" => {
            (0..2).for_each(|_| block.key());
            block.raw(2, "outcomes and roles: passed tests");
            block.raw(2, "health: nothing wrong");
            block.numbers(&["microseconds", "microseconds", "recording", "recording"]);
        }
        "files" => {
            block.text("path");
            block.numbers(&[
                "recording",
                "seen: of the pool",
                "compiled: of the pool",
                "opened: of the pool",
            ]);
            block.raw(1, "no blob");
        }
        "units" => {
            block.numbers(&["units of the first file"]);
            block.raw(2, "functions with lines and fingerprints");
            block.text("name");
            block.text("name");
            block.numbers(&["first line, signed", "more lines", "first line after the one before, signed"]);
            block.numbers(&["more lines"]);
            for what in ["seen", "own", "shared"] {
                for _ in 0..2 {
                    let place = |value: u64| if value & 1 == 1 { "block's own" } else { "pool" };
                    block.number(|value| format!("{what}: {} of the {}", value >> 1, place(value)));
                }
            }
            block.raw(16, "fingerprint");
            block.raw(16, "fingerprint");
            (0..2).for_each(|at| block.set(&format!("own set {at}")));
        }
        "sets" => {
            let mut number = 0;
            while !block.payload.is_empty() {
                block.set(&format!("set {number}"));
                number += 1;
            }
        }
        "identifiers" => {
            while !block.payload.is_empty() {
                block.numbers(&["distance"]);
                block.set("units");
            }
        }
        "rules" => {
            block.numbers(&["rules", "job"]);
            block.raw(1, "a pattern, for all tests");
            block.text("pattern");
            block.numbers(&["tests: of the pool", "seen: of the pool"]);
        }
        "meta" => {
            let text = String::from_utf8(block.payload.to_vec()).unwrap();
            block.lines.extend(text.replace("],\"", "],\n\"").lines().map(|line| format!("  {line}")));
            block.payload = &[];
        }
        "directory" => {
            block.set("provable");
            block.set("baselines");
            block.numbers(&["blocks of tests"]);
            block.key();
            block.numbers(&["blocks of files"]);
            block.text("path");
            block.numbers(&["blocks of units", "files", "units", "own sets", "blocks of sets", "sets"]);
            block.numbers(&["blocks of identifiers", "first", "identifiers"]);
        }
        "variables" => {
            block.numbers(&["variables"]);
            block.text("name");
            block.text("name");
            block.raw(2, "the first was set, the second was not");
            block.numbers(&["tests: of the pool", "tests: of the pool"]);
            block.raw(16, "what the first one's value is recognised by");
        }
        "unkept" => {
            block.numbers(&["files without a blob"]);
        }
        other => panic!("no section {other}"),
    }
}

/// Returns what an index says, with every number of a set or a recording looked up, as the Python reader prints it.
fn dump(index: &Index) -> Value {
    let set = |id: SetId| index.set(id).iter().map(|test| test.0).collect::<Vec<_>>();
    let tests = index.tests().iter().map(|test| {
        json!({
            "job": test.key.job.as_str(),
            "suite": test.key.suite,
            "name": test.key.name,
            "outcome": test.outcome.name(),
            "role": format!("{:?}", test.role).to_lowercase(),
            "problems": test.health.problems().map(|problem| problem.name()).collect::<Vec<_>>(),
            "duration": test.duration.as_micros() as u64,
            "recording": test.recording.0,
        })
    });
    let units = |units: std::ops::Range<u32>| {
        let unit = |number: u32| {
            let unit = &index.units()[number as usize];
            json!({
                "kind": unit.kind.name(),
                "name": unit.name,
                "lines": unit.listed.map(|lines| [lines.start, lines.end]),
                "fingerprint": unit.fingerprint.map(|fingerprint| fingerprint.to_string()),
                "seen": set(unit.seen),
                "own": set(unit.own),
                "shared": set(unit.shared),
                "identifiers": index.mentions().of(UnitId(number)).iter().map(|name| name.0).collect::<Vec<_>>(),
            })
        };
        units.map(unit).collect::<Vec<_>>()
    };
    let files = index.files().iter().map(|file| {
        json!({
            "path": file.path.as_str(),
            "blob": file.blob.as_ref().map(|blob| blob.as_str()),
            "recording": file.recording.0,
            "seen": set(file.seen),
            "compiled": set(file.compiled),
            "opened": set(file.opened),
            "units": units(file.units.clone()),
        })
    });
    let rules = index.rules().iter().map(|rule| {
        json!({
            "job": rule.job.as_str(),
            "pattern": rule.pattern.as_str(),
            "glob": matches!(rule.pattern, RulePattern::Glob(_)),
            "all": rule.all,
            "tests": set(rule.tests),
            "seen": set(rule.seen),
        })
    });
    let variables = index.variables().iter().map(|variable| {
        json!({
            "name": variable.consulted.name.as_str(),
            "value": variable.consulted.value.map(|value| value.to_string()),
            "tests": set(variable.tests),
        })
    });
    let recordings = index.recordings().iter().map(|recording| {
        json!({
            "job": recording.job.as_str(),
            "shard": recording.shard.to_string(),
            "recorded_at": recording.recorded_at.0,
            "commit": recording.commit.as_str(),
            "tree": recording.tree.as_ref().map(|tree| tree.as_str()),
            "branch": recording.branch,
            "environment": recording.environment.parts,
            "tool": recording.tool,
            "origin": format!("{:?}", recording.origin).to_lowercase(),
        })
    });
    let expected = index
        .expected()
        .iter()
        .map(|shard| json!({"job": shard.job.as_str(), "shard": shard.shard.to_string()}));
    let jobs = index.jobs();
    let jobs = jobs
        .iter()
        .map(|job| json!([job.job.as_str(), job.tests.start.0, job.tests.end.0 - job.tests.start.0]));
    json!({
        "kind": index.kind().name(),
        "recordings": recordings.collect::<Vec<_>>(),
        "expected": expected.collect::<Vec<_>>(),
        "jobs": jobs.collect::<Vec<_>>(),
        "provable": index.provable().iter().map(|test| test.0).collect::<Vec<_>>(),
        "baselines": index.baselines().iter().map(|test| test.0).collect::<Vec<_>>(),
        "tests": tests.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
        "variables": variables.collect::<Vec<_>>(),
    })
}

/// Runs Python on `input`; an error is what it said.
#[expect(clippy::disallowed_methods, reason = "a test may start a reader in another language")]
fn python(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let mut child = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    let output = std::thread::scope(|scope| {
        // What a reader that gives up leaves unread is no error of ours.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output()
    });
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Returns whether the Python reader can run; says so when it cannot.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test that is left out has to be seen"
)]
fn has_python() -> bool {
    match python(&["-c", "import sys, xxhash, zstandard; assert sys.version_info >= (3, 10)"], b"") {
        Ok(_) => true,
        Err(why) => {
            assert!(std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "{why}");
            println!(
                "SKIPPED: no python3 with `xxhash` and `zstandard`: {}",
                why.lines().last().unwrap_or_default()
            );
            false
        }
    }
}

#[test]
fn a_reader_made_from_the_document_agrees() {
    if !has_python() {
        return;
    }
    let mut indexes = samples::all();
    indexes.push(("large".to_owned(), samples::large()));
    indexes.push(("sparse".to_owned(), samples::many_tests()));
    for (name, index) in indexes {
        let read = python(&[READER], &encode(&index).unwrap()).expect(&name);
        let read: Value = serde_json::from_slice(&read).unwrap();
        let expected = dump(&index);
        for (member, value) in expected.as_object().unwrap() {
            assert!(read[member] == *value, "{member} of {name}:\n{}\n{value}", read[member]);
        }
        assert_eq!(read.as_object().unwrap().len(), expected.as_object().unwrap().len());
    }
}

#[test]
fn a_reader_made_from_the_document_notices_damage() {
    if !has_python() {
        return;
    }
    let bytes = encode(&samples::rich(IndexKind::FUNCTION)).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        let error = python(&[READER], &damaged).unwrap_err();
        assert!(error.starts_with("damaged: "), "byte {at}: {error}");
    }
}
