//! C and C++: which nodes are units, and what they are called.
//!
//! The grammar reads a file before the preprocessor has, so it guesses; a macro that stands for half a declaration
//! makes an error node, in which functions are found all the same. What a guess cannot do is to lose a token.
//!
//! A function whose head says that it runs or is found without being named is called `extern f`.

use skiptrace_engine::unit::UnitKind;
use tree_sitter::Node;

use super::lex::TokenKind;
use super::names::Namer;
use super::outline::{Extent, Order, Piece};
use super::parse::{children, first_named};

/// Which of the two languages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    C,
    /// Has overloads, so that parameters are part of a function's name.
    Cpp,
}

/// What a function runs or is found by without being named, or changes its class by.
const ACTING: [&str; 10] =
    ["alias", "asm", "constructor", "destructor", "ifunc", "section", "used", "virtual", "weak", "weakref"];

/// Returns the pieces of a file.
pub(super) fn pieces(root: Node<'_>, namer: &Namer<'_>, dialect: Dialect) -> Vec<Piece> {
    let mut search = Search { namer, dialect, pieces: Vec::new(), places: Vec::new() };
    search.places.push(Place { node: root, path: String::new(), of_class: false, mentioned: Vec::new() });
    while let Some(place) = search.places.pop() {
        search.place(&place);
    }
    search.pieces
}

/// A node whose children may be pieces.
struct Place<'t> {
    node: Node<'t>,
    /// What their names begin with: nothing, or a path and `::`.
    path: String,
    /// Whether they are members. Of these only functions and types are pieces; all else says how the class looks.
    of_class: bool,
    /// The heads of the classes around it.
    mentioned: Vec<(usize, usize)>,
}

impl<'t> Place<'t> {
    /// Returns a place inside of this one.
    fn with(&self, node: Node<'t>, path: String) -> Place<'t> {
        Place { node, path, of_class: self.of_class, mentioned: self.mentioned.clone() }
    }
}

struct Search<'s, 't> {
    namer: &'s Namer<'s>,
    dialect: Dialect,
    pieces: Vec<Piece>,
    places: Vec<Place<'t>>,
}

impl<'t> Search<'_, 't> {
    fn place(&mut self, place: &Place<'t>) {
        let first = self.pieces.len();
        self.parts(place);
        for piece in &mut self.pieces[first..] {
            piece.mentioned.extend(&place.mentioned);
        }
    }

    fn parts(&mut self, place: &Place<'t>) {
        let mut nodes = children(place.node);
        nodes.retain(|node| node.kind() != "comment");
        let mut at = 0;
        while at < nodes.len() {
            // `TEST_CASE("…") { … }` looks like a call that lacks its semicolon, and a block.
            if let Some([call, block]) = nodes.get(at..at + 2)
                && block.kind() == "compound_statement"
                && is_call_without_end(*call)
            {
                let name = format!("{}{}", place.path, self.text(*call));
                let piece = Piece::of(*call, call.start_byte(), UnitKind::Function, name);
                let (end, head_end) = (block.end_byte(), block.end_byte());
                let body = self.body(block.start_byte(), end);
                self.pieces.push(Piece { end, head_end, body, ..piece });
                at += 2;
                continue;
            }
            self.node(nodes[at], nodes[at].start_byte(), place);
            at += 1;
        }
    }

