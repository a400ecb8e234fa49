//! Names for people, made of tokens, so that layout and comments do not show in them.

use super::lex::{Gap, Token, TokenKind};

/// No name quotes more of the source, where only people read it.
const LONGEST: usize = 160;
/// No name at all quotes more of it.
const WHOLE: usize = 4096;

/// Quotes the source by its tokens.
pub(super) struct Namer<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
}

impl<'a> Namer<'a> {
    pub(super) fn new(source: &'a [u8], tokens: &'a [Token]) -> Namer<'a> {
        Namer { source, tokens }
    }

    /// Returns the source.
    pub(super) fn source(&self) -> &'a [u8] {
        self.source
    }

    /// Returns the tokens that begin from `start` up to `end`.
    pub(super) fn tokens(&self, start: usize, end: usize) -> &'a [Token] {
        let first = self.tokens.partition_point(|token| token.start < start);
        let len = self.tokens[first..].partition_point(|token| token.start < end);
        &self.tokens[first..first + len]
    }

    /// Returns the tokens that begin from `start` up to `end` as one line, of which no more than people read.
    pub(super) fn text(&self, start: usize, end: usize) -> String {
        self.line(start, end, LONGEST)
    }

    /// Returns the tokens that begin from `start` up to `end` as one line, for those who decide by it. What is left
    /// out of a very long one is a `…`.
    pub(super) fn whole(&self, start: usize, end: usize) -> String {
        self.line(start, end, WHOLE)
    }

    fn line(&self, start: usize, end: usize, longest: usize) -> String {
        let first = self.tokens.partition_point(|token| token.start < start);
        let mut line = String::new();
        let mut last: Option<&Token> = None;
        for token in self.tokens[first..].iter().take_while(|token| token.start < end) {
            if token.is_doc() {
                continue;
            }
            if last.is_some_and(|last| self.apart(last, token)) {
                line.push(' ');
            }
            line.push_str(&String::from_utf8_lossy(token.text(self.source)));
            last = Some(token);
            if line.len() > longest {
                let cut = (0..=longest).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
                line.truncate(cut);
                line.push('…');
                break;
            }
        }
        // A literal may hold line ends; a name is one line.
        line.replace(['\n', '\r'], " ")
    }

    fn apart(&self, last: &Token, token: &Token) -> bool {
        let wordy =
            |token: &Token| token.kind != TokenKind::Punctuation && token.kind != TokenKind::Directive;
        if token.in_directive && last.in_directive {
            return token.gap == Gap::Layout || last.is(self.source, "define");
        }
        let loose = |token: &Token| matches!(token.text(self.source), b"->" | b"=" | b"+" | b"=>");
        let after = |text: &str| last.is(self.source, text);
        if loose(last) || loose(token) || after(",") || (after(")") && wordy(token)) {
            return true;
        }
        // `const T& x`, `fn(A) -> B where`, `&'a str`, `Vec<T> as`.
        wordy(token)
            && (wordy(last) && last.kind != TokenKind::Directive
                || after("&") && self.closes(last)
                || after(">"))
    }

    /// Returns whether a mark ends a type rather than begins one: a word stands right before it.
    fn closes(&self, mark: &Token) -> bool {
        let at = self.tokens.partition_point(|token| token.start < mark.start);
        at.checked_sub(1).is_some_and(|before| {
            matches!(self.tokens[before].kind, TokenKind::Word) || self.tokens[before].is(self.source, ">")
        })
    }
}
