//! Rust: which nodes are units, and what they are called.
//!
//! # Units and their names
//!
//! Each name begins with the path of the modules and types around it.
//!
//! | Unit | Name |
//! |---|---|
//! | function, method, method of a trait | `f`, `Type<T>::f`, `<Type<T> as Trait>::f`, `Trait::f` |
//! | const, static, type, trait | its name |
//! | `const fn` | `const f`, `Type<T>::const f` |
//! | one of these that acts from afar (`rust_afar`), or may, by what an attribute or a derive makes of it | `extern f`, `extern impl Type<T>` |
//! | module, module in another file | `mod m`, `mod m;` |
//! | each name that is imported | `use a::B`, `pub use a::{B as C}`, `use a::*` |
//! | head of an `impl` and what is said in it once | `impl Type<T>`, `impl Trait for Type<T>` |
//! | macro, use of one | `macro_rules! m`, `m!`; with what it may declare, where that shows: `thread_local! A, B` |
//! | all documentation with tests in it | `(examples)` |
//! | the rest | `extern crate a`, `extern`, `#![a]`, `(unreadable)` |
//!
//! A parameter of an `impl` that stands where a type does is told by `any`: `<any T as Trait>::f`.

use std::borrow::Cow;

use skiptrace_engine::unit::UnitKind;
use tree_sitter::Node;

use super::lex::TokenKind;
use super::names::Namer;
use super::outline::{Extent, Order, Piece};
use super::parse::{children, first_named};
use super::reach::{self, std_names};
use super::rust_traits::{self, OwnTraits};
use super::{rust_afar, rust_compile_time, rust_macros, rust_members, rust_types};

/// Returns the pieces of a file.
///
/// What is inside of a function belongs to it. Modules, traits, `impl` blocks and what the grammar could not read
/// are searched for more.
pub(super) fn pieces(root: Node<'_>, namer: &Namer<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut to_search = vec![Place::whole(root, namer)];
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
                    let first = pieces.len();
                    let body = place.piece(child, start, namer, &mut pieces);
                    for piece in &mut pieces[first..] {
                        piece.mentioned.extend(&place.mentioned);
                        piece.is_in_rewritten |= place.is_rewritten;
                    }
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
    /// The heads of the `impl` blocks and traits around it: they say what `Self` is.
    mentioned: Vec<(usize, usize)>,
    /// Whether an attribute may make something else of what is around it.
    is_rewritten: bool,
    /// The traits of the program itself, by the names that they have there.
    own_traits: OwnTraits,
}

