//! Every place of a file where something can be changed.

use std::ops::Range;

use tree_sitter::{Node, Parser};

use super::{Mutant, go, go_added, rust, rust_added};

/// A language that there are operators for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// Go.
    Go,
}

/// A change at a node: what kind of change, which bytes, and what stands there instead.
pub(super) type Edit = (String, Range<usize>, String);

impl Language {
    /// Returns what the names of its files end with.
    pub fn extension(self) -> &'static str {
        match self {
            Language::Rust => "rs",
            Language::Go => "go",
        }
    }

    fn grammar(self) -> tree_sitter::Language {
        match self {
            Language::Rust => tree_sitter_rust::LANGUAGE.into(),
            Language::Go => tree_sitter_go::LANGUAGE.into(),
        }
    }
}

/// Returns all mutants of a file, in order of where they are.
pub fn mutants(language: Language, path: &str, text: &str) -> Vec<Mutant> {
    let mut parser = Parser::new();
    let tree = match parser.set_language(&language.grammar()) {
        Ok(()) => parser.parse(text, None),
        Err(_) => None,
    };
    let Some(tree) = tree else { return Vec::new() };
    let mut edits = match language {
        Language::Rust => rust_added::edits(tree.root_node(), text),
        Language::Go => go_added::edits(tree.root_node(), text),
    };
    edits.extend(inside(tree.root_node()).into_iter().flat_map(|node| match language {
        Language::Rust => rust::edits(node, text),
        Language::Go => go::edits(node, text),
    }));
    let found = edits.into_iter().map(|(operator, span, replacement)| Mutant {
        path: path.to_owned(),
        line: text[..span.start].matches('\n').count() + 1,
        span,
        replacement,
        operator,
    });
    let mut found: Vec<Mutant> = found.collect();
    found.retain(|mutant| text.get(mutant.span.clone()).is_some_and(|was| was != mutant.replacement));
    found.sort_by(|a, b| {
        (a.span.start, a.span.end, &a.operator).cmp(&(b.span.start, b.span.end, &b.operator))
    });
    found
}

/// Returns a node and all in it.
pub(super) fn inside(node: Node<'_>) -> Vec<Node<'_>> {
    let (mut found, mut rest) = (Vec::new(), vec![node]);
    while let Some(node) = rest.pop() {
        let mut cursor = node.walk();
        rest.extend(node.children(&mut cursor));
        found.push(node);
    }
    found
}

/// Returns what stands at a node.
pub(super) fn text_of<'a>(node: Node<'_>, text: &'a str) -> &'a str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// Returns the nearest node around `node` that `name` knows, as what it calls it.
pub(super) fn around(node: Node<'_>, name: impl Fn(&str) -> Option<&'static str>) -> &'static str {
    let mut above = node.parent();
    while let Some(node) = above {
        if let Some(name) = name(node.kind()) {
            return name;
        }
        above = node.parent();
    }
    "at file scope"
}

/// Returns the edit that puts another operator in the place of a binary one.
pub(super) fn swapped(node: Node<'_>, text: &str) -> Option<Edit> {
    let operator = node.child_by_field_name("operator")?;
    let to = match text_of(operator, text) {
        "+" => "-",
        "-" => "+",
        "*" => "/",
        "/" => "*",
        "%" => "*",
        "==" => "!=",
        "!=" => "==",
        "<" => "<=",
        "<=" => "<",
        ">" => ">=",
        ">=" => ">",
        "&&" => "||",
        "||" => "&&",
        "&" => "|",
        "|" => "&",
        "<<" => ">>",
        ">>" => "<<",
        _ => return None,
    };
    Some(("operator swapped".to_owned(), operator.byte_range(), to.to_owned()))
}

/// Returns the edit that turns a condition around.
pub(super) fn negated(condition: Node<'_>, text: &str) -> Edit {
    ("condition negated".to_owned(), condition.byte_range(), format!("!({})", text_of(condition, text)))
}

/// Returns another number than that in `text`, written in the same way; `None` if it is not a plain one.
pub(super) fn other_number(text: &str) -> Option<String> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let rest = &text[digits..];
    let is_plain = rest.is_empty() || rest.starts_with(['u', 'i', '_']) || rest.starts_with('.');
    (is_plain && (digits == 1 || !text.starts_with('0')))
        .then(|| format!("{}{rest}", number.checked_add(1).unwrap_or(0)))
}

