//! One `testcase` element.

use std::time::Duration;

use skiptrace_engine::evaluation::Tally;

use super::Attributes;

/// A test as its element tells of it.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) depth: usize,
    pub(super) class: String,
    pub(super) name: String,
    /// Who writes `status`: GoogleTest, CTest, Bazel, and others.
    pub(super) status: Option<String>,
    /// Who writes `result`: GoogleTest.
    pub(super) result: Option<String>,
    pub(super) skip_message: Option<String>,
    time: Duration,
    failures: u32,
    errors: u32,
    flaky_failures: u32,
    flaky_errors: u32,
    rerun_failures: u32,
    rerun_errors: u32,
    /// The failure is only that it passed too late.
    is_late: bool,
}

impl Case {
    pub(super) fn new(depth: usize, attributes: &Attributes) -> Case {
        let text = |name: &str| attributes.get(name).unwrap_or_default().to_owned();
        let word = |name: &str| attributes.get(name).map(str::to_ascii_lowercase);
        Case {
            depth,
            class: text("classname"),
            name: text("name"),
            status: word("status"),
            result: word("result"),
            time: seconds(attributes),
            ..Case::default()
        }
    }

    /// A child element begins.
    pub(super) fn child(&mut self, name: &str, attributes: &Attributes) {
        let count = match name {
            "failure" => {
                self.is_late |= attributes.get("type") == Some("flaky failure");
                self.failures = self.failures.saturating_add(1);
                return;
            }
            "error" => {
                self.errors = self.errors.saturating_add(1);
                return;
            }
            // It ran, and failed as it should.
            "skipped" if attributes.get("type") == Some("pytest.xfail") => return,
            "skipped" => {
                self.skip_message = Some(attributes.get("message").unwrap_or_default().to_owned());
                return;
            }
            "flakyFailure" => &mut self.flaky_failures,
            "flakyError" => &mut self.flaky_errors,
            "rerunFailure" => &mut self.rerun_failures,
            "rerunError" => &mut self.rerun_errors,
            _ => return,
        };
        *count = count.saturating_add(1);
        self.time = self.time.saturating_add(seconds(attributes));
    }

    /// Returns how its attempts ended.
    pub(super) fn tally(&self) -> Tally {
        let failed = self.flaky_failures.saturating_add(self.rerun_failures);
        let errored = self.flaky_errors.saturating_add(self.rerun_errors);
        let before = Tally { failed, errored, ..Tally::NONE };
        let has_flaky = self.flaky_failures > 0 || self.flaky_errors > 0;
        let has_reruns = self.rerun_failures > 0 || self.rerun_errors > 0;
        // However many failures there are, it was one attempt.
        let last = match (self.failures > 0, self.errors > 0) {
            // Passed on a later attempt, and its runner was told not to accept that.
            (true, false) if has_flaky && self.is_late && self.failures == 1 => Tally::PASSED,
            (true, _) => Tally::FAILED,
            (false, true) => Tally::ERRORED,
            (false, false) if has_flaky && !has_reruns => Tally::PASSED,
            // Tried again after nothing, it says: what is clear of it is that it failed.
            (false, false) if has_reruns => Tally::NONE,
            (false, false) => self.without_failure(),
        };
        before.and(last).lasting(self.time)
    }

    /// Returns how it ended, where no element says that it failed.
    fn without_failure(&self) -> Tally {
        match (self.result.as_deref(), self.status.as_deref()) {
            _ if self.skip_message.is_some() => Tally::SKIPPED,
            (Some("skipped" | "suppressed"), _) => Tally::SKIPPED,
            (Some("completed"), _) => Tally::PASSED,
            (_, Some("notrun" | "disabled" | "skipped" | "ignored" | "pending")) => Tally::SKIPPED,
            (_, Some("fail" | "failed" | "failure" | "broken")) => Tally::FAILED,
            (_, Some("error" | "errored")) | (Some("interrupted"), _) => Tally::ERRORED,
            _ => Tally::PASSED,
        }
    }
}

/// Returns how long something took: `1,234.5` and `0.5s` are seconds as well.
fn seconds(attributes: &Attributes) -> Duration {
    let text = attributes.get("time").unwrap_or_default().replace(',', "");
    let seconds: f64 = text.trim_end_matches('s').trim().parse().unwrap_or_default();
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
