//! What the place of a unit among the others means.
//!
//! Functions and items may stand in any order, and moving one changes nothing. Directives of the preprocessor and
//! macros act on what comes after them, and the variables of a Go file are set one after the other.

use std::collections::HashMap;

use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::unit::UnitKind;

use super::outline::{Order, Piece};

/// Reads pieces in order, for those whose place among the others matters.
pub(super) struct Reading {
    /// For each macro of the file, who mentioned it so far.
    mentions: HashMap<Identifier, Fingerprint>,
    directives: Fingerprint,
    /// What ran last.
    ran: Fingerprint,
    functions: u64,
    all: u64,
}

impl Reading {
    pub(super) fn of(pieces: &[Piece]) -> Reading {
        let macros = pieces.iter().filter_map(|piece| match &piece.order {
            Order::Macro(name) => Some((Identifier::of(name), Fingerprint(0))),
            _ => None,
        });
        Reading {
            mentions: macros.collect(),
            directives: Fingerprint(0),
            ran: Fingerprint(0),
            functions: 0,
            all: 0,
        }
    }

    /// Appends what `piece` finds before it.
    pub(super) fn read(&self, piece: &Piece, bytes: &mut Vec<u8>) {
        match &piece.order {
            Order::Free | Order::Called(_) => {}
            // The name of the last one tells of any two whether they changed places, without telling everything
            // behind a new one that it is there.
            Order::Run => bytes.extend_from_slice(&self.ran.0.to_le_bytes()),
            Order::Macro(name) => {
                let mentions = self.mentions.get(&Identifier::of(name)).copied().unwrap_or(Fingerprint(0));
                bytes.extend_from_slice(&mentions.0.to_le_bytes());
            }
            Order::Include => {
                bytes.extend_from_slice(&self.directives.0.to_le_bytes());
                bytes.extend_from_slice(&self.functions.to_le_bytes());
            }
            Order::Pragma => {
                bytes.extend_from_slice(&self.directives.0.to_le_bytes());
                bytes.extend_from_slice(&self.all.to_le_bytes());
            }
        }
    }

    /// Notes that `piece` was read.
    pub(super) fn note(&mut self, piece: &Piece, fingerprint: Fingerprint, identifiers: &[Identifier]) {
        if !self.mentions.is_empty() {
            for identifier in identifiers {
                if let Some(mentions) = self.mentions.get_mut(identifier) {
                    let mut bytes = mentions.0.to_le_bytes().to_vec();
                    bytes.extend_from_slice(piece.name.as_bytes());
                    *mentions = Fingerprint::of(&bytes);
                }
            }
        }
        if piece.order == Order::Run {
            self.ran = Fingerprint::of(piece.name.as_bytes());
        } else if !matches!(piece.order, Order::Free | Order::Called(_)) {
            let mut bytes = self.directives.0.to_le_bytes().to_vec();
            bytes.extend_from_slice(&fingerprint.0.to_le_bytes());
            self.directives = Fingerprint::of(&bytes);
        }
        self.functions += u64::from(piece.kind == UnitKind::Function);
        self.all += 1;
    }
}
