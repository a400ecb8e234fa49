//! From tokens and pieces to units.

use std::collections::{BTreeSet, HashMap, HashSet};

use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::unit::{LineSpan, Unit, UnitKind};

use super::lex::{Gap, Token, TokenKind, words};
use super::order::Reading;
use super::outline::{Extent, Order, Piece};
use super::position::{Use, stands_as};
use super::rust_docs;
use super::rust_members::{Form, Words};

/// What of a language fingerprints and identifiers depend on.
pub(super) struct Grammar {
    pub(super) positions: &'static [(&'static str, Use)],
    /// How macros that know their position are used.
    pub(super) macro_use: Use,
    pub(super) keywords: &'static [&'static str],
    pub(super) returns: Returns,
    pub(super) literals: Literals,
    pub(super) members: Members,
}

/// Whether members of values are told from what else has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// They are not.
    Alike,
    /// By the dot before them (`rust_members`).
    ByDot,
}

/// What a carriage return in a literal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    /// Itself.
    Themselves,
    /// Nothing before a line feed.
    NothingAtLineEnds,
    /// Nothing in a literal between backquotes.
    NothingInBackquotes,
}

/// Which literals mention names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Literals {
    /// None.
    Silent,
    /// Those with names in braces: `"{{.Name}}"`.
    Holes,
    /// Those, and values: `#[serde(with = "name")]`.
    HolesAndValues,
}

/// Puts each token into the innermost piece around it and makes units of them; what is in no piece is the
/// remainder. Pieces are nested and sorted.
pub(super) fn assemble(source: &[u8], tokens: &[Token], pieces: &[Piece], grammar: &Grammar) -> Vec<Unit> {
    let (owners, contexts) = assign(source, tokens, pieces, grammar);
    // The tokens of each piece, one after the other, the remainder last.
    let mut of_piece: Vec<Vec<usize>> = vec![Vec::new(); pieces.len() + 1];
    for (at, owner) in owners.iter().enumerate() {
        of_piece[owner.unwrap_or(pieces.len())].push(at);
    }
    units(source, tokens, pieces, &of_piece, &contexts, grammar)
}

/// The mark of what takes up the text of another file.
pub(super) const INCLUDES: &str = "include!";

/// What the documentation of a file is called that has tests in it.
pub(super) const EXAMPLES: &str = "(examples)";