impl<'t> Place<'t> {
    /// Returns a file.
    fn whole(node: Node<'t>, namer: &Namer<'_>) -> Place<'t> {
        let own_traits = OwnTraits::of(node, namer);
        Place { node, path: String::new(), mentioned: Vec::new(), is_rewritten: false, own_traits }
    }

    /// Adds the pieces that `node` is, and returns where to search for more inside.
    fn piece(
        &self,
        node: Node<'t>,
        start: usize,
        namer: &Namer<'_>,
        pieces: &mut Vec<Piece>,
    ) -> Option<Place<'t>> {
        let text = |node: Node<'_>| namer.text(node.start_byte(), node.end_byte());
        let whole = |node: Node<'_>| namer.whole(node.start_byte(), node.end_byte());
        let field = |name: &str| node.child_by_field_name(name).map(text).unwrap_or_default();
        let item = |name: String| Piece::of(node, start, UnitKind::Item, format!("{}{name}", self.path));
        let declares = |name: String| match rust_afar::declaration(namer, start, node.end_byte()) {
            true => format!("extern {name}"),
            false => name,
        };
        let is_unknown = rust_afar::has_unknown_attribute(namer, start, node.end_byte());
        let written = |name: String| if is_unknown { format!("extern {name}") } else { name };
        match node.kind() {
            "function_item" => pieces.push(self.function(node, start, namer)),
            "mod_item" => {
                let name = field("name");
                let Some(body) = node.child_by_field_name("body") else {
                    pieces.push(item(format!("mod {name};")));
                    return None;
                };
                pieces.push(item(written(format!("mod {name}"))).around(body, Extent::Head));
                // One that looks like a type is told from types.
                let is_like_type = name.starts_with(|c: char| !c.is_lowercase());
                let inside = if is_like_type { format!("mod {name}") } else { name };
                let is_rewritten = rust_members::is_rewritten(namer, start, body.start_byte());
                let inside = self.inside(body, &inside, None);
                let own_traits = OwnTraits::of(body, namer);
                return Some(Place { is_rewritten: self.is_rewritten || is_rewritten, own_traits, ..inside });
            }
            "trait_item" => {
                let name = field("name");
                let piece =
                    Piece { marks: vec![rust_traits::declared(&name)], ..item(written(name.clone())) };
                let Some(body) = node.child_by_field_name("body") else {
                    pieces.push(piece);
                    return None;
                };
                pieces.push(piece.around(body, Extent::Head));
                return Some(self.inside(body, &like_type(&name), Some((start, body.start_byte()))));
            }
            "impl_item" => {
                let of = Implementation::of(node, namer, &self.own_traits);
                let end = node.child_by_field_name("body").map_or(node.end_byte(), |body| body.start_byte());
                let mut marks = match of.hangs_on_traits(&parameters(node, namer)) {
                    true => rust_traits::marks_of_blanket(namer, start, end),
                    false => Vec::new(),
                };
                marks.extend(
                    of.constructor()
                        .filter(|_| !self.is_rewritten)
                        .and_then(|constructor| rust_types::mark_of_head(node, start, constructor, namer)),
                );
                let piece = Piece { marks, ..item(written(of.name())) };
                let Some(body) = node.child_by_field_name("body") else {
                    pieces.push(piece);
                    return None;
                };
                pieces.push(piece.around(body, Extent::Head));
                let mut inside = self.inside(body, &of.path(), Some((start, body.start_byte())));
                // `Self::Error` is what is said there.
                inside.mentioned.extend(rust_types::associated(node));
                return Some(inside);
            }
            "ERROR" if node.start_byte() < node.end_byte() => {
                pieces.push(item("(unreadable)".to_owned()));
                let (path, mentioned) = (self.path.clone(), self.mentioned.clone());
                let own_traits = OwnTraits::default();
                return Some(Place { node, path, mentioned, is_rewritten: true, own_traits });
            }
            "const_item" | "static_item" => pieces.push(item(declares(field("name")))),
            "struct_item" | "enum_item" => {
                let name = field("name");
                let mark = match self.is_rewritten {
                    true => rust_types::made(&name),
                    false => rust_types::mark(node, start, &name, namer),
                };
                pieces.push(Piece { marks: vec![mark], ..item(written(name)) });
            }
            "union_item" => {
                let name = field("name");
                pieces.push(Piece { marks: vec![rust_types::made(&name)], ..item(written(name)) });
            }
            // Those of a trait or an `impl` are part of it.
            "type_item" if !self.is_body_of_type() => {
                let name = field("name");
                pieces.push(Piece { marks: vec![rust_types::made(&name)], ..item(name) });
            }
            "use_declaration" => self.imports(node, start, namer, pieces),
            "extern_crate_declaration" => pieces.push(item(format!("extern crate {}", field("name")))),
            "foreign_mod_item" => pieces.push(item("extern".to_owned())),
            "inner_attribute_item" if !self.is_body_of_type() => {
                pieces.push(item(attribute_name(node, namer)));
            }
            "macro_definition" => {
                let name = node.child_by_field_name("name").map(whole).unwrap_or_default();
                let marks = vec![rust_macros::mark_of_definition(node, &name, namer)];
                let piece = item(format!("macro_rules! {name}"));
                pieces.push(Piece { order: Order::Macro(name), marks, ..piece });
            }
            "macro_invocation" => pieces.push(item(rust_macros::invocation(node, namer))),
            "expression_statement" => {
                let called = first_named(node).filter(|call| call.kind() == "macro_invocation");
                pieces.extend(called.map(|call| item(rust_macros::invocation(call, namer))));
            }
            _ => {}
        }
        None
    }

    /// Makes a piece of a function.
    ///
    /// What it does is its body, also where that decides its type (`impl Trait`, `async`): a value of such a type is only
    /// had by executing the function. Without a value others know no more of it than what the head says, but for its size
    /// and its name: those who ask for them are found by that (`weighed`).
    fn function(&self, node: Node<'_>, start: usize, namer: &Namer<'_>) -> Piece {
        let name = node.child_by_field_name("name");
        let name = name.map(|name| namer.whole(name.start_byte(), name.end_byte())).unwrap_or_default();
        let body = node.child_by_field_name("body").map(|body| (body.start_byte(), body.end_byte()));
        let head_end = body.map_or(node.end_byte(), |(start, _)| start);
        let acts_in_body = body.is_none_or(|(start, end)| rust_afar::body(namer, start, end));
        let is_extern = acts_in_body || rust_afar::declaration(namer, start, head_end);
        // One that is `const` may have run in the compiler, where nobody watched.
        let mark = match (is_extern, is_const(node)) {
            (true, _) => "extern ",
            (false, true) => "const ",
            (false, false) => "",
        };
        // What the compiler evaluates for its head is part of what others see, and what acts from afar can be evaluated
        // from there.
        let is_evaluated =
            is_extern && is_const(node) || rust_compile_time::head_evaluates(namer, start, head_end);
        let kind = if is_evaluated { UnitKind::Item } else { UnitKind::Function };
        let marks = body.map(|(start, end)| rust_compile_time::marks_of_body(namer, start, end));
        let piece = Piece::of(node, start, kind, format!("{}{mark}{name}", self.path));
        let mut marks: Vec<Cow<'static, str>> =
            marks.unwrap_or_default().into_iter().map(Cow::from).collect();
        if rust_compile_time::hides_type(node, namer, start, head_end) {
            marks.push(rust_compile_time::HIDDEN.into());
        }
        Piece { body: body.filter(|_| !acts_in_body), marks, ..piece }
    }

    /// Adds a piece for each name that is imported, so that a new one is no change of the others.
    fn imports(&self, node: Node<'_>, start: usize, namer: &Namer<'_>, pieces: &mut Vec<Piece>) {
        let Some(tree) = node.child_by_field_name("argument") else { return };
        let is_public = children(node).iter().any(|child| child.kind() == "visibility_modifier");
        let begin = if is_public { "pub use" } else { "use" };
        let mut leaves = Vec::new();
        let holds_doc = || {
            let tokens = namer.tokens(start, node.end_byte());
            tokens.iter().any(|token| matches!(token.kind, TokenKind::Doc { example: true, .. }))
        };
        if !node.has_error() && !holds_doc() {
            let all = Imports { prefix: String::new(), mentioned: Vec::new() };
            all.leaves(tree, namer, &mut leaves);
        }
        if leaves.iter().all(|(leaf, _)| leaf.id() == tree.id()) {
            let said = namer.whole(tree.start_byte(), tree.end_byte());
            let marks = self.marks_of_import(&said);
            let piece = Piece::of(node, start, UnitKind::Item, format!("{}{begin} {said}", self.path));
            pieces.push(Piece { marks, ..piece });
            return;
        }
        let silent = Piece::of(node, start, UnitKind::Item, format!("{}{begin}", self.path));
        pieces.push(Piece { head_end: tree.start_byte(), is_silent: true, ..silent });
        for (leaf, of) in leaves {
            let said = namer.whole(leaf.start_byte(), leaf.end_byte());
            let name = format!("{}{begin} {}{said}", self.path, of.prefix);
            let path = format!("{}{said}", of.prefix);
            let marks = self.marks_of_import(&path);
            let piece = Piece::of(leaf, leaf.start_byte(), UnitKind::Item, name);
            pieces.push(Piece { mentioned: of.mentioned, marks, ..piece });
        }
    }

    /// Returns the marks of an import of all that `path` says.
    fn marks_of_import(&self, path: &str) -> Vec<Cow<'static, str>> {
        let mut marks: Vec<Cow<'static, str>> = Vec::new();
        if rust_compile_time::takes_over_a_file(path, self.depth()) {
            marks.push(rust_compile_time::GLOB.into());
        }
        marks.extend(rust_traits::from_elsewhere(path).into_iter().map(rust_traits::imported));
        marks
    }

    /// Returns the place inside of `body`, which is called `name` there; a type or trait says more in its `head`.
    fn inside(&self, body: Node<'t>, name: &str, head: Option<(usize, usize)>) -> Place<'t> {
        let mut mentioned = self.mentioned.clone();
        mentioned.extend(head);
        let path = format!("{}{name}::", self.path);
        let own_traits = OwnTraits::default();
        Place { node: body, path, mentioned, is_rewritten: self.is_rewritten, own_traits }
    }

    /// Returns how many modules of the file are around it.
    fn depth(&self) -> usize {
        self.path.matches("::").count()
    }

    fn is_body_of_type(&self) -> bool {
        self.node.parent().is_some_and(|parent| matches!(parent.kind(), "impl_item" | "trait_item"))
    }
}