    /// Looks at one node; what it is part of begins at `start`.
    fn node(&mut self, node: Node<'t>, start: usize, place: &Place<'t>) {
        let path = &place.path;
        match node.kind() {
            "function_definition" => self.function(node, start, place),
            "template_declaration" => self.template(node, start, place),
            "friend_declaration" => self.inner(node, start, place, &["function_definition"]),
            "class_specifier" | "struct_specifier" | "union_specifier" => {
                self.class(node, node, start, place)
            }
            "namespace_definition" => {
                let name = self.field(node, "name");
                let name = if name.is_empty() { "(anonymous)".to_owned() } else { name };
                let inside = format!("{path}{name}::");
                self.around(node, start, format!("{path}namespace {name}"), inside, place);
            }
            "linkage_specification" => match node.child_by_field_name("body") {
                Some(body) if body.kind() == "declaration_list" => {
                    let name = format!("{path}extern {}", self.field(node, "value"));
                    self.around(node, start, name, path.clone(), place);
                }
                Some(body) => self.node(body, start, place),
                None => {}
            },
            "preproc_if" | "preproc_ifdef" | "preproc_elif" | "preproc_elifdef" | "preproc_else" => {
                self.conditional(node, start, place);
            }
            "preproc_def" | "preproc_function_def" => {
                let name = self.field(node, "name");
                self.directive(node, format!("#define {name}"), Order::Macro(name), place);
            }
            "preproc_include" => {
                let name = format!("#include {}", self.field(node, "path"));
                self.directive(node, name, Order::Include, place);
            }
            "preproc_call" => {
                let name = self.text(node);
                let order = match name.strip_prefix("#undef ") {
                    Some(forgotten) => Order::Macro(forgotten.to_owned()),
                    // What stops the compiler says nothing of what follows.
                    None if name.starts_with("#error") || name.starts_with("#warning") => Order::Free,
                    None => Order::Pragma,
                };
                self.directive(node, name, order, place);
            }
            "ERROR" if node.start_byte() < node.end_byte() => {
                if !place.of_class {
                    self.pieces.push(Piece::of(node, start, UnitKind::Item, format!("{path}(unreadable)")));
                }
                self.places.push(place.with(node, path.clone()));
            }
            "declaration" | "type_definition" | "field_declaration" => {
                let types = node.child_by_field_name("type").filter(|types| is_class(*types));
                match types {
                    // A type that is defined in passing, with what is declared of it.
                    Some(types) => self.class(types, node, start, place),
                    None if place.of_class => {}
                    None => self.item(node, start, place),
                }
            }
            "enum_specifier"
            | "using_declaration"
            | "alias_declaration"
            | "static_assert_declaration"
            | "template_instantiation"
            | "namespace_alias_definition"
            | "concept_definition"
            | "expression_statement"
            | "call_expression"
                if !place.of_class =>
            {
                self.item(node, start, place);
            }
            _ => {}
        }
    }

    fn function(&mut self, node: Node<'t>, start: usize, place: &Place<'t>) {
        let Some(body) = node
            .child_by_field_name("body")
            .or_else(|| children(node).into_iter().find(|child| child.kind() == "try_statement"))
        else {
            // `= default` and `= delete` have none.
            if !place.of_class {
                self.item(node, start, place);
            }
            return;
        };
        // What declares nothing that takes parameters is the use of a macro.
        let declared = self.declared(node).filter(|_| takes_parameters(node));
        let name = declared.unwrap_or_else(|| self.head(node, body));
        let mark = if self.acts_from_afar(start, body.start_byte()) { "extern " } else { "" };
        let name = format!("{}{mark}{name}", place.path);
        // What a compiler may run, or must read to know the type of a call, acts where nobody watches.
        let kind = if acts_at_compile_time(node, self) { UnitKind::Item } else { UnitKind::Function };
        // What initialises members is done when it is executed, as is what follows.
        let inits = children(node).into_iter().find(|child| child.kind() == "field_initializer_list");
        let body = self.body(inits.unwrap_or(body).start_byte(), node.end_byte());
        self.pieces.push(Piece { body, ..Piece::of(node, start, kind, name) });
    }

    /// Returns whether the head of a function gives it a time or a symbol of its own, or its class another layout.
    fn acts_from_afar(&self, start: usize, end: usize) -> bool {
        let source = self.namer.source();
        self.namer.tokens(start, end).iter().any(|token| {
            let text = token.text(source);
            let bare = text.strip_prefix(b"__").and_then(|text| text.strip_suffix(b"__")).unwrap_or(text);
            ACTING.iter().any(|acting| acting.as_bytes() == bare)
        })
    }

