//! Source files, cut into the things whose change is noticed.
//!
//! A change is found by content: a unit then and a unit now are the same when their fingerprints are. No line of a
//! diff is ever matched with a line of coverage, so rebases, moved functions, other line ends, comments and
//! reformatting need no care, and no history is needed to decide. That puts all the care here. What is asked of a
//! fingerprint is that **whatever can change what a program does changes the fingerprint of a unit**; what is hoped
//! for is that nothing else does.
//!
//! # How a file is cut
//!
//! ```text
//! bytes ──lex──▶ tokens ───────────────┐
//!   └────parse──▶ syntax tree ──▶ pieces ──assemble──▶ units
//! ```
//!
//! `lex` finds the tokens; the syntax tree only says where a function or an item begins and ends. Each token
//! belongs to the innermost piece around it, and to the remainder when there is none. So nothing is lost, however
//! the grammar guesses: a wrong guess makes a unit larger or gives it an odd name, and its tokens count all the same.
//!
//! Go needs no syntax tree: at the top of a file its tokens say all (`go`). What the go tool builds by, `go.mod` and
//! its like, is cut by lines (`go_mod`), and what cargo builds by, by tables (`cargo`).
//!
//! # What is in a fingerprint
//!
//! - The texts and kinds of its tokens, each with its length. White space and comments between two tokens only where
//!   a program can see them: inside macros, which may turn their arguments into text, and in directives of the
//!   preprocessor.
//! - Doc comments when one of the unit's holds an example, for examples are tests, or a macro may see them (`rust_docs`).
//!   A function has two halves, what others see of it and what it does, so that a change of the second alone can be
//!   told.
//! - Where its tokens stand, when one of them asks for its own place (`position`).
//! - What is said of it from outside: the heads of the modules, classes and `impl` blocks around it, and the
//!   conditions of the preprocessor that it stands under.
//! - For macros, includes and pragmas, what stands before them (`outline::Order`).
//!
//! # Lines
//!
//! What a test executed meets units by lines. So the units of a file cover all lines that can hold code that runs.
//! A module, a trait or an `impl` covers its head only; the code in it is in units of its own. The remainder has no
//! lines: it holds what is at file scope and in no item, such as a stray semicolon, which nothing executes. Its
//! change reaches tests through the names it mentions and the files it is compiled into, and a test that did execute
//! a line of it strays, which counts as the whole file.
//!
//! # When in doubt
//!
//! A file that no grammar reads, that is too large, too broken, or whose tokens are not certain is one unit of kind
//! [`File`](skiptrace_engine::unit::UnitKind::File), recognised by its bytes.

mod assemble;
mod c;
pub mod cargo;
mod go;
pub mod go_facts;
pub mod go_mod;
mod lex;
mod names;
mod order;
mod outline;
mod parse;
mod position;
pub mod reach;
mod rust;
mod rust_afar;
mod rust_attributes;
mod rust_compile_time;
mod rust_docs;
mod rust_macros;
mod rust_members;
mod rust_traits;
mod rust_types;
mod whole;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::unit::{Unit, UnitKind};

use assemble::{Grammar, Literals, Members, Returns};
use lex::{Token, TokenKind};
use names::Namer;
use outline::Piece;
use position::Use;
use tree_sitter::Node;

/// No larger file is cut.
const LARGEST: usize = 8 * 1024 * 1024;
/// No file whose brackets are this deep inside of each other is cut: the parser's time and memory are for code that
/// somebody wrote.
const DEEPEST: usize = 1000;

/// Returns whether whoever compiles an example against a file of Rust may see what changes in a unit of it, though the
/// example executes nothing of that: all but what a function does, as long as that says nothing of its type and has the
/// compiler evaluate nothing. Examples are compiled one by one, so that a change may break one and leave all else whole.
pub fn is_seen_by_examples(unit: &Unit) -> bool {
    const MARKS: [&str; 2] = [rust_compile_time::HIDDEN, rust_compile_time::EVALUATES];
    let has = |mark: &str| unit.identifiers.binary_search(&Identifier::of(mark)).is_ok();
    unit.kind != UnitKind::Function || MARKS.into_iter().any(has)
}

/// Returns whether a unit is the documentation of its file that has tests in it.
pub fn is_documentation(unit: &Unit) -> bool {
    &*unit.name == assemble::EXAMPLES
}

/// A language that files can be cut in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// C.
    C,
    /// C++, and headers of either.
    Cpp,
    /// Go.
    Go,
    /// `go.mod` and `go.work`.
    GoMod,
    /// `go.sum` and `go.work.sum`.
    GoSum,
    /// `vendor/modules.txt`.
    GoVendor,
    /// `Cargo.toml`.
    CargoToml,
    /// `Cargo.lock`.
    CargoLock,
}

impl Language {
    /// All languages, in order.
    pub const ALL: [Language; 9] = [
        Language::Rust,
        Language::C,
        Language::Cpp,
        Language::Go,
        Language::GoMod,
        Language::GoSum,
        Language::GoVendor,
        Language::CargoToml,
        Language::CargoLock,
    ];