/// Makes units of pieces, given the tokens of each and what is said of it from outside. Tokens may be in several, or
/// in none if they say nothing but where pieces begin and end. Those of no piece come last.
pub(super) fn units(
    source: &[u8],
    tokens: &[Token],
    pieces: &[Piece],
    of_piece: &[Vec<usize>],
    contexts: &[Fingerprint],
    grammar: &Grammar,
) -> Vec<Unit> {
    let cut = Cut { source, tokens, grammar };
    let positional = cut.positional(pieces, &halves(tokens, pieces, of_piece));
    let mut order = Reading::of(pieces);
    let mut units = Vec::with_capacity(pieces.len() + 1);
    // Tests in documentation are no business of what they document: whoever depends on that need not depend on them.
    let mut examples: BTreeSet<usize> = BTreeSet::new();
    for (at, owned) in of_piece.iter().enumerate() {
        let piece = pieces.get(at);
        let body = piece.and_then(|piece| piece.body).unwrap_or_default();
        let is_body = |token: usize| (body.0..body.1).contains(&tokens[token].start);
        let has_docs = owned.iter().any(|token| tokens[*token].is_doc());
        let are_seen =
            has_docs && grammar.macro_use == Use::Bang && rust_docs::are_seen(source, tokens, owned);
        let is_apart =
            |token: &usize| !are_seen && matches!(tokens[*token].kind, TokenKind::Doc { given: false, .. });
        let docs = || owned.iter().copied().filter(is_apart);
        if docs().any(|token| matches!(tokens[token].kind, TokenKind::Doc { example: true, .. })) {
            examples.extend(docs());
        }
        let counts = |token: &usize| !is_apart(token);
        let counted: Vec<usize> = owned.iter().copied().filter(counts).collect();
        let verbatim = piece.and_then(|piece| piece.verbatim).map(|(start, end)| &source[start..end]);
        let around = piece.map_or(&[][..], |piece| &piece.mentioned);
        let is_rewritten = piece.is_some_and(|piece| piece.is_rewritten());
        let mut identifiers = match around {
            [] => cut.identifiers(&counted, is_rewritten, verbatim.unwrap_or_default()),
            around => {
                let mut mentioning = cut.tokens_in(around);
                mentioning.extend(&counted);
                cut.identifiers(&mentioning, is_rewritten, verbatim.unwrap_or_default())
            }
        };
        for mark in piece.map_or(&[][..], |piece| &piece.marks) {
            if let Err(place) = identifiers.binary_search(&Identifier::of(mark)) {
                identifiers.insert(place, Identifier::of(mark));
            }
        }
        let mut bytes = Vec::with_capacity(counted.len() * 12);
        if let Some(piece) = piece {
            bytes.extend_from_slice(&contexts[at].0.to_le_bytes());
            order.read(piece, &mut bytes);
        }
        if let Some(verbatim) = verbatim {
            bytes.extend_from_slice(&(verbatim.len() as u64).to_le_bytes());
            bytes.extend_from_slice(verbatim);
        }
        let is_function = piece.is_some_and(|piece| piece.kind == UnitKind::Function);
        let is_macro = piece.is_some_and(|piece| matches!(piece.order, Order::Macro(_)));
        let mut done = Vec::new();
        for token in &counted {
            let is_done = is_function && is_body(*token);
            let half = if is_done { &mut done } else { &mut bytes };
            // What a head says of places, such as that callers are told, is about the body. What a macro says of them
            // is about its users.
            let knows = positional[2 * at] || is_done && positional[2 * at + 1];
            cut.encode(&tokens[*token], knows && !is_macro, half);
        }
        let fingerprint = match is_function {
            true => Fingerprint::of_function(&bytes, &done),
            false => Fingerprint::of(&bytes),
        };
        if let Some(piece) = piece {
            order.note(piece, fingerprint, &identifiers);
        }
        if counted.is_empty() || piece.is_some_and(|piece| piece.is_silent) {
            continue;
        }
        units.push(Unit {
            kind: piece.map_or(UnitKind::Remainder, |piece| piece.kind),
            name: piece.map_or("", |piece| piece.name.as_str()).into(),
            lines: piece.map_or(LineSpan::UNKNOWN, |piece| cut.lines(piece)),
            fingerprint: Some(fingerprint),
            identifiers,
        });
    }
    if !examples.is_empty() {
        let examples: Vec<usize> = examples.into_iter().collect();
        let mut bytes = Vec::new();
        examples.iter().for_each(|token| cut.encode(&tokens[*token], false, &mut bytes));
        units.push(Unit {
            kind: UnitKind::Item,
            name: EXAMPLES.into(),
            lines: LineSpan::UNKNOWN,
            fingerprint: Some(Fingerprint::of(&bytes)),
            identifiers: cut.identifiers(&examples, true, &[]),
        });
    }
    units
}

/// Splits the tokens of each piece into two lists: what others see of it, and what a function does. Where only that
/// knows its place, nobody else is concerned by another.
fn halves(tokens: &[Token], pieces: &[Piece], of_piece: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let split = |(at, owned): (usize, &Vec<usize>)| {
        let piece = pieces.get(at).filter(|piece| piece.kind == UnitKind::Function);
        let (start, end) = piece.and_then(|piece| piece.body).unwrap_or_default();
        let (body, head): (Vec<usize>, Vec<usize>) =
            owned.iter().partition(|token| (start..end).contains(&tokens[**token].start));
        [head, body]
    };
    of_piece.iter().enumerate().flat_map(split).collect()
}

