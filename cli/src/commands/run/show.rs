//! What is shown while tests run, in the manner of the runner that the user named.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use skiptrace_engine::record::Outcome;
use skiptrace_indexers::record::native::NativeCommand;
use skiptrace_indexers::record::progress::Event;
use skiptrace_indexers::run::cargo::CargoRunner;

use super::essence;
use crate::commands::record::runner::Runner;
use crate::environment::Environment;
use crate::ui::human;
use crate::ui::printer::Printer;
use crate::ui::progress::{Progress, Unit};
use crate::ui::style::Styled;

/// The runner whose manner of speaking is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It speaks for itself.
    Own,
    Cargo,
    Go {
        /// Whether tests that pass are told of.
        verbose: bool,
    },
    GoogleTest,
    Ctest {
        /// Whether what failing tests print is told.
        output: bool,
    },
}

/// Shows what happens: results on standard output, as runners do, and a bar where somebody looks.
pub(super) struct Show<'a> {
    printer: &'a Printer,
    manner: Manner,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    progress: Option<Progress>,
    total: usize,
    /// The suite whose results came last.
    current: Option<Box<str>>,
    /// What is known of suites that are not over.
    open: BTreeMap<Box<str>, Suite>,
    passed: usize,
    ignored: usize,
    took: Duration,
    failures: Vec<Failure>,
}

#[derive(Default)]
struct Suite {
    running: usize,
    failed: bool,
    took: Duration,
}

struct Failure {
    suite: Box<str>,
    name: Box<str>,
    outcome: Outcome,
    output: String,
}

impl Manner {
    /// Returns the manner of a runner that is called by `words`.
    pub(super) fn of(runner: &Runner, words: &[String], environment: &Environment) -> Manner {
        let has = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
        match runner {
            Runner::Cargo(command) if command.runner == CargoRunner::Nextest => Manner::Own,
            Runner::Cargo(_) => Manner::Cargo,
            Runner::Go(_) => {
                Manner::Go { verbose: has(&["-v", "-v=true", "--v", "-test.v", "-test.v=true", "-json"]) }
            }
            Runner::Native(NativeCommand::Programs(_)) => Manner::GoogleTest,
            Runner::Native(NativeCommand::Ctest(_)) => Manner::Ctest {
                output: has(&["--output-on-failure", "-V", "-VV", "--verbose", "--extra-verbose"])
                    || environment.vars.contains_key(OsStr::new("CTEST_OUTPUT_ON_FAILURE")),
            },
        }
    }
}

