//! Proofs that are put to the test: everything runs, or some of what need not, to see whether any of it fails.

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::id::JobName;
use skiptrace_engine::selection::Sample;

use crate::decision::Decision;
use crate::error::CommandError;
use crate::session::Session;
use crate::settings::{Flag, Percent, Settings};
use crate::ui::human;

/// The flags that say how far proofs are trusted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrialFlags {
    /// Leave nothing out, and only write down what need not have run
    #[arg(long, conflicts_with = "audit")]
    observe: bool,

    /// Of the tests that need not run, run so many all the same, taken by chance, such as `1%`
    #[arg(long, value_name = "PERCENT")]
    audit: Option<Percent>,

    /// What the chance is made of; unless given, the commit and the job, so that all shards take the same tests
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// How far proofs are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    /// What need not run does not.
    None,
    /// Everything runs.
    Observe,
    /// Some of it runs.
    Audit(Sample),
}

impl TrialFlags {
    /// Returns what is given of the settings.
    pub(crate) fn flags(&self) -> impl Iterator<Item = Flag> {
        let observe = Flag::given("select.observe", "--observe", self.observe.then_some(true));
        observe.into_iter().chain(Flag::given("select.audit", "--audit", self.audit))
    }

    /// Finds out what is to be done. What is asked for here counts before what the settings say of the other.
    pub(crate) fn trial(
        &self,
        settings: &Settings,
        job: &JobName,
        session: &Session<'_>,
    ) -> Result<Trial, CommandError> {
        let share = settings.select_audit.value;
        if settings.select_observe.value && self.audit.is_none() {
            return Ok(Trial::Observe);
        }
        if share.per_million() == 0 {
            return Ok(Trial::None);
        }
        let seed = match self.seed {
            Some(seed) => seed,
            None => {
                let head = match session.repository()? {
                    Some(repository) => repository.head(None)?,
                    None => None,
                };
                let head = head.as_ref().map_or("", |head| head.as_str());
                Fingerprint::of(format!("{head} {job}").as_bytes()).0 as u64
            }
        };
        Ok(Trial::Audit(Sample { seed, per_million: share.per_million() }))
    }
}

impl Trial {
    /// Has some tests run that need not, and says so; or says that all will.
    pub(crate) fn apply(self, decision: &mut Decision, session: &Session<'_>) {
        match self {
            Trial::None => {}
            Trial::Observe => {
                let (tests, time) = skippable(decision);
                session.printer.status(format_args!(
                    "observing: nothing is left out; {} need not have run ({})",
                    human::count(tests, "test"),
                    human::duration(time),
                ));
            }
            Trial::Audit(sample) => {
                let all = decision.selection.skipped().count();
                let taken = decision.selection.audit(&sample);
                if all > 0 {
                    session.printer.status(format_args!(
                        "auditing: {taken} of {} that need not run do so all the same (seed {})",
                        human::count(all as u64, "test"),
                        sample.seed,
                    ));
                }
            }
        }
    }
}

/// Returns how many tests need not run, and how many milliseconds they take.
fn skippable(decision: &Decision) -> (u64, u64) {
    let (tests, time) =
        decision.selection.skipped().fold((0, std::time::Duration::ZERO), |(tests, time), test| {
            (tests + 1, time.saturating_add(test.duration))
        });
    (tests, u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
