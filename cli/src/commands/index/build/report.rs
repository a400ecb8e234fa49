//! What is said of an index that was built.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::index::Index;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::record::Outcome;
use skiptrace_engine::recording::Shard;
use skiptrace_indexers::import::suite_dir::LeftOut;
use skiptrace_indexers::import::{Imported, MissingBinary};
use skiptrace_indexers::record::fold::Opaque;

use crate::commands::place::Place;
use crate::git::Commit;
use crate::session::Session;
use crate::ui::human;

/// How many things are named where there may be thousands.
const NAMED: usize = 5;

/// The document `skiptrace/index-build@1`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    pub(super) commit: String,
    pub(super) kind: &'static str,
    pub(super) shard: String,
    pub(super) jobs: Vec<JobDocument>,
    pub(super) tests: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) flaky: usize,
    pub(super) skipped: usize,
    pub(super) opaque: Vec<OpaqueTest>,
    /// Folders that became tests by their own name.
    pub(super) unnamed: Vec<String>,
    pub(super) left_out: Vec<NotUsed>,
    pub(super) unusable_binaries: Vec<NotUsed>,
    /// Tests without the coverage of a binary that was expected of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing_binaries: Vec<Missing>,
    /// Go packages of the repository that binaries link without counters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) uncounted_packages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<BaselineDocument>,
    pub(super) binaries: usize,
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) file: Option<String>,
    pub(super) store: Option<String>,
    /// Whether `--strict` refused it.
    pub(super) refused: bool,
}

#[derive(Serialize)]
pub(super) struct JobDocument {
    pub(super) job: String,
    pub(super) tests: usize,
    pub(super) key: Option<String>,
    pub(super) created: bool,
}

#[derive(Serialize)]
pub(super) struct OpaqueTest {
    pub(super) job: String,
    pub(super) test: String,
    pub(super) reasons: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Missing {
    pub(super) job: String,
    pub(super) test: String,
    pub(super) binary: String,
}

/// What became of what the baseline covered.
#[derive(Serialize)]
pub(super) struct BaselineDocument {
    pub(super) test: String,
    /// Units that it reached.
    pub(super) units: usize,
    /// Those of them that no test reaches by anything of its own.
    pub(super) only: usize,
}

#[derive(Serialize)]
pub(super) struct NotUsed {
    pub(super) path: String,
    pub(super) reason: String,
}

impl Document {
    pub(super) fn new(shard: Shard, kind: IndexKind, commit: &Commit, imported: &Imported) -> Document {
        let with = |outcomes: &[Outcome]| {
            let tests = imported.jobs.values().flatten();
            tests.filter(|test| outcomes.contains(&test.outcome)).count()
        };
        let jobs = imported.jobs.iter().map(|(job, tests)| JobDocument {
            job: job.to_string(),
            tests: tests.len(),
            key: None,
            created: true,
        });
        Document {
            commit: commit.id.to_string(),
            kind: kind.name(),
            shard: shard.to_string(),
            jobs: jobs.collect(),
            tests: imported.n_tests(),
            passed: with(&[Outcome::Passed]),
            failed: with(&[Outcome::Failed, Outcome::TimedOut]),
            flaky: with(&[Outcome::Flaky]),
            skipped: with(&[Outcome::Skipped]),
            opaque: Vec::new(),
            unnamed: imported.unnamed.clone(),
            left_out: imported.left_out.iter().map(NotUsed::new).collect(),
            unusable_binaries: imported.unusable.iter().map(NotUsed::new).collect(),
            missing_binaries: imported.missing.iter().map(Missing::new).collect(),
            uncounted_packages: imported.uncounted.iter().map(|path| path.to_string()).collect(),
            baseline: imported.baseline().map(|test| BaselineDocument {
                test: format!("{} {}", test.suite, test.name).trim_start().to_owned(),
                units: 0,
                only: 0,
            }),
            binaries: imported.n_binaries,
            files: 0,
            bytes: 0,
            file: None,
            store: None,
            refused: false,
        }
    }

    /// Returns whether there is anything that `--strict` does not take.
    pub(super) fn is_faulty(&self) -> bool {
        let lists = [
            self.opaque.len(),
            self.unnamed.len(),
            self.left_out.len(),
            self.unusable_binaries.len(),
            self.missing_binaries.len(),
        ];
        lists.iter().any(|n| *n > 0)
    }