impl<'a> Show<'a> {
    pub(super) fn new(printer: &'a Printer, manner: Manner) -> Show<'a> {
        Show { printer, manner, state: Mutex::default() }
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        let mut state = self.lock();
        match event {
            Event::Building => {}
            Event::Together { .. } => {
                if let Some(progress) = &state.progress {
                    progress.at("all of them once more, in one process");
                }
            }
            Event::Warning(text) => self.printer.warning(text),
            Event::Running { tests, .. } => self.begin(&mut state, *tests),
            Event::Started { suite, name } => {
                if let Some(progress) = &state.progress {
                    progress.at(format_args!("{suite} {name}"));
                }
                self.close(&mut state, |other, about| other != *suite && about.running == 0);
                state.open.entry((*suite).into()).or_default().running += 1;
            }
            Event::Finished { suite, name, outcome, duration, output, .. } => {
                let about = state.open.entry((*suite).into()).or_default();
                about.running = about.running.saturating_sub(1);
                about.took += *duration;
                about.failed |= is_failure(*outcome);
                state.took += *duration;
                match outcome {
                    Outcome::Failed | Outcome::TimedOut => {
                        let output = output.unwrap_or_default().to_owned();
                        let (suite, name) = ((*suite).into(), (*name).into());
                        state.failures.push(Failure { suite, name, outcome: *outcome, output });
                    }
                    Outcome::Skipped => state.ignored += 1,
                    Outcome::Passed | Outcome::Flaky => state.passed += 1,
                }
                self.result(&mut state, suite, name, *outcome, *duration);
                if let Some(progress) = &state.progress {
                    progress.inc(1);
                }
            }
        }
    }

    /// Says what has to be said when all is over. So many tests are ones that their runner leaves out.
    pub(super) fn end(&self, left_out: usize) {
        let mut state = self.lock();
        state.progress.take();
        self.close(&mut state, |_, _| true);
        state.ignored += left_out;
        let has_run = state.passed + state.failures.len() > 0;
        match self.manner {
            Manner::Cargo if has_run => self.end_of_cargo(&state),
            Manner::GoogleTest if has_run => self.end_of_google_test(&state),
            Manner::Ctest { .. } if has_run => self.end_of_ctest(&state),
            Manner::Go { .. } if !state.failures.is_empty() => self.line("FAIL"),
            _ => {}
        }
    }

    /// Forgets what was shown, for all runs again.
    pub(super) fn again(&self) {
        *self.lock() = State::default();
    }

    fn begin(&self, state: &mut State, tests: usize) {
        state.total = tests;
        if tests == 0 || self.manner == Manner::Own {
            return;
        }
        match self.manner {
            Manner::Cargo => self.line(format_args!("\nrunning {}", human::count(tests as u64, "test"))),
            Manner::GoogleTest => {
                self.line(format_args!("[==========] Running {}.", human::count(tests as u64, "test")));
            }
            _ => {}
        }
        state.progress = Some(self.printer.progress("running", tests as u64, Unit::Items));
    }

    fn result(&self, state: &mut State, suite: &str, name: &str, outcome: Outcome, took: Duration) {
        let is_failure = is_failure(outcome);
        match self.manner {
            Manner::Own => {}
            Manner::Cargo => {
                if state.current.as_deref() != Some(suite) {
                    self.line(format_args!("{:>12} {suite}", "Running"));
                    state.current = Some(suite.into());
                }
                let styles = self.printer.out_styles();
                let word = match outcome {
                    Outcome::Passed => Styled(anstyle::Style::new(), "ok"),
                    Outcome::Flaky => Styled(styles.warning, "ok (flaky)"),
                    Outcome::Skipped => Styled(styles.warning, "ignored"),
                    Outcome::TimedOut => Styled(styles.error, "FAILED (timed out)"),
                    Outcome::Failed => Styled(styles.error, "FAILED"),
                };
                self.line(format_args!("test {name} ... {word}"));
            }
            Manner::Go { verbose } => {
                let word = match outcome {
                    Outcome::Passed | Outcome::Flaky => "PASS",
                    Outcome::Skipped => "SKIP",
                    Outcome::Failed | Outcome::TimedOut => "FAIL",
                };
                if is_failure || verbose {
                    self.line(format_args!("--- {word}: {name} ({:.2}s)", took.as_secs_f64()));
                }
                if let Some(failure) = state.failures.last().filter(|_| is_failure) {
                    self.text(&essence::of_go(&failure.output, name));
                }
            }
            Manner::GoogleTest => {
                let ms = took.as_millis();
                self.line(format_args!("[ RUN      ] {name}"));
                match outcome {
                    Outcome::Passed | Outcome::Flaky => {
                        self.line(format_args!("[       OK ] {name} ({ms} ms)"));
                    }
                    Outcome::Skipped => self.line(format_args!("[  SKIPPED ] {name} ({ms} ms)")),
                    Outcome::Failed | Outcome::TimedOut => {
                        if let Some(failure) = state.failures.last() {
                            self.text(&essence::of_google_test(&failure.output));
                        }
                        self.line(format_args!("[  FAILED  ] {name} ({ms} ms)"));
                    }
                }
            }
            Manner::Ctest { output } => {
                let done = state.passed + state.ignored + state.failures.len();
                let total = state.total.max(done);
                let test = format!("{suite} {name} ");
                let word = match outcome {
                    Outcome::Passed | Outcome::Flaky => "   Passed",
                    Outcome::Skipped => "***Skipped",
                    Outcome::Failed => "***Failed",
                    Outcome::TimedOut => "***Timeout",
                };
                let width = total.to_string().len().max(2);
                self.line(format_args!(
                    "{done:>width$}/{total} Test: {test:.<40} {word:<11} {:>6.2} sec",
                    took.as_secs_f64()
                ));
                if let Some(failure) = state.failures.last().filter(|_| is_failure && output) {
                    self.text(&failure.output);
                }
            }
        }
    }

    /// Tells of suites that are over: only Go has something to say of each.
    fn close(&self, state: &mut State, is_over: impl Fn(&str, &Suite) -> bool) {
        let Manner::Go { .. } = self.manner else { return };
        let names: Vec<Box<str>> = state
            .open
            .iter()
            .filter(|(name, about)| is_over(name, about))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let about = state.open.remove(&name).unwrap_or_default();
            let took = about.took.as_secs_f64();
            match about.failed {
                true => self.line(format_args!("FAIL\nFAIL\t{name}\t{took:.3}s")),
                false => self.line(format_args!("ok  \t{name}\t{took:.3}s")),
            }
        }
    }

