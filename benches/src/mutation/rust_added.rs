//! What is added to Rust: code that nobody executed before, and that takes the place of what they did.

use tree_sitter::Node;

use super::find::{Edit, inside, text_of};

/// Methods that traits of the standard library have, and their implementations may have as well.
const PROVIDED: &[(&str, &str)] = &[
    ("Clone", "fn clone_from(&mut self, _: &Self)"),
    ("Error", "fn source(&self) -> Option<&(dyn std::error::Error + 'static)>"),
    ("Hasher", "fn write_u8(&mut self, _: u8)"),
    ("Iterator", "fn count(self) -> usize where Self: Sized"),
    ("Iterator", "fn fold<B, F>(self, _: B, _: F) -> B where Self: Sized, F: FnMut(B, Self::Item) -> B"),
    ("Iterator", "fn nth(&mut self, _: usize) -> Option<Self::Item>"),
    ("Iterator", "fn size_hint(&self) -> (usize, Option<usize>)"),
    ("DoubleEndedIterator", "fn nth_back(&mut self, _: usize) -> Option<Self::Item>"),
    ("ExactSizeIterator", "fn len(&self) -> usize"),
    ("Ord", "fn max(self, _: Self) -> Self"),
    ("PartialEq", "fn ne(&self, _: &Self) -> bool"),
    ("PartialOrd", "fn lt(&self, _: &Self) -> bool"),
    ("Read", "fn read_to_end(&mut self, _: &mut Vec<u8>) -> std::io::Result<usize>"),
    ("Read", "fn read_to_string(&mut self, _: &mut String) -> std::io::Result<usize>"),
    ("Write", "fn write_all(&mut self, _: &[u8]) -> std::io::Result<()>"),
    ("Write", "fn write_str(&mut self, _: &str) -> std::fmt::Result"),
];

/// Names that are there without being declared, declared.
const DECLARED: &[(&str, &str)] = &[
    ("u8", "#[allow(non_camel_case_types, dead_code)] type u8 = i16;"),
    ("usize", "#[allow(non_camel_case_types, dead_code)] type usize = u128;"),
    ("drop", "#[allow(dead_code)] fn drop<T>(kept: T) { std::mem::forget(kept) }"),
    ("matches!", "#[allow(unused_macros)] macro_rules! matches { ($($t:tt)*) => { false } }"),
    ("vec!", "#[allow(unused_macros)] macro_rules! vec { ($($t:tt)*) => { ::std::vec::Vec::new() } }"),
    (
        "format!",
        "#[allow(unused_macros)] macro_rules! format { ($($t:tt)*) => { ::std::string::String::new() } }",
    ),
    ("assert!", "#[allow(unused_macros)] macro_rules! assert { ($($t:tt)*) => { panic!(\"added\") } }"),
    ("write!", "#[allow(unused_macros)] macro_rules! write { ($($t:tt)*) => { Ok(()) } }"),
];

const BODY: &str = "{ panic!(\"added\") }";

/// Returns what can be added to a file.
pub(super) fn edits(file: Node<'_>, text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (name, declaration) in DECLARED {
        let at = first_item(file);
        edits.push((format!("{name} added"), at..at, format!("{declaration}\n")));
    }
    for node in inside(file) {
        match node.kind() {
            "struct_item" | "enum_item" => edits.extend(dropped(node, text)),
            "impl_item" => of_impl(file, node, text, &mut edits),
            _ => {}
        }
    }
    edits
}

/// Returns where the first item is, which comes after what is said of the file as a whole.
fn first_item(file: Node<'_>) -> usize {
    let mut cursor = file.walk();
    let first = file.named_children(&mut cursor).find(|node| {
        !matches!(node.kind(), "inner_attribute_item" | "line_comment" | "block_comment" | "shebang")
    });
    first.map_or(file.end_byte(), |node| node.start_byte())
}

/// Has values of a type do something when they are dropped.
fn dropped(node: Node<'_>, text: &str) -> Option<Edit> {
    if node.child_by_field_name("type_parameters").is_some() {
        return None;
    }
    let name = text_of(node.child_by_field_name("name")?, text);
    let body = "{ if !std::thread::panicking() { panic!(\"added\") } }";
    let added = format!("\nimpl Drop for {name} {{ fn drop(&mut self) {body} }}\n");
    let end = node.end_byte();
    Some(("Drop added".to_owned(), end..end, added))
}

fn of_impl(file: Node<'_>, node: Node<'_>, text: &str, edits: &mut Vec<Edit>) {
    let field = |name: &str| node.child_by_field_name(name);
    let (Some(of), Some(to), Some(body)) = (field("trait"), field("type"), field("body")) else { return };
    let named = text_of(of, text);
    let named = named.split('<').next().unwrap_or(named);
    let named = named.rsplit("::").next().unwrap_or(named);
    // 1. A method that the trait has, and the implementation has not.
    let own: Vec<&str> = methods(body, text).map(|(name, _)| name).collect();
    let at = body.end_byte() - 1;
    let mut provide = |signature: &str| {
        edits.push(("provided method added".to_owned(), at..at, format!("    {signature} {BODY}\n")));
    };
    let is_own = |signature: &str| own.iter().any(|name| signature.contains(&format!("fn {name}")));
    for (_, signature) in PROVIDED.iter().filter(|(name, signature)| *name == named && !is_own(signature)) {
        provide(signature);
    }
    let of_file = inside(file).into_iter().filter(|node| {
        let name = node.child_by_field_name("name");
        node.kind() == "trait_item" && name.is_some_and(|name| text_of(name, text) == named)
    });
    for all in of_file.filter_map(|node| node.child_by_field_name("body")) {
        methods(all, text).filter(|(name, _)| !own.contains(name)).for_each(|(_, method)| provide(method));
    }
    // 2. A method of the type itself, which goes before that of the trait.
    let words = ["type_parameters", "where_clause"].map(|kind| {
        let mut cursor = node.walk();
        let found = node.children(&mut cursor).find(|child| child.kind() == kind);
        found.map_or("", |child| text_of(child, text))
    });
    let [parameters, wherever] = words;
    let to = text_of(to, text);
    let end = node.end_byte();
    for (_, method) in methods(body, text).filter(|(_, method)| method.contains("self")) {
        let added = format!("\nimpl{parameters} {to} {wherever} {{ pub {method} {BODY} }}\n");
        edits.push(("method beside that of a trait added".to_owned(), end..end, added));
    }
}

/// Returns the functions of a trait or of an implementation that have bodies: their names, and what is before the body.
fn methods<'t>(list: Node<'_>, text: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let mut cursor = list.walk();
    let functions = list.named_children(&mut cursor).filter(|node| node.kind() == "function_item");
    let found: Vec<_> = functions
        .filter_map(|node| {
            let (name, body) = (node.child_by_field_name("name")?, node.child_by_field_name("body")?);
            let start = text[node.start_byte()..].find("fn ")? + node.start_byte();
            Some((text_of(name, text), text.get(start..body.start_byte())?.trim_end()))
        })
        .collect();
    found.into_iter()
}
