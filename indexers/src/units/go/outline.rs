//! Where the declarations of a file begin and end.

use std::ops::Range;

use super::super::lex::{Token, TokenKind};

/// The declarations of a file.
#[derive(Debug)]
pub(in super::super) struct Outline {
    pub(in super::super) declarations: Vec<Declaration>,
}

/// One unit that will be.
#[derive(Debug)]
pub(in super::super) struct Declaration {
    pub(in super::super) what: What,
    /// The tokens of it that are in its unit.
    pub(in super::super) tokens: Range<usize>,
    /// The token that it begins with, which is its keyword if it is in no group.
    pub(super) begin: usize,
    /// Where the keyword of its group stands, and whether it is all that the group holds.
    pub(super) group: Option<Group>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    /// The token that is its keyword.
    pub(super) keyword: usize,
    /// Its place among the specs of the group.
    pub(super) place: u32,
}

/// What is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum What {
    Package,
    Import,
    Const,
    Var,
    Type,
    Function {
        /// The token that is its name.
        name: usize,
        /// The bracket that closes its receiver.
        receiver: Option<usize>,
    },
}

impl Outline {
    /// Reads the declarations of a file, `None` when there is something between them.
    pub(in super::super) fn of(source: &[u8], tokens: &[Token]) -> Option<Outline> {
        let mut reader = Reader { source, tokens, at: 0, declarations: Vec::new() };
        reader.file()?;
        Some(Outline { declarations: reader.declarations })
    }
}

struct Reader<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
    at: usize,
    declarations: Vec<Declaration>,
}

impl Reader<'_> {
    fn file(&mut self) -> Option<()> {
        let keyword = self.take("package")?;
        self.take_kind(TokenKind::Word)?;
        self.declare(What::Package, keyword..self.at, keyword, None);
        self.take_kind(TokenKind::End)?;
        let mut takes_imports = true;
        while let Some(keyword) = self.peek() {
            let what = match self.text(keyword) {
                b"import" => What::Import,
                b"const" => What::Const,
                b"var" => What::Var,
                b"type" => What::Type,
                b"func" => What::Function { name: keyword, receiver: None },
                _ => return None,
            };
            // The compiler insists on imports before all else, and units do not know their order.
            takes_imports &= what == What::Import;
            if what == What::Import && !takes_imports {
                return None;
            }
            self.at = keyword + 1;
            match what {
                What::Function { .. } => self.function(keyword)?,
                _ => self.specs(what, keyword)?,
            }
            self.take_kind(TokenKind::End)?;
        }
        Some(())
    }

    fn specs(&mut self, what: What, keyword: usize) -> Option<()> {
        if self.take("(").is_none() {
            return self.spec(what, keyword, None);
        }
        let mut place = 0;
        loop {
            if self.take(")").is_some() {
                return Some(());
            }
            let begin = self.peek()?;
            self.spec(what, begin, Some(Group { keyword, place }))?;
            place += 1;
            // The last one may do without an end.
            if self.take_kind(TokenKind::End).is_none() {
                return self.take(")").map(|_| ());
            }
        }
    }

    fn spec(&mut self, what: What, begin: usize, group: Option<Group>) -> Option<()> {
        let first = self.peek()?;
        if what == What::Import {
            if self.take_kind(TokenKind::Word).is_none() {
                self.take(".");
            }
            self.take_kind(TokenKind::Text)?;
        } else {
            self.take_kind(TokenKind::Word)?;
            self.skip_to_end()?;
        }
        self.declare(what, first..self.at, begin, group);
        Some(())
    }

    fn function(&mut self, keyword: usize) -> Option<()> {
        let mut receiver = None;
        if let Some(open) = self.peek().filter(|at| self.text(*at) == b"(") {
            let close = self.closing(open)?;
            receiver = Some(close);
            self.at = close + 1;
        }
        let name = self.take_kind(TokenKind::Word)?;
        self.skip_to_end()?;
        self.declare(What::Function { name, receiver }, keyword..self.at, keyword, None);
        Some(())
    }

    fn declare(&mut self, what: What, mut tokens: Range<usize>, begin: usize, group: Option<Group>) {
        // A remark behind the last token belongs to what follows.
        while tokens.end > tokens.start + 1 && self.tokens[tokens.end - 1].kind == TokenKind::Remark {
            tokens.end -= 1;
        }
        self.declarations.push(Declaration { what, tokens, begin, group });
    }

    /// Moves to the end of the statement, or to the bracket that closes around it.
    fn skip_to_end(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            match (token.kind, token.text(self.source)) {
                (TokenKind::End, _) if depth == 0 => return Some(()),
                (TokenKind::Punctuation, b"(" | b"[" | b"{") => depth += 1,
                (TokenKind::Punctuation, b")" | b"]" | b"}") => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return Some(()),
                },
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// Returns the bracket that closes what the one at `open` opens.
    fn closing(&self, open: usize) -> Option<usize> {
        closing(self.source, self.tokens, open)
    }

    /// Returns the next token that is no remark.
    fn peek(&self) -> Option<usize> {
        let rest = &self.tokens[self.at..];
        rest.iter().position(|token| token.kind != TokenKind::Remark).map(|place| self.at + place)
    }

    fn text(&self, at: usize) -> &[u8] {
        self.tokens[at].text(self.source)
    }

    fn take(&mut self, text: &str) -> Option<usize> {
        let at = self.peek().filter(|at| self.text(*at) == text.as_bytes())?;
        self.at = at + 1;
        Some(at)
    }

    fn take_kind(&mut self, kind: TokenKind) -> Option<usize> {
        let at = self.peek().filter(|at| self.tokens[*at].kind == kind)?;
        self.at = at + 1;
        Some(at)
    }
}

/// Returns the bracket that closes what the one at `open` opens.
pub(in super::super) fn closing(source: &[u8], tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.get(open..)?.iter().enumerate() {
        if token.kind != TokenKind::Punctuation {
            continue;
        }
        match token.text(source) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(open + place);
        }
    }
    None
}
