//! What holds of any source.

use proptest::prelude::*;
use skiptrace_engine::unit::UnitKind;

use super::super::go_facts::{GoTestKind, go_facts};
use super::super::lex::{self, Gap, Token, TokenKind};
use super::super::parse::parse;
use super::super::{Language, cut, is_documentation};
use super::{c, fingerprints, go, rust};

const SOURCES: [(Language, &str); 4] = [
    (Language::Rust, rust::EXAMPLE),
    (Language::Cpp, c::EXAMPLE),
    (Language::C, c::PLAIN),
    (Language::Go, go::EXAMPLE),
];

fn tokens(language: Language, source: &str) -> Option<Vec<Token>> {
    match language {
        Language::Rust => lex::rust::tokens(source),
        Language::C | Language::Cpp => lex::c::tokens(source.as_bytes()),
        Language::Go => lex::go::tokens(source.as_bytes()),
        _ => None,
    }
}

/// Returns `source` with `layout` before each token for which `pick` says so.
fn spread(language: Language, source: &str, picks: &[bool], layout: &str) -> String {
    let mut text = String::new();
    let mut last = 0;
    let tokens = tokens(language, source).unwrap();
    for (at, token) in tokens.iter().enumerate() {
        text.push_str(&source[last..token.start]);
        // A directive sees its layout; a macro sees that there is some, but not which.
        let free = match token.gap {
            Gap::Unseen => true,
            Gap::Layout => at > 0 && tokens[at - 1].end < token.start,
            Gap::None | Gap::Splice => false,
        };
        // To the grammar `macro_rules!` is one word.
        let free = free && !(at > 0 && source[tokens[at - 1].start..].starts_with("macro_rules"));
        let on_line = token.in_directive || token.start == 0;
        let free = free && (language != Language::Go || is_free_in_go(source, &tokens, at, layout));
        if picks[at % picks.len()] && free && !token.is_doc() && !on_line {
            text.push_str(layout);
        }
        text.push_str(&source[token.start..token.end]);
        last = token.end;
    }
    text.push_str(&source[last..]);
    text
}

/// Returns whether layout may come before a token of Go: a line may end where it ends no statement, or one that ended
/// there anyway. Comments above the import of C and in an example count.
fn is_free_in_go(source: &str, tokens: &[Token], at: usize, layout: &str) -> bool {
    let token = &tokens[at];
    let example = source.find("func Example").unwrap()..source.find("//go:linkname").unwrap();
    if token.start < source.find("import (").unwrap() || example.contains(&token.start) {
        return false;
    }
    let last = &tokens[at - 1];
    let text = &source[last.start..last.end];
    !layout.contains('\n')
        || token.start == token.end
        || last.kind == TokenKind::End
        || last.kind == TokenKind::Punctuation && ![")", "]", "}", "++", "--"].contains(&text)
}

/// Returns the functions of a source, each with where its braces stand.
fn bodies(language: Language, source: &str) -> Vec<(String, usize, usize)> {
    let line_starts: Vec<usize> =
        std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let code = tokens(language, source).unwrap();
    let units = cut(Some(language), source.as_bytes());
    let mut bodies = Vec::new();
    for unit in units.iter().filter(|unit| unit.kind == UnitKind::Function) {
        let (first, last) = (unit.lines.start as usize - 1, unit.lines.end as usize);
        let end = line_starts.get(last).copied().unwrap_or(source.len());
        // One line may hold several, of which nobody knows here which is which.
        let shares = units.iter().any(|other| {
            other.name != unit.name
                && other.kind == UnitKind::Function
                && other.lines.start <= unit.lines.end
                && unit.lines.start <= other.lines.end
        });
        let own = code.iter().filter(|token| (line_starts[first]..end).contains(&token.start));
        let own: Vec<&Token> = own.collect();
        let is = |token: &&&Token, text: &str| token.is(source.as_bytes(), text);
        let opens = own.iter().find(|token| is(token, "{"));
        let closes = own.iter().rfind(|token| is(token, "}"));
        if let (false, Some(opens), Some(closes)) = (shares, opens, closes) {
            bodies.push((unit.name.to_string(), opens.start, closes.end));
        }
    }
    bodies
}

fn check_units(language: Language, source: &str) -> Result<(), TestCaseError> {
    let units = cut(Some(language), source.as_bytes());
    prop_assert_eq!(&units, &cut(Some(language), source.as_bytes()));
    prop_assert!(!units.is_empty());
    let lines = source.lines().count().max(1) as u32;
    let mut names: Vec<_> = units.iter().map(|unit| &unit.name).collect();
    names.sort();
    prop_assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", names);
    for unit in &units {
        prop_assert!(unit.fingerprint.is_some());
        prop_assert!(unit.identifiers.is_sorted_by(|a, b| a < b));
        // Examples are said to stand nowhere, since they are all over the file.
        if unit.kind != UnitKind::Remainder && !is_documentation(unit) {
            prop_assert!(
                1 <= unit.lines.start && unit.lines.start <= unit.lines.end && unit.lines.end <= lines
            );
        }
    }
    Ok(())
}