    /// Returns the language that a file is in, as its name says.
    pub fn of(path: &RepoPath) -> Option<Language> {
        let name = path.as_str().rsplit('/').next()?;
        match name {
            "go.mod" | "go.work" => return Some(Language::GoMod),
            "go.sum" | "go.work.sum" => return Some(Language::GoSum),
            "Cargo.toml" => return Some(Language::CargoToml),
            "Cargo.lock" => return Some(Language::CargoLock),
            "modules.txt" => {
                let folder = path.as_str().strip_suffix("/modules.txt")?;
                let is_vendor = folder == "vendor" || folder.ends_with("/vendor");
                return is_vendor.then_some(Language::GoVendor);
            }
            _ => {}
        }
        match name.rsplit_once('.')?.1 {
            "rs" => Some(Language::Rust),
            "go" => Some(Language::Go),
            "c" => Some(Language::C),
            // A header says nothing of who includes it. What is no C++ in a header of C is seldom more than a name.
            "h" => Some(Language::Cpp),
            "cc" | "cpp" | "cxx" | "c++" | "C" | "hh" | "hpp" | "hxx" | "h++" | "H" | "inl" | "ipp"
            | "tcc" | "tpp" | "txx" | "cppm" | "ixx" => Some(Language::Cpp),
            _ => None,
        }
    }

    /// Returns the grammar of a language that is cut by a syntax tree.
    fn grammar(self) -> Option<tree_sitter::Language> {
        match self {
            Language::Rust => Some(tree_sitter_rust::LANGUAGE.into()),
            Language::C => Some(tree_sitter_c::LANGUAGE.into()),
            Language::Cpp => Some(tree_sitter_cpp::LANGUAGE.into()),
            Language::Go
            | Language::GoMod
            | Language::GoSum
            | Language::GoVendor
            | Language::CargoToml
            | Language::CargoLock => None,
        }
    }
}

/// Cuts a source file into its units; equal bytes give equal units.
///
/// A file in no known language, or one that cannot be cut, is one unit.
pub fn cut(language: Option<Language>, source: &[u8]) -> Vec<Unit> {
    let units = language.and_then(|language| try_cut(language, source));
    units.unwrap_or_else(|| vec![whole::whole(source, language.is_some())])
}

/// Returns the words of a source of Rust that stand in no comment and no text; `None` if it cannot be read.
pub(crate) fn words_of_rust(source: &str) -> Option<impl Iterator<Item = &str>> {
    let words = tokens_of_rust(source)?.filter(|token| token.kind == TokenKind::Word);
    Some(words.map(|token| text_of(source, token)))
}

/// Returns the same words and all that stands between them but comments, each alone.
pub(crate) fn texts_of_rust(source: &str) -> Option<impl Iterator<Item = &str>> {
    Some(tokens_of_rust(source)?.map(|token| text_of(source, token)))
}

fn tokens_of_rust(source: &str) -> Option<impl Iterator<Item = Token>> {
    Some(lex::rust::tokens(source)?.into_iter().filter(|token| !token.is_doc()))
}

fn text_of(source: &str, token: Token) -> &str {
    let text = source.get(token.start..token.end).unwrap_or_default();
    match token.kind {
        TokenKind::Word => text.trim_start_matches("r#"),
        _ => text,
    }
}

fn try_cut(language: Language, source: &[u8]) -> Option<Vec<Unit>> {
    if source.len() > LARGEST {
        return None;
    }
    let units = match language {
        Language::Rust => {
            let tokens = lex::rust::tokens(std::str::from_utf8(source).ok()?)?;
            cut_by_tree(language, source, &tokens, &RUST, rust::pieces)?
        }
        Language::C => {
            let pieces = |root: Node<'_>, namer: &Namer<'_>| c::pieces(root, namer, c::Dialect::C);
            cut_by_tree(language, source, &lex::c::tokens(source)?, &C, pieces)?
        }
        Language::Cpp => {
            let pieces = |root: Node<'_>, namer: &Namer<'_>| c::pieces(root, namer, c::Dialect::Cpp);
            cut_by_tree(language, source, &lex::c::tokens(source)?, &C, pieces)?
        }
        Language::Go => go::cut(source)?,
        Language::GoMod => go_mod::cut_directives(source)?,
        Language::GoSum => go_mod::cut_sums(source)?,
        Language::GoVendor => go_mod::cut_vendored(source)?,
        Language::CargoToml => cargo::cut_manifest(source)?,
        Language::CargoLock => cargo::cut_lockfile(source)?,
    };
    // A file without a token still is a file.
    (!units.is_empty()).then_some(units)
}

fn cut_by_tree(
    language: Language,
    source: &[u8],
    tokens: &[Token],
    grammar: &Grammar,
    pieces: impl FnOnce(Node<'_>, &Namer<'_>) -> Vec<Piece>,
) -> Option<Vec<Unit>> {
    if lex::depth(source, tokens) > DEEPEST {
        return None;
    }
    let tree = parse::parse(language, source)?;
    let pieces = pieces(tree.root_node(), &Namer::new(source, tokens));
    let mut pieces = outline::nested(pieces);
    outline::name_apart(&mut pieces);
    Some(assemble::assemble(source, tokens, &pieces, grammar))
}

const RUST: Grammar = Grammar {
    positions: &position::RUST,
    macro_use: Use::Bang,
    keywords: &[
        "Self", "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum",
        "extern", "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut",
        "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "type", "unsafe",
        "use", "where", "while",
    ],
    returns: Returns::NothingAtLineEnds,
    literals: Literals::HolesAndValues,
    members: Members::ByDot,
};

/// Only words that are keywords in both languages and in all of their versions.
const C: Grammar = Grammar {
    positions: &position::C,
    macro_use: Use::Word,
    keywords: &[
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
        "extern", "float", "for", "goto", "if", "int", "long", "return", "short", "signed", "sizeof",
        "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    ],
    returns: Returns::Themselves,
    literals: Literals::Silent,
    members: Members::Alike,
};

#[cfg(test)]
mod tests;
