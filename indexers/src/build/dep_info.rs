//! What compilers say a file was made of: rustc's dep-info and the depfiles of C and C++ compilers.
//!
//! Both look like rules of a makefile and are written differently. rustc escapes a space and nothing else, and adds
//! the variables that `env!` and `option_env!` read as comments; gcc and clang (`-MD`) follow GNU make's quoting.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// What a depfile says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DepInfo {
    /// Its rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The variables that the compiled code read at compile time; `None` is one that was not set.
    pub variables: BTreeMap<Box<str>, Option<Box<str>>>,
}

/// Targets, and what they were made of; paths are as the compiler wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// The files made.
    pub targets: Vec<Box<[u8]>>,
    /// The files they were made of.
    pub prerequisites: Vec<Box<[u8]>>,
}

/// Why a depfile cannot be trusted to be complete.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum DepInfoError {
    /// No rule in it says what anything was made of.
    #[error("no rule with a prerequisite in it")]
    Empty,
    /// Its last line has no end.
    #[error("cut off in its last line")]
    CutOff,
    /// A line is no rule and no comment.
    #[error("line {line} is no rule: no `:` ends its targets")]
    NoRule {
        /// The line, counted from one.
        line: usize,
    },
    /// A variable's name or value is no UTF-8.
    #[error("line {line} names a variable that is not UTF-8")]
    NotUtf8 {
        /// The line, counted from one.
        line: usize,
    },
}

impl DepInfo {
    /// Parses what rustc writes with `--emit=dep-info`.
    pub fn parse_rustc(bytes: &[u8]) -> Result<DepInfo, DepInfoError> {
        let mut info = DepInfo::default();
        let text = bytes.strip_suffix(b"\n").ok_or(cut_off(bytes))?;
        for (idx, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line_number = idx + 1;
            if let Some(variable) = line.strip_prefix(b"# env-dep:") {
                let variable =
                    std::str::from_utf8(variable).map_err(|_| DepInfoError::NotUtf8 { line: line_number })?;
                let (name, value) = match variable.split_once('=') {
                    Some((name, value)) => (name, Some(unescape_variable(value))),
                    None => (variable, None),
                };
                info.variables.insert(unescape_variable(name), value);
            } else if !line.is_empty() && !line.starts_with(b"#") {
                // A space inside of a path is escaped, so that `: ` is never part of one.
                let (targets, prerequisites) = match line.windows(2).position(|pair| pair == b": ") {
                    Some(at) => (&line[..at], &line[at + 2..]),
                    None => {
                        (line.strip_suffix(b":").ok_or(DepInfoError::NoRule { line: line_number })?, &[][..])
                    }
                };
                let (targets, prerequisites) = (split_rustc(targets), split_rustc(prerequisites));
                info.rules.push(Rule { targets, prerequisites });
            }
        }
        info.unless_empty()
    }

    /// Parses what gcc and clang write with `-MD` and its relatives, in the quoting of GNU make.
    pub fn parse_make(bytes: &[u8]) -> Result<DepInfo, DepInfoError> {
        if !bytes.ends_with(b"\n") {
            return Err(cut_off(bytes));
        }
        let mut info = DepInfo::default();
        let mut rule = Rule::default();
        let mut name = Vec::new();
        let mut after_colon = false;
        let mut line = 1;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let next = bytes.get(at + 1).copied();
            at += 1;
            match byte {
                b'\\' => {
                    let n_slashes = 1 + bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
                    at += n_slashes - 1;
                    let rest = &bytes[at..];
                    match rest.first() {
                        // Backslashes before white space come in twos; an odd one more escapes the white space.
                        Some(space @ (b' ' | b'\t')) => {
                            name.resize(name.len() + n_slashes / 2, b'\\');
                            if n_slashes % 2 == 1 {
                                name.push(*space);
                                at += 1;
                            }
                        }
                        Some(b'\n' | b'\r') if rest[0] == b'\n' || rest.get(1) == Some(&b'\n') => {
                            name.resize(name.len() + n_slashes / 2, b'\\');
                            if n_slashes % 2 == 1 {
                                rule.end_name(&mut name, after_colon);
                                at += if rest[0] == b'\n' { 1 } else { 2 };
                                line += 1;
                            }
                        }
                        Some(b'#') => {
                            name.resize(name.len() + n_slashes - 1, b'\\');
                            name.push(b'#');
                            at += 1;
                        }
                        Some(b':') if !after_colon && !ends_targets(rest.get(1).copied()) => {
                            name.resize(name.len() + n_slashes - 1, b'\\');
                            name.push(b':');
                            at += 1;
                        }
                        _ => name.resize(name.len() + n_slashes, b'\\'),
                    }
                }
                b'$' => {
                    name.push(b'$');
                    at += usize::from(next == Some(b'$'));
                }
                // A colon of a drive (`C:\`) is followed by something.
                b':' if !after_colon && ends_targets(next) => {
                    rule.end_name(&mut name, after_colon);
                    if rule.targets.is_empty() {
                        return Err(DepInfoError::NoRule { line });
                    }
                    after_colon = true;
                }
                b' ' | b'\t' => rule.end_name(&mut name, after_colon),
                b'\r' if next == Some(b'\n') => {}
                b'\n' => {
                    rule.end_name(&mut name, after_colon);
                    if after_colon {
                        info.rules.push(std::mem::take(&mut rule));
                    } else if !rule.targets.is_empty() {
                        return Err(DepInfoError::NoRule { line });
                    }
                    after_colon = false;
                    line += 1;
                }
                b'#' if name.is_empty() && !after_colon && rule.targets.is_empty() => {
                    at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count();
                }
                _ => name.push(byte),
            }
        }
        // Only a line that goes on and does not leaves something here: its end is missing.
        if after_colon || !rule.targets.is_empty() {
            return Err(DepInfoError::CutOff);
        }
        info.unless_empty()
    }

    /// Returns everything that anything was made of, each once.
    pub fn sources(&self) -> BTreeSet<&[u8]> {
        self.rules.iter().flat_map(|rule| &rule.prerequisites).map(|path| &**path).collect()
    }

    fn unless_empty(self) -> Result<DepInfo, DepInfoError> {
        if self.rules.iter().all(|rule| rule.prerequisites.is_empty()) {
            Err(DepInfoError::Empty)
        } else {
            Ok(self)
        }
    }
}

impl Rule {
    fn end_name(&mut self, name: &mut Vec<u8>, after_colon: bool) {
        if !name.is_empty() {
            let names = if after_colon { &mut self.prerequisites } else { &mut self.targets };
            names.push(std::mem::take(name).into());
        }
    }
}

fn cut_off(bytes: &[u8]) -> DepInfoError {
    if bytes.is_empty() { DepInfoError::Empty } else { DepInfoError::CutOff }
}

fn ends_targets(next: Option<u8>) -> bool {
    matches!(next, None | Some(b' ' | b'\t' | b'\r' | b'\n'))
}

/// Splits at spaces; one that a backslash precedes is part of a path.
fn split_rustc(text: &[u8]) -> Vec<Box<[u8]>> {
    let mut names = Vec::new();
    let mut name: Vec<u8> = Vec::new();
    for &byte in text {
        if byte != b' ' {
            name.push(byte);
        } else if name.last() == Some(&b'\\') {
            name.pop();
            name.push(b' ');
        } else if !name.is_empty() {
            names.push(std::mem::take(&mut name).into());
        }
    }
    if !name.is_empty() {
        names.push(name.into());
    }
    names
}

fn unescape_variable(text: &str) -> Box<str> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
            _ => out.push(char),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests;