/// Where in a tree of imports something stands.
struct Imports {
    /// The path that it continues.
    prefix: String,
    /// Where that path stands.
    mentioned: Vec<(usize, usize)>,
}

impl Imports {
    /// Adds what is imported by `tree`, one by one.
    fn leaves<'t>(&self, tree: Node<'t>, namer: &Namer<'_>, leaves: &mut Vec<(Node<'t>, Imports)>) {
        let copy = || Imports { prefix: self.prefix.clone(), mentioned: self.mentioned.clone() };
        match tree.kind() {
            "scoped_use_list" => {
                let mut inside = copy();
                if let Some(path) = tree.child_by_field_name("path") {
                    inside.prefix += &namer.whole(path.start_byte(), path.end_byte());
                    inside.mentioned.push((path.start_byte(), path.end_byte()));
                }
                inside.prefix += "::";
                if let Some(list) = tree.child_by_field_name("list") {
                    inside.leaves(list, namer, leaves);
                }
            }
            "use_list" => {
                for child in children(tree).into_iter().filter(|child| child.is_named()) {
                    if !child.is_extra() {
                        self.leaves(child, namer, leaves);
                    }
                }
            }
            _ => leaves.push((tree, copy())),
        }
    }
}

/// What an `impl` says of whom.
struct Implementation {
    of: String,
    of_trait: Option<String>,
    is_negative: bool,
}

