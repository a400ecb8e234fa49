//! The tokens of C and C++, directives of the preprocessor included.
//!
//! The first phases of translation join lines before anything else is read, so a backslash at a line's end may
//! stand inside any token or comment mark. Where that happens the file counts as a whole: it is next to never seen,
//! and to be wrong about where a comment ends would hide code.

use std::collections::HashSet;

use super::{Gap, Scanner, Token, TokenKind, is_word, is_word_start};

/// Longer ones come first.
const OPERATORS: [&str; 29] = [
    "<<=", ">>=", "...", "->*", "<=>", "::", "++", "--", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&",
    "||", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "##", ".*", "<:", ":>",
];

/// Directives and operators after which angle brackets enclose the name of a file.
const BEFORE_HEADER: [&str; 7] =
    ["embed", "import", "include", "include_next", "__has_embed", "__has_include", "__has_include_next"];

/// Returns the tokens of `source`, `None` when it cannot be told where they end.
pub(in super::super) fn tokens(source: &[u8]) -> Option<Vec<Token>> {
    // Trigraphs: one of them is a backslash.
    if source.windows(3).any(|window| window == b"\x3f\x3f/") {
        return None;
    }
    let mut lexer = Lexer {
        scanner: Scanner::new(source),
        tokens: Vec::new(),
        open: Vec::new(),
        in_directive: false,
        line_begins: true,
        macros: HashSet::new(),
    };
    lexer.tokens.reserve(source.len() / 5);
    while let Some(gap) = lexer.skip_layout()? {
        let token = lexer.next(gap)?;
        lexer.nest(&token);
        lexer.tokens.push(token);
        lexer.line_begins = false;
    }
    Some(lexer.tokens)
}

struct Lexer<'a> {
    scanner: Scanner<'a>,
    tokens: Vec<Token>,
    /// For each bracket that is open, whether a macro may show the layout inside.
    open: Vec<bool>,
    in_directive: bool,
    line_begins: bool,
    /// The macros with parameters that were defined so far.
    macros: HashSet<&'a [u8]>,
}

impl<'a> Lexer<'a> {
    /// Skips white space and comments. Returns what there was before the next token; the inner `None` is the end.
    fn skip_layout(&mut self) -> Option<Option<Gap>> {
        let mut gap = Gap::None;
        loop {
            let scanner = &mut self.scanner;
            if scanner.is_at_end() {
                return Some(None);
            }
            let rest = scanner.rest();
            match rest[0] {
                b'\n' => {
                    (self.in_directive, self.line_begins) = (false, true);
                    scanner.advance_to(scanner.at + 1);
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => scanner.advance_to(scanner.at + 1),
                b'\\' => match splice(rest) {
                    Some(len) => {
                        scanner.advance_to(scanner.at + len);
                        if gap == Gap::None {
                            gap = Gap::Splice;
                        }
                        continue;
                    }
                    None => return Some(Some(gap)),
                },
                b'/' if rest[1..].starts_with(b"/") => {
                    let len = line_comment(rest)?;
                    scanner.advance_to(scanner.at + len);
                }
                b'/' if rest[1..].starts_with(b"*") => {
                    let len = block_comment(rest)?;
                    scanner.advance_to(scanner.at + len);
                }
                b'/' if splice(&rest[1..]).is_some() => return None,
                _ => return Some(Some(gap)),
            }
            gap = Gap::Layout;
        }
    }

    /// Takes the token that begins here.
    fn next(&mut self, gap: Gap) -> Option<Token> {
        let (rest, at) = (self.scanner.rest(), self.scanner.at);
        let first = rest[0];
        if self.line_begins && rest.starts_with(b"%:") {
            return None;
        }
        if gap == Gap::Splice
            && is_word(first)
            && self.tokens.last().is_some_and(|last| self.ends_in_word(last))
        {
            return None;
        }
        let begins_directive = self.line_begins && first == b'#';
        let (kind, len) = if begins_directive {
            (TokenKind::Directive, 1)
        } else if first == b'<' && self.in_directive && self.expects_header() {
            let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let end = rest[..line].iter().position(|byte| *byte == b'>');
            end.map_or((TokenKind::Punctuation, 1), |end| (TokenKind::Text, end + 1))
        } else if first == b'"' || first == b'\'' {
            quoted(rest, 0)?.map_or((TokenKind::Punctuation, 1), |len| (TokenKind::Text, len))
        } else if first.is_ascii_digit() || (first == b'.' && rest.get(1).is_some_and(u8::is_ascii_digit)) {
            (TokenKind::Number, number(rest))
        } else if is_word_start(first) || first == b'$' {
            word_or_literal(rest)?
        } else {
            (TokenKind::Punctuation, self.scanner.longest(&OPERATORS).map_or(1, |end| end - at))
        };
        let gap = self.visible(gap, begins_directive);
        let mut token = self.scanner.token(kind, at + len, gap);
        if begins_directive {
            self.in_directive = true;
            self.open.clear();
        }
        token.in_directive = self.in_directive;
        Some(token)
    }

    fn ends_in_word(&self, token: &Token) -> bool {
        matches!(token.kind, TokenKind::Word | TokenKind::Number)
            && token.end > 0
            && is_word(self.scanner.source[token.end - 1])
    }

    /// Returns what of `gap` can be told from the program's results.
    fn visible(&self, gap: Gap, begins_directive: bool) -> Gap {
        if begins_directive {
            return Gap::Unseen;
        }
        if gap == Gap::Splice {
            return gap;
        }
        // `#define F(x)` and `#define F (x)` differ, `# define` and `#define` do not.
        let after_hash = self.tokens.last().is_some_and(|last| last.kind == TokenKind::Directive);
        if self.in_directive && !after_hash || self.open.last() == Some(&true) { gap } else { Gap::Unseen }
    }

    fn expects_header(&self) -> bool {
        let source = self.scanner.source;
        let before = |token: &Token| BEFORE_HEADER.iter().any(|word| token.is(source, word));
        match self.tokens.as_slice() {
            [.., word, bracket] if bracket.is(source, "(") => before(word),
            [.., word] => before(word),
            [] => false,
        }
    }

    /// Keeps count of brackets and learns of macros, `token` being the next after those taken so far.
    fn nest(&mut self, token: &Token) {
        let source = self.scanner.source;
        match token.text(source) {
            b"(" => {
                if let [.., define, name] = self.tokens.as_slice()
                    && self.in_directive
                    && define.is(source, "define")
                    && name.end == token.start
                {
                    self.macros.insert(name.text(source));
                }
                let inside = self.open.last().copied().unwrap_or(false);
                self.open.push(inside || self.opens_macro());
            }
            b")" => {
                self.open.pop();
            }
            // Out of step, as in text that no compiler reads.
            b"{" | b"}" | b";" if self.open.len() > 64 => self.open.clear(),
            _ => {}
        }
    }

    /// Returns whether the parenthesis that comes now holds the arguments of a macro. By custom a macro's name has no
    /// small letters.
    fn opens_macro(&self) -> bool {
        let Some(name) = self.tokens.last().filter(|token| token.kind == TokenKind::Word) else {
            return false;
        };
        let name = name.text(self.scanner.source);
        name == b"assert"
            || self.macros.contains(name)
            || (name.iter().any(u8::is_ascii_uppercase) && !name.iter().any(u8::is_ascii_lowercase))
    }
}

/// Returns the length of a backslash with the line end that it takes away; compilers accept blanks between them.
fn splice(rest: &[u8]) -> Option<usize> {
    let after = rest.strip_prefix(b"\\")?;
    let blank = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    (after.get(blank) == Some(&b'\n')).then_some(blank + 2)
}

/// Returns the length of a comment, without the line end; a backslash takes the next line into it.
fn line_comment(rest: &[u8]) -> Option<usize> {
    let mut end = 0;
    loop {
        let Some(len) = rest[end..].iter().position(|byte| *byte == b'\n') else { return Some(rest.len()) };
        let line = &rest[..end + len];
        let bare = line.trim_ascii_end();
        if !bare.ends_with(b"\\") {
            return Some(end + len);
        }
        // Compilers do not agree on a backslash with blanks behind it.
        if line.len() - bare.len() > usize::from(line.ends_with(b"\r")) {
            return None;
        }
        end += len + 1;
    }
}

fn block_comment(rest: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        at += rest.get(at..)?.iter().position(|byte| *byte == b'*')? + 1;
        if rest[at..].starts_with(b"/") {
            return Some(at + 1);
        }
        if let Some(len) = splice(&rest[at..])
            && rest[at + len..].starts_with(b"/")
        {
            return None;
        }
    }
}

