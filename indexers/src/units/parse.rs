//! Source bytes as syntax trees.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::Language;

/// The parser looks up this often per byte, at most, before it is told to give up; ordinary code takes a fiftieth.
const LOOKS_PER_BYTE: usize = 2;
/// And this often in any case.
const LOOKS: usize = 10_000;
/// A file of which a larger part than one in so many is no code to the grammar is not cut.
const ERROR_SHARE: usize = 4;

thread_local! {
    /// Parsers hold on to memory that the next file can use.
    static PARSERS: RefCell<[Option<Parser>; Language::ALL.len()]> =
        const { RefCell::new([const { None }; Language::ALL.len()]) };
}

/// Parses `source`; `None` when the grammar makes too little of it.
///
/// What ends the parsing of hostile input is a count of steps and not a clock, so that equal bytes give equal units
/// on any machine.
pub(super) fn parse(language: Language, source: &[u8]) -> Option<Tree> {
    let tree = PARSERS.with_borrow_mut(|parsers| {
        let slot = &mut parsers[language as usize];
        if slot.is_none() {
            let mut parser = Parser::new();
            parser.set_language(&language.grammar()?).ok()?;
            *slot = Some(parser);
        }
        let parser = slot.as_mut()?;
        let mut looks = source.len().saturating_mul(LOOKS_PER_BYTE).saturating_add(LOOKS);
        let mut give_up = |_: &ParseState| {
            looks = looks.saturating_sub(1);
            if looks == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut give_up);
        let tree =
            parser.parse_with_options(&mut |at, _| &source[at.min(source.len())..], None, Some(options));
        // A parser that gave up would go on where it was.
        parser.reset();
        tree
    })?;
    let unreadable = error_bytes(&tree);
    (unreadable.saturating_mul(ERROR_SHARE) <= source.len()).then_some(tree)
}

/// Returns how many bytes are in errors.
fn error_bytes(tree: &Tree) -> usize {
    let mut cursor = tree.walk();
    let mut sum = 0;
    loop {
        let node = cursor.node();
        if node.is_error() {
            sum += node.end_byte() - node.start_byte();
        }
        if node.has_error() && !node.is_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return sum;
            }
        }
    }
}

/// Returns the children of `node`.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

/// Returns the first child of `node` that is neither a mark nor a comment.
pub(super) fn first_named(node: Node<'_>) -> Option<Node<'_>> {
    children(node).into_iter().find(|child| child.is_named() && !child.is_extra())
}
