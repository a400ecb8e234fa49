//! Go's tokens, with the semicolons that the language inserts at the ends of lines.
//!
//! Where a line ends matters to Go, so a statement's end is a token ([`TokenKind::End`]), be it written or inserted:
//! `return` above `x` is another program than `return x`. The two kinds of ends are the same token. One end means
//! nothing, and is left out: the last one before a bracket that closes a block or a group. Before other closing
//! brackets, such as that of a literal, it makes the program invalid, so it stays.
//!
//! Comments are layout, but for those that compilers and the go tool read ([`TokenKind::Remark`]).

use super::{Gap, Token, TokenKind, is_word, is_word_start};

/// Returns the tokens of `source`, `None` when they are not all Go's.
///
/// What is in a token that Go's own scanner would refuse, such as a number with two points, is not looked at: such
/// a file compiles nowhere, whatever its tokens are.
pub(in super::super) fn tokens(source: &[u8]) -> Option<Vec<Token>> {
    std::str::from_utf8(source).ok().filter(|text| !text.contains('\0'))?;
    let at = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut lexer = Lexer {
        source,
        at,
        line: 1,
        line_start: 0,
        tokens: Vec::with_capacity(source.len() / 4),
        open: Vec::new(),
        closed: 0,
        line_ends_statement: false,
        in_example: false,
        new_lines: 0,
    };
    while lexer.skip_layout()? {
        lexer.next()?;
    }
    Some(lexer.tokens)
}

struct Lexer<'a> {
    source: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    tokens: Vec<Token>,
    open: Vec<Bracket>,
    /// The token that opened what the last parenthesis closed.
    closed: usize,
    /// Whether a line that ends now ends a statement.
    line_ends_statement: bool,
    /// Whether comments decide what is expected of a test.
    in_example: bool,
    /// How many lines ended since the last token or comment.
    new_lines: usize,
}

/// A bracket that is open.
struct Bracket {
    closes_with: u8,
    /// The token that it is.
    at: usize,
    /// Whether the end of a statement may be left out before it closes.
    is_block: bool,
}