    /// Counts what the baseline reached in the index of one job.
    pub(super) fn count_baseline(&mut self, index: &Index) {
        let Some(baseline) = &mut self.baseline else { return };
        let baselines = index.baselines();
        for unit in index.units() {
            let (own, shared) = (index.set(unit.own), index.set(unit.shared));
            if !own.intersection(&baselines).is_empty() {
                baseline.units += 1;
                baseline.only += usize::from(own.difference(&baselines).is_empty() && !shared.is_empty());
            }
        }
    }
}

impl Missing {
    fn new(missing: &MissingBinary) -> Missing {
        Missing {
            job: missing.job.to_string(),
            test: missing.test.clone(),
            binary: missing.binary.to_string(),
        }
    }
}

impl OpaqueTest {
    pub(super) fn new(opaque: &Opaque) -> OpaqueTest {
        OpaqueTest {
            job: opaque.test.job.to_string(),
            test: format!("{} {}", opaque.test.suite, opaque.test.name).trim_start().to_owned(),
            reasons: opaque.troubles.iter().map(|trouble| trouble.detail.clone()).collect(),
        }
    }
}

impl NotUsed {
    pub(super) fn new(left_out: &LeftOut) -> NotUsed {
        NotUsed { path: left_out.place.clone(), reason: left_out.reason.clone() }
    }
}

pub(super) fn report(document: &Document, place: &Place, session: &Session<'_>) {
    let printer = session.printer;
    for (list, noun, what) in [
        (&document.unusable_binaries, "file", "of --binaries cannot be used"),
        (&document.left_out, "place", "is left out, and what it may be a test of always runs"),
    ] {
        if !list.is_empty() {
            printer.warning(format_args!("{} {what}", human::count(list.len() as u64, noun)));
            for one in list.iter().take(NAMED) {
                printer.say(format_args!("  `{}`: {}", one.path, one.reason));
            }
            if list.len() > NAMED {
                printer.say(format_args!("  and {} more", list.len() - NAMED));
            }
        }
    }
    if !document.unnamed.is_empty() {
        let folders: Vec<&str> = document.unnamed.iter().map(String::as_str).collect();
        let count = human::count(folders.len() as u64, "folder");
        printer.warning(format_args!(
            "{count} without the name of a test in `metadata.json` gave tests their own name: {}",
            named(&folders)
        ));
    }
    if !document.uncounted_packages.is_empty() {
        let paths: Vec<&str> = document.uncounted_packages.iter().map(String::as_str).collect();
        printer.warning(format_args!(
            "{} of the repository {} linked without counters, and any change there selects all tests that ran \
             them (name all modules in -coverpkg): {}",
            human::count(paths.len() as u64, "package"),
            if paths.len() == 1 { "is" } else { "are" },
            named(&paths)
        ));
    }
    if !document.missing_binaries.is_empty() {
        let count = human::count(document.missing_binaries.len() as u64, "expected program");
        printer.warning(format_args!("{count} left no counters where tests should have run it"));
        for Missing { job, test, binary } in document.missing_binaries.iter().take(4 * NAMED) {
            printer.say(format_args!("  job `{job}`, test `{test}`: `{binary}`"));
        }
        if document.missing_binaries.len() > 4 * NAMED {
            printer.say(format_args!("  and {} more", document.missing_binaries.len() - 4 * NAMED));
        }
    }
    if !document.opaque.is_empty() {
        printer.warning(format_args!(
            "{} can never be skipped on this evidence",
            human::count(document.opaque.len() as u64, "test")
        ));
        // By reason, since one reason mostly has many tests.
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for opaque in &document.opaque {
            for reason in &opaque.reasons {
                reasons.entry(reason).or_default().push(&opaque.test);
            }
        }
        for (reason, tests) in reasons.iter().take(4 * NAMED) {
            printer.say(format_args!("  {reason}: {}", named(tests)));
        }
        if reasons.len() > 4 * NAMED {
            printer.say(format_args!("  and {} more reasons", reasons.len() - 4 * NAMED));
        }
    }
    if document.refused {
        printer.warning("nothing was kept, because --strict allows none of this");
        return;
    }
    if document.tests == 0 {
        printer.warning("there is no test in the folder, so there is no index");
        return;
    }
    let outcomes = [(document.failed, "failed"), (document.flaky, "flaky"), (document.skipped, "skipped")];
    let details: Vec<String> =
        outcomes.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    let jobs = match document.jobs.len() {
        0 | 1 => String::new(),
        n => format!(" of {}", human::count(n as u64, "job")),
    };
    let again = if document.jobs.iter().all(|job| job.created) { "" } else { ", where it was already" };
    printer.status(format_args!(
        "built {}{details}{jobs} over {} into the {} index of `{}` ({}) in {}{again}",
        human::count(document.tests as u64, "test"),
        human::count(document.files as u64, "file"),
        document.kind,
        document.commit.get(..12).unwrap_or(&document.commit),
        human::size(document.bytes),
        place.name(),
    ));
    if let Some(baseline) = &document.baseline {
        report_baseline(baseline, session);
    }
}

/// Says what became of what the baseline covered.
fn report_baseline(baseline: &BaselineDocument, session: &Session<'_>) {
    session.printer.status(format_args!(
        "the baseline `{}` reached {}, {} of which no test reaches by anything of its own (`query.shared` says what \
         a change of them selects)",
        baseline.test,
        human::count(baseline.units as u64, "unit"),
        baseline.only,
    ));
}

/// Names some of many.
fn named(names: &[&str]) -> String {
    let mut text = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        text.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    text
}