/// Returns another text in the same quotes.
pub(super) fn other_text(quoted: &str) -> Option<String> {
    let start = quoted.find(['"', '`'])? + 1;
    let end = quoted.rfind(['"', '`'])?;
    let inner = quoted.get(start..end)?;
    Some(format!("{}{}x{}", &quoted[..start], inner, &quoted[end..]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn operators(language: Language, text: &str) -> BTreeSet<String> {
        mutants(language, "a", text).into_iter().map(|mutant| mutant.operator).collect()
    }

    #[track_caller]
    fn check(language: Language, text: &str, operator: &str, expected: &str) {
        let all = mutants(language, "a", text);
        let texts: Vec<String> = all
            .iter()
            .filter(|mutant| mutant.operator == operator)
            .filter_map(|mutant| mutant.apply(text))
            .collect();
        assert!(
            texts.iter().any(|text| text == expected),
            "{operator}: {texts:#?} {:?}",
            operators(language, text)
        );
    }

    #[test]
    fn rust_changes() {
        let check =
            |text: &str, operator: &str, expected: &str| check(Language::Rust, text, operator, expected);
        check("fn f() { if a { b() } }", "condition negated", "fn f() { if !(a) { b() } }");
        check("fn f() { a < b }", "operator swapped", "fn f() { a <= b }");
        check("fn f() { 1 }", "number in a body", "fn f() { 2 }");
        check("const A: u8 = 1;", "number in a const", "const A: u8 = 2;");
        check("static A: &str = \"a\";", "text in a static", "static A: &str = \"ax\";");
        check("enum E { A = 3 }", "number in an enum", "enum E { A = 4 }");
        check("fn f() { a(); b }", "statement removed", "fn f() {  b }");
        check("#[derive(Clone, Debug)] struct A;", "derive removed", "#[derive(Debug)] struct A;");
        check("#[derive(Clone)] struct A;", "derive removed", "#[derive()] struct A;");
        check("#[repr(u8)] enum E { A }", "attribute removed", " enum E { A }");
        check("impl A for B { fn c(&self) {} }", "method of a trait removed", "impl A for B {  }");
        check("fn f() { match a { 1 => 2, _ => 3 } }", "arm removed", "fn f() { match a {  _ => 3 } }");
        check("fn f() -> bool { true }", "boolean in a body", "fn f() -> bool { false }");
        check("fn f() { return x; }", "returned value", "fn f() { return Default::default(); }");
        check(
            "struct A;",
            "Drop added",
            "struct A;\nimpl Drop for A { fn drop(&mut self) { if !std::thread::panicking() { panic!(\"added\") } } }\n",
        );
        check(
            "trait A { fn a(&self) -> u8 { 1 } }\nimpl A for B {}",
            "provided method added",
            "trait A { fn a(&self) -> u8 { 1 } }\nimpl A for B {    fn a(&self) -> u8 { panic!(\"added\") }\n}",
        );
        check(
            "impl<T> A for B<T> where T: C { fn a(&self) {} }",
            "method beside that of a trait added",
            "impl<T> A for B<T> where T: C { fn a(&self) {} }\nimpl<T> B<T> where T: C { pub fn a(&self) { panic!(\"added\") } }\n",
        );
        check(
            "//! a\n#![b]\nfn f() {}",
            "u8 added",
            "//! a\n#![b]\n#[allow(non_camel_case_types, dead_code)] type u8 = i16;\nfn f() {}",
        );
    }

    #[test]
    fn go_changes() {
        let check = |text: &str, operator: &str, expected: &str| {
            check(
                Language::Go,
                &format!("package a\n{text}\n"),
                operator,
                &format!("package a\n{expected}\n"),
            );
        };
        check("func f() { if a { b() } }", "condition negated", "func f() { if !(a) { b() } }");
        check("func f() bool { return a == b }", "operator swapped", "func f() bool { return a != b }");
        check("func f() int { return 1 }", "number in a body", "func f() int { return 2 }");
        check("const a = 1", "number in a const", "const a = 2");
        check("const a = iota", "iota moved", "const a = (iota + 1)");
        check("var a = \"a\"", "text in a var at file scope", "var a = \"ax\"");
        check(
            "type T struct { A int `json:\"a\"` }",
            "tag of a field",
            "type T struct { A int `json:\"a\"x` }",
        );
        check("func f() { a(); b() }", "statement removed", "func f() { ; b() }");
        check("func (t T) String() string { return a }", "method removed", "");
        check("func init() { a() }", "init removed", "");
        check("func f() bool { return true }", "boolean in a body", "func f() bool { return false }");
        check("func f() error { return err }", "returned value", "func f() error { return nil }");
        check("func f() { switch a {\ncase 1: b()\n} }", "case removed", "func f() { switch a {\n} }");
        check("var a = true", "true added", "var a = true\n\nconst true = 1 == 2");
        check(
            "type A int",
            "method String added",
            "type A int\n\nfunc (A) String() string { return \"added\" }",
        );
        check(
            "type A struct { *B }\nfunc (b *B) C() int { return 1 }",
            "method over a promoted one added",
            "type A struct { *B }\nfunc (b *B) C() int { return 1 }\n\nfunc (*A) C() int { panic(\"added\") }",
        );
    }

    #[test]
    fn nothing_is_changed_into_itself() {
        let text = "fn f(a: bool) -> bool { if a && !a { return true } a }\nconst B: &str = \"b\";\n";
        for mutant in mutants(Language::Rust, "a", text) {
            assert_ne!(mutant.apply(text).as_deref(), Some(text), "{mutant}");
        }
    }
}
