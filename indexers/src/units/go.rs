//! Go: which declarations are units, and what they are called.
//!
//! At the top of a file Go is regular: a declaration begins with one of five keywords and ends with the statement's
//! end outside of all brackets. So the tokens alone say where each begins and ends, and no syntax tree is needed. A
//! file whose tokens do not read like that compiles nowhere and is one unit.
//!
//! # Units and their names
//!
//! | Unit | Kind | Name |
//! |---|---|---|
//! | package clause, build constraints, whatever belongs to no declaration | item | `package p` |
//! | import | item | `import "fmt"`, `import m "math"`, `import _ "embed"`, `import . "strings"` |
//! | spec of a const, var or type declaration, each by itself | item | `const A`, `var x, y`, `type T` |
//! | function | function | `Name` |
//! | method | function | `T.Name`, `(*T).Name`; parameters of types are left out |
//! | `init` | item, for it runs in each process that links the package | `init` |
//!
//! Those of one name are numbered (`init#2`). A spec is the same alone and in a group, so that making a group of an
//! import changes nothing. The keyword of a declaration and the brackets of a group are in no unit: what they say is
//! in the name of the unit and in its fingerprint.
//!
//! # What is in a fingerprint beside the tokens
//!
//! - A const that repeats the expression before it holds that expression, and one whose expression mentions `iota`
//!   its place in the group. So to append to an enumeration changes nothing but its end.
//! - A variable whose initialiser may call something knows which one ran before it.
//! - Directives belong to the declaration that follows, `//go:linkname` to the one that it names.
//! - All comments of an example that says what it prints, with the empty lines between them.
//! - The C code above `import "C"`, as it stands.
//! - All `//line` directives before it. Coverage of what follows one is in other lines, or in another file, than the
//!   unit: [`GoFacts`](super::go_facts::GoFacts) tells.
//!
//! The order of imports is not: since Go 1.21 packages are initialised in the order of their paths.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::unit::{Unit, UnitKind};

use super::assemble::{self, Grammar, Literals, Returns};
use super::lex::{self, Token, TokenKind};
use super::names::Namer;
use super::outline::{self, Extent, Order, Piece};
use super::position::{self, Use};

const GO: Grammar = Grammar {
    positions: &position::GO,
    macro_use: Use::Word,
    keywords: &[
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "package",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
    ],
    returns: Returns::NothingInBackquotes,
    literals: Literals::Holes,
};

/// Returns the units of a file, in the order of their declarations, which is that of the outline.
pub(super) fn cut(source: &[u8]) -> Option<Vec<Unit>> {
    let tokens = lex::go::tokens(source)?;
    let outline = Outline::of(source, &tokens)?;
    let placed = Placed::of(source, &tokens, &outline);
    Some(assemble::units(source, &tokens, &placed.pieces, &placed.of_piece, &placed.contexts, &GO))
}

/// The declarations of a file.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) declarations: Vec<Declaration>,
}

/// One unit that will be.
#[derive(Debug)]
pub(super) struct Declaration {
    pub(super) what: What,
    /// The tokens of it that are in its unit.
    pub(super) tokens: Range<usize>,
    /// The token that it begins with, which is its keyword if it is in no group.
    begin: usize,
    /// Where the keyword of its group stands, and whether it is all that the group holds.
    group: Option<Group>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    /// The token that is its keyword.
    keyword: usize,
    /// Its place among the specs of the group.
    place: u32,
}