impl Lexer<'_> {
    /// Moves to the next token and takes the comments and ends of statements before it; false at the end.
    fn skip_layout(&mut self) -> Option<bool> {
        loop {
            let rest = &self.source[self.at..];
            match rest {
                [b' ' | b'\t' | b'\r', ..] => self.at += 1,
                [b'\n', ..] => {
                    self.end_of_line();
                    self.at += 1;
                    self.begin_line(self.at);
                    self.new_lines += 1;
                }
                [b'/', b'/', ..] => {
                    self.end_of_line();
                    let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                    self.comment(len);
                }
                [b'/', b'*', ..] => {
                    let len = 2 + find(&rest[2..], b"*/")? + 2;
                    if rest[..len].contains(&b'\n') {
                        self.end_of_line();
                    }
                    self.comment(len);
                }
                [] => {
                    self.end_of_line();
                    return Some(false);
                }
                _ => return Some(true),
            }
        }
    }

    /// Inserts a semicolon if the language does.
    fn end_of_line(&mut self) {
        if std::mem::take(&mut self.line_ends_statement) {
            self.end_of_statement(0);
        }
    }

    fn end_of_statement(&mut self, len: usize) {
        self.push(TokenKind::End, len, Gap::Unseen);
        if self.open.is_empty() {
            self.in_example = false;
        }
    }

    fn begin_line(&mut self, at: usize) {
        self.line += 1;
        self.line_start = at;
    }

    /// Passes a comment, and takes it if somebody reads it.
    fn comment(&mut self, len: usize) {
        let text = &self.source[self.at..self.at + len];
        if self.in_example || is_directive(text, self.at == self.line_start) {
            let gap = match self.new_lines {
                _ if !self.in_example => Gap::Unseen,
                0 => Gap::None,
                1 => Gap::Unseen,
                _ => Gap::Layout,
            };
            let shown = text.trim_ascii_end().len();
            self.push(TokenKind::Remark, shown, gap);
            // White space at its end holds no line end: a comment of one line ends before it.
            self.at += len - shown;
        } else {
            self.pass(len);
        }
        self.new_lines = 0;
    }

    /// Passes bytes that may hold line ends.
    fn pass(&mut self, len: usize) {
        let end = self.at + len;
        for at in self.at..end {
            if self.source[at] == b'\n' {
                self.begin_line(at + 1);
            }
        }
        self.at = end;
    }

    fn push(&mut self, kind: TokenKind, len: usize, gap: Gap) {
        let column = (self.at - self.line_start + 1) as u32;
        let (start, line) = (self.at, self.line);
        match kind {
            TokenKind::Text | TokenKind::Remark => self.pass(len),
            _ => self.at += len,
        }
        self.tokens.push(Token { start, end: self.at, line, column, kind, gap, in_directive: false });
        self.new_lines = 0;
    }

    /// Takes the token that begins here; `None` when there is none.
    fn next(&mut self) -> Option<()> {
        let rest = &self.source[self.at..];
        let first = *rest.first()?;
        let (kind, len) = match first {
            b'"' | b'\'' => (TokenKind::Text, quoted(rest)?),
            b'`' => (TokenKind::Text, rest[1..].iter().position(|byte| *byte == b'`')? + 2),
            b'0'..=b'9' => (TokenKind::Number, number(rest)),
            b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => (TokenKind::Number, number(rest)),
            b';' => (TokenKind::End, 1),
            byte if is_word_start(byte) => {
                (TokenKind::Word, rest.iter().take_while(|byte| is_word(**byte)).count())
            }
            _ => (TokenKind::Punctuation, operator(rest)?),
        };
        let text = &rest[..len];
        self.line_ends_statement = match kind {
            TokenKind::Word => ends_statement(text),
            TokenKind::Punctuation => matches!(text, b")" | b"]" | b"}" | b"++" | b"--"),
            TokenKind::End => false,
            _ => true,
        };
        if kind == TokenKind::End {
            self.end_of_statement(len);
            return Some(());
        }
        match first {
            b'(' | b'[' | b'{' => self.open(first),
            b')' | b']' | b'}' => self.close(first)?,
            _ => {
                let follows_end = self.tokens.last().is_some_and(|last| last.kind == TokenKind::End);
                if let Some(bracket) = self.open.last_mut().filter(|open| open.closes_with == b'}')
                    && !bracket.is_block
                {
                    let is_code = matches!(kind, TokenKind::Word | TokenKind::Punctuation);
                    bracket.is_block = follows_end || is_code && is_only_in_blocks(text);
                }
                if self.open.is_empty() && text.starts_with(b"Example") && self.follows(b"func") {
                    self.in_example = true;
                }
            }
        }
        self.push(kind, len, Gap::Unseen);
        Some(())
    }

    fn open(&mut self, bracket: u8) {
        let (closes_with, is_block) = match bracket {
            b'(' => (b')', [&b"import"[..], b"const", b"var", b"type"].iter().any(|word| self.follows(word))),
            b'[' => (b']', false),
            _ => (b'}', self.begins_block()),
        };
        self.open.push(Bracket { closes_with, at: self.tokens.len(), is_block });
    }

    fn close(&mut self, bracket: u8) -> Option<()> {
        let open = self.open.pop().filter(|open| open.closes_with == bracket)?;
        if open.is_block
            && let Some(last) = self.tokens.iter().rposition(|token| token.kind != TokenKind::Remark)
            && self.tokens[last].kind == TokenKind::End
        {
            self.tokens.remove(last);
        }
        if bracket == b')' {
            self.closed = open.at;
        }
        Some(())
    }

    /// Returns the last token before `at` that is code.
    fn before(&self, at: usize) -> Option<(usize, &[u8])> {
        let at = self.tokens[..at].iter().rposition(|token| token.kind != TokenKind::Remark)?;
        Some((at, self.tokens[at].text(self.source)))
    }

    fn follows(&self, word: &[u8]) -> bool {
        self.before(self.tokens.len()).is_some_and(|(_, text)| text == word)
    }

    /// Returns whether the brace that comes now opens a block beyond doubt. Of others, what they hold may tell.
    fn begins_block(&self) -> bool {
        let Some((_, last)) = self.before(self.tokens.len()) else { return false };
        if last != b")" {
            // Words behind which nobody writes but a block, or what looks like one.
            return matches!(last, b"else" | b"for" | b"select" | b"switch" | b"struct" | b"interface");
        }
        match self.before(self.closed) {
            // `[]func(int){…}` is a literal of functions, `f(func(int) {…})` hands one over.
            Some((at, b"func")) => self.before(at).is_some_and(|(before, text)| {
                self.tokens[before].kind == TokenKind::End
                    || matches!(text, b"(" | b"," | b"=" | b":=" | b":" | b"{" | b"return" | b"go" | b"defer")
            }),
            Some((at, _)) => self.tokens[at].kind == TokenKind::Word,
            None => false,
        }
    }
}

