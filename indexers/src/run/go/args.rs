//! The arguments of a test binary, read as package `flag` reads them.

use std::ffi::{OsStr, OsString};
use std::ops::Range;

/// Flags of package `testing` that need no value.
const BOOLEAN: &[&str] = &[
    "test.artifacts",
    "test.benchmem",
    "test.failfast",
    "test.fullpath",
    "test.fuzzworker",
    "test.paniconexit0",
    "test.short",
    "test.v",
];

/// What a recording says itself, whatever the user wants for other runs: which tests run and how often, what they
/// leave behind, and how they say what became of them.
pub const TAKEN_OVER: &[&str] = &[
    "test.artifacts",
    "test.bench",
    "test.benchmem",
    "test.benchtime",
    "test.blockprofile",
    "test.blockprofilerate",
    "test.count",
    "test.coverprofile",
    "test.cpuprofile",
    "test.failfast",
    "test.fuzz",
    "test.fuzzcachedir",
    "test.fuzzminimizetime",
    "test.fuzztime",
    "test.gocoverdir",
    "test.list",
    "test.memprofile",
    "test.memprofilerate",
    "test.mutexprofile",
    "test.mutexprofilefraction",
    "test.outputdir",
    "test.run",
    "test.shuffle",
    "test.testlogfile",
    "test.trace",
    "test.v",
];

/// Returns the arguments without these flags and their values, in the same order.
///
/// Whether a word after a flag of the project's own is its value cannot be known, and it is taken for one. What comes
/// after the first word that can be no value is no flag any more, and stays.
pub fn without(args: &[OsString], names: &[&str]) -> Vec<OsString> {
    let mut kept = Vec::with_capacity(args.len());
    let mut end = 0;
    for flag in Flags::of(args) {
        if !names.contains(&flag.name.as_str()) {
            kept.extend_from_slice(&args[flag.words.clone()]);
        }
        end = flag.words.end;
    }
    kept.extend_from_slice(&args[end..]);
    kept
}

/// Returns what a flag is set to: the last time counts. A flag without a value is set to nothing.
pub fn value(args: &[OsString], name: &str) -> Option<String> {
    Flags::of(args).filter(|flag| flag.name == name).last().map(|flag| flag.value)
}

/// A flag with its value and where it stands.
struct Flag {
    name: String,
    value: String,
    words: Range<usize>,
}

struct Flags<'a> {
    args: &'a [OsString],
    at: usize,
}

impl<'a> Flags<'a> {
    fn of(args: &'a [OsString]) -> Flags<'a> {
        Flags { args, at: 0 }
    }
}

impl Iterator for Flags<'_> {
    type Item = Flag;

    fn next(&mut self) -> Option<Flag> {
        let start = self.at;
        let word = self.args.get(start)?.to_string_lossy();
        let name = flag_name(&word)?;
        let (name, value, mut end) = match name.split_once('=') {
            Some((name, value)) => (name, value.to_owned(), start + 1),
            None => (name, String::new(), start + 1),
        };
        let mut value = value;
        if !word.contains('=') && takes_next(name, self.args.get(end).map(OsString::as_os_str)) {
            value = self.args[end].to_string_lossy().into_owned();
            end += 1;
        }
        let name = name.to_owned();
        self.at = end;
        Some(Flag { name, value, words: start..end })
    }
}

/// Returns what follows the one or two dashes of a flag; `None` for what ends the flags.
fn flag_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (!name.is_empty() && !name.starts_with(['-', '='])).then_some(name)
}

fn takes_next(name: &str, next: Option<&OsStr>) -> bool {
    match next {
        None => false,
        Some(_) if name.starts_with("test.") => !BOOLEAN.contains(&name),
        Some(next) => !next.as_encoded_bytes().starts_with(b"-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn flags_are_taken_out_with_their_values() {
        let check = |text: &str| {
            let kept = without(&words(text), &["test.run", "test.v"]);
            kept.join(OsStr::new(" ")).into_string().unwrap()
        };
        for (text, expected) in [
            ("-test.run=A -test.short", "-test.short"),
            ("-test.short --test.run A -test.v -x", "-test.short -x"),
            ("-test.v=test2json -test.v true -test.run=B", "true -test.run=B"),
            ("-own value -test.run=B", "-own value"),
            ("-own=value word -test.run=B", "-own=value word -test.run=B"),
            ("-own -test.run=B", "-own"),
            ("-- -test.run=B", "-- -test.run=B"),
            ("word -test.run=B", "word -test.run=B"),
            ("-test.timeout -test.run=B -test.v", "-test.timeout -test.run=B"),
            ("-test.run", ""),
            ("-=x -test.v", "-=x -test.v"),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }

    #[test]
    fn the_last_value_counts() {
        let args = words("-test.run=A -test.run B -test.skip=x=y -test.v");
        assert_eq!(value(&args, "test.run").as_deref(), Some("B"));
        assert_eq!(value(&args, "test.skip").as_deref(), Some("x=y"));
        assert_eq!(value(&args, "test.v").as_deref(), Some(""));
        assert_eq!(value(&args, "test.list"), None);
    }
}
