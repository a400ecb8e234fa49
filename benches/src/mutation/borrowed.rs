//! The list of mutants that cargo-mutants makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Mutant;

#[derive(Deserialize)]
struct Listed {
    file: String,
    genre: String,
    replacement: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Both count from one; columns are characters.
#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// Asks cargo-mutants for its mutants of a project; `None` where it is not installed, or fails.
pub fn mutants(project: &Path) -> Option<Vec<Mutant>> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--workspace"]).current_dir(project);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let listed: Vec<Listed> = serde_json::from_slice(&output.stdout).ok()?;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut mutants = Vec::new();
    for one in listed {
        let text = texts.entry(one.file.clone());
        let text = text.or_insert_with(|| fs::read_to_string(project.join(&one.file)).unwrap_or_default());
        let (Some(start), Some(end)) = (offset(text, &one.span.start), offset(text, &one.span.end)) else {
            continue;
        };
        mutants.push(Mutant {
            path: one.file,
            span: start..end,
            replacement: one.replacement,
            operator: format!("cargo-mutants {}", one.genre),
            line: one.span.start.line,
        });
    }
    Some(mutants)
}

fn offset(text: &str, place: &Place) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum();
    let line = text.get(before..)?;
    let column = place.column.checked_sub(1)?;
    let within = line.char_indices().map(|(at, _)| at).nth(column).unwrap_or(line.len());
    Some(before + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let text = "ä = 1\nb = 2\n";
        let at = |line, column| offset(text, &Place { line, column }).map(|at| &text[at..]);
        assert_eq!(at(1, 5), Some("1\nb = 2\n"));
        assert_eq!(at(2, 1), Some("b = 2\n"));
        assert_eq!(at(0, 1), None);
    }
}