    /// Returns where a function has what it does, if that is all that stands there: a directive says something to what
    /// follows, assembly may say anything, and where brackets do not match nobody knows where it ends.
    fn body(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let source = self.namer.source();
        let mut open: Vec<u8> = Vec::new();
        let mut blocks = 0;
        for token in self.namer.tokens(start, end) {
            if token.in_directive || token.kind == TokenKind::Directive {
                return None;
            }
            let closes = match token.text(source) {
                [bracket @ (b'(' | b'[' | b'{')] => {
                    open.push(*bracket);
                    continue;
                }
                b")" => b'(',
                b"]" => b'[',
                b"}" => b'{',
                b"asm" | b"__asm" | b"__asm__" | b"_Pragma" | b"__pragma" | b"__COUNTER__" => return None,
                _ => continue,
            };
            if open.pop() != Some(closes) {
                return None;
            }
            blocks += usize::from(open.is_empty() && closes == b'{');
        }
        (open.is_empty() && blocks > 0).then_some((start, end))
    }

    fn template(&mut self, node: Node<'t>, start: usize, place: &Place<'t>) {
        let inner = ["function_definition", "template_declaration", "friend_declaration"];
        let nodes = children(node);
        if let Some(class) = nodes.iter().find(|child| is_class(**child)) {
            self.class(*class, node, start, place);
        } else if nodes.iter().any(|child| inner.contains(&child.kind())) {
            self.inner(node, start, place, &inner);
        } else if !place.of_class {
            self.item(node, start, place);
        }
    }

    /// Looks at what is wrapped in `node` as if it began where the wrapper does.
    fn inner(&mut self, node: Node<'t>, start: usize, place: &Place<'t>, kinds: &[&str]) {
        for child in children(node).into_iter().filter(|child| kinds.contains(&child.kind())) {
            self.node(child, start, place);
        }
    }

    /// Takes `class`, which is in `whole`. Fields have initialisers that run, so all lines count.
    fn class(&mut self, class: Node<'t>, whole: Node<'t>, start: usize, place: &Place<'t>) {
        let Some(body) = class.child_by_field_name("body") else {
            if !place.of_class {
                self.item(whole, start, place);
            }
            return;
        };
        let mut name = self.field(class, "name");
        if name.is_empty() {
            name = self.declared(whole).unwrap_or_else(|| "(anonymous)".to_owned());
        }
        let name = format!("{}{name}", place.path);
        self.pieces.push(Piece::of(whole, start, UnitKind::Item, name.clone()).around(body, Extent::Whole));
        let mut inside = Place { of_class: true, ..place.with(body, format!("{name}::")) };
        inside.mentioned.push((start, body.start_byte()));
        self.places.push(inside);
    }

    fn around(&mut self, node: Node<'t>, start: usize, name: String, path: String, place: &Place<'t>) {
        let piece = Piece::of(node, start, UnitKind::Item, name);
        match node.child_by_field_name("body") {
            Some(body) => {
                self.pieces.push(piece.around(body, Extent::Head));
                self.places.push(Place { of_class: false, ..place.with(body, path) });
            }
            None => self.pieces.push(piece),
        }
    }

    /// Takes the directives of a conditional; what they enclose is cut as if they were not there. Under which
    /// conditions it stands is in its fingerprint all the same, for tokens know that.
    fn conditional(&mut self, node: Node<'t>, start: usize, place: &Place<'t>) {
        if !place.of_class {
            let line = node.start_position().row;
            let first = children(node).into_iter().take_while(|child| child.start_position().row == line);
            let head_end = first.map(|child| child.end_byte()).max().unwrap_or(start);
            let name = format!("{}{}", place.path, self.namer.text(start, head_end));
            let piece = Piece::of(node, start, UnitKind::Item, name);
            self.pieces.push(Piece { head_end: head_end.min(piece.end), extent: Extent::Head, ..piece });
        }
        self.places.push(place.with(node, place.path.clone()));
    }

    fn directive(&mut self, node: Node<'t>, name: String, order: Order, place: &Place<'t>) {
        if !place.of_class {
            let piece = Piece::of(node, node.start_byte(), UnitKind::Item, name);
            self.pieces.push(Piece { order, ..piece });
        }
    }

