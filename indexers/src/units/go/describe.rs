//! What a declaration is called, and what it depends on.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use skiptrace_engine::unit::UnitKind;

use super::super::lex::{self, Token, TokenKind};
use super::super::names::Namer;
use super::super::outline::{Extent, Order, Piece};
use super::outline::{Declaration, What};

/// What follows the names of variables whose initialiser may do more than give them a value.
pub(in super::super) const ACTS: &str = " = run()";

/// Types to which values are turned without anything coming of it.
const BASIC_TYPES: [&[u8]; 18] = [
    b"bool",
    b"byte",
    b"complex128",
    b"complex64",
    b"float32",
    b"float64",
    b"int",
    b"int16",
    b"int32",
    b"int64",
    b"int8",
    b"rune",
    b"string",
    b"uint",
    b"uint16",
    b"uint32",
    b"uint64",
    b"uint8",
];

/// A file, taken apart.
pub(super) struct File<'a> {
    pub(super) source: &'a [u8],
    pub(super) tokens: &'a [Token],
    pub(super) namer: &'a Namer<'a>,
    pub(super) declarations: &'a [Declaration],
}

impl<'a> File<'a> {
    pub(super) fn text(&self, at: usize) -> &'a [u8] {
        self.tokens[at].text(self.source)
    }

    fn is_word(&self, at: usize, word: &[u8]) -> bool {
        self.tokens[at].kind == TokenKind::Word && self.text(at) == word
    }

    pub(super) fn remarks(&self, range: Range<usize>) -> impl Iterator<Item = usize> + use<'_, 'a> {
        range.filter(|at| self.tokens[*at].kind == TokenKind::Remark)
    }

    /// Tells keywords apart.
    pub(super) fn keyword(&self, declaration: &Declaration) -> u8 {
        match declaration.what {
            What::Package => 1,
            What::Import => 2,
            What::Const => 3,
            What::Var => 4,
            What::Type => 5,
            What::Function { .. } => 6,
        }
    }

    pub(super) fn piece(&self, at: usize) -> Piece {
        let declaration = &self.declarations[at];
        let tokens = &declaration.tokens;
        let end = self.tokens[tokens.end - 1].end;
        let (mut kind, mut order, mut verbatim, mut body) = (UnitKind::Item, Order::Free, None, None);
        let name = match declaration.what {
            What::Package => {
                verbatim = self.header(self.tokens[tokens.start].start);
                self.said(tokens.clone())
            }
            What::Import => {
                if self.text(tokens.end - 1) == b"\"C\"" || self.text(tokens.end - 1) == b"`C`" {
                    verbatim = self.preamble(at);
                }
                let parts = tokens.clone().filter(|at| self.tokens[*at].kind != TokenKind::Remark);
                let parts: Vec<_> = parts.map(|at| String::from_utf8_lossy(self.text(at))).collect();
                format!("import {}", parts.join(" "))
            }
            What::Const => format!("const {}", self.names(tokens)),
            What::Type => format!("type {}", self.names(tokens)),
            What::Var => {
                if self.may_call(tokens) {
                    order = Order::Run;
                }
                let acts = if self.acts(tokens) { ACTS } else { "" };
                format!("var {}{acts}", self.names(tokens))
            }
            What::Function { name, receiver } => {
                let simple = String::from_utf8_lossy(self.text(name)).into_owned();
                if receiver.is_none() && simple == "init" {
                    simple
                } else {
                    kind = UnitKind::Function;
                    body = self.body(tokens);
                    order = Order::Called(simple.clone());
                    match receiver.and_then(|close| self.receiver(tokens.start + 1..close)) {
                        Some(receiver) => format!("{receiver}.{simple}"),
                        None => simple,
                    }
                }
            }
        };
        let start = self.tokens[declaration.begin].start;
        let start = verbatim.map_or(start, |(from, _)| start.min(from));
        Piece {
            start,
            end,
            head_end: end,
            kind,
            name,
            extent: Extent::Whole,
            order,
            verbatim,
            body,
            mentioned: Vec::new(),
            marks: Vec::new(),
            is_silent: false,
            is_in_rewritten: false,
        }
    }

    fn said(&self, tokens: Range<usize>) -> String {
        self.namer.text(self.tokens[tokens.start].start, self.tokens[tokens.end - 1].end)
    }

    /// Returns the names that a spec declares: `a, b`.
    fn names(&self, tokens: &Range<usize>) -> String {
        let names: Vec<_> = self.named(tokens).map(|name| String::from_utf8_lossy(self.text(name))).collect();
        names.join(", ")
    }

    /// Returns the tokens that are the names that a spec declares.
    fn named(&self, tokens: &Range<usize>) -> impl Iterator<Item = usize> + use<'_, 'a> {
        let code: Vec<usize> = tokens
            .clone()
            .filter(|at| self.tokens[*at].kind != TokenKind::Remark)
            .enumerate()
            .take_while(|(place, at)| place % 2 == 0 || self.text(*at) == b",")
            .filter(|(place, _)| place % 2 == 0)
            .map(|(_, at)| at)
            .collect();
        code.into_iter()
    }

    /// Returns `T` or `(*T)` for a receiver with its brackets, as the first part of a method's name.
    fn receiver(&self, tokens: Range<usize>) -> Option<String> {
        let (mut depth, mut points, mut name) = (0_usize, false, None);
        for at in tokens {
            match self.text(at) {
                b"[" => depth += 1,
                b"]" => depth = depth.saturating_sub(1),
                b"*" if depth == 0 => points = true,
                _ if depth == 0 && self.tokens[at].kind == TokenKind::Word => name = Some(at),
                _ => {}
            }
        }
        let name = String::from_utf8_lossy(self.text(name?));
        Some(if points { format!("(*{name})") } else { name.into_owned() })
    }

    /// Returns whether the initialiser of a variable may call something, receive from a channel, or both.
    fn may_call(&self, tokens: &Range<usize>) -> bool {
        let mut texts = tokens.clone().skip_while(|at| self.text(*at) != b"=");
        texts
            .any(|at| self.tokens[at].kind == TokenKind::Punctuation && matches!(self.text(at), b"(" | b"<-"))
    }

    /// Returns whether the initialiser of a variable may do anything but make a value: call, wait, or panic.
    ///
    /// Then whoever links the package is concerned, for it runs before everything. What cannot panic and touches
    /// nothing else may be called, and a function that is not called here does nothing.
    fn acts(&self, tokens: &Range<usize>) -> bool {
        let code: Vec<&[u8]> = tokens
            .clone()
            .filter(|at| self.tokens[*at].kind != TokenKind::Remark)
            .skip_while(|at| self.text(*at) != b"=")
            .skip(1)
            .map(|at| self.text(at))
            .collect();
        if code.first() == Some(&&b"func"[..]) {
            return !is_mere_function(&code);
        }
        let is_value = |text: &[u8]| {
            text.first().is_some_and(|first| {
                first.is_ascii_alphanumeric() || *first >= 0x80 || matches!(first, b'_' | b'"' | b'`')
            })
        };
        (0..code.len()).any(|at| {
            let before = at.checked_sub(1).map_or(&b""[..], |before| code[before]);
            let ends_value = || is_value(before) && before != b"map" || matches!(before, b")" | b"]" | b"}");
            match code[at] {
                b"(" => !self.is_harmless_call(&code[..at]) && !is_nil_of_pointer(&code, at),
                // An index, or the parameters of a type.
                b"[" => ends_value() && before != b"]",
                b"<-" => true,
                // By nothing, or by less.
                b"/" | b"%" | b"<<" | b">>" => {
                    !code.get(at + 1).is_some_and(|by| matches!(by.first(), Some(b'1'..=b'9')))
                }
                // What a pointer points to, if it is none to a type.
                b"*" => !(ends_value() || before == b"(" && is_nil_of_pointer(&code, at - 1)),
                _ => false,
            }
        })
    }

    /// Returns whether what stands before a bracket can be called without anything but its result coming of it.
    fn is_harmless_call(&self, before: &[&[u8]]) -> bool {
        match before {
            [.., b"errors", b".", b"New"] => self.imports(b"\"errors\""),
            [.., b"fmt", b".", b"Errorf" | b"Sprintf"] => self.imports(b"\"fmt\""),
            [.., b".", _] => false,
            [.., b"new" | b"len" | b"func"] => true,
            [.., name] => BASIC_TYPES.binary_search(name).is_ok(),
            [] => false,
        }
    }

    /// Returns whether the file imports a path under no other name.
    fn imports(&self, quoted: &[u8]) -> bool {
        self.declarations.iter().any(|declaration| {
            let mut code = declaration.tokens.clone().filter(|at| self.tokens[*at].kind != TokenKind::Remark);
            declaration.what == What::Import
                && code.next().is_some_and(|at| {
                    self.text(at) == quoted
                        || declaration.group.is_none()
                            && self.text(at) == b"import"
                            && code.next().is_some_and(|at| self.text(at) == quoted)
                })
        })
    }

    /// Returns where a function has what it does, unless comments in it speak to the compiler.
    fn body(&self, tokens: &Range<usize>) -> Option<(usize, usize)> {
        let mut depth = 0_usize;
        let (mut open, mut before): (Option<usize>, &[u8]) = (None, b"");
        for at in tokens.clone() {
            let text = self.text(at);
            match self.tokens[at].kind {
                TokenKind::Remark => continue,
                TokenKind::Punctuation => match text {
                    b"{" if depth == 0 => {
                        // Those of a type are no body.
                        open = (!matches!(before, b"struct" | b"interface")).then_some(at);
                        depth += 1;
                    }
                    b"(" | b"[" | b"{" => depth += 1,
                    b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
                    _ => {}
                },
                _ => {}
            }
            before = text;
        }
        let open = open.filter(|_| before == b"}")?;
        let speaks = self.remarks(open..tokens.end).any(|remark| !self.is_mere_comment(remark));
        (!speaks).then(|| (self.tokens[open].start, self.tokens[tokens.end - 1].end))
    }

    /// Adds to a const what it repeats, and its place if its expression asks for it.
    pub(super) fn const_spec(
        &self,
        declaration: &Declaration,
        repeated: &mut Range<usize>,
        owned: &mut Vec<usize>,
        context: &mut Vec<u8>,
    ) {
        let tokens = &declaration.tokens;
        let place = declaration.group.map_or(0, |group| group.place);
        if place == 0 {
            *repeated = 0..0;
        }
        let behind_names = self.named(tokens).last().map_or(tokens.end, |last| last + 1);
        if behind_names < tokens.end {
            *repeated = behind_names..tokens.end;
        } else {
            owned.extend(repeated.clone());
        }
        if repeated.clone().any(|at| self.is_word(at, b"iota")) {
            context.extend(place.to_le_bytes());
        }
    }

    /// Returns what stands before the package clause, if empty lines in it may decide what is a build constraint.
    fn header(&self, package: usize) -> Option<(usize, usize)> {
        let header = &self.source[..package];
        let holds_old_constraint = header.split(|byte| *byte == b'\n').any(|line| {
            let said = line.trim_ascii().strip_prefix(b"//");
            said.is_some_and(|said| said.trim_ascii_start().starts_with(b"+build"))
        });
        holds_old_constraint.then_some((0, package))
    }

    /// Returns what stands before an import: the comments there may be C. Where one in a group has one, that of the
    /// group is its too, for it is if the import stands alone.
    fn preamble(&self, at: usize) -> Option<(usize, usize)> {
        let declaration = &self.declarations[at];
        let first = match declaration.group {
            Some(group) if group.place == 0 => group.keyword,
            _ => declaration.begin,
        };
        let before = self.tokens[..first].iter().rposition(|token| token.kind != TokenKind::Remark);
        let from = before.map_or(0, |before| self.tokens[before].end);
        let before = &self.source[from..self.tokens[declaration.begin].start];
        let skipped = before.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        // An empty line behind them makes it no comment on the import, so line ends stay.
        let indent = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let end = from + before.len() - indent;
        (from + skipped < end).then_some((from + skipped, end))
    }

    /// Returns whether a function is an example with a comment that may say what it prints.
    pub(super) fn says_what_it_prints(&self, declaration: &Declaration) -> bool {
        self.remarks(declaration.tokens.clone()).any(|remark| {
            let text = self.text(remark);
            text.windows(7).any(|word| word.eq_ignore_ascii_case(b"output:"))
        })
    }

    /// Returns whether a token is a comment that counts only in an example.
    pub(super) fn is_mere_comment(&self, at: usize) -> bool {
        self.tokens[at].kind == TokenKind::Remark && !lex::go::is_directive(self.text(at), true)
    }

    /// Returns who declares the functions and variables of the package.
    pub(super) fn declared(&self) -> HashMap<&'a [u8], usize> {
        let mut declared = HashMap::new();
        let mut twice = HashSet::new();
        for (place, declaration) in self.declarations.iter().enumerate() {
            let names: Vec<usize> = match declaration.what {
                What::Function { name, receiver: None } => vec![name],
                What::Var => self.named(&declaration.tokens).collect(),
                _ => Vec::new(),
            };
            for name in names {
                if declared.insert(self.text(name), place).is_some() {
                    twice.insert(self.text(name));
                }
            }
        }
        declared.retain(|name, _| !twice.contains(name));
        declared
    }
}

