//! What shows of code that nobody executes.
//!
//! The compiler decides by all of a function what is made of it, and of whoever calls it: whether a value is where its
//! owner is or has to be asked memory for, how large a future is that awaits others. A test that asks how much memory is
//! asked for, or how large a value is, sees an edit of a function that is never executed, by however many calls.

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::UnitRecord;
use crate::index::evidence::FileView;
use crate::selection::change::Change;
use crate::selection::reason::Reason;

use super::{Tracer, place_of};

impl Tracer<'_> {
    /// Takes an edit of a unit; `view` is what the index has of its file, unless that is new, and `former` what it had of
    /// the unit, where it did.
    pub(super) fn weighed(
        &mut self,
        change: &Change,
        former: Option<&UnitRecord>,
        view: Option<&FileView>,
    ) -> Result<(), CodecError> {
        let Some(weighed) = self.question.language.weighed(&change.file) else { return Ok(()) };
        let shows = match &weighed.only {
            Some(mark) => self.is_marked(change, former, view, mark)?,
            None => true,
        };
        if !shows {
            return Ok(());
        }
        let looking = self.looking(weighed.by)?;
        if !looking.is_empty() {
            let compiled = self.compiled_from(change, view)?;
            self.wanted.add_each(Reason::Weighed(change.clone()), [compiled, looking]);
        }
        Ok(())
    }

    /// Returns who executed something that mentions one of some names; found out once.
    fn looking(&mut self, by: Vec<Identifier>) -> Result<Vec<SetId>, CodecError> {
        if let Some(known) = self.looking.get(&by) {
            return Ok(known.clone());
        }
        let found = self.spreader.follow(&by, None)?.sets;
        self.looking.insert(by, found.clone());
        Ok(found)
    }

    /// Returns whether a unit mentions a mark, or did.
    fn is_marked(
        &mut self,
        change: &Change,
        former: Option<&UnitRecord>,
        view: Option<&FileView>,
        mark: &Identifier,
    ) -> Result<bool, CodecError> {
        if self.versions(change).any(|unit| unit.identifiers.contains(mark)) {
            return Ok(true);
        }
        let Some((former, view)) = former.zip(view) else { return Ok(false) };
        match place_of(former, view) {
            Some(place) => self.spreader.is_mentioned_at(mark, &view.file.path, place),
            None => Ok(false),
        }
    }
}