/// Returns the length of a literal whose quote stands at `start`. The inner `None` is one that its line does not
/// end, as in text that no compiler reads; the outer, one of which compilers may think otherwise.
fn quoted(rest: &[u8], start: usize) -> Option<Option<usize>> {
    let quote = rest[start];
    let mut at = start + 1;
    loop {
        match rest.get(at) {
            None | Some(b'\n') => return Some(None),
            Some(b'\\') => match splice(&rest[at..]) {
                Some(len) => at += len,
                None if splice(&rest[at + 1..]).is_some() => return None,
                None => at += 2,
            },
            Some(byte) if *byte == quote => return Some(Some(at + 1)),
            Some(_) => at += 1,
        }
    }
}

/// Returns the length of a raw literal whose quote stands at `start`, if it is one and ends.
fn raw_quoted(rest: &[u8], start: usize) -> Option<usize> {
    let body = &rest[start + 1..];
    let delimiter = body.iter().take(17).position(|byte| *byte == b'(')?;
    let (delimiter, text) = (&body[..delimiter], &body[delimiter + 1..]);
    if delimiter.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b')' | b'\\' | b'"')) {
        return None;
    }
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == b')')? + 1;
        if text[at..].strip_prefix(delimiter).is_some_and(|after| after.starts_with(b"\"")) {
            return Some(start + 1 + delimiter.len() + 1 + at + delimiter.len() + 1);
        }
    }
}

fn word_or_literal(rest: &[u8]) -> Option<(TokenKind, usize)> {
    let len = rest.iter().take_while(|byte| is_word(**byte) || **byte == b'$').count();
    let (word, next) = (&rest[..len], rest.get(len).copied().unwrap_or(0));
    let literal = match (word, next) {
        (b"R" | b"LR" | b"uR" | b"UR" | b"u8R", b'"') => match raw_quoted(rest, len) {
            Some(end) => Some(end),
            None => quoted(rest, len)?,
        },
        (b"L" | b"u" | b"U" | b"u8", b'"' | b'\'') => quoted(rest, len)?,
        _ => None,
    };
    Some(literal.map_or((TokenKind::Word, len), |end| (TokenKind::Text, end)))
}

/// Returns the length of what the preprocessor takes for a number.
fn number(rest: &[u8]) -> usize {
    let mut at = 1;
    loop {
        let (byte, next) = (rest.get(at).copied().unwrap_or(0), rest.get(at + 1).copied().unwrap_or(0));
        match byte {
            b'e' | b'E' | b'p' | b'P' if matches!(next, b'+' | b'-') => at += 2,
            b'\'' if next.is_ascii_alphanumeric() => at += 2,
            b'.' => at += 1,
            _ if is_word(byte) => at += 1,
            _ => return at,
        }
    }
}