/// Returns whether code is a function that is not called, `func … { … }` and nothing else.
fn is_mere_function(code: &[&[u8]]) -> bool {
    let mut depth = 0_usize;
    let mut blocks = 0;
    for (at, text) in code.iter().enumerate() {
        match *text {
            b"(" | b"[" | b"{" => {
                let is_type = at > 0 && matches!(code[at - 1], b"struct" | b"interface");
                blocks += usize::from(*text == b"{" && depth == 0 && !is_type);
                depth += 1;
            }
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            // Another variable's value follows.
            b"," if depth == 0 => return false,
            _ => {}
        }
        if blocks == 1 && depth == 0 {
            return at + 1 == code.len();
        }
    }
    false
}

/// Returns whether the bracket at `at` is one of `(*T)(nil)`, as is written to have the compiler check something.
fn is_nil_of_pointer(code: &[&[u8]], at: usize) -> bool {
    let ends = |from: usize| {
        let close = code[from..].iter().position(|text| *text == b")").map(|close| from + close);
        close.is_some_and(|close| matches!(code[close + 1..], [b"(", b"nil", b")", ..]))
    };
    matches!(code[at..], [b"(", b"nil", b")", ..]) && at > 0 && code[at - 1] == b")"
        || matches!(code.get(at + 1), Some(&b"*")) && ends(at)
}
