//! What a recorder must know of a Go file beside its units.

use skiptrace_engine::unit::LineSpan;

use super::go::{Outline, What, closing};
use super::lex::{self, Gap, Token, TokenKind};

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoFacts {
    /// The name in its package clause.
    pub package: String,
    /// What the go tool runs out of it, if it is a file of tests, in the order of the file.
    pub tests: Vec<GoTest>,
    /// What it imports, in the order of the file.
    pub imports: Vec<GoImport>,
    /// Whether a `//line` directive says that what follows stands elsewhere. Coverage of such a file is in other
    /// lines than its units, or in other files.
    pub has_line_directive: bool,
    /// Whether it imports `C`, so that it is only compiled with cgo, from a copy that cgo makes.
    pub imports_c: bool,
    /// The line of the package clause; build constraints stand before it.
    pub header_end_line: u32,
    /// The build constraints, `//go:build` and older ones, as they stand, in the order of the file.
    pub constraints: Vec<String>,
}

/// A function that the go tool runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoTest {
    /// The function's name, which is the test's.
    pub name: String,
    /// What it is.
    pub kind: GoTestKind,
    /// Its unit, counted in what [`cut`](super::cut) returns for the same file.
    pub unit: usize,
    /// The lines of its unit.
    pub lines: LineSpan,
}

/// What the go tool runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoTestKind {
    /// `TestXxx(*testing.T)`.
    Test,
    /// `BenchmarkXxx(*testing.B)`.
    Benchmark,
    /// `FuzzXxx(*testing.F)`.
    Fuzz,
    /// `ExampleXxx()` with a comment that says what it prints. It is run.
    Example,
    /// `ExampleXxx()` without one. It is compiled and not run.
    SilentExample,
    /// `TestMain(*testing.M)`, which is no test: it runs around all of them.
    Main,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoImport {
    /// The name before its path: `_`, `.`, or another.
    pub name: Option<String>,
    /// Its path.
    pub path: String,
}

/// Returns what a file says of itself, `None` if it is one unit because it does not read like Go.
pub fn go_facts(source: &[u8]) -> Option<GoFacts> {
    if source.len() > super::LARGEST {
        return None;
    }
    let tokens = lex::go::tokens(source)?;
    let outline = Outline::of(source, &tokens)?;
    let file = File { source, tokens: &tokens };
    let text = |at: usize| String::from_utf8_lossy(tokens[at].text(source)).into_owned();
    let package = outline.declarations.first()?;
    let package_at = tokens[package.tokens.start];
    let mut facts = GoFacts {
        package: text(package.tokens.end - 1),
        tests: Vec::new(),
        imports: Vec::new(),
        has_line_directive: tokens
            .iter()
            .any(|token| token.kind == TokenKind::Remark && lex::go::is_line_directive(token.text(source))),
        imports_c: false,
        header_end_line: package_at.line,
        constraints: constraints(&source[..package_at.start]),
    };
    for (unit, declaration) in outline.declarations.iter().enumerate() {
        let code: Vec<usize> =
            declaration.tokens.clone().filter(|at| tokens[*at].kind != TokenKind::Remark).collect();
        match declaration.what {
            What::Import => {
                let path = text(*code.last()?);
                let path = path.trim_matches(['"', '`']).to_owned();
                facts.imports_c |= path == "C";
                facts.imports.push(GoImport { name: (code.len() > 1).then(|| text(code[0])), path });
            }
            What::Function { name, receiver: None } => {
                if let Some(kind) = file.kind(name, &code) {
                    let (first, last) = (&tokens[*code.first()?], &tokens[*code.last()?]);
                    let lines = LineSpan { start: first.line, end: last.last_line(source) };
                    facts.tests.push(GoTest { name: text(name), kind, unit, lines });
                }
            }
            _ => {}
        }
    }
    Some(facts)
}

/// Returns whether `TestMain`, if it is in this file, may do anything after the tests but leave with what came of them.
///
/// Counters are written as soon as the tests have run, so whatever is called later has none that says so.
pub fn acts_after_tests(source: &[u8]) -> bool {
    let Some(tokens) = lex::go::tokens(source) else { return true };
    let Some(outline) = Outline::of(source, &tokens) else { return true };
    let file = File { source, tokens: &tokens };
    let imports_goleak = outline.declarations.iter().any(|declaration| {
        let code = || declaration.tokens.clone().filter(|at| tokens[*at].kind != TokenKind::Remark);
        let is_keyword = |at: &usize| file.text(*at) == b"import";
        declaration.what == What::Import
            && code()
                .filter(|at| !is_keyword(at))
                .map(|at| file.text(at))
                .eq([&b"\"go.uber.org/goleak\""[..]])
    });
    outline.declarations.iter().any(|declaration| {
        let What::Function { name, receiver: None } = declaration.what else { return false };
        let code: Vec<usize> =
            declaration.tokens.clone().filter(|at| tokens[*at].kind != TokenKind::Remark).collect();
        file.kind(name, &code) == Some(GoTestKind::Main) && {
            let text = |at: &usize| match tokens[*at].kind {
                TokenKind::End => &b";"[..],
                _ => file.text(*at),
            };
            let texts: Vec<&[u8]> = code.iter().skip_while(|at| **at <= name).map(text).collect();
            !only_leaves(&texts, imports_goleak)
        }
    })
}

