//! `skiptrace select`.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::id::JobName;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::selection::{Decided, Reason};

use crate::decision::{Asked, Decision};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::{Flag, PolicyChoice};
use crate::ui::human;
use crate::ui::table::{Column, Table};

/// Print which tests must run, and which need not
///
/// The nearest index of this commit or one before it is compared with the files as they are now. A test is left out
/// only if that proves that its result cannot have changed; everything else runs. Tests that no index has always run.
///
/// Where nothing can be proved, because there is no index or because something changed of which nobody knows who
/// depends on it, everything runs, and the first line says why.
#[derive(Debug, clap::Args)]
pub struct SelectArgs {
    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// Decide for this revision instead of the files as they are
    #[arg(long, value_name = "REVISION")]
    at: Option<String>,

    /// How far changes at file scope are followed: balanced (by names) or strict (not at all)
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    /// End with exit code 3 where nothing can be skipped
    #[arg(long, visible_alias = "strict")]
    fail_on_fallback: bool,
}

/// The document `skiptrace/select@1`.
#[derive(Serialize)]
struct Document {
    job: String,
    index: Option<IndexDocument>,
    /// Why nothing can be skipped, where that is so.
    everything: Vec<CauseDocument>,
    changed_paths: usize,
    changes: Vec<ChangeDocument>,
    known: usize,
    run: Vec<RunDocument>,
    skip: Vec<TestDocument>,
    reasons: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct IndexDocument {
    commit: Option<String>,
    found: String,
    recorded_at: Option<String>,
}

/// A reason, or a cause.
#[derive(Serialize)]
pub(super) struct CauseDocument {
    code: &'static str,
    hazard: Option<String>,
    message: String,
}

impl CauseDocument {
    pub(super) fn of(reason: &Reason) -> CauseDocument {
        CauseDocument {
            code: reason.code(),
            hazard: reason.hazard().map(|hazard| hazard.to_string()),
            message: reason.to_string(),
        }
    }
}

#[derive(Serialize)]
struct ChangeDocument {
    change: String,
    edit: &'static str,
}

#[derive(Serialize)]
struct TestDocument {
    suite: String,
    name: String,
}

#[derive(Serialize)]
struct RunDocument {
    suite: String,
    name: String,
    reasons: Vec<CauseDocument>,
}

pub(crate) fn run(args: &SelectArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.kind", "--kind", args.kind)
        .into_iter()
        .chain(Flag::given("index.job", "--job", args.job.clone()))
        .chain(Flag::given("select.policy", "--policy", args.policy.clone()));
    let settings = session.settings_with(flags)?;
    let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let rules = Rules::read(session, &settings, &job)?;
    let decision = Decision::make(
        &Asked {
            job,
            kind: settings.index_kind.value,
            index: args.index.as_deref(),
            at: args.at.as_deref(),
            policy: settings.select_policy.value.into(),
            rules: &rules.paths,
            never_skip: &rules.never_skip,
            runner: None,
        },
        session,
    )?;
    if session.printer.wants_json() {
        session.printer.json("select@1", &Document::of(&decision, &settings.index_job.value))?;
    } else {
        summarize(&decision, session);
        for test in decision.selection.run() {
            session.printer.answer(line(test))?;
        }
    }
    let fell_back = !decision.selection.everything.is_empty();
    Ok(if fell_back && args.fail_on_fallback { ExitStatus::FellBack } else { ExitStatus::Success })
}

/// Says what was decided, the most important first.
pub(super) fn summarize(decision: &Decision, session: &Session<'_>) {
    let printer = session.printer;
    let selection = &decision.selection;
    for cause in &selection.everything {
        printer.warning(format_args!("everything must run: {cause}"));
    }
    let known = selection.tests.len();
    let run = selection.run().count();
    let found = match &decision.basis {
        Some(basis) => format!("; index of {}", basis.relation),
        None => String::new(),
    };
    if decision.basis.is_some() || known > 0 {
        let changed = human::count(decision.present.len() as u64, "file");
        printer.status(format_args!("{run} of {known} tests must run ({changed} may differ{found})"));
    }
    for note in &decision.notes {
        printer.status(note);
    }
    let mut table = Table::new([Column::text("reason"), Column::number("tests"), Column::text("")]);
    let mut examples: BTreeMap<u32, usize> = BTreeMap::new();
    for test in selection.run() {
        for why in &test.why {
            *examples.entry(*why).or_default() += 1;
        }
    }
    let mut most: Vec<(u32, usize)> = examples.into_iter().collect();
    most.sort_by_key(|(why, tests)| (std::cmp::Reverse(*tests), *why));
    for (why, tests) in most.iter().take(10) {
        let reason: &Reason = &selection.reasons[*why as usize];
        table.row([reason.code().to_owned(), tests.to_string(), reason.to_string()]);
    }
    if !most.is_empty() && selection.everything.is_empty() {
        printer.say(table.display(printer.err_styles()));
    }
}

fn line(test: &Decided) -> String {
    let key = &test.record.key;
    format!("{} {}", key.suite, key.name)
}

impl Document {
    fn of(decision: &Decision, job: &str) -> Document {
        let selection = &decision.selection;
        Document {
            job: job.to_owned(),
            index: decision.basis.as_ref().map(|basis| IndexDocument {
                commit: basis.commit().map(ToString::to_string),
                found: basis.relation.to_string(),
                recorded_at: basis.recorded_at().map(human::date),
            }),
            everything: selection
                .everything
                .iter()
                .map(|everything| CauseDocument::of(&Reason::Everything(everything.clone())))
                .collect(),
            changed_paths: decision.present.len(),
            changes: selection
                .changes
                .iter()
                .map(|change| ChangeDocument { change: change.to_string(), edit: change.verb() })
                .collect(),
            known: selection.tests.len(),
            run: selection
                .run()
                .map(|test| RunDocument {
                    suite: test.record.key.suite.to_string(),
                    name: test.record.key.name.to_string(),
                    reasons: selection.reasons_of(test).map(CauseDocument::of).collect(),
                })
                .collect(),
            skip: selection
                .skipped()
                .map(|test| TestDocument {
                    suite: test.key.suite.to_string(),
                    name: test.key.name.to_string(),
                })
                .collect(),
            reasons: decision.counts(),
        }
    }
}

impl From<PolicyChoice> for skiptrace_engine::selection::Policy {
    fn from(choice: PolicyChoice) -> Self {
        match choice {
            PolicyChoice::Balanced => Self::Balanced,
            PolicyChoice::Strict => Self::Strict,
        }
    }
}
