//! Go: which declarations are units, and what they are called.
//!
//! At the top of a file Go is regular: a declaration begins with one of five keywords and ends with the statement's
//! end outside of all brackets. So the tokens alone say where each begins and ends, and no syntax tree is needed. A
//! file whose tokens do not read like that compiles nowhere and is one unit.
//!
//! # Units and their names
//!
//! | Unit | Kind | Name |
//! |---|---|---|
//! | package clause, build constraints, whatever belongs to no declaration | item | `package p` |
//! | import | item | `import "fmt"`, `import m "math"`, `import _ "embed"`, `import . "strings"` |
//! | spec of a const, var or type declaration, each by itself | item | `const A`, `var x, y`, `type T` |
//! | variable whose initialiser does more than make a value | item | `var x = run()` |
//! | function | function | `Name` |
//! | method | function | `T.Name`, `(*T).Name`; parameters of types are left out |
//! | `init` | item, for it runs in each process that links the package | `init` |
//! | function or variable that a `//go:linkname` names | as above | `linkname Name` |
//!
//! Those of one name are numbered (`init#2`). A spec is the same alone and in a group, so that making a group of an
//! import changes nothing. The keyword of a declaration and the brackets of a group are in no unit: what they say is
//! in the name of the unit and in its fingerprint.
//!
//! # What is in a fingerprint beside the tokens
//!
//! - A const that repeats the expression before it holds that expression, and one whose expression mentions `iota`
//!   its place in the group. So to append to an enumeration changes nothing but its end.
//! - A variable whose initialiser may call something knows which one ran before it.
//! - Directives belong to the declaration that follows, `//go:linkname` to the one that it names.
//! - All comments of an example that says what it prints, with the empty lines between them.
//! - The C code above `import "C"`, as it stands.
//! - All `//line` directives before it. Coverage of what follows one is in other lines, or in another file, than the
//!   unit: [`GoFacts`](super::go_facts::GoFacts) tells.
//!
//! The order of imports is not: since Go 1.21 packages are initialised in the order of their paths.

mod describe;
mod outline;
mod place;

use skiptrace_engine::unit::Unit;

use super::assemble::{self, Grammar, Literals, Members, Returns};
use super::lex;
use super::position::{self, Use};
pub(super) use describe::ACTS;
pub(super) use outline::{Outline, What, closing};
pub(super) use place::LINKED;
use place::Placed;

const GO: Grammar = Grammar {
    positions: &position::GO,
    macro_use: Use::Word,
    keywords: &[
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "package",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
    ],
    returns: Returns::NothingInBackquotes,
    literals: Literals::Holes,
    members: Members::Alike,
};

/// Returns the units of a file, in the order of their declarations, which is that of the outline.
pub(super) fn cut(source: &[u8]) -> Option<Vec<Unit>> {
    let tokens = lex::go::tokens(source)?;
    let outline = Outline::of(source, &tokens)?;
    let placed = Placed::of(source, &tokens, &outline);
    Some(assemble::units(source, &tokens, &placed.pieces, &placed.of_piece, &placed.contexts, &GO))
}
