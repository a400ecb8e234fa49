//! Rust's tokens.

use super::{Gap, Scanner, Token, TokenKind, is_word, is_word_start};

/// Longer ones come first.
const OPERATORS: [&str; 25] = [
    "<<=", ">>=", "...", "..=", "&&", "||", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "==",
    "!=", "<=", ">=", "->", "=>", "::", "..", "$$",
];

/// Macros of the standard library of which nobody can tell how their arguments are laid out. Of all others, a
/// `stringify!` or a procedural macro inside may show whether there is white space between two tokens. `assert!`
/// and `dbg!` are not here because they print what they are given.
const SPACING_UNSEEN: [&str; 19] = [
    "assert_eq",
    "assert_ne",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "matches",
    "panic",
    "print",
    "println",
    "thread_local",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Returns the tokens of `source`, `None` when a literal or a comment never ends.
pub(in super::super) fn tokens(source: &str) -> Option<Vec<Token>> {
    let source = source.as_bytes();
    let mut lexer = Lexer { scanner: Scanner::new(source), tokens: Vec::new(), open: Vec::new() };
    lexer.tokens.reserve(source.len() / 5);
    // A script's front matter is no Rust.
    if lexer.scanner.rest().starts_with(b"---") {
        return None;
    }
    lexer.shebang();
    while let Some(gap) = lexer.skip_layout()? {
        let sees = lexer.open.last().copied().unwrap_or(false);
        let token = lexer.next(if sees { gap } else { Gap::Unseen })?;
        lexer.nest(&token);
        lexer.tokens.push(token);
    }
    Some(lexer.tokens)
}

struct Lexer<'a> {
    scanner: Scanner<'a>,
    tokens: Vec<Token>,
    /// For each bracket that is open, whether somebody may see the layout inside.
    open: Vec<bool>,
}

impl Lexer<'_> {
    /// Takes the line that names an interpreter; `#![` is an attribute.
    fn shebang(&mut self) {
        let rest = self.scanner.rest();
        let Some(after) = rest.strip_prefix(b"#!") else { return };
        if after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return;
        }
        let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let len = rest[..len].trim_ascii_end().len();
        let token = self.scanner.token(TokenKind::Text, self.scanner.at + len, Gap::Unseen);
        self.tokens.push(token);
    }

    /// Skips white space and plain comments, and takes doc comments. Returns what there was before the next token;
    /// the inner `None` is the end of the file.
    fn skip_layout(&mut self) -> Option<Option<Gap>> {
        let mut gap = Gap::None;
        loop {
            let scanner = &mut self.scanner;
            if scanner.is_at_end() {
                return Some(None);
            }
            let rest = scanner.rest();
            if let Some(len) = white_space(rest) {
                scanner.advance_to(scanner.at + len);
            } else if rest.starts_with(b"//") {
                let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let is_doc = rest[2..].starts_with(b"!")
                    || (rest[2..].starts_with(b"/") && !rest[3..].starts_with(b"/"));
                self.comment(len, is_doc);
            } else if rest.starts_with(b"/*") {
                let len = block_comment(rest)?;
                let is_doc = rest[2..].starts_with(b"!")
                    || (rest[2..].starts_with(b"*") && !rest[3..].starts_with(b"*") && len > 4);
                self.comment(len, is_doc);
            } else {
                return Some(Some(gap));
            }
            gap = Gap::Layout;
        }
    }

    fn comment(&mut self, len: usize, is_doc: bool) {
        let end = self.scanner.at + len;
        if is_doc {
            let given = self.open.last().copied().unwrap_or(false);
            let example = holds_example(&self.scanner.source[self.scanner.at..end]);
            let token = self.scanner.token(TokenKind::Doc { example, given }, end, Gap::Unseen);
            self.tokens.push(token);
        } else {
            self.scanner.advance_to(end);
        }
    }

    /// Takes the token that begins here; `None` when it never ends.
    fn next(&mut self, gap: Gap) -> Option<Token> {
        let scanner = &mut self.scanner;
        let (rest, at) = (scanner.rest(), scanner.at);
        let (kind, len) = match rest[0] {
            b'"' => (TokenKind::Text, quoted(rest, 0)?),
            b'\'' => after_apostrophe(rest),
            b'0'..=b'9' => (TokenKind::Number, number(rest)),
            byte if is_word_start(byte) => word_or_literal(rest)?,
            _ => (TokenKind::Punctuation, scanner.longest(&OPERATORS).map_or(1, |end| end - at)),
        };
        Some(scanner.token(kind, at + len, gap))
    }

    /// Keeps count of brackets, `token` being the next after those taken so far.
    fn nest(&mut self, token: &Token) {
        let source = self.scanner.source;
        match token.text(source) {
            b"(" | b"[" | b"{" => {
                let inside = self.open.last().copied().unwrap_or(false);
                self.open.push(inside || self.opens_macro());
            }
            b")" | b"]" | b"}" => {
                self.open.pop();
            }
            _ => {}
        }
    }

    /// Returns whether the bracket that comes now holds the arguments of a macro that may show their layout.
    fn opens_macro(&self) -> bool {
        let source = self.scanner.source;
        let code = || self.tokens.iter().rev().filter(|token| !token.is_doc());
        let mut back = code().peekable();
        // The name that `macro_rules! name {` defines.
        if code().nth(1).is_some_and(|token| token.is(source, "!")) {
            back.next_if(|token| token.kind == TokenKind::Word);
        }
        back.next_if(|token| token.is(source, "!")).is_some()
            && back.next().is_some_and(|name| {
                name.kind == TokenKind::Word && !SPACING_UNSEEN.iter().any(|unseen| name.is(source, unseen))
            })
    }
}

