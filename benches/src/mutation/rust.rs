//! What is changed in Rust.

use tree_sitter::Node;

use super::find::{Edit, around, negated, other_number, other_text, swapped, text_of};

/// Returns the changes to be made at a node.
pub(super) fn edits(node: Node<'_>, text: &str) -> Vec<Edit> {
    let all = node.byte_range();
    let here = || around(node, place);
    let mut edits: Vec<Edit> = Vec::new();
    match node.kind() {
        "if_expression" | "while_expression" => {
            let condition = node.child_by_field_name("condition");
            let plain =
                condition.filter(|condition| !matches!(condition.kind(), "let_condition" | "let_chain"));
            edits.extend(plain.map(|condition| negated(condition, text)));
        }
        "binary_expression" => edits.extend(swapped(node, text)),
        "integer_literal" | "float_literal" => {
            let other = other_number(text_of(node, text));
            edits.extend(other.map(|other| (format!("number {}", here()), all, other)));
        }
        "string_literal" | "raw_string_literal" => {
            let other = other_text(text_of(node, text));
            edits.extend(other.map(|other| (format!("text {}", here()), all, other)));
        }
        "boolean_literal" => {
            let other = if text_of(node, text) == "true" { "false" } else { "true" };
            edits.push((format!("boolean {}", here()), all, other.to_owned()));
        }
        "expression_statement" => edits.push(("statement removed".to_owned(), all, String::new())),
        "return_expression" => {
            let value = node.named_child(0);
            let other = || "Default::default()".to_owned();
            edits.extend(value.map(|value| ("returned value".to_owned(), value.byte_range(), other())));
        }
        "match_arm" => edits.push(("arm removed".to_owned(), all, String::new())),
        "function_item" if is_of_trait(node) => {
            edits.push(("method of a trait removed".to_owned(), all, String::new()));
        }
        "impl_item" if node.child_by_field_name("trait").is_some() => {
            edits.push(("impl removed".to_owned(), all, String::new()));
        }
        "attribute_item" => attribute(node, text, &mut edits),
        _ => {}
    }
    edits
}

fn place(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "function_item" | "closure_expression" => "in a body",
        "const_item" => "in a const",
        "static_item" => "in a static",
        "enum_item" => "in an enum",
        "attribute_item" | "inner_attribute_item" => "in an attribute",
        "macro_definition" => "in a macro",
        _ => return None,
    })
}

/// Returns whether a function is written in the `impl` of a trait, so that without it the trait's own may be meant.
fn is_of_trait(function: Node<'_>) -> bool {
    let above = function.parent().and_then(|list| list.parent());
    above.is_some_and(|above| above.kind() == "impl_item" && above.child_by_field_name("trait").is_some())
}

/// Removes an attribute, or one name of a list of derived traits. Tests stay tests.
fn attribute(node: Node<'_>, text: &str, edits: &mut Vec<Edit>) {
    let whole = text_of(node, text);
    let Some(list) = whole.strip_prefix("#[derive(").and_then(|rest| rest.strip_suffix(")]")) else {
        if !whole.contains("test") {
            edits.push(("attribute removed".to_owned(), node.byte_range(), String::new()));
        }
        return;
    };
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    for left_out in 0..names.len() {
        let rest: Vec<&str> =
            names.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, name)| *name).collect();
        let other = format!("#[derive({})]", rest.join(", "));
        edits.push(("derive removed".to_owned(), node.byte_range(), other));
    }
}
