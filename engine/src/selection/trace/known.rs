//! Files that an index has.

use std::collections::BTreeSet;

use crate::codec::CodecError;
use crate::id::SetId;
use crate::index::Rule;
use crate::index::evidence::FileView;
use crate::kind::Granularity;
use crate::path::RepoPath;
use crate::reach::Edit;
use crate::selection::Now;
use crate::selection::change::Change;
use crate::selection::compare::Differences;
use crate::selection::reason::Reason;
use crate::selection::rules::Then;
use crate::selection::spread::executed;
use crate::unit::SourceFile;

use super::Tracer;

impl Tracer<'_> {
    /// Takes a file that the index has, with the rules of the index that are about it.
    pub(super) fn known(
        &mut self,
        path: &RepoPath,
        now: &Now,
        view: &FileView,
        rules: &[&Rule],
    ) -> Result<(), CodecError> {
        let source = now.source.as_ref();
        let differences = Differences::of(view, source);
        // To those whose recording did not know a rule, what it stands for is unknown.
        let mut seen = vec![view.file.seen];
        if !now.has_changed && differences.is_nothing() {
            self.unseen(path, view, &differences, seen);
            // Who read it may have read what is in no unit of it.
            if !view.has_bytes_of(source) {
                self.wanted.add(Reason::Opened(path.clone()), vec![view.file.opened]);
            }
            return Ok(());
        }
        self.rules_of_index(path, rules);
        seen.extend(rules.iter().map(|rule| rule.seen));
        // Evidence wins over a rule that says that nobody depends on the path.
        if let Some(rule) = self.question.rules.find(path).filter(|rule| !matches!(rule.then, Then::Ignore)) {
            self.rule(path, rule)?;
        }
        let is_function = self.part.kind().granularity == Granularity::Function;
        if is_function && source.is_none() {
            self.sought(path)?;
        }
        // Who read the file read every byte of it.
        self.wanted.add(Reason::Opened(path.clone()), vec![view.file.opened]);
        if !is_function || view.is_by_blob() {
            self.wanted.add_all_without(Reason::Unseen(path.clone()), vec![view.file.seen]);
            self.whole(path, source, view);
            return Ok(());
        }
        self.unseen(path, view, &differences, seen);
        self.units(path, source, view, &differences)
    }

    /// Takes the tests to which a file is new, or what is in it now.
    fn unseen(&mut self, path: &RepoPath, view: &FileView, differences: &Differences<'_>, seen: Vec<SetId>) {
        let reason = || Reason::Unseen(path.clone());
        self.wanted.add_all_without(reason(), seen);
        // Who saw that nothing was there knows nothing of what is.
        if differences.is_there {
            let known: BTreeSet<SetId> = view.units.iter().map(|unit| unit.seen).collect();
            self.wanted.add_without(reason(), view.file.seen, known.into_iter().collect());
        }
        let concerned = if view.file.compiled == SetId::EMPTY { view.file.seen } else { view.file.compiled };
        for seen in differences.seen.iter().collect::<BTreeSet<_>>() {
            self.wanted.add_without(reason(), concerned, seen.clone());
        }
    }

    /// Takes a file whose units tell what changed.
    fn units(
        &mut self,
        path: &RepoPath,
        now: Option<&SourceFile>,
        view: &FileView,
        differences: &Differences<'_>,
    ) -> Result<(), CodecError> {
        let mut differs = now.is_none();
        for former in &differences.former {
            let unit = former.unit;
            let change = Change::of_unit(path, unit.kind, &unit.name, former.edit);
            differs |= unit.listed.is_some();
            self.wanted.add(Reason::Executed(change.clone()), vec![unit.own, unit.shared]);
            if unit.listed.is_some() {
                self.traced.changes.insert(change.clone());
            }
            self.edit(change, Some(unit), Some(view))?;
        }
        for (kind, name) in &differences.added {
            differs = true;
            let change = Change::of_unit(path, *kind, name, Edit::Added);
            self.traced.changes.insert(change.clone());
            self.edit(change, None, Some(view))?;
        }
        if differs {
            let change = Change::of_file(path, if now.is_none() { Edit::Removed } else { Edit::Head });
            for unit in &differences.unplaced {
                self.wanted.add(Reason::Executed(change.clone()), vec![unit.own, unit.shared]);
            }
            if now.is_none() {
                self.traced.changes.insert(change.clone());
                self.wanted.add(Reason::Compiled(change), vec![view.file.compiled]);
            }
        }
        Ok(())
    }

    /// Takes a file of which nobody knows what is in it.
    fn whole(&mut self, path: &RepoPath, now: Option<&SourceFile>, view: &FileView) {
        let change = Change::of_file(path, if now.is_none() { Edit::Removed } else { Edit::Head });
        self.traced.changes.insert(change.clone());
        self.wanted.add(Reason::Executed(change.clone()), executed(view));
        self.wanted.add(Reason::Compiled(change), vec![view.file.compiled]);
    }
}
