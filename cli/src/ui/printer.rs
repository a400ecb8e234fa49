//! The two streams, and what may be said on them.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::MultiProgress;
use serde::Serialize;
use thiserror::Error;

use crate::environment::Environment;
use crate::ui::json;
use crate::ui::progress::{Progress, Unit};
use crate::ui::style::{ColorChoice, Styled, Styles};
use crate::ui::table::Table;

/// Prints answers to standard output and conversation to standard error.
pub struct Printer {
    out: Stream,
    err: Stream,
    options: Options,
    bars: MultiProgress,
}

/// What was asked of the printing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Answers and errors are JSON documents.
    pub json: bool,
    /// Only answers, warnings and errors.
    pub quiet: bool,
    /// No progress bars.
    pub no_progress: bool,
}

/// Standard output could not be written to.
#[derive(Debug, Error)]
#[error("cannot write to standard output")]
pub struct OutputError(#[from] pub io::Error);

struct Stream {
    writer: Mutex<Box<dyn Write + Send>>,
    is_terminal: bool,
    has_color: bool,
}

impl Printer {
    /// Makes the printer of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the streams")]
    pub fn to_process(environment: &Environment, color: ColorChoice, options: Options) -> Printer {
        let terminal = environment.terminal;
        let stream = |writer, is_terminal| Stream {
            writer: Mutex::new(writer),
            is_terminal,
            has_color: color.decide(environment, is_terminal),
        };
        Printer {
            out: stream(Box::new(BufWriter::new(io::stdout())), terminal.stdout),
            err: stream(Box::new(io::stderr()), terminal.stderr),
            options,
            bars: MultiProgress::new(),
        }
    }

    /// Prints a line of the answer.
    pub fn answer(&self, line: impl Display) -> Result<(), OutputError> {
        Ok(writeln!(self.out.lock(), "{line}")?)
    }

    /// Shows a line of what goes on, on standard output at once. There is nobody to tell when that fails.
    pub(crate) fn show(&self, line: impl Display) {
        self.bars.suspend(|| {
            let mut out = self.out.lock();
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        });
    }

    /// Prints a part of the answer as it is.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), OutputError> {
        Ok(self.out.lock().write_all(bytes)?)
    }

    /// Prints the answer as a table.
    pub fn table(&self, table: &Table) -> Result<(), OutputError> {
        Ok(write!(self.out.lock(), "{}", table.display(self.out_styles()))?)
    }

    /// Prints the answer as the JSON document `skiptrace/<schema>`, where `schema` is `name@version`.
    pub fn json(&self, schema: &str, body: &impl Serialize) -> Result<(), OutputError> {
        self.answer(json::document(schema, body, json::Layout::on(self.out.is_terminal)))
    }

    /// Says what is or was done. Not said with `--quiet`.
    pub fn status(&self, line: impl Display) {
        if !self.options.quiet {
            self.say(line);
        }
    }

    /// Says what the user should know.
    pub fn warning(&self, line: impl Display) {
        self.say(format_args!("{}: {line}", Styled(self.err_styles().warning, "warning")));
    }

    /// Says what the user could do.
    pub fn hint(&self, line: impl Display) {
        self.say(format_args!("{}: {line}", Styled(self.err_styles().hint, "hint")));
    }

    /// Says a line of the conversation, whatever it is. There is nobody to tell when that fails.
    pub(crate) fn say(&self, line: impl Display) {
        // On a terminal the two streams are one text: keep its order, and keep bars out of it.
        if self.out.is_terminal {
            let _ = self.flush();
        }
        self.bars.suspend(|| {
            let _ = writeln!(self.err.lock(), "{line}");
        });
    }

    /// Says a JSON document, on one line unless somebody reads it.
    pub(crate) fn say_json(&self, schema: &str, body: &impl Serialize) {
        self.say(json::document(schema, body, json::Layout::on(self.err.is_terminal)));
    }

    /// Shows a progress bar for as long as the value lives: only on a terminal, and only after a moment.
    pub fn progress(&self, name: &'static str, total: u64, unit: Unit) -> Progress {
        if self.err.is_terminal && !self.options.quiet && !self.options.no_progress {
            Progress::shown(&self.bars, name, total, unit)
        } else {
            Progress::hidden()
        }
    }

    /// Writes out what is still in memory.
    pub fn flush(&self) -> Result<(), OutputError> {
        Ok(self.out.lock().flush()?)
    }

    /// Returns whether answers are to be JSON documents.
    pub fn wants_json(&self) -> bool {
        self.options.json
    }

    /// Returns the styles of the answer.
    pub fn out_styles(&self) -> Styles {
        Styles::new(self.out.has_color)
    }

    /// Returns the styles of the conversation.
    pub fn err_styles(&self) -> Styles {
        Styles::new(self.err.has_color)
    }

    pub(crate) fn out_has_color(&self) -> bool {
        self.out.has_color
    }

    pub(crate) fn err_has_color(&self) -> bool {
        self.err.has_color
    }
}

impl Stream {
    /// A panic while printing must not keep the report of it from being printed.
    fn lock(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;

    /// What a printer wrote.
    #[derive(Clone, Default)]
    pub(crate) struct Capture(Arc<Mutex<Vec<u8>>>);

    impl Capture {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Capture {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A printer into memory, and what it writes to standard output and standard error.
    pub(crate) fn printer(options: Options) -> (Printer, Capture, Capture) {
        let (out, err) = (Capture::default(), Capture::default());
        let stream = |capture: &Capture| Stream {
            writer: Mutex::new(Box::new(capture.clone())),
            is_terminal: false,
            has_color: false,
        };
        let printer = Printer { out: stream(&out), err: stream(&err), options, bars: MultiProgress::new() };
        (printer, out, err)
    }

    #[test]
    fn answers_and_conversation_go_apart() {
        let (printer, out, err) = printer(Options::default());
        printer.answer("a::b").unwrap();
        printer.status("selected 1 of 2 tests");
        printer.warning("`x` is in no index");
        printer.hint("record one with `skiptrace record`");
        assert_eq!(out.text(), "a::b\n");
        assert_eq!(
            err.text(),
            "selected 1 of 2 tests\nwarning: `x` is in no index\nhint: record one with `skiptrace record`\n"
        );
    }

    #[test]
    fn quiet_leaves_warnings() {
        let (printer, _, err) = printer(Options { quiet: true, ..Options::default() });
        printer.status("selected 1 of 2 tests");
        printer.warning("`x` is in no index");
        assert_eq!(err.text(), "warning: `x` is in no index\n");
    }

    #[test]
    fn json_answers_name_their_schema() {
        let (printer, out, _) = printer(Options::default());
        printer.json("count@1", &serde_json::json!({"tests": 3})).unwrap();
        assert_eq!(out.text(), "{\"schema\":\"skiptrace/count@1\",\"tests\":3}\n");
    }
}
