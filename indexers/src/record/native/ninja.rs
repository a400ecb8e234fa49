//! The edges of a `build.ninja`: what is made of what.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// How many files one file may include, one inside the other.
const MOST_INCLUDED: usize = 64;

/// Outputs, and what they are made of. Order-only inputs are none: they say when, not what.
pub(super) type Edge = (Vec<String>, Vec<String>);

/// Returns the edges of a file in `folder`, and of those that it includes.
pub(super) fn edges(bytes: &[u8], folder: &Path) -> Vec<Edge> {
    let mut parser = Parser { folder, variables: HashMap::new(), edges: Vec::new(), n_included: 0 };
    parser.file(bytes);
    parser.edges
}

struct Parser<'a> {
    folder: &'a Path,
    variables: HashMap<String, String>,
    edges: Vec<Edge>,
    n_included: usize,
}

impl Parser<'_> {
    fn file(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let mut whole = line.to_owned();
            // An odd number of dollars at the end continues the line.
            while whole.bytes().rev().take_while(|byte| *byte == b'$').count() % 2 == 1 {
                whole.pop();
                let Some(next) = lines.next() else { break };
                whole.push_str(next.trim_start());
            }
            self.line(&whole);
        }
    }

    fn line(&mut self, line: &str) {
        // Indented lines belong to a rule or an edge, and are about how.
        if line.starts_with([' ', '\t', '#']) {
            return;
        }
        if let Some(edge) = line.strip_prefix("build ") {
            if let Some(edge) = self.edge(edge) {
                self.edges.push(edge);
            }
        } else if let Some(name) = line.strip_prefix("include ").or_else(|| line.strip_prefix("subninja ")) {
            let name = self.words(name).into_iter().next();
            if let Some(name) = name.filter(|_| self.n_included < MOST_INCLUDED) {
                self.n_included += 1;
                // What is missing here is missing to ninja as well.
                if let Ok(bytes) = fs::read(self.folder.join(name)) {
                    self.file(&bytes);
                }
            }
        } else if let Some((name, value)) = line.split_once('=') {
            let value = self.words(&value.trim().replace(' ', "$ ")).join(" ");
            self.variables.insert(name.trim().to_owned(), value);
        }
    }

    fn edge(&self, text: &str) -> Option<Edge> {
        let mut words = self.words(text).into_iter();
        let mut outputs = Vec::new();
        for word in words.by_ref() {
            match word.as_str() {
                ":" => break,
                "|" | "||" => {}
                _ => outputs.push(word),
            }
        }
        let _rule = words.next()?;
        let inputs =
            words.take_while(|word| word != "||" && word != "|@").filter(|word| word != "|").collect();
        Some((outputs, inputs))
    }

    /// Cuts at spaces, and at colons, which are words of their own; both may be escaped.
    fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            rest = &rest[char.len_utf8()..];
            match char {
                ' ' | ':' => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    if char == ':' {
                        words.push(":".to_owned());
                    }
                }
                '$' => {
                    let Some(next) = rest.chars().next() else { break };
                    if matches!(next, '$' | ' ' | ':') {
                        word.push(next);
                        rest = &rest[1..];
                    } else {
                        let (name, after) = variable(rest);
                        word.push_str(self.variables.get(name).map_or("", String::as_str));
                        rest = after;
                    }
                }
                char => word.push(char),
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        words
    }
}

/// Returns the name after a dollar, with or without braces, and what comes after it.
fn variable(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let is_of_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let end = text.find(|char| !is_of_name(char)).unwrap_or(text.len());
    // A dollar before something else stands for nothing.
    if end == 0 { ("", text.get(1..).unwrap_or_default()) } else { text.split_at(end) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges_are_read() {
        let text = "a = x y\nbuild $a/o$:1 $\n  | imp: rule in$ 1 $$in | dep || order |@ check\n  v = 1\nbuild p: phony\n";
        let edges = edges(text.as_bytes(), Path::new("/"));
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            edges,
            [(texts(&["x y/o:1", "imp"]), texts(&["in 1", "$in", "dep"])), (texts(&["p"]), texts(&[])),]
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(build |[a$: |{}=\n]|é){0,40}") {
            let _ = edges(text.as_bytes(), Path::new("/no/such/folder"));
        }
    }
}