/// Returns the length of the white space here, if there is any, as the language defines it.
fn white_space(rest: &[u8]) -> Option<usize> {
    match rest {
        [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, ..] => Some(1),
        [0xc2, 0x85, ..] => Some(2),
        [0xe2, 0x80, 0x8e | 0x8f | 0xa8 | 0xa9, ..] => Some(3),
        _ => None,
    }
}

/// Returns the length of a comment; they nest.
fn block_comment(rest: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 {
        match rest.get(at..)? {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [] => return None,
            _ => at += 1,
        }
    }
    Some(at)
}

/// Returns whether a doc comment may hold an example, fenced or by indentation. To see one where there is none
/// only makes the comment count.
fn holds_example(comment: &[u8]) -> bool {
    let body = &comment[3..];
    let is_block = comment[1] == b'*';
    let has = |fence: &[u8]| body.windows(fence.len()).any(|window| window == fence);
    has(b"```")
        || has(b"~~~")
        || body.split(|byte| *byte == b'\n').any(|line| {
            let indented = |line: &[u8]| {
                let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let deep = blank >= 4 || line[..blank].contains(&b'\t');
                deep && !line[blank..].trim_ascii().is_empty() && line[blank..].trim_ascii() != b"*/"
            };
            let bare = line.trim_ascii_start();
            match bare.strip_prefix(b"*") {
                Some(text) if is_block && !text.starts_with(b"/") => indented(text),
                _ => indented(line),
            }
        })
}

/// Returns the length of a quoted literal whose quote stands at `start`.
fn quoted(rest: &[u8], start: usize) -> Option<usize> {
    let quote = rest[start];
    let mut at = start + 1;
    loop {
        match *rest.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Returns the length of a raw literal whose hashes or quote stand at `start`, if it is one and ends.
fn raw_quoted(rest: &[u8], start: usize) -> Option<usize> {
    let hashes = rest[start..].iter().take_while(|byte| **byte == b'#').count();
    let body = rest[start + hashes..].strip_prefix(b"\"")?;
    let body_at = start + hashes + 1;
    let mut at = 0;
    loop {
        at += body.get(at..)?.iter().position(|byte| *byte == b'"')? + 1;
        let closing = &body[at..];
        if closing.len() >= hashes && closing[..hashes].iter().all(|byte| *byte == b'#') {
            return Some(body_at + at + hashes);
        }
    }
}

fn after_apostrophe(rest: &[u8]) -> (TokenKind, usize) {
    let Some(first) = rest.get(1) else { return (TokenKind::Punctuation, 1) };
    if *first == b'\\' {
        // A literal that never ends stays a mark of its own, so that what follows it is read as code.
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return quoted(&rest[..line], 0).map_or((TokenKind::Punctuation, 1), |len| (TokenKind::Text, len));
    }
    let width = match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    };
    if rest.get(1 + width) == Some(&b'\'') {
        return (TokenKind::Text, width + 2);
    }
    if !is_word_start(*first) {
        return (TokenKind::Punctuation, 1);
    }
    let start = if rest[1..].starts_with(b"r#") { 3 } else { 1 };
    (TokenKind::Lifetime, start + word_len(&rest[start..]))
}

fn word_len(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() && is_word(rest[at]) && white_space(&rest[at..]).is_none() {
        at += 1;
    }
    at
}

fn word_or_literal(rest: &[u8]) -> Option<(TokenKind, usize)> {
    let len = word_len(rest);
    let (word, next) = (&rest[..len], rest.get(len).copied().unwrap_or(0));
    match (word, next) {
        (b"r" | b"br" | b"cr", b'"') => Some((TokenKind::Text, raw_quoted(rest, len)?)),
        (b"r" | b"br" | b"cr", b'#') => {
            let hashes = rest[len..].iter().take_while(|byte| **byte == b'#').count();
            match rest.get(len + hashes) {
                Some(b'"') => Some((TokenKind::Text, raw_quoted(rest, len)?)),
                Some(byte) if word == b"r" && hashes == 1 && is_word_start(*byte) => {
                    Some((TokenKind::Word, len + 1 + word_len(&rest[len + 1..])))
                }
                _ => Some((TokenKind::Word, len)),
            }
        }
        (b"b" | b"c", b'"') => Some((TokenKind::Text, quoted(rest, len)?)),
        (b"b", b'\'') => {
            let (kind, literal) = after_apostrophe(&rest[len..]);
            if kind == TokenKind::Text { Some((kind, len + literal)) } else { Some((TokenKind::Word, len)) }
        }
        // Something that is no white space and no part of a word either.
        _ => Some((TokenKind::Word, len.max(1))),
    }
}

fn number(rest: &[u8]) -> usize {
    let is_hex = rest.starts_with(b"0x") || rest.starts_with(b"0b") || rest.starts_with(b"0o");
    let mut at = word_len(rest);
    let byte = |at: usize| rest.get(at).copied().unwrap_or(0);
    if is_hex {
        return at;
    }
    let exponent_sign = |at: &mut usize| {
        if matches!(byte(*at - 1), b'e' | b'E')
            && matches!(byte(*at), b'+' | b'-')
            && byte(*at + 1).is_ascii_digit()
        {
            *at += 1 + word_len(&rest[*at + 1..]);
        }
    };
    exponent_sign(&mut at);
    if byte(at) == b'.' && byte(at + 1).is_ascii_digit() {
        at += 1 + word_len(&rest[at + 1..]);
        exponent_sign(&mut at);
    }
    at
}
