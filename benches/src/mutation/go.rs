//! What is changed in Go.

use tree_sitter::Node;

use super::find::{Edit, around, negated, other_number, other_text, swapped, text_of};

/// Returns the changes to be made at a node.
pub(super) fn edits(node: Node<'_>, text: &str) -> Vec<Edit> {
    let all = node.byte_range();
    let here = || around(node, place);
    let mut edits: Vec<Edit> = Vec::new();
    match node.kind() {
        "if_statement" => {
            let condition = node.child_by_field_name("condition");
            edits.extend(condition.map(|condition| negated(condition, text)));
        }
        "binary_expression" => edits.extend(swapped(node, text)),
        "int_literal" | "float_literal" => {
            let other = other_number(text_of(node, text));
            edits.extend(other.map(|other| (format!("number {}", here()), all, other)));
        }
        "interpreted_string_literal" | "raw_string_literal" => edits.extend(string(node, text, here())),
        "true" => edits.push((format!("boolean {}", here()), all, "false".to_owned())),
        "false" => edits.push((format!("boolean {}", here()), all, "true".to_owned())),
        "iota" => edits.push(("iota moved".to_owned(), all, "(iota + 1)".to_owned())),
        "expression_statement"
        | "inc_statement"
        | "dec_statement"
        | "defer_statement"
        | "go_statement"
        | "assignment_statement" => edits.push(("statement removed".to_owned(), all, String::new())),
        "return_statement" => {
            let values = node.named_child(0).into_iter().flat_map(|list| {
                let mut cursor = list.walk();
                list.named_children(&mut cursor).collect::<Vec<_>>()
            });
            let plain = values.filter(|value| matches!(value.kind(), "identifier" | "call_expression"));
            edits.extend(
                plain.map(|value| ("returned value".to_owned(), value.byte_range(), "nil".to_owned())),
            );
        }
        "expression_case" | "type_case" | "default_case" => {
            edits.push(("case removed".to_owned(), all, String::new()));
        }
        "method_declaration" => edits.push(("method removed".to_owned(), all, String::new())),
        "function_declaration" => {
            let name = node.child_by_field_name("name").map(|name| text_of(name, text));
            if name == Some("init") {
                edits.push(("init removed".to_owned(), all, String::new()));
            }
        }
        "break_statement" => edits.push(("break and continue".to_owned(), all, "continue".to_owned())),
        "continue_statement" => edits.push(("break and continue".to_owned(), all, "break".to_owned())),
        "keyed_element" if here() == "in a var at file scope" => {
            edits.push(("element removed at file scope".to_owned(), with_comma(node, text), String::new()));
        }
        _ => {}
    }
    edits
}

fn place(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "function_declaration" | "method_declaration" | "func_literal" => "in a body",
        "const_declaration" => "in a const",
        "var_declaration" => "in a var at file scope",
        "type_declaration" => "in a type",
        _ => return None,
    })
}

fn string(node: Node<'_>, text: &str, here: &str) -> Option<Edit> {
    let parent = node.parent()?;
    let other = other_text(text_of(node, text))?;
    let operator = match parent.kind() {
        // Another package is meant then, which is not there.
        "import_spec" => return None,
        "field_declaration" => "tag of a field".to_owned(),
        _ => format!("text {here}"),
    };
    Some((operator, node.byte_range(), other))
}

/// Returns where an element of a list is, with the comma after it.
fn with_comma(node: Node<'_>, text: &str) -> std::ops::Range<usize> {
    let end = node.end_byte();
    node.start_byte()..if text[end..].starts_with(',') { end + 1 } else { end }
}
