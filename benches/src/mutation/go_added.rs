//! What is added to Go: code that nobody executed before, and that takes the place of what they did.

use tree_sitter::Node;

use super::find::{Edit, inside, text_of};

/// Methods that packages of the standard library ask values for.
const ASKED_FOR: &[&str] = &[
    "Error() string { return \"added\" }",
    "Format(f fmt.State, verb rune) { f.Write([]byte(\"added\")) }",
    "GoString() string { return \"added\" }",
    "Is(error) bool { return true }",
    "IsZero() bool { return true }",
    "MarshalJSON() ([]byte, error) { return []byte(\"1\"), nil }",
    "MarshalText() ([]byte, error) { return []byte(\"added\"), nil }",
    "String() string { return \"added\" }",
    "UnmarshalJSON([]byte) error { return nil }",
    "UnmarshalText([]byte) error { return nil }",
    "Unwrap() error { return nil }",
    "WriteTo(w io.Writer) (int64, error) { return 0, nil }",
];

/// Names that are there without being declared, declared.
const DECLARED: &[(&str, &str)] = &[
    ("append", "func append[T any](of []T, more ...T) []T { return of }"),
    ("copy", "func copy(to, from any) int { return 0 }"),
    ("delete", "func delete[K comparable, V any](from map[K]V, key K) {}"),
    ("false", "const false = 1 == 1"),
    ("len", "func len(of any) int { return 1 }"),
    ("panic", "func panic(any) {}"),
    ("recover", "func recover() any { return nil }"),
    ("true", "const true = 1 == 2"),
    ("byte", "type byte = int64"),
    ("any", "type any = interface{ added() }"),
];

/// Returns what can be added to a file.
pub(super) fn edits(file: Node<'_>, text: &str) -> Vec<Edit> {
    let end = file.end_byte();
    let mut edits: Vec<Edit> = Vec::new();
    let mut add = |what: String, code: String| edits.push((what, end..end, format!("\n{code}\n")));
    for (name, declaration) in DECLARED {
        add(format!("{name} added"), (*declaration).to_owned());
    }
    let nodes = inside(file);
    for spec in nodes.iter().filter(|node| node.kind() == "type_spec") {
        let (Some(name), Some(body)) = (spec.child_by_field_name("name"), spec.child_by_field_name("type"))
        else {
            continue;
        };
        let is_at_top = spec.parent().and_then(|list| list.parent()).is_some_and(|above| above == file);
        let is_generic = spec.child_by_field_name("type_parameters").is_some();
        if !is_at_top || is_generic || matches!(body.kind(), "interface_type" | "pointer_type") {
            continue;
        }
        let name = text_of(name, text);
        for method in ASKED_FOR {
            let called = method.split('(').next().unwrap_or(method);
            add(format!("method {called} added"), format!("func ({name}) {method}"));
        }
        for (called, signature) in embedded(body, text).flat_map(|of| promoted(&nodes, of, text)) {
            let code = format!("func (*{name}) {called}{signature} {{ panic(\"added\") }}");
            add("method over a promoted one added".to_owned(), code);
        }
    }
    edits
}

/// Returns the types that a struct embeds, without packages and stars.
fn embedded<'t>(body: Node<'_>, text: &'t str) -> impl Iterator<Item = &'t str> {
    let fields = inside(body)
        .into_iter()
        .filter(|node| node.kind() == "field_declaration" && node.child_by_field_name("name").is_none());
    let found: Vec<&str> = fields
        .filter_map(|field| field.child_by_field_name("type"))
        .map(|of| text_of(of, text).trim_start_matches('*'))
        .collect();
    found.into_iter()
}

/// Returns the methods of a type that are in the file: their names and signatures.
fn promoted<'t>(nodes: &[Node<'_>], of: &str, text: &'t str) -> Vec<(&'t str, &'t str)> {
    let methods = nodes.iter().filter(|node| node.kind() == "method_declaration");
    let found = methods.filter_map(|method| {
        let receiver = text_of(method.child_by_field_name("receiver")?, text);
        let receiver = receiver.trim_end_matches(')').rsplit([' ', '*', '(']).next()?;
        let (name, body) = (method.child_by_field_name("name")?, method.child_by_field_name("body")?);
        (receiver == of)
            .then(|| Some((text_of(name, text), text.get(name.end_byte()..body.start_byte())?.trim_end())))
            .flatten()
    });
    found.collect()
}
