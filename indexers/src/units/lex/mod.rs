//! Source bytes as tokens.
//!
//! Tokens come from lexers of our own and not from the leaves of a syntax tree. A grammar written for editors may
//! skip bytes while it recovers from an error, and what it skips would be in no fingerprint. A lexer needs no
//! recovery, so each byte of a file is in exactly one token or in the layout between two, whatever the grammar
//! made of it. Where a lexer cannot be sure it returns `None`, and the file counts as a whole.

pub(super) mod c;
pub(super) mod go;
pub(super) mod rust;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An identifier or a keyword.
    Word,
    /// A lifetime or a loop label.
    Lifetime,
    Number,
    /// A literal in quotes, or the name of a header in angle brackets.
    Text,
    Punctuation,
    /// The `#` that begins a preprocessor directive.
    Directive,
    /// A doc comment, whether it holds an example that is run as a test, and whether it is given to a macro, to which it is
    /// an attribute whose text it may put anywhere.
    Doc {
        example: bool,
        given: bool,
    },
    /// What ends a statement of Go, written or not. The text is not part of it.
    End,
    /// A comment that compilers or tools read. Its gap says how many lines ended before it, where that is read too:
    /// none, one (`Unseen`), or more (`Layout`).
    Remark,
}

/// What stands between a token and the one before it, where that can be told from the program's results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing that anybody could tell.
    Unseen,
    /// Nothing.
    None,
    /// White space or comments.
    Layout,
    /// A backslash and a line end, and no white space: what is on both sides may be one token to a compiler.
    Splice,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Counted from one.
    pub(super) line: u32,
    /// In bytes, counted from one.
    pub(super) column: u32,
    pub(super) kind: TokenKind,
    pub(super) gap: Gap,
    /// Whether it belongs to a preprocessor directive.
    pub(super) in_directive: bool,
}

impl Token {
    pub(super) fn text<'a>(&self, source: &'a [u8]) -> &'a [u8] {
        &source[self.start..self.end]
    }

    pub(super) fn is(&self, source: &[u8], text: &str) -> bool {
        self.text(source) == text.as_bytes()
    }

    pub(super) fn is_doc(&self) -> bool {
        matches!(self.kind, TokenKind::Doc { .. })
    }

    /// Returns the line that its last byte stands on.
    pub(super) fn last_line(&self, source: &[u8]) -> u32 {
        let text = self.text(source);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        self.line + text.iter().filter(|byte| **byte == b'\n').count() as u32
    }
}

/// A place in the source that knows its line.
struct Scanner<'a> {
    source: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Scanner<'a> {
    fn new(source: &'a [u8]) -> Scanner<'a> {
        let at = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Scanner { source, at, line: 1, line_start: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        &self.source[self.at..]
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    /// Moves on to `to`, counting lines.
    fn advance_to(&mut self, to: usize) {
        let to = to.min(self.source.len());
        for at in self.at..to {
            if self.source[at] == b'\n' {
                self.line += 1;
                self.line_start = at + 1;
            }
        }
        self.at = to;
    }

    /// Takes the bytes up to `end` as a token.
    fn token(&mut self, kind: TokenKind, end: usize, gap: Gap) -> Token {
        let column = (self.at - self.line_start + 1) as u32;
        let (start, line) = (self.at, self.line);
        self.advance_to(end);
        Token { start, end: self.at, line, column, kind, gap, in_directive: false }
    }

    /// Returns where the longest of `choices` that stands here ends; longer ones come first.
    fn longest(&self, choices: &[&str]) -> Option<usize> {
        choices.iter().find(|choice| self.rest().starts_with(choice.as_bytes())).map(|c| self.at + c.len())
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit()
}

/// Returns the words in `text` that could be identifiers.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_word(*byte)).filter(|word| word.first().is_some_and(|byte| is_word_start(*byte)))
}

/// Returns how deep brackets are inside of each other.
pub(super) fn depth(source: &[u8], tokens: &[Token]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in tokens {
        match token.text(source) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
