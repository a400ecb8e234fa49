//! Which bytes of a file are which unit.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use skiptrace_engine::unit::UnitKind;
use tree_sitter::Node;

/// What becomes a unit: the tokens of a stretch of bytes, without those of pieces inside of it.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where what it says of everything inside of it ends: the head of a module, a class, an `impl`. It goes into
    /// the fingerprints of all pieces inside, so that one that moves from one `impl` to another under other bounds,
    /// or whose module gets another attribute, has changed.
    pub(super) head_end: usize,
    pub(super) kind: UnitKind,
    pub(super) name: String,
    pub(super) extent: Extent,
    pub(super) order: Order,
    /// Bytes before it that count as they are, comments and layout included, such as the C code above Go's
    /// `import "C"`.
    pub(super) verbatim: Option<(usize, usize)>,
    /// Where a function has what it does when it is executed. All else of it is what others see.
    pub(super) body: Option<(usize, usize)>,
    /// Bytes around it whose names it mentions: `Self` is what the head of an `impl` says.
    pub(super) mentioned: Vec<(usize, usize)>,
    /// What is to be found about it besides names: words of the language, which nobody can give a meaning of their own.
    pub(super) marks: Vec<Cow<'static, str>>,
    /// Whether it is no unit: all that it says is in those inside of it.
    pub(super) is_silent: bool,
    /// Whether something around it may make something else of it.
    pub(super) is_in_rewritten: bool,
}

/// Which lines execution must meet to have reached a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that it spans.
    Whole,
    /// Those of its head: there is no code between the pieces inside of it.
    Head,
}

/// What its place among the other pieces means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing.
    Free,
    /// It defines or forgets this macro, for what comes after it.
    Macro(String),
    /// What it brings in is read under all directives before it.
    Include,
    /// It says something about everything behind it.
    Pragma,
    /// A function that is called by this name, so that its callers' places may be what it sees.
    Called(String),
    /// It runs when the program starts, after those before it.
    Run,
}

impl Order {
    /// Returns the name under which it shows its users' places, if it asks for one.
    pub(super) fn defines(&self) -> Option<&str> {
        match self {
            Order::Macro(name) | Order::Called(name) => Some(name),
            _ => None,
        }
    }
}

impl Piece {
    /// Makes a piece of one node, from `start`, where its attributes begin.
    pub(super) fn of(node: Node<'_>, start: usize, kind: UnitKind, name: String) -> Piece {
        let end = node.end_byte();
        Piece {
            start,
            end,
            head_end: end,
            kind,
            name,
            extent: Extent::Whole,
            order: Order::Free,
            verbatim: None,
            body: None,
            mentioned: Vec::new(),
            marks: Vec::new(),
            is_silent: false,
            is_in_rewritten: false,
        }
    }

    /// Returns whether its words may be put together in other ways than they stand there.
    pub(super) fn is_rewritten(&self) -> bool {
        self.is_in_rewritten || matches!(self.order, Order::Macro(_))
    }

    /// Says that more pieces are in `body`.
    pub(super) fn around(self, body: Node<'_>, extent: Extent) -> Piece {
        // The bracket that opens the body is on a line of the head.
        let head_end = body.start_byte() + 1;
        Piece { head_end, extent, ..self }
    }
}

/// Sorts pieces by where they begin, outer ones first, and takes out those that are not inside of each other.
///
/// Grammars nest; this is for the day when one does not.
pub(super) fn nested(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by(|a, b| (a.start, b.end).cmp(&(b.start, a.end)));
    let mut open: Vec<usize> = Vec::new();
    pieces.retain(|piece| {
        while open.last().is_some_and(|end| *end <= piece.start) {
            open.pop();
        }
        let fits = open.last().is_none_or(|end| piece.end <= *end) && piece.start < piece.end;
        if fits {
            open.push(piece.end);
        }
        fits
    });
    pieces
}

/// Gives pieces of one name numbers, functions first, so that what is executed keeps its name when a declaration
/// comes before it.
pub(super) fn name_apart(pieces: &mut [Piece]) {
    for piece in pieces.iter_mut().filter(|piece| piece.name.is_empty()) {
        piece.name.push_str("(unnamed)");
    }
    let mut known = HashMap::<String, usize>::new();
    let mut taken: HashSet<String> = pieces.iter().map(|piece| piece.name.clone()).collect();
    for functions in [true, false] {
        for piece in pieces.iter_mut().filter(|piece| (piece.kind == UnitKind::Function) == functions) {
            let count = known.entry(piece.name.clone()).or_insert(0);
            *count += 1;
            while *count > 1 {
                let name = format!("{}#{}", piece.name, count);
                if taken.insert(name.clone()) {
                    piece.name = name;
                    break;
                }
                *count += 1;
            }
        }
    }
}
