//! What a function of Rust has the compiler do that nobody sees when it is executed.

use tree_sitter::Node;

use super::lex::{Token, TokenKind};
use super::names::Namer;

/// The mark of what takes over all of a module that is in another file, with the traits that are in scope there.
pub(super) const GLOB: &str = "*";

/// The mark of a function in whose body the compiler evaluates something: a const, the length of an array, or what a macro
/// makes of its arguments.
pub(super) const EVALUATES: &str = "const";

/// The mark of a function whose body may decide what its type can be used for (`impl Trait`, `async`), to who compiles a
/// call of it and never makes it.
pub(super) const HIDDEN: &str = "-> impl";

/// Returns whether a function leaves something of its type to its body: what it returns, or a macro in its place may. What
/// it is given as an `impl`, its callers decide.
pub(super) fn hides_type(node: Node<'_>, namer: &Namer<'_>, start: usize, head_end: usize) -> bool {
    let source = namer.source();
    let says = |start: usize, end: usize, words: &[&str]| {
        namer.tokens(start, end).iter().any(|token| words.iter().any(|word| token.is(source, word)))
    };
    let returned = match (node.has_error(), node.child_by_field_name("return_type")) {
        (true, _) => says(start, head_end, &["impl"]),
        (false, Some(returned)) => says(returned.start_byte(), returned.end_byte(), &["impl", "!"]),
        (false, None) => false,
    };
    returned || says(start, head_end, &["async"])
}

/// Macros of the standard library, which evaluate nothing while they are compiled, and take what they are given as it is.
pub(super) const QUIET: [&str; 32] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "write",
    "writeln",
];

/// Returns the marks of a function's body.
pub(super) fn marks_of_body(namer: &Namer<'_>, start: usize, end: usize) -> Vec<&'static str> {
    let scan = Scan { source: namer.source(), tokens: namer.tokens(start, end) };
    let mut marks = Vec::new();
    if scan.takes_over() {
        marks.push(GLOB);
    }
    if scan.evaluates_in_type() || scan.declares_value() || scan.runs_macro() {
        marks.push(EVALUATES);
    }
    marks
}

/// Returns whether what a function looks like to others is evaluated: the length of an array that it takes, by a call.
pub(super) fn head_evaluates(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    Scan { source: namer.source(), tokens: namer.tokens(start, end) }.evaluates_in_type()
}

/// Returns whether an import takes over all of what may be a module in another file, from inside of `depth` modules of
/// its own file.
pub(super) fn takes_over_a_file(path: &str, depth: usize) -> bool {
    let Some(module) = path.strip_suffix('*') else { return false };
    let mut rest = module.strip_prefix("self::").unwrap_or(module);
    let mut n_up = 0;
    while let Some(above) = rest.strip_prefix("super::") {
        (rest, n_up) = (above, n_up + 1);
    }
    !rest.is_empty() || n_up > depth
}

struct Scan<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
}

impl Scan<'_> {
    fn text(&self, at: usize) -> &[u8] {
        self.tokens.get(at).map_or(&[], |token| token.text(self.source))
    }

    fn before(&self, at: usize) -> &[u8] {
        at.checked_sub(1).map_or(&[], |before| self.text(before))
    }

    fn words(&self) -> impl Iterator<Item = usize> {
        (0..self.tokens.len()).filter(|at| self.tokens[*at].kind == TokenKind::Word)
    }

    /// Returns whether there is a length that is called for, `[u8; size()]`, or a block that is a parameter, `<{ size() }>`.
    fn evaluates_in_type(&self) -> bool {
        // For each bracket that is open, whether it is square and a semicolon was in it.
        let mut open: Vec<Option<bool>> = Vec::new();
        for at in 0..self.tokens.len() {
            let is_in_length = open.contains(&Some(true));
            match self.text(at) {
                b"(" | b"!" if is_in_length => return true,
                b"{" if is_in_length || matches!(self.before(at), b"<" | b"," | b"=") => return true,
                b"[" => open.push(Some(false)),
                b"(" | b"{" => open.push(None),
                b"]" | b")" | b"}" => drop(open.pop()),
                b";" => {
                    if let Some(Some(has_length)) = open.last_mut() {
                        *has_length = true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Returns whether there is a const, a static or a block that is one.
    fn declares_value(&self) -> bool {
        self.words().any(|at| match self.text(at) {
            // The numbers of an `enum` are consts.
            b"static" | b"enum" => true,
            // A pointer is none.
            b"const" => self.before(at) != b"*" || self.text(at + 1) == b"{",
            _ => false,
        })
    }

    fn runs_macro(&self) -> bool {
        self.words().any(|at| {
            let is_run = self.text(at + 1) == b"!" && matches!(self.text(at + 2), b"(" | b"[" | b"{");
            is_run && self.text(at) != b"vec" && !QUIET.iter().any(|quiet| quiet.as_bytes() == self.text(at))
        })
    }

    /// Returns whether all of a module is imported.
    fn takes_over(&self) -> bool {
        self.words().filter(|at| self.text(*at) == b"use").any(|at| {
            let until = (at..self.tokens.len()).find(|at| self.text(*at) == b";");
            (at..until.unwrap_or(self.tokens.len())).any(|at| self.text(at) == b"*")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Language, cut};
    use skiptrace_engine::fingerprint::Identifier;

    fn has(source: &str, mark: &str) -> bool {
        let units = cut(Some(Language::Rust), source.as_bytes());
        units.iter().any(|unit| unit.identifiers.binary_search(&Identifier::of(mark)).is_ok())
    }

    #[test]
    fn a_function_that_has_the_compiler_evaluate_something_says_so() {
        for body in [
            "const A: u8 = f();",
            "static A: u8 = f();",
            "let a = const { f() };",
            "let a = b * const { f() };",
            "enum A { B = f() }",
            "let a = [0; f()];",
            "let a: [u8; { f() }] = b;",
            "g::<{ f() }>();",
            "g::<u8, { f() }>();",
            "const_assert!(f() == 1);",
            "thread_local! { static A: u8 = f() }",
        ] {
            assert!(has(&format!("fn a() {{ {body} }}"), EVALUATES), "{body}");
        }
        for body in [
            "let a = f();",
            "let a = p as *const u8;",
            "assert_eq!(f(), 1);",
            "let a = [0; N];",
            "let a = &'static f();",
        ] {
            assert!(!has(&format!("fn a() {{ {body} }}"), EVALUATES), "{body}");
        }
        assert!(!has("const fn a<const N: usize>(p: *const u8) -> u8 { f() }", EVALUATES));
    }

    #[test]
    fn what_takes_over_a_module_of_another_file_says_so() {
        for source in [
            "use super::*;",
            "pub use crate::a::*;",
            "use a::{b, c::*};",
            "mod tests { use super::super::*; }",
            "fn a() { use super::*; }",
        ] {
            assert!(has(source, GLOB), "{source}");
        }
        for source in ["mod tests { use super::*; }", "use self::*;", "use a::b;", "fn a() { 1 * 2 }"] {
            assert!(!has(source, GLOB), "{source}");
        }
    }
}