    fn item(&mut self, node: Node<'t>, start: usize, place: &Place<'t>) {
        let named = self.declared(node).or_else(|| Some(self.field(node, "name")).filter(|n| !n.is_empty()));
        let name = named.unwrap_or_else(|| self.text(node).trim_end_matches([';', ' ']).to_owned());
        self.pieces.push(Piece::of(node, start, UnitKind::Item, format!("{}{name}", place.path)));
    }

    /// Returns the name that a node declares, with the parameters of a function where overloads may be.
    fn declared(&self, node: Node<'_>) -> Option<String> {
        let mut declarator = node.child_by_field_name("declarator")?;
        let mut parameters = None;
        // Each step is one level of a type such as `int (*f(void))(char)`.
        loop {
            if declarator.kind() == "function_declarator" {
                parameters = Some(declarator);
            }
            let inner = declarator.child_by_field_name("declarator").or_else(|| {
                matches!(
                    declarator.kind(),
                    "parenthesized_declarator" | "reference_declarator" | "attributed_declarator"
                )
                .then(|| first_named(declarator))
                .flatten()
            });
            match inner {
                Some(inner) => declarator = inner,
                None => break,
            }
        }
        let name = self.text(declarator);
        match parameters {
            Some(function) => {
                let list = function.child_by_field_name("parameters");
                // `TEST(Suite, Name)` is a name in any dialect.
                let is_macro = node.child_by_field_name("type").is_none() && self.dialect == Dialect::C;
                let shown = list.filter(|_| self.dialect == Dialect::Cpp || is_macro);
                let suffix = shown.map(|list| self.namer.text(list.start_byte(), function.end_byte()));
                Some(name + &suffix.unwrap_or_default())
            }
            None => Some(name),
        }
    }

    /// Returns what stands before a body.
    fn head(&self, node: Node<'_>, body: Node<'_>) -> String {
        self.namer.text(node.start_byte(), body.start_byte())
    }

    fn text(&self, node: Node<'_>) -> String {
        self.namer.text(node.start_byte(), node.end_byte())
    }

    fn field(&self, node: Node<'_>, name: &str) -> String {
        node.child_by_field_name(name).map(|field| self.text(field)).unwrap_or_default()
    }
}

fn takes_parameters(function: Node<'_>) -> bool {
    let mut inside = function.child_by_field_name("declarator");
    while let Some(node) = inside {
        if node.kind() == "function_declarator" {
            return true;
        }
        inside = node.child_by_field_name("declarator").or_else(|| first_named(node));
    }
    false
}

fn is_class(node: Node<'_>) -> bool {
    matches!(node.kind(), "class_specifier" | "struct_specifier" | "union_specifier")
        && node.child_by_field_name("body").is_some()
}

fn is_call_without_end(node: Node<'_>) -> bool {
    let only_call = || {
        let parts = children(node);
        let mut parts = parts.iter().filter(|part| !part.is_missing() && !part.is_extra());
        parts.next().is_some_and(|call| call.kind() == "call_expression") && parts.next().is_none()
    };
    match node.kind() {
        "expression_statement" | "ERROR" => only_call(),
        "call_expression" => true,
        _ => false,
    }
}

/// Returns whether a function is `constexpr` or `consteval`, or its type is that of what it returns.
fn acts_at_compile_time(function: Node<'_>, search: &Search<'_, '_>) -> bool {
    let says = |child: &Node<'_>| {
        matches!(child.kind(), "type_qualifier" | "storage_class_specifier")
            && matches!(search.text(*child).as_str(), "constexpr" | "consteval")
    };
    let deduced =
        function.child_by_field_name("type").is_some_and(|kind| kind.kind() == "placeholder_type_specifier")
            && !function.child_by_field_name("declarator").is_some_and(|declarator| {
                children(declarator).iter().any(|child| child.kind() == "trailing_return_type")
            });
    deduced || children(function).iter().any(says)
}
