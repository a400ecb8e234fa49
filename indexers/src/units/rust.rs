//! Rust: which nodes are units, and what they are called.

use skiptrace_engine::unit::UnitKind;
use tree_sitter::Node;

use super::names::Namer;
use super::outline::{Extent, Order, Piece};
use super::parse::{children, first_named};

/// Returns the pieces of a file.
///
/// What is inside of a function belongs to it. Modules, traits, `impl` blocks and what the grammar could not read
/// are searched for more.
pub(super) fn pieces(root: Node<'_>, namer: &Namer<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut to_search = vec![Place { node: root, path: String::new() }];
    while let Some(place) = to_search.pop() {
        // Attributes and doc comments are siblings of what they belong to, and stand before it.
        let mut begins: Option<usize> = None;
        for child in children(place.node) {
            match child.kind() {
                "attribute_item" => _ = begins.get_or_insert(child.start_byte()),
                "line_comment" | "block_comment" => {
                    if child.child_by_field_name("outer").is_some() {
                        begins.get_or_insert(child.start_byte());
                    }
                }
                _ => {
                    let start = begins.take().unwrap_or(child.start_byte());
                    let (piece, body) = place.piece(child, start, namer);
                    pieces.extend(piece);
                    to_search.extend(body);
                }
            }
        }
    }
    pieces
}

/// A node whose children may be pieces.
struct Place<'t> {
    node: Node<'t>,
    /// What their names begin with: nothing, or a path and `::`.
    path: String,
}

impl<'t> Place<'t> {
    /// Returns the piece that `node` is, and where to search for more inside.
    fn piece(&self, node: Node<'t>, start: usize, namer: &Namer<'_>) -> (Option<Piece>, Option<Place<'t>>) {
        let text = |node: Node<'_>| namer.text(node.start_byte(), node.end_byte());
        let field = |name: &str| node.child_by_field_name(name).map(text).unwrap_or_default();
        let item = |name: String| {
            (Some(Piece::of(node, start, UnitKind::Item, format!("{}{name}", self.path))), None)
        };
        match node.kind() {
            "function_item" => {
                let name = format!("{}{}", self.path, field("name"));
                // It may have run in the compiler, where nobody watched.
                let kind = if is_const(node) { UnitKind::Item } else { UnitKind::Function };
                (Some(Piece::of(node, start, kind, name)), None)
            }
            "mod_item" => self.around(node, start, field("name"), field("name")),
            "trait_item" => self.around(node, start, field("name"), field("name")),
            "impl_item" => {
                let of = field("type");
                match field("trait") {
                    none if none.is_empty() => self.around(node, start, format!("impl {of}"), of),
                    of_trait => self.around(
                        node,
                        start,
                        format!("impl {of_trait} for {of}"),
                        format!("<{of} as {of_trait}>"),
                    ),
                }
            }
            "ERROR" if node.start_byte() < node.end_byte() => {
                let piece = Piece::of(node, start, UnitKind::Item, format!("{}error", self.path));
                (Some(piece), Some(Place { node, path: self.path.clone() }))
            }
            "const_item" | "static_item" | "struct_item" | "enum_item" | "union_item" => item(field("name")),
            // Those of a trait or an `impl` are part of it.
            "type_item" if !self.is_body_of_type() => item(field("name")),
            "use_declaration" => item(format!("use {}", field("argument"))),
            "extern_crate_declaration" => item(format!("extern crate {}", field("name"))),
            "foreign_mod_item" => item("extern".to_owned()),
            "inner_attribute_item" if !self.is_body_of_type() => item(attribute_name(node, namer)),
            "macro_definition" => {
                let name = field("name");
                let piece = Piece::of(node, start, UnitKind::Item, format!("{}{name}!", self.path));
                (Some(Piece { order: Order::Macro(name), ..piece }), None)
            }
            "macro_invocation" => item(format!("{}!", field("macro"))),
            "expression_statement" => {
                let called = first_named(node).filter(|call| call.kind() == "macro_invocation");
                match called.and_then(|call| call.child_by_field_name("macro")) {
                    Some(name) => item(format!("{}!", text(name))),
                    None => (None, None),
                }
            }
            _ => (None, None),
        }
    }

    /// Makes a piece of which `body` holds more; without a body it is whole.
    fn around(
        &self,
        node: Node<'t>,
        start: usize,
        name: String,
        inside: String,
    ) -> (Option<Piece>, Option<Place<'t>>) {
        let piece = Piece::of(node, start, UnitKind::Item, format!("{}{name}", self.path));
        match node.child_by_field_name("body") {
            Some(body) => {
                let path = format!("{}{inside}::", self.path);
                (Some(piece.around(body, Extent::Head)), Some(Place { node: body, path }))
            }
            None => (Some(piece), None),
        }
    }

    fn is_body_of_type(&self) -> bool {
        self.node.parent().is_some_and(|parent| matches!(parent.kind(), "impl_item" | "trait_item"))
    }
}

fn is_const(function: Node<'_>) -> bool {
    children(function)
        .into_iter()
        .filter(|child| child.kind() == "function_modifiers")
        .any(|modifiers| children(modifiers).into_iter().any(|modifier| modifier.kind() == "const"))
}

fn attribute_name(node: Node<'_>, namer: &Namer<'_>) -> String {
    let path = children(node).into_iter().find(|child| child.kind() == "attribute").and_then(first_named);
    format!("#![{}]", path.map(|path| namer.text(path.start_byte(), path.end_byte())).unwrap_or_default())
}
