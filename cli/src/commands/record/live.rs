//! What is told while tests run.

use std::sync::Mutex;

use skiptrace_engine::record::Outcome;
use skiptrace_indexers::record::progress::Event;

use crate::ui::human;
use crate::ui::printer::Printer;
use crate::ui::progress::{Progress, Unit};
use crate::ui::style::Styled;

/// Tells of a recording as it goes: a bar where somebody looks, a line for what fails.
pub(in crate::commands) struct Live<'a> {
    printer: &'a Printer,
    progress: Mutex<Option<Progress>>,
}

impl<'a> Live<'a> {
    pub(in crate::commands) fn new(printer: &'a Printer) -> Self {
        Live { printer, progress: Mutex::new(None) }
    }

    pub(in crate::commands) fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Building => self.printer.status("building the tests with coverage"),
            Event::Running { tests, suites } => {
                self.printer.status(format_args!(
                    "running {} of {}",
                    human::count(*tests as u64, "test"),
                    human::count(*suites as u64, "suite"),
                ));
                let progress = self.printer.progress("recording", *tests as u64, Unit::Items);
                *self.lock() = Some(progress);
            }
            Event::Started { suite, name } => {
                if let Some(progress) = &*self.lock() {
                    progress.at(format_args!("{suite} {name}"));
                }
            }
            Event::Finished { suite, name, outcome, duration, output, .. } => {
                if matches!(outcome, Outcome::Failed | Outcome::TimedOut) {
                    self.tell_failure(suite, name, *outcome, duration.as_millis() as u64, *output);
                }
                if let Some(progress) = &*self.lock() {
                    progress.inc(1);
                }
            }
            Event::Together { suites } => {
                self.end();
                self.printer.status(format_args!(
                    "running the tests of {} once more, in one process each",
                    human::count(*suites as u64, "suite"),
                ));
            }
            Event::Warning(text) => self.printer.warning(text),
        }
    }

    /// Takes the bar away.
    pub(in crate::commands) fn end(&self) {
        self.lock().take();
    }

    fn tell_failure(&self, suite: &str, name: &str, outcome: Outcome, ms: u64, output: Option<&str>) {
        let word = Styled(self.printer.err_styles().error, outcome.name());
        self.printer.say(format_args!("{word}: {suite} {name} ({})", human::duration(ms)));
        for line in output.unwrap_or_default().lines() {
            self.printer.say(format_args!("    {line}"));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