    fn end_of_cargo(&self, state: &State) {
        let State { passed, ignored, failures, took, .. } = state;
        let styles = self.printer.out_styles();
        if !failures.is_empty() {
            self.line("\nfailures:\n");
            for failure in failures {
                self.line(format_args!("---- {} {} stdout ----", failure.suite, failure.name));
                self.text(&essence::of_libtest(&failure.output, &failure.name));
                if failure.outcome == Outcome::TimedOut {
                    self.line("it took longer than it may, and was stopped");
                }
                self.line("");
            }
            self.line("failures:");
            for failure in failures {
                self.line(format_args!("    {} {}", failure.suite, failure.name));
            }
        }
        let word = match failures.is_empty() {
            true => Styled(anstyle::Style::new(), "ok"),
            false => Styled(styles.error, "FAILED"),
        };
        self.line(format_args!(
            "\ntest result: {word}. {passed} passed; {} failed; {ignored} ignored; finished in {:.2}s\n",
            failures.len(),
            took.as_secs_f64(),
        ));
    }

    fn end_of_google_test(&self, state: &State) {
        let n_run = (state.passed + state.failures.len()) as u64;
        let ms = state.took.as_millis();
        self.line(format_args!("[==========] {} ran. ({ms} ms total)", human::count(n_run, "test")));
        self.line(format_args!("[  PASSED  ] {}.", human::count(state.passed as u64, "test")));
        if !state.failures.is_empty() {
            let failed = human::count(state.failures.len() as u64, "test");
            self.line(format_args!("[  FAILED  ] {failed}, listed below:"));
            for failure in &state.failures {
                self.line(format_args!("[  FAILED  ] {}", failure.name));
            }
        }
    }

    fn end_of_ctest(&self, state: &State) {
        let (n_failed, n_run) = (state.failures.len(), state.passed + state.failures.len());
        let share = (100 * state.passed).checked_div(n_run).unwrap_or(100);
        self.line(format_args!("\n{share}% tests passed, {n_failed} tests failed out of {n_run}"));
        self.line(format_args!("\nTotal Test time = {:>6.2} sec", state.took.as_secs_f64()));
        if n_failed > 0 {
            self.line("\nThe following tests FAILED:");
            for Failure { suite, name, outcome, .. } in &state.failures {
                let word = if *outcome == Outcome::TimedOut { "Timeout" } else { "Failed" };
                self.line(format_args!("\t{suite} {name} ({word})"));
            }
        }
    }

    /// Shows a line; where answers are documents, the conversation is the place for it. Somebody who does not read any
    /// more does not keep tests from running.
    fn line(&self, line: impl Display) {
        match self.printer.wants_json() {
            true => self.printer.say(line),
            false => self.printer.show(line),
        }
    }

    fn text(&self, text: &str) {
        let text = text.trim_end();
        if !text.is_empty() {
            self.line(text);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::TimedOut)
}