/// Returns whether nothing but `os.Exit` comes after `m.Run()` in a function of these tokens, which begin with its
/// parameters, and nothing but `m.Run()` is done with `m`. `goleak.VerifyTestMain(m)` does no more of the repository's
/// than that.
fn only_leaves(texts: &[&[u8]], imports_goleak: bool) -> bool {
    let [_, m, ..] = texts else { return false };
    let Some(open) = texts.iter().position(|text| *text == b"{") else { return false };
    let body = &texts[open..];
    let mut uses = (0..body.len()).filter(|at| body[*at] == *m);
    let (Some(at), None) = (uses.next(), uses.next()) else { return false };
    // What stands before it may run after it in a loop, or when the function is left.
    if body.iter().any(|text| matches!(*text, b"defer" | b"for" | b"goto")) {
        return false;
    }
    let (result, rest) = match (&body[..at], &body[at + 1..]) {
        ([before @ .., b"goleak", b".", b"VerifyTestMain", b"("], rest) if imports_goleak => {
            let begins = matches!(before.last(), Some(&(b"{" | b"}" | b";")));
            match (begins, behind_goleak(rest)) {
                (true, Some(rest)) => (None, rest),
                _ => return false,
            }
        }
        // `code := m.Run()`, `os.Exit(m.Run())`.
        ([.., result, b":=" | b"="], [b".", b"Run", b"(", b")", rest @ ..]) => (Some(*result), rest),
        (
            [.., b"{" | b"}" | b";" | b"return"] | [.., b"os", b".", b"Exit", b"("],
            [b".", b"Run", b"(", b")", rest @ ..],
        ) => (None, rest),
        _ => return false,
    };
    let is_known = |text: &&[u8]| {
        matches!(*text, b"os" | b"." | b"Exit" | b"(" | b")" | b"return" | b"}" | b";")
            || Some(*text) == result
    };
    rest.iter().all(is_known)
}

/// Returns what follows a call of goleak, given what follows its first argument: options that leave goroutines alone. Other
/// options call what they are given.
fn behind_goleak<'t>(mut rest: &'t [&'t [u8]]) -> Option<&'t [&'t [u8]]> {
    loop {
        rest = match rest {
            [b")", rest @ ..] | [b",", b")", rest @ ..] => return Some(rest),
            [b",", b"goleak", b".", option, b"(", rest @ ..] if option.starts_with(b"Ignore") => match rest {
                [b")", rest @ ..] => rest,
                [text, b")", rest @ ..] if text.starts_with(b"\"") => rest,
                _ => return None,
            },
            _ => return None,
        };
    }
}

fn constraints(header: &[u8]) -> Vec<String> {
    let header = String::from_utf8_lossy(header);
    let is_constraint = |line: &&str| {
        let said = line.strip_prefix("//").unwrap_or_default();
        said.starts_with("go:build ") || said.trim_start().starts_with("+build ")
    };
    header.lines().map(str::trim).filter(is_constraint).map(str::to_owned).collect()
}

struct File<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
}

