//! Which tokens are in which unit, and what is said of it beside them.

use skiptrace_engine::fingerprint::Fingerprint;

use super::super::lex::{self, Token};
use super::super::names::Namer;
use super::super::outline::{Piece, name_apart};
use super::super::position;
use super::describe::File;
use super::outline::{Outline, What};

/// What the name of something begins with that is called by another name elsewhere.
pub(in super::super) const LINKED: &str = "linkname ";

/// The pieces of a file with their tokens.
pub(super) struct Placed {
    pub(super) pieces: Vec<Piece>,
    /// Those of no piece, of which there are none, come last.
    pub(super) of_piece: Vec<Vec<usize>>,
    pub(super) contexts: Vec<Fingerprint>,
}

impl Placed {
    pub(super) fn of(source: &[u8], tokens: &[Token], outline: &Outline) -> Placed {
        let namer = Namer::new(source, tokens);
        let file = File { source, tokens, namer: &namer, declarations: &outline.declarations };
        let n_pieces = outline.declarations.len();
        let mut placed = Placed {
            pieces: Vec::with_capacity(n_pieces),
            of_piece: Vec::with_capacity(n_pieces + 1),
            contexts: Vec::with_capacity(n_pieces),
        };
        let mut linknames = Vec::new();
        // What a const without an expression repeats.
        let mut repeated = 0..0;
        let mut after_last = 0;
        let mut lines = Fingerprint(0);
        for (at, declaration) in outline.declarations.iter().enumerate() {
            let mut piece = file.piece(at);
            let mut owned = Vec::with_capacity(declaration.tokens.len());
            for remark in file.remarks(after_last..declaration.tokens.start) {
                if file.text(remark).starts_with(b"//go:linkname") {
                    linknames.push(remark);
                } else {
                    piece.start = piece.start.min(tokens[remark].start);
                    owned.push(remark);
                }
            }
            owned.extend(declaration.tokens.clone());
            if matches!(declaration.what, What::Function { .. }) && !file.says_what_it_prints(declaration) {
                owned.retain(|token| !file.is_mere_comment(*token));
            }
            let mut context = vec![file.keyword(declaration)];
            if declaration.what == What::Const {
                file.const_spec(declaration, &mut repeated, &mut owned, &mut context);
            }
            for line in file.remarks(after_last..declaration.tokens.end) {
                let text = file.text(line);
                if lex::go::is_line_directive(text) {
                    lines = Fingerprint::combine([("", lines), ("directive", Fingerprint::of(text))]);
                }
            }
            context.extend(lines.0.to_le_bytes());
            if declaration.what == What::Import
                && piece.verbatim.is_some_and(|at| knows_its_line(&source[at.0..at.1]))
            {
                context.extend(tokens[declaration.tokens.start].line.to_le_bytes());
            }
            after_last = declaration.tokens.end;
            placed.pieces.push(piece);
            placed.of_piece.push(owned);
            placed.contexts.push(Fingerprint::of(&context));
        }
        // What nothing follows is said of the package.
        let rest: Vec<usize> = file.remarks(after_last..tokens.len()).collect();
        let declared = file.declared();
        for remark in rest.into_iter().chain(linknames) {
            let linked = file.text(remark).strip_prefix(b"//go:linkname");
            let name = linked.and_then(|linked| linked.trim_ascii().split(u8::is_ascii_whitespace).next());
            let owner = name.and_then(|name| declared.get(name)).copied().unwrap_or(0);
            placed.of_piece[owner].push(remark);
            // Others call it by that name, or it is another's.
            if owner > 0 && !placed.pieces[owner].name.starts_with(LINKED) {
                placed.pieces[owner].name.insert_str(0, LINKED);
            }
        }
        name_apart(&mut placed.pieces);
        placed.of_piece.push(Vec::new());
        placed
    }
}

/// Returns whether code in C asks where it stands.
fn knows_its_line(code: &[u8]) -> bool {
    lex::words(code).any(|word| position::C.iter().any(|(name, _)| name.as_bytes() == word))
}
