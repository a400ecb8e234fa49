//! What tests ask with.

use std::collections::BTreeMap;

use crate::fingerprint::Identifier;
use crate::id::JobName;
use crate::index::{Evidence, Index};
use crate::path::RepoPath;
use crate::reach::{Arrival, Edit, Language, Reach};
use crate::unit::{SourceFile, Unit, UnitKind};
use crate::variable::Variables;

use super::{Now, PathRules, Policy, Present, Question, Selection, select};

/// A language in which everything is called by its name, and only names of functions can be trusted.
pub(crate) struct Plain;

impl Language for Plain {
    fn arrival(&self, _: &SourceFile) -> Arrival {
        Arrival::Whoever(Vec::new())
    }

    fn brings_in(&self, _: &RepoPath, _: &str) -> Option<(Vec<RepoPath>, Identifier)> {
        None
    }

    fn is_apart(&self, _: &RepoPath, _: &Unit) -> bool {
        false
    }

    fn marks_of_caller(&self) -> Vec<Vec<Identifier>> {
        Vec::new()
    }

    fn marks_of_macro(&self) -> Vec<Identifier> {
        Vec::new()
    }

    fn macro_name(&self, _: &RepoPath, _: UnitKind, _: &str) -> Option<Identifier> {
        None
    }

    fn marks_of_everywhere(&self) -> Vec<Identifier> {
        Vec::new()
    }

    fn mark_of_evaluation(&self) -> Identifier {
        Identifier::of("const")
    }

    fn mark_of_glob(&self) -> Identifier {
        Identifier::of("*")
    }

    fn marks_of_inclusion(&self) -> Vec<Identifier> {
        Vec::new()
    }

    fn mark_of_holder(&self, _: &RepoPath, _: &str) -> Option<Identifier> {
        None
    }

    fn opens_module(&self, _: &RepoPath, _: &str) -> bool {
        false
    }

    fn is_code(&self, file: &RepoPath) -> bool {
        file.as_str().ends_with(".rs")
    }

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
    let mut present: Present = index.files().iter().map(|file| (file.path.clone(), now_of(None))).collect();
    present.extend(now.iter().map(|(path, file)| (path.clone(), now_of(Some(file.clone())))));
    select_with(&[index as &dyn Evidence], job, &present, Policy::Balanced, variables, &Plain)
}

/// A file of which only the units tell whether it changed.
pub(crate) fn now_of(source: Option<SourceFile>) -> Now {
    Now { source, has_changed: false }
}

/// Asks without rules.
pub(crate) fn select_with(
    parts: &[&dyn Evidence],
    job: &JobName,
    present: &Present,
    policy: Policy,
    variables: &Variables,
    language: &dyn Language,
) -> Selection {
    let question = Question {
        job,
        present,
        opaque: &Default::default(),
        language,
        policy,
        variables,
        conditions: &|_| Vec::new(),
        rules: &PathRules::default(),
        never_skip: &[],
    };
    select(parts, &question)
}