/// Edits a source at the level of its tokens: takes one out, doubles it, or puts another in its place.
fn mutate(
    language: Language,
    source: &str,
    at: prop::sample::Index,
    from: prop::sample::Index,
    how: u8,
) -> String {
    let tokens: Vec<_> =
        tokens(language, source).unwrap().into_iter().filter(|token| !token.is_doc()).collect();
    let (token, other) = (at.get(&tokens), from.get(&tokens));
    let other = &source[other.start..other.end];
    let (before, text, after) =
        (&source[..token.start], &source[token.start..token.end], &source[token.end..]);
    match how {
        0 => format!("{before} {after}"),
        1 => format!("{before}{text} {text}{after}"),
        _ => format!("{before}{other}{after}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 20_000, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn layout_is_in_no_fingerprint(
        which in 0..SOURCES.len(),
        picks in prop::collection::vec(any::<bool>(), 1..40),
        layout in prop::sample::select(vec![" ", "\n", "\t\n ", "/* a */", " /* \" { */ ", " // it's { a\n"]),
    ) {
        let (language, source) = SOURCES[which];
        let text = spread(language, source, &picks, layout);
        prop_assert_eq!(super::changed(language, source, &text), [""; 0], "{}", text);
    }

    #[test]
    fn each_token_is_in_a_fingerprint(
        which in 0..SOURCES.len(),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        how in 0..3_u8,
    ) {
        let (language, source) = SOURCES[which];
        let text = mutate(language, source, at, from, how);
        check_units(language, &text)?;
        let texts = |source: &str| {
            let tokens = tokens(language, source)?;
            // What an example says in comments is nobody's business unless it is run.
            let facts = (language == Language::Go).then(|| go_facts(source.as_bytes())).flatten();
            let silent: Vec<_> = facts
                .into_iter()
                .flat_map(|facts| facts.tests)
                .filter(|test| test.kind == GoTestKind::SilentExample)
                .map(|test| test.lines.start..=test.lines.end)
                .collect();
            let counts = |t: &&Token| {
                let is_silent = || silent.iter().any(|lines| lines.contains(&t.line));
                // A semicolon more behind an item is nothing; anywhere else one is an error.
                let is_nothing = language == Language::Rust && &source[t.start..t.end] == ";";
                !(t.is_doc() || is_nothing || t.kind == TokenKind::Remark && is_silent())
            };
            // What ends a statement may be written or not.
            let text = |t: &Token| if t.kind == TokenKind::End { "" } else { &source[t.start..t.end] };
            Some(tokens.iter().filter(counts).map(|t| text(t).to_owned()).collect::<Vec<_>>())
        };
        if texts(source) != texts(&text) {
            prop_assert_ne!(fingerprints(language, source), fingerprints(language, &text), "{}", text);
        }
    }

    #[test]
    fn an_edit_inside_of_a_body_leaves_the_head(
        which in 0..SOURCES.len(),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        how in 0..3_u8,
    ) {
        let (language, source) = SOURCES[which];
        let bodies = bodies(language, source);
        let all = tokens(language, source).unwrap();
        let is_code = |token: &&Token| !token.is_doc() && token.kind != TokenKind::End;
        let edited: Vec<Token> = all.into_iter().filter(|token| is_code(&token)).collect();
        let token = at.get(&edited);
        let other = from.get(&edited);
        let other = &source[other.start..other.end];
        // Brackets decide where a body ends, and these words whether there is one.
        let keeps = |text: &str| {
            !text.contains(['(', ')', '[', ']', '{', '}', '#', '"', '`', '\'', '/', '!', '\\'])
                && !["impl", "mod", "extern", "asm", "line", "assert", "Caller", "struct", "enum", "union"].contains(&text)
        };
        let text = &source[token.start..token.end];
        prop_assume!(keeps(text) && keeps(other) && token.gap == Gap::Unseen || language == Language::Go && keeps(text) && keeps(other));
        let with = match how {
            0 => String::new(),
            1 => format!("{text} {text}"),
            _ => other.to_owned(),
        };
        let edit = format!("{} {with} {}", &source[..token.start], &source[token.end..]);
        // Of what is no program the grammar may think anything.
        let is_program = |text: &str| {
            language == Language::Go || parse(language, text.as_bytes()).is_some_and(|tree| !tree.root_node().has_error())
        };
        prop_assume!(is_program(&edit));
        let (before, after) = (fingerprints(language, source), fingerprints(language, &edit));
        let inside = bodies.iter().find(|(_, start, end)| (*start + 1..end - 1).contains(&token.start));
        for ((kind, name), then) in &before {
            let Some(now) = after.get(&(*kind, name.clone())).copied() else { continue };
            let (then, now) = (then.unwrap(), now.unwrap());
            if *kind != UnitKind::Function || then == now {
                continue;
            }
            let is_inside = inside.is_some_and(|(of, _, _)| of == &**name);
            if is_inside {
                prop_assert!(then.has_same_head(now), "{}: {}", name, edit);
            } else if bodies.iter().any(|(of, start, _)| of == &**name && token.start < *start) {
                prop_assert!(!then.has_same_head(now), "{}: {}", name, edit);
            }
        }
    }

    #[test]
    fn any_bytes_are_cut(bytes in prop::collection::vec(any::<u8>(), 0..400), which in 0..Language::ALL.len()) {
        prop_assert!(!cut(Some(Language::ALL[which]), &bytes).is_empty());
    }

    #[test]
    fn any_text_is_cut(
        words in prop::collection::vec(prop::sample::select(vec![
            "fn", "f", "(", ")", "{", "}", "\"", "'", "r#", "#", "!", "/*", "*/", "//", "\n", "\\", "\\\n", "impl", "<",
            ">", ";", "#if", "#else\n", "#endif\n", "#define", "class", "R\"(", ")\"", "::", "é", "0x", "1.", "///", "mod",
            "package p\n", "func", "import", "const (", "var", "=", "iota", "`", ",", "\"C\"", "//go:x\n", "//line a:1\n",
            "Example", "// Output:\n", "//go:linkname f g\n", "require", "h1:", "# m v1\n",
            "[package]\n", "[workspace]\n", "[dependencies]\n", "x = ", "\"1\"\n", "[[package]]\nname = \"a\"\nversion = \"1\"\n",
        ]), 0..60),
        glue in prop::sample::select(vec!["", " ", "\n"]),
        which in 0..Language::ALL.len(),
    ) {
        check_units(Language::ALL[which], &words.join(glue))?;
    }

    #[test]
    fn facts_of_any_text_agree_with_its_units(
        words in prop::collection::vec(prop::sample::select(vec![
            "func TestA(t *testing.T) {", "func ExampleA() {", "}\n", "\n", "// Output:\n", "import \"C\"\n", "var x = 1\n", "// a\n",
            "//line a:1\n", "f()", "(", ")", "/* b */", "import (", "\"a\"\n", "func (t T) TestB(", ";",
        ]), 0..20),
    ) {
        let source = format!("package p\n{}", words.concat());
        check_units(Language::Go, &source)?;
        let units = cut(Some(Language::Go), source.as_bytes());
        let facts = go_facts(source.as_bytes());
        prop_assert_eq!(facts.is_some(), units[0].kind != UnitKind::File);
        for test in facts.into_iter().flat_map(|facts| facts.tests) {
            prop_assert_eq!(units[test.unit].name.split('#').next(), Some(test.name.as_str()));
            prop_assert_eq!(units[test.unit].lines.end, test.lines.end);
        }
    }

    #[test]
    fn damaged_sources_are_cut(
        which in 0..SOURCES.len(),
        at in any::<prop::sample::Index>(),
        len in 0..60_usize,
        with in ".{0,6}",
    ) {
        let (language, source) = SOURCES[which];
        let start = at.index(source.len());
        let end = (start + len).min(source.len());
        if let (Some(before), Some(after)) = (source.get(..start), source.get(end..)) {
            check_units(language, &format!("{before}{with}{after}"))?;
        }
    }
}

#[test]
fn a_function_spans_its_body() {
    for (language, source) in SOURCES {
        for unit in cut(Some(language), source.as_bytes()) {
            if unit.kind == UnitKind::Function {
                let lines: Vec<_> = source.lines().collect();
                let text = lines[unit.lines.start as usize - 1..unit.lines.end as usize].join("\n");
                let has_body = text.contains('{') && text.trim_end().contains('}');
                // One of Go may be written in another language.
                let is_declared = language == Language::Go && text.contains("func ");
                assert!(has_body || is_declared, "{}: {text}", unit.name);
            }
        }
    }
}

/// Two readers that were written apart agree on what is a comment, in all that this repository has of Rust.
#[test]
fn the_grammar_sees_the_same_comments() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                let name = entry.file_name();
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                assert_eq!(
                    code_without_layout(&source),
                    grammar_without_layout(&source),
                    "{}",
                    path.display()
                );
                let units = cut(Some(Language::Rust), source.as_bytes());
                let is_cut = units[0].kind != UnitKind::File;
                assert!(is_cut || code_without_layout(&source).is_empty(), "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 50, "{files} files");
}

fn code_without_layout(source: &str) -> String {
    let tokens = lex::rust::tokens(source).unwrap();
    let code = tokens.iter().filter(|token| !token.is_doc()).map(|token| &source[token.start..token.end]);
    code.collect::<String>().split_whitespace().collect()
}

fn grammar_without_layout(source: &str) -> String {
    let tree = super::super::parse::parse(Language::Rust, source.as_bytes()).unwrap();
    let (mut cursor, mut code, mut last) = (tree.walk(), String::new(), 0);
    'tree: loop {
        let node = cursor.node();
        if node.kind().ends_with("_comment") {
            code.push_str(&source[last..node.start_byte()]);
            last = node.end_byte();
        } else if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'tree;
            }
        }
    }
    code.push_str(&source[last..]);
    code.split_whitespace().collect()
}
