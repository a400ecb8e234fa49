//! A file as one unit.

use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::unit::{LineSpan, Unit, UnitKind};

use super::assemble::INCLUDES;
use super::lex::words;

/// Returns `source` as one unit, recognised by its bytes.
///
/// If it is source code that could not be cut, it mentions every word in it, so that what changes elsewhere still
/// finds it.
pub(super) fn whole(source: &[u8], is_code: bool) -> Unit {
    let line_ends = source.iter().filter(|byte| **byte == b'\n').count();
    let last_is_open = source.last().is_some_and(|byte| *byte != b'\n');
    let end = u32::try_from(line_ends + usize::from(last_is_open)).unwrap_or(u32::MAX).max(1);
    let mut identifiers: Vec<Identifier> = Vec::new();
    if is_code {
        for word in words(source) {
            let word = String::from_utf8_lossy(word);
            identifiers.extend([Identifier::of(&word), Identifier::of_member(&word)]);
        }
        // It may do whatever a unit may say of itself that it does.
        identifiers.push(Identifier::of(INCLUDES));
        identifiers.sort_unstable();
        identifiers.dedup();
    }
    Unit {
        kind: UnitKind::File,
        name: "".into(),
        lines: LineSpan { start: 1, end },
        fingerprint: Some(Fingerprint::of(source)),
        identifiers,
    }
}
