//! Small changes to real projects, and what all of their tests say to each.
//!
//! - [`find`]: every place where something can be changed, by syntax trees; [`rust`] and [`go`] say what, and
//!   [`rust_added`] and [`go_added`] what can be added;
//! - [`borrowed`]: the list that cargo-mutants makes;
//! - [`sample`]: some of them, by a seed, evenly over what they do;
//! - [`suite`]: all tests, as the project's own runner has them.

pub mod borrowed;
pub mod find;
pub mod go;
pub mod go_added;
pub mod runs;
pub mod rust;
pub mod rust_added;
pub mod sample;
pub mod suite;

use std::fmt;
use std::ops::Range;

/// One change to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The file, below the top of the project.
    pub path: String,
    /// Which bytes of it.
    pub span: Range<usize>,
    /// What stands there instead.
    pub replacement: String,
    /// What kind of change it is.
    pub operator: String,
    /// Where it is, for people.
    pub line: usize,
}

impl Mutant {
    /// Returns the text of the file with the change in it; `None` where that is not the text it was made for.
    pub fn apply(&self, text: &str) -> Option<String> {
        let (before, after) = (text.get(..self.span.start)?, text.get(self.span.end..)?);
        Some([before, &self.replacement, after].concat())
    }

    /// Returns the lines that differ, first those of `text`, then those with the change.
    pub fn diff(&self, text: &str) -> String {
        let Some(after) = self.apply(text) else { return String::new() };
        let start = text[..self.span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = |text: &str, from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at);
        let old = &text[start..end(text, self.span.end)];
        let new = &after[start..end(&after, self.span.start + self.replacement.len())];
        let lines = |sign: char, text: &str| -> String {
            text.lines().map(|line| format!("{sign}{line}\n")).collect()
        };
        lines('-', old) + &lines('+', new)
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.path, self.line, self.operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_shows_the_lines_that_it_changes() {
        let text = "a\nlet b = 1;\nc\n";
        let mutant = Mutant {
            path: "a.rs".to_owned(),
            span: 10..11,
            replacement: "2".to_owned(),
            operator: "number".to_owned(),
            line: 2,
        };
        assert_eq!(mutant.apply(text).as_deref(), Some("a\nlet b = 2;\nc\n"));
        assert_eq!(mutant.diff(text), "-let b = 1;\n+let b = 2;\n");
        assert_eq!(mutant.apply("short"), None);
    }
}