/// What is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
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
    pub(super) fn of(source: &[u8], tokens: &[Token]) -> Option<Outline> {
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
pub(super) fn closing(source: &[u8], tokens: &[Token], open: usize) -> Option<usize> {
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

/// The pieces of a file with their tokens.
struct Placed {
    pieces: Vec<Piece>,
    /// Those of no piece, of which there are none, come last.
    of_piece: Vec<Vec<usize>>,
    contexts: Vec<Fingerprint>,
}

impl Placed {
    fn of(source: &[u8], tokens: &[Token], outline: &Outline) -> Placed {
        let namer = Namer::new(source, tokens);
        let file = File { source, tokens, namer: &namer, declarations: &outline.declarations };
        let n_pieces = outline.declarations.len();
        let mut placed = Placed {
            pieces: Vec::with_capacity(n_pieces),
            of_piece: Vec::with_capacity(n_pieces + 1),
            contexts: Vec::with_capacity(n_pieces),
        };
        let mut linknames = Vec::new();
        // What a const without an expression repeats.
        let mut repeated = 0..0;
        let mut after_last = 0;
        let mut lines = Fingerprint(0);
        for (at, declaration) in outline.declarations.iter().enumerate() {
            let mut piece = file.piece(at);
            let mut owned = Vec::with_capacity(declaration.tokens.len());
            for remark in file.remarks(after_last..declaration.tokens.start) {
                if file.text(remark).starts_with(b"//go:linkname") {
                    linknames.push(remark);
                } else {
                    piece.start = piece.start.min(tokens[remark].start);
                    owned.push(remark);
                }
            }
            owned.extend(declaration.tokens.clone());
            if matches!(declaration.what, What::Function { .. }) && !file.says_what_it_prints(declaration) {
                owned.retain(|token| !file.is_mere_comment(*token));
            }
            let mut context = vec![file.keyword(declaration)];
            if declaration.what == What::Const {
                file.const_spec(declaration, &mut repeated, &mut owned, &mut context);
            }
            for line in file.remarks(after_last..declaration.tokens.end) {
                let text = file.text(line);
                if lex::go::is_line_directive(text) {
                    lines = Fingerprint::combine([("", lines), ("directive", Fingerprint::of(text))]);
                }
            }
            context.extend(lines.0.to_le_bytes());
            if declaration.what == What::Import
                && piece.verbatim.is_some_and(|at| knows_its_line(&source[at.0..at.1]))
            {
                context.extend(tokens[declaration.tokens.start].line.to_le_bytes());
            }
            after_last = declaration.tokens.end;
            placed.pieces.push(piece);
            placed.of_piece.push(owned);
            placed.contexts.push(Fingerprint::of(&context));
        }
        // What nothing follows is said of the package.
        let rest: Vec<usize> = file.remarks(after_last..tokens.len()).collect();
        let declared = file.declared();
        for remark in rest.into_iter().chain(linknames) {
            let linked = file.text(remark).strip_prefix(b"//go:linkname");
            let name = linked.and_then(|linked| linked.trim_ascii().split(u8::is_ascii_whitespace).next());
            let owner = name.and_then(|name| declared.get(name)).copied().unwrap_or(0);
            placed.of_piece[owner].push(remark);
        }
        outline::name_apart(&mut placed.pieces);
        placed.of_piece.push(Vec::new());
        placed
    }
}

/// Returns whether code in C asks where it stands.
fn knows_its_line(code: &[u8]) -> bool {
    lex::words(code).any(|word| position::C.iter().any(|(name, _)| name.as_bytes() == word))
}

/// A file, taken apart.
struct File<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
    namer: &'a Namer<'a>,
    declarations: &'a [Declaration],
}

impl<'a> File<'a> {
    fn text(&self, at: usize) -> &'a [u8] {
        self.tokens[at].text(self.source)
    }

    fn is_word(&self, at: usize, word: &[u8]) -> bool {
        self.tokens[at].kind == TokenKind::Word && self.text(at) == word
    }

    fn remarks(&self, range: Range<usize>) -> impl Iterator<Item = usize> + use<'_, 'a> {
        range.filter(|at| self.tokens[*at].kind == TokenKind::Remark)
    }

    /// Tells keywords apart.
    fn keyword(&self, declaration: &Declaration) -> u8 {
        match declaration.what {
            What::Package => 1,
            What::Import => 2,
            What::Const => 3,
            What::Var => 4,
            What::Type => 5,
            What::Function { .. } => 6,
        }
    }

    fn piece(&self, at: usize) -> Piece {
        let declaration = &self.declarations[at];
        let tokens = &declaration.tokens;
        let end = self.tokens[tokens.end - 1].end;
        let (mut kind, mut order, mut verbatim) = (UnitKind::Item, Order::Free, None);
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
                format!("var {}", self.names(tokens))
            }
            What::Function { name, receiver } => {
                let simple = String::from_utf8_lossy(self.text(name)).into_owned();
                if receiver.is_none() && simple == "init" {
                    simple
                } else {
                    kind = UnitKind::Function;
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
        Piece { start, end, head_end: end, kind, name, extent: Extent::Whole, order, verbatim }
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

    /// Adds to a const what it repeats, and its place if its expression asks for it.
    fn const_spec(
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
    fn says_what_it_prints(&self, declaration: &Declaration) -> bool {
        self.remarks(declaration.tokens.clone()).any(|remark| {
            let text = self.text(remark);
            text.windows(7).any(|word| word.eq_ignore_ascii_case(b"output:"))
        })
    }

    /// Returns whether a token is a comment that counts only in an example.
    fn is_mere_comment(&self, at: usize) -> bool {
        self.tokens[at].kind == TokenKind::Remark && !lex::go::is_directive(self.text(at), true)
    }

    /// Returns who declares the functions and variables of the package.
    fn declared(&self) -> HashMap<&'a [u8], usize> {
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
