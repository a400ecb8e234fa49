//! What tests ask with.

use std::collections::BTreeMap;

use crate::fingerprint::Identifier;
use crate::id::JobName;
use crate::index::{Evidence, Index};
use crate::path::RepoPath;
use crate::reach::{Edit, Language, Reach};
use crate::unit::{SourceFile, UnitKind};
use crate::variable::Variables;

use super::{PathRules, Policy, Present, Question, Selection, select};

/// A language in which everything is called by its name, and only names of functions can be trusted.
pub(crate) struct Plain;

impl Language for Plain {
    fn reach(&self, _: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Reach {
        match (kind, edit) {
            (UnitKind::Function, Edit::Body) => Reach::Nobody,
            (UnitKind::Function, Edit::Head) => Reach::Names(vec![Identifier::of(name)]),
            _ => Reach::Compiled,
        }
    }
}

/// Asks of every file that an index or the present has.
pub(crate) fn selected(
    index: &Index,
    job: &JobName,
    now: &BTreeMap<RepoPath, SourceFile>,
    variables: &Variables,
) -> Selection {
    let mut present: Present = index.files().iter().map(|file| (file.path.clone(), None)).collect();
    present.extend(now.iter().map(|(path, file)| (path.clone(), Some(file.clone()))));
    let question = Question {
        job,
        present: &present,
        opaque: &Default::default(),
        language: &Plain,
        policy: Policy::Balanced,
        variables,
        conditions: &|_| Vec::new(),
        rules: &PathRules::default(),
        never_skip: &[],
    };
    select(&[index as &dyn Evidence], &question)
}