/// Returns for each token the piece that it is in, and for each piece what is said of it by those around it and by
/// the conditions of the preprocessor that it stands under.
fn assign(
    source: &[u8],
    tokens: &[Token],
    pieces: &[Piece],
    grammar: &Grammar,
) -> (Vec<Option<usize>>, Vec<Fingerprint>) {
    let cut = Cut { source, tokens, grammar };
    let mut owners: Vec<Option<usize>> = Vec::with_capacity(tokens.len());
    let mut contexts = vec![Fingerprint(0); pieces.len()];
    let mut open: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut conditions = Conditions::default();
    let mut next = 0;
    let mut closed: Option<usize> = None;
    for (at, token) in tokens.iter().enumerate() {
        while let Some((piece, _)) = open.last().filter(|(piece, _)| pieces[*piece].end <= token.start) {
            closed = Some(*piece);
            open.pop();
        }
        while let Some(piece) = pieces.get(next).filter(|piece| piece.start <= token.start) {
            if piece.end > token.start {
                contexts[next] = context(&open, &contexts, &conditions);
                open.push((next, Vec::new()));
            }
            next += 1;
        }
        let owner = open.last().map(|(piece, _)| *piece);
        // A semicolon behind a piece ends it, though grammars put it beside.
        let previous = owners.last().copied().flatten();
        let ends = token.is(source, ";")
            && previous.is_some()
            && previous == closed
            && previous != owner
            && previous.is_some_and(|piece| pieces[piece].end <= token.start);
        owners.push(if ends { previous } else { owner });
        if let Some((piece, head)) = open.last_mut()
            && !token.is_doc()
            && token.start < pieces[*piece].head_end
        {
            cut.encode(token, false, head);
        }
        if token.kind == TokenKind::Directive {
            conditions.pass(&cut, at);
        }
    }
    (owners, contexts)
}

fn context(open: &[(usize, Vec<u8>)], contexts: &[Fingerprint], conditions: &Conditions) -> Fingerprint {
    let mut bytes = Vec::new();
    if let Some((piece, head)) = open.last() {
        bytes.extend_from_slice(&contexts[*piece].0.to_le_bytes());
        bytes.extend_from_slice(head);
    }
    for condition in &conditions.open {
        bytes.extend_from_slice(&condition.0.to_le_bytes());
    }
    Fingerprint::of(&bytes)
}

/// The conditions of the preprocessor under which a token stands.
///
/// They are counted by tokens and not by the syntax tree, which loses them when braces do not match in each branch.
#[derive(Default)]
struct Conditions {
    open: Vec<Fingerprint>,
}

impl Conditions {
    /// Passes the directive whose `#` is the token at `at`.
    fn pass(&mut self, cut: &Cut<'_>, at: usize) {
        let Some(word) = cut.tokens.get(at + 1).filter(|token| token.in_directive) else { return };
        let said = || {
            let mut bytes = Vec::new();
            for token in cut.tokens[at + 1..]
                .iter()
                .take_while(|token| token.in_directive && token.kind != TokenKind::Directive)
            {
                cut.encode(token, false, &mut bytes);
            }
            bytes
        };
        match word.text(cut.source) {
            b"if" | b"ifdef" | b"ifndef" => self.open.push(Fingerprint::of(&said())),
            b"elif" | b"elifdef" | b"elifndef" | b"else" => {
                if let Some(condition) = self.open.last_mut() {
                    let mut bytes = condition.0.to_le_bytes().to_vec();
                    bytes.extend(said());
                    *condition = Fingerprint::of(&bytes);
                }
            }
            b"endif" => _ = self.open.pop(),
            _ => {}
        }
    }
}

/// Source with its tokens.
struct Cut<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
    grammar: &'a Grammar,
}