/// Returns whether a comment says something to a compiler or to the go tool.
///
/// `//go:generate` does not: it acts when somebody runs the generator, whose product is a source of its own.
pub(in super::super) fn is_directive(text: &[u8], begins_line: bool) -> bool {
    let is_line = |text: &[u8]| text.contains(&b':') && !text.contains(&b'\n');
    match text {
        [b'/', b'/', b'g', b'o', b':', what @ ..] => {
            let is_generate = what
                .strip_prefix(b"generate")
                .is_some_and(|after| after.first().is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r')));
            !is_generate
        }
        [b'/', b'/', what @ ..] if what.starts_with(b"export") => {
            matches!(what.get(6), Some(b' ' | b'\t'))
        }
        [b'/', b'/', what @ ..] if what.starts_with(b"line ") => begins_line && is_line(what),
        [b'/', b'*', what @ ..] if what.starts_with(b"line ") => is_line(what),
        _ => false,
    }
}

/// Returns whether the text of a remark gives what follows other positions.
pub(in super::super) fn is_line_directive(text: &[u8]) -> bool {
    text.get(2..).is_some_and(|text| text.starts_with(b"line "))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

/// Returns whether a line that ends behind a word ends a statement: all but some keywords.
fn ends_statement(word: &[u8]) -> bool {
    !matches!(
        word,
        b"case"
            | b"chan"
            | b"const"
            | b"default"
            | b"defer"
            | b"else"
            | b"for"
            | b"func"
            | b"go"
            | b"goto"
            | b"if"
            | b"import"
            | b"interface"
            | b"map"
            | b"package"
            | b"range"
            | b"select"
            | b"struct"
            | b"switch"
            | b"type"
            | b"var"
    )
}

/// Returns whether a token is in no literal, but in the brackets inside of it.
fn is_only_in_blocks(text: &[u8]) -> bool {
    matches!(
        text,
        b"=" | b":="
            | b"++"
            | b"--"
            | b"<<="
            | b">>="
            | b"&^="
            | [b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=']
            | b"break"
            | b"case"
            | b"const"
            | b"continue"
            | b"default"
            | b"defer"
            | b"fallthrough"
            | b"for"
            | b"go"
            | b"goto"
            | b"if"
            | b"return"
            | b"select"
            | b"switch"
            | b"type"
            | b"var"
    )
}

/// Returns the length of a literal in quotes, which ends on its line.
fn quoted(rest: &[u8]) -> Option<usize> {
    let quote = *rest.first()?;
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            b'\n' => return None,
            b'\\' if rest.get(at + 1) != Some(&b'\n') => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn number(rest: &[u8]) -> usize {
    let is_hex = matches!(rest, [b'0', b'x' | b'X', ..]);
    let (mut at, mut has_point) = (0, false);
    loop {
        let byte = rest.get(at).copied().unwrap_or(0);
        let is_exponent = match byte {
            b'e' | b'E' => !is_hex,
            b'p' | b'P' => is_hex,
            _ => false,
        };
        match byte {
            b'.' if !has_point => has_point = true,
            _ if is_exponent && matches!(rest.get(at + 1), Some(b'+' | b'-')) => at += 1,
            _ if is_word(byte) => {}
            _ => return at,
        }
        at += 1;
    }
}

/// Returns the length of the operator here, `None` if there is none.
fn operator(rest: &[u8]) -> Option<usize> {
    Some(match rest {
        [b'<', b'<', b'=', ..] | [b'>', b'>', b'=', ..] | [b'&', b'^', b'=', ..] | [b'.', b'.', b'.', ..] => {
            3
        }
        [b'&', b'&' | b'^', ..]
        | [b'|', b'|', ..]
        | [b'<', b'-' | b'<', ..]
        | [b'>', b'>', ..]
        | [b'+', b'+', ..]
        | [b'-', b'-', ..] => 2,
        [
            b'=' | b'!' | b'<' | b'>' | b':' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^',
            b'=',
            ..,
        ] => 2,
        [
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'=' | b'!' | b'(' | b')'
            | b'[' | b']' | b'{' | b'}' | b',' | b'.' | b':' | b'~',
            ..,
        ] => 1,
        _ => return None,
    })
}
