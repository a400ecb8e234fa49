//! Reading a configuration file, with every value's place in it.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{CommandError, ErrorKind};
use crate::settings::Raw;

/// The defaults, which are a configuration file as well.
pub(super) const DEFAULTS: &str = include_str!("../../default-config.toml");

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The dotted key.
    pub(super) key: String,
    pub(super) raw: Raw,
    /// The line of the key, from 1.
    pub(super) line: usize,
}

/// Reads the text of the file at `path`, in the order it is written.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<Entry>, CommandError> {
    let table = DeTable::parse(text).map_err(|error| syntax_error(text, path, &error))?;
    let mut entries = Vec::new();
    flatten(table.get_ref(), "", text, &mut entries);
    Ok(entries)
}

fn flatten(table: &DeTable<'_>, prefix: &str, text: &str, entries: &mut Vec<Entry>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        // Rules are no settings, and read apart.
        if name == "rule" && matches!(value.get_ref(), DeValue::Array(_)) {
            continue;
        }
        let raw = match value.get_ref() {
            DeValue::Table(table) => {
                flatten(table, &format!("{name}."), text, entries);
                continue;
            }
            DeValue::String(text) => Raw::Text(text.clone().into_owned()),
            DeValue::Boolean(truth) => Raw::Bool(*truth),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Raw::Other("a number too large"), Raw::Integer),
            other => Raw::Other(other.type_str()),
        };
        entries.push(Entry { key: name, raw, line: line_of(text, Spanned::span(key).start) });
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count()
}

fn syntax_error(text: &str, path: &Path, error: &toml::de::Error) -> CommandError {
    let Range { start, end } = error.span().unwrap_or(0..0);
    let line = line_of(text, start);
    let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let content = text[begin..].lines().next().unwrap_or_default();
    let column = text[begin..start].chars().count();
    let marks = "^".repeat(text[start..end.min(begin + content.len()).max(start)].chars().count().max(1));
    let (number, message) = (line.to_string(), error.message());
    let margin = " ".repeat(number.len());
    CommandError::new(
        ErrorKind::Config,
        format_args!(
            "cannot read `{}`: {message} at line {line}, column {}\n\
             {margin} |\n\
             {number} | {content}\n\
             {margin} | {:column$}{marks}",
            path.display(),
            column + 1,
            ""
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let text = "query.shared = \"run\"\n\n[gc]\n# why\nkeep = 0x10\n[store]\ncache = { enabled = false }\nurl = [1]\n";
        let entries = parse(text, Path::new("x.toml")).unwrap();
        let found: Vec<_> =
            entries.iter().map(|entry| (entry.line, entry.key.as_str(), entry.raw.clone())).collect();
        assert_eq!(
            found,
            [
                (1, "query.shared", Raw::Text("run".to_owned())),
                (5, "gc.keep", Raw::Integer(16)),
                (7, "store.cache.enabled", Raw::Bool(false)),
                (8, "store.url", Raw::Other("array")),
            ]
        );
    }

    #[test]
    fn a_syntax_error_shows_the_line() {
        let check = |text| parse(text, Path::new("skiptrace.toml")).unwrap_err().message;
        insta::assert_snapshot!(check("[store]\nurl = s3://bucket\n"), @r"
        cannot read `skiptrace.toml`: string values must be quoted, expected literal string at line 2, column 7
          |
        2 | url = s3://bucket
          |       ^^^^^^^^^^^
        ");
        insta::assert_snapshot!(check("[store\n"), @r"
        cannot read `skiptrace.toml`: unclosed table, expected `]` at line 1, column 7
          |
        1 | [store
          |       ^
        ");
        insta::assert_snapshot!(check("[gc]\nkeep = 1\nkeep = 2\n"), @r"
        cannot read `skiptrace.toml`: duplicate key at line 3, column 1
          |
        3 | keep = 2
          | ^^^^
        ");
        insta::assert_snapshot!(check("[gc]\nkeep ="), @r"
        cannot read `skiptrace.toml`: string values must be quoted, expected literal string at line 2, column 7
          |
        2 | keep =
          |       ^
        ");
    }
}