impl Cut<'_> {
    /// Appends what a token says, in a form in which no two lists of tokens are the same bytes.
    fn encode(&self, token: &Token, positional: bool, bytes: &mut Vec<u8>) {
        let kind = match token.kind {
            TokenKind::Word => 1,
            TokenKind::Lifetime => 2,
            TokenKind::Number => 3,
            TokenKind::Text => 4,
            TokenKind::Punctuation => 5,
            TokenKind::Directive => 6,
            TokenKind::Doc { .. } => 7,
            // With the bit above the gap, which has no other use.
            TokenKind::End => 0x80,
            TokenKind::Remark => 0x81,
        };
        let gap = match token.gap {
            Gap::Unseen => 0,
            Gap::None => 1,
            Gap::Layout => 2,
            Gap::Splice => 3,
        };
        let text = if token.kind == TokenKind::End { b"" } else { token.text(self.source) };
        bytes.push(kind | gap << 3 | u8::from(token.in_directive) << 5 | u8::from(positional) << 6);
        let len_at = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        let returns = if text.contains(&b'\r') { self.grammar.returns } else { Returns::Themselves };
        if returns == Returns::NothingInBackquotes && text.starts_with(b"`") {
            bytes.extend(text.iter().filter(|byte| **byte != b'\r'));
        } else if returns == Returns::NothingAtLineEnds {
            let mut rest = text;
            while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
                bytes.extend_from_slice(&rest[..at]);
                rest = &rest[at + 1..];
            }
            // A line comment ends before its line end, which is half of a pair.
            let is_comment = token.is_doc();
            bytes.extend_from_slice(if is_comment { rest.strip_suffix(b"\r").unwrap_or(rest) } else { rest });
        } else {
            bytes.extend_from_slice(text);
        }
        let len = (bytes.len() - len_at - 4) as u32;
        bytes[len_at..len_at + 4].copy_from_slice(&len.to_le_bytes());
        if positional {
            bytes.extend_from_slice(&token.line.to_le_bytes());
            bytes.extend_from_slice(&token.column.to_le_bytes());
        }
    }

    /// Returns for each [half](halves) of each piece whether something in it knows where it stands, be it through a
    /// macro that one of the pieces defines.
    fn positional(&self, pieces: &[Piece], halves: &[Vec<usize>]) -> Vec<bool> {
        let known: HashMap<&[u8], Use> =
            self.grammar.positions.iter().map(|(name, used)| (name.as_bytes(), *used)).collect();
        let text = |token: usize| self.tokens[token].text(self.source);
        let mut positional: Vec<bool> = halves
            .iter()
            .map(|owned| {
                owned.iter().any(|token| {
                    self.tokens[*token].kind == TokenKind::Word
                        && known
                            .get(text(*token))
                            .is_some_and(|used| stands_as(*used, self.tokens, *token, self.source))
                })
            })
            .collect();
        let mut to_follow: Vec<usize> = (0..halves.len()).filter(|at| positional[*at]).collect();
        if to_follow.is_empty() {
            return positional;
        }
        // Who uses which macro of this file.
        let mut users: HashMap<&[u8], Vec<usize>> = HashMap::new();
        let macros: HashSet<&[u8]> =
            pieces.iter().filter_map(|piece| piece.order.defines()).map(str::as_bytes).collect();
        for (at, owned) in halves.iter().enumerate() {
            for token in owned.iter().filter(|token| self.tokens[**token].kind == TokenKind::Word) {
                if macros.contains(text(*token))
                    && stands_as(self.grammar.macro_use, self.tokens, *token, self.source)
                {
                    users.entry(text(*token)).or_default().push(at);
                }
            }
        }
        while let Some(at) = to_follow.pop() {
            let Some(name) = pieces.get(at / 2).and_then(|piece| piece.order.defines()) else { continue };
            for user in users.remove(name.as_bytes()).unwrap_or_default() {
                if !std::mem::replace(&mut positional[user], true) {
                    to_follow.push(user);
                }
            }
        }
        positional
    }

    /// Returns the tokens in some stretches of bytes, but for comments.
    fn tokens_in(&self, stretches: &[(usize, usize)]) -> Vec<usize> {
        let mut inside = Vec::new();
        for (start, end) in stretches {
            let first = self.tokens.partition_point(|token| token.start < *start);
            let rest = (first..self.tokens.len()).take_while(|at| self.tokens[*at].start < *end);
            inside.extend(rest.filter(|at| !self.tokens[*at].is_doc()));
        }
        inside
    }

    /// Returns the names that tokens mention; they may mean anything where something else is made of them.
    fn identifiers(&self, owned: &[usize], is_rewritten: bool, verbatim: &[u8]) -> Vec<Identifier> {
        let forms = match self.grammar.members {
            Members::Alike => Vec::new(),
            Members::ByDot if is_rewritten => vec![Form::Either; owned.len()],
            Members::ByDot => Words::new(self.source, self.tokens, owned).forms(),
        };
        let mut identifiers = Vec::new();
        let mut mention = |form: Form, word: &[u8]| {
            let word = String::from_utf8_lossy(word.strip_prefix(b"r#").unwrap_or(word));
            if form != Form::Member {
                identifiers.push(Identifier::of(&word));
            }
            if form != Form::Bare {
                identifiers.push(Identifier::of_member(&word));
            }
        };
        // Nobody knows what becomes of what no compiler reads.
        let unread = if self.grammar.members == Members::ByDot { Form::Either } else { Form::Bare };
        words(verbatim).for_each(|word| mention(unread, word));
        for (place, at) in owned.iter().enumerate() {
            let text = self.tokens[*at].text(self.source);
            let form = forms.get(place).copied().unwrap_or(Form::Bare);
            match self.tokens[*at].kind {
                TokenKind::Word if is_keyword(self.grammar.keywords, text) => {}
                TokenKind::Word => mention(form, text),
                TokenKind::Text if self.grammar.literals != Literals::Silent => {
                    let before =
                        place.checked_sub(1).map(|before| self.tokens[owned[before]].text(self.source));
                    // A value of an attribute, most likely; assignments of literals mention a few words too many.
                    let may_be_value = self.grammar.literals == Literals::HolesAndValues;
                    if may_be_value && before == Some(b"=") && text.len() <= 256 {
                        words(text).for_each(|word| mention(unread, word));
                    } else if text.contains(&b'{') {
                        text.split(|byte| *byte == b'{').skip(1).for_each(|hole| {
                            let end = hole.iter().position(|byte| *byte == b'}').unwrap_or(0);
                            words(&hole[..end]).for_each(|word| mention(form, word));
                        });
                    }
                }
                // What an example names is the business of the unit that it documents.
                TokenKind::Doc { .. } | TokenKind::Remark => {
                    words(text).for_each(|word| mention(unread, word));
                }
                _ => {}
            }
        }
        if self.grammar.members == Members::ByDot && self.includes(owned) {
            identifiers.push(Identifier::of(INCLUDES));
        }
        identifiers.sort_unstable();
        identifiers.dedup();
        identifiers
    }

    /// Returns whether the text of another file is taken up.
    fn includes(&self, owned: &[usize]) -> bool {
        let is = |at: usize, text: &str| self.tokens[at].is(self.source, text);
        owned.windows(2).any(|pair| is(pair[0], "include") && is(pair[1], "!"))
    }

    fn lines(&self, piece: &Piece) -> LineSpan {
        let until = match piece.extent {
            Extent::Whole => piece.end,
            Extent::Head => piece.head_end,
        };
        let first = self.tokens.partition_point(|token| token.start < piece.start);
        let end = self.tokens.partition_point(|token| token.start < until);
        let start = self.tokens.get(first).map_or(0, |token| token.line);
        let last = end.checked_sub(1).map_or(start, |last| self.tokens[last].last_line(self.source));
        LineSpan { start, end: last.max(start) }
    }
}

fn is_keyword(keywords: &[&str], text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| keywords.binary_search(&text).is_ok())
}