impl Implementation {
    fn of(node: Node<'_>, namer: &Namer<'_>, own_traits: &OwnTraits) -> Implementation {
        let field = |name: &str| {
            let node = node.child_by_field_name(name)?;
            Some(namer.whole(node.start_byte(), node.end_byte()))
        };
        let of_trait = field("trait").map(|of_trait| own_traits.tell(of_trait));
        let mut of = field("type").unwrap_or_default();
        if of_trait.is_some() {
            of = tell_parameters(&of, &parameters(node, namer));
        }
        let is_negative = children(node).iter().any(|child| child.kind() == "!");
        Implementation { of, of_trait, is_negative }
    }

    fn name(&self) -> String {
        let not = if self.is_negative { "!" } else { "" };
        match &self.of_trait {
            Some(of_trait) => format!("impl {not}{of_trait} for {}", self.of),
            None => format!("impl {}", self.of),
        }
    }

    fn path(&self) -> String {
        match &self.of_trait {
            Some(of_trait) => format!("<{} as {of_trait}>", self.of),
            None => like_type(&self.of),
        }
    }

    /// Returns the name of the type that has it, if it has one.
    fn constructor(&self) -> Option<&str> {
        reach::rust::constructor(&self.of)
    }

    /// Returns whether which types have what is in it may hang on which traits they have. Nobody could use those traits of the
    /// library that say nothing by themselves.
    fn hangs_on_traits(&self, parameters: &[String]) -> bool {
        let of_trait = self.of_trait.as_deref().and_then(reach::rust::constructor);
        !parameters.is_empty() && of_trait.is_none_or(|name| std_names::methods_of(name).is_none())
    }
}

/// Returns the name of a type in a path, so that it is told from that of a module.
fn like_type(name: &str) -> String {
    let is_like_module = |name: &str| name.chars().all(|c| is_of_word(c) && !c.is_uppercase());
    if is_like_module(name.trim_start_matches("r#")) { format!("<{name}>") } else { name.to_owned() }
}

/// Returns the names of an `impl`'s parameters, but for lifetimes.
fn parameters(node: Node<'_>, namer: &Namer<'_>) -> Vec<String> {
    let Some(list) = node.child_by_field_name("type_parameters") else { return Vec::new() };
    let name = |parameter: Node<'_>| {
        let name = match parameter.kind() {
            "type_parameter" => parameter.child_by_field_name("name")?,
            "type_identifier" => parameter,
            "constrained_type_parameter" => parameter.child_by_field_name("left")?,
            "const_parameter" | "optional_type_parameter" => parameter.child_by_field_name("name")?,
            _ => return None,
        };
        Some(namer.text(name.start_byte(), name.end_byte()))
    };
    children(list).into_iter().filter_map(name).collect()
}

/// Puts `any` before a type that is a parameter, or that parameters are in and nothing else that somebody could name:
/// `any T`, `&any T`, `Vec<any T>`. Behind a name of one's own they say nothing: `Point<T>`.
fn tell_parameters(of: &str, parameters: &[String]) -> String {
    let is_own = |name: &str| !std_names::is_type(name) && !parameters.iter().any(|known| known == name);
    if parameters.is_empty() || reach::rust::constructor(of).is_some_and(is_own) {
        return of.to_owned();
    }
    let mut told = String::with_capacity(of.len() + 8);
    let mut rest = of;
    while let Some(at) = rest.find(is_of_word) {
        let (before, word) = rest.split_at(at);
        let end = word.find(|c| !is_of_word(c)).unwrap_or(word.len());
        told += before;
        if parameters.iter().any(|parameter| *parameter == word[..end]) && !before.ends_with('\'') {
            told += "any ";
        }
        told += &word[..end];
        rest = &word[end..];
    }
    told + rest
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
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
