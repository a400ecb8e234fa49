//! Which tests a runner is told of.

use std::collections::BTreeSet;

use skiptrace_engine::selection::Selection;
use skiptrace_indexers::select::{Choice, Form, Strangers, TestName};

use super::share::Share;

/// Which tests a runner is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) run: Vec<TestName>,
    pub(super) skip: Vec<TestName>,
    pub(super) strangers: Strangers,
    /// What it is told, if it can be.
    pub(super) form: Form,
}

impl Chosen {
    /// Makes the choice from a selection. `listed` are the tests that there are, where somebody has listed them all.
    pub(super) fn of(
        selection: &Selection,
        share: Option<&Share>,
        listed: Option<&BTreeSet<TestName>>,
        form: Form,
    ) -> Chosen {
        let (mut run, mut skip) = (Vec::new(), Vec::new());
        for test in &selection.tests {
            let key = &test.record.key;
            let runs = match share {
                Some(share) => share.tests.contains(key),
                None => !test.is_skipped(),
            };
            let to = if runs { &mut run } else { &mut skip };
            to.push(TestName::new(key.suite.clone(), key.name.clone()));
        }
        let runs_strangers = share.is_none_or(|share| share.has_strangers);
        if let Some(listed) = listed {
            // They are all named, so that nobody is a stranger any more.
            let known: BTreeSet<&TestName> = run.iter().chain(&skip).collect();
            let unknown: Vec<TestName> =
                listed.iter().filter(|test| !known.contains(test)).cloned().collect();
            let to = if runs_strangers { &mut run } else { &mut skip };
            to.extend(unknown);
        }
        let leaves = listed.is_some() || !runs_strangers;
        Chosen {
            run,
            skip,
            strangers: if leaves { Strangers::Leave } else { Strangers::Run },
            // Strangers run on another node, and are not to run here as well.
            form: if runs_strangers { form } else { Form::Run },
        }
    }

    /// Leaves only the tests of some suites.
    pub(super) fn retain_suites(&mut self, suites: &[String]) {
        let is_one = |test: &TestName| suites.iter().any(|suite| **suite == *test.suite);
        self.run.retain(is_one);
        self.skip.retain(is_one);
    }

    /// Returns whether the runner need not be told anything.
    pub(super) fn is_whole(&self) -> bool {
        self.skip.is_empty() && self.form == Form::Skip
    }

    /// Returns the choice as the formats take it.
    pub(super) fn choice(&self) -> Choice<'_> {
        Choice { run: &self.run, skip: &self.skip, strangers: self.strangers }
    }
}
