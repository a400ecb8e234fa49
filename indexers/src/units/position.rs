//! Names whose value is the place where they stand.
//!
//! A unit that mentions one of them changes its behaviour when it moves, so the places of its tokens go into its
//! fingerprint. So do those of units that call a macro of the same file that mentions one. What a macro of another file
//! sees cannot be told from one file: whoever asks an index follows these by name (`marks_of_macro`).

use super::lex::{Token, TokenKind};

/// How a name must stand to mean what the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Anywhere.
    Word,
    /// As a Rust macro: before `!`.
    Bang,
    /// As a C macro with parameters: before `(`.
    Call,
    /// Behind `Location::`.
    OfLocation,
    /// As a function of a package: behind a point or before `(`.
    Used,
}

/// The names of Rust.
pub(super) const RUST: [(&str, Use); 7] = [
    // The line it stands on.
    ("line", Use::Bang),
    // The column it stands at.
    ("column", Use::Bang),
    // The file it stands in. A file that is renamed is another file, but positions are seldom asked for alone.
    ("file", Use::Bang),
    // Prints file, line and column.
    ("dbg", Use::Bang),
    // Where the caller of the function stands, which in a function without `track_caller` is the very place.
    ("caller", Use::OfLocation),
    // Its body may hand its own place on to others that track their callers.
    ("track_caller", Use::Word),
    // Lists the places of all callers.
    ("Backtrace", Use::Word),
];

/// The names of C and C++.
pub(super) const C: [(&str, Use); 9] = [
    // The line it stands on.
    ("__LINE__", Use::Word),
    // The file it stands in.
    ("__FILE__", Use::Word),
    // How often it was mentioned before.
    ("__COUNTER__", Use::Word),
    // The compilers' ways to the same.
    ("__builtin_LINE", Use::Word),
    ("__builtin_FILE", Use::Word),
    ("__builtin_COLUMN", Use::Word),
    // What C++20 has instead.
    ("source_location", Use::Word),
    // Prints file and line before it aborts, which death tests compare.
    ("assert", Use::Call),
    // All frames with their lines.
    ("stacktrace", Use::Word),
];

/// The names of Go.
///
/// Here functions take the part of macros: those of the same file that mention one of these hand on their callers'
/// places.
pub(super) const GO: [(&str, Use); 16] = [
    // The places of callers, of which the function itself may be one.
    ("Caller", Use::Word),
    ("Callers", Use::Word),
    ("CallersFrames", Use::Word),
    // Where a function begins, and closures by their number.
    ("FuncForPC", Use::Word),
    // All frames with their lines. Many types are called so that hold something else.
    ("Stack", Use::Used),
    ("PrintStack", Use::Word),
    // The standard loggers' ways to say where they were called.
    ("Lshortfile", Use::Word),
    ("Llongfile", Use::Word),
    ("AddSource", Use::Word),
    // The most used other loggers' ways to the same.
    ("SetReportCaller", Use::Word),
    ("ReportCaller", Use::Word),
    ("AddCaller", Use::Word),
    ("WithCaller", Use::Word),
    ("AddStacktrace", Use::Word),
    ("DefaultCaller", Use::Word),
    ("CallerInfo", Use::Word),
];

/// Returns the name that makes the token at `at` one that knows its position, if it stands as `used` says.
pub(super) fn stands_as(used: Use, tokens: &[Token], at: usize, source: &[u8]) -> bool {
    let is = |at: Option<usize>, text: &str| {
        at.and_then(|at| tokens.get(at)).is_some_and(|token| token.is(source, text))
    };
    tokens[at].kind == TokenKind::Word
        && match used {
            Use::Word => true,
            Use::Bang => is(at.checked_add(1), "!"),
            Use::Call => is(at.checked_add(1), "("),
            Use::Used => is(at.checked_add(1), "(") || is(at.checked_sub(1), "."),
            Use::OfLocation => is(at.checked_sub(1), "::") && is(at.checked_sub(2), "Location"),
        }
}