impl File<'_> {
    fn text(&self, at: usize) -> &[u8] {
        self.tokens[at].text(self.source)
    }

    /// Returns what the go tool takes a function for. Its tests refuse to build if one is called like a test and
    /// has other parameters, so that those need no kind.
    fn kind(&self, name: usize, code: &[usize]) -> Option<GoTestKind> {
        let called = std::str::from_utf8(self.text(name)).ok()?;
        let open = *code.iter().find(|at| **at > name)?;
        // What has parameters of types is no test.
        if self.text(open) != b"(" {
            return None;
        }
        let close = closing(self.source, self.tokens, open)?;
        let inside: Vec<&[u8]> =
            code.iter().filter(|at| open < **at && **at < close).map(|at| self.text(*at)).collect();
        let has_result = code.iter().find(|at| **at > close).is_some_and(|at| self.text(*at) != b"{");
        if has_result {
            return None;
        }
        let takes = |what: &[u8]| takes(&inside, what);
        if called == "TestMain" && takes(b"M") {
            Some(GoTestKind::Main)
        } else if is_called(called, "Test") && takes(b"T") {
            Some(GoTestKind::Test)
        } else if is_called(called, "Benchmark") && takes(b"B") {
            Some(GoTestKind::Benchmark)
        } else if is_called(called, "Fuzz") && takes(b"F") {
            Some(GoTestKind::Fuzz)
        } else if is_called(called, "Example") && inside.is_empty() {
            let body = *code.iter().find(|at| **at > close)?;
            let end = *code.last()?;
            let runs = self.says_what_it_prints(body, end);
            Some(if runs { GoTestKind::Example } else { GoTestKind::SilentExample })
        } else {
            None
        }
    }

    /// Returns whether the last comments between two tokens say what an example prints.
    fn says_what_it_prints(&self, open: usize, close: usize) -> bool {
        let is_remark = |at: &usize| self.tokens[*at].kind == TokenKind::Remark;
        let Some(last) = (open..close).rev().find(is_remark) else { return false };
        let mut first = last;
        // Comments without an empty line or code between them are one; one behind code is not of those below it.
        while first > open + 1
            && is_remark(&(first - 1))
            && self.tokens[first].gap != Gap::Layout
            && !(self.tokens[first].gap == Gap::Unseen && self.follows_code(first - 1))
        {
            first -= 1;
        }
        let text: String = (first..=last).map(|at| comment_text(self.text(at))).collect();
        let said = text.trim_start().to_ascii_lowercase();
        said.starts_with("output:") || said.starts_with("unordered output:")
    }

    /// Returns whether a comment stands on the line of the code before it.
    fn follows_code(&self, mut at: usize) -> bool {
        while self.tokens[at].kind == TokenKind::Remark && self.tokens[at].gap == Gap::None && at > 0 {
            at -= 1;
        }
        self.tokens[at].kind != TokenKind::Remark
    }
}

/// Returns what a comment says to readers of the documentation: directives say nothing.
fn comment_text(comment: &[u8]) -> String {
    let text = String::from_utf8_lossy(comment).into_owned();
    if let Some(block) = text.strip_prefix("/*") {
        return format!("{}\n", block.strip_suffix("*/").unwrap_or(block));
    }
    let line = text.strip_prefix("//").unwrap_or(&text);
    let is_directive = ["line ", "extern ", "export "].iter().any(|word| line.starts_with(word))
        || line.split_once(':').is_some_and(|(before, after)| {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !before.is_empty() && before.chars().all(is_plain) && after.chars().next().is_some_and(is_plain)
        });
    if is_directive { String::new() } else { format!("{line}\n") }
}

/// Returns whether the only parameter is a pointer to `what`, of whatever package.
fn takes(parameters: &[&[u8]], what: &[u8]) -> bool {
    let parameters = parameters.strip_suffix(&[&b","[..]]).unwrap_or(parameters);
    let Some(star) = parameters.iter().position(|text| *text == b"*").filter(|star| *star <= 1) else {
        return false;
    };
    match &parameters[star + 1..] {
        [name] => *name == what,
        [_, point, name] => *point == b"." && *name == what,
        _ => false,
    }
}

/// Returns whether a name is that of a test: the prefix and something that begins with no small letter.
fn is_called(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.chars().next().is_none_or(|first| !is_small(first)))
}

/// Returns whether Go counts a letter as a small one, which it does by its category alone.
pub(super) fn is_small(letter: char) -> bool {
    // Small by another property, and modifiers or other letters by category.
    const OTHERS: [(char, char); 22] = [
        ('\u{aa}', '\u{aa}'),
        ('\u{ba}', '\u{ba}'),
        ('\u{2b0}', '\u{2b8}'),
        ('\u{2c0}', '\u{2c1}'),
        ('\u{2e0}', '\u{2e4}'),
        ('\u{37a}', '\u{37a}'),
        ('\u{10fc}', '\u{10fc}'),
        ('\u{1d2c}', '\u{1d6a}'),
        ('\u{1d78}', '\u{1d78}'),
        ('\u{1d9b}', '\u{1dbf}'),
        ('\u{2071}', '\u{2071}'),
        ('\u{207f}', '\u{207f}'),
        ('\u{2090}', '\u{209c}'),
        ('\u{2c7c}', '\u{2c7d}'),
        ('\u{a69c}', '\u{a69d}'),
        ('\u{a770}', '\u{a770}'),
        ('\u{a7f1}', '\u{a7f4}'),
        ('\u{a7f8}', '\u{a7f9}'),
        ('\u{ab5c}', '\u{ab5f}'),
        ('\u{ab69}', '\u{ab69}'),
        ('\u{10780}', '\u{107ba}'),
        ('\u{1e030}', '\u{1e06d}'),
    ];
    letter.is_lowercase() && !OTHERS.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}
