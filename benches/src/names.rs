//! Names as code and tests have them.

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

const NOUNS: [&str; 40] = [
    "account", "archive", "batch", "billing", "buffer", "cache", "catalog", "channel", "config", "cursor",
    "digest", "document", "export", "filter", "gateway", "handle", "header", "import", "invoice", "journal",
    "ledger", "lookup", "metric", "notice", "parser", "payment", "policy", "profile", "quota", "record",
    "report", "request", "schema", "session", "shipment", "snapshot", "stream", "tenant", "token", "window",
];
const VERBS: [&str; 24] = [
    "apply",
    "build",
    "check",
    "close",
    "collect",
    "decode",
    "encode",
    "expire",
    "fetch",
    "flush",
    "insert",
    "load",
    "merge",
    "normalize",
    "open",
    "parse",
    "refresh",
    "remove",
    "render",
    "resolve",
    "retry",
    "split",
    "update",
    "verify",
];
const STATES: [&str; 16] = [
    "concurrent",
    "duplicate",
    "empty",
    "expired",
    "invalid",
    "large",
    "legacy",
    "missing",
    "nested",
    "partial",
    "remote",
    "sorted",
    "stale",
    "truncated",
    "unknown",
    "valid",
];

fn one(rng: &mut SmallRng, words: &[&'static str]) -> &'static str {
    words.choose(rng).expect("no list of words is empty")
}

/// Returns the name of the `number`th package.
pub fn package(rng: &mut SmallRng, number: u32) -> String {
    format!("{}-{}-{number}", one(rng, &NOUNS), one(rng, &NOUNS))
}

/// Returns the path of a file in a package, without repetition for different `number`s.
pub fn file(rng: &mut SmallRng, package: &str, number: u32) -> String {
    format!("crates/{package}/src/{}/{}_{number}.rs", one(rng, &NOUNS), one(rng, &VERBS))
}

/// Returns the qualified name of the `number`th function of a file.
pub fn function(rng: &mut SmallRng, number: u32) -> String {
    let name = format!("{}_{}", one(rng, &VERBS), one(rng, &NOUNS));
    match rng.random_range(0..10) {
        0..5 => format!("{}::{name}_{number}", type_name(rng)),
        5..8 => format!("{name}_{}_{number}", one(rng, &STATES)),
        _ => format!("<{} as {}>::{name}_{number}", type_name(rng), type_name(rng)),
    }
}

/// Returns the name of the `number`th item of a file.
pub fn item(rng: &mut SmallRng, number: u32) -> String {
    format!("{}{number}", type_name(rng))
}

/// Returns the name of a test in the `module`th module of its suite.
pub fn test(rng: &mut SmallRng, module: u32, number: u32) -> String {
    format!(
        "{}_{module:02}::{}_{}_{}_{number:02}",
        NOUNS[module as usize % NOUNS.len()],
        one(rng, &VERBS),
        one(rng, &STATES),
        one(rng, &NOUNS)
    )
}

fn type_name(rng: &mut SmallRng) -> String {
    let mut name = String::new();
    for word in [one(rng, &NOUNS), one(rng, &NOUNS)] {
        name.push(word.as_bytes()[0].to_ascii_uppercase() as char);
        name.push_str(&word[1..]);
    }
    name
}
