//! What the user sees of a bug of ours.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Mutex;

use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::ui::printer::Printer;

/// Where the first panic was, and what it said.
static REPORT: Mutex<Option<String>> = Mutex::new(None);

/// Runs `body`; where it panics, prints a calm report and returns [`ExitStatus::Internal`].
pub(crate) fn guard(printer: &Printer, body: impl FnOnce() -> ExitStatus) -> ExitStatus {
    panic::set_hook(Box::new(|info| {
        if let Ok(mut report) = REPORT.lock() {
            report.get_or_insert_with(|| describe(info));
        }
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    let _ = panic::take_hook();
    result.unwrap_or_else(|_| {
        let report = REPORT.lock().ok().and_then(|mut report| report.take());
        // What was printed until then may be cut off, but is true.
        let _ = printer.flush();
        error(report.as_deref().unwrap_or("nothing is known about it")).report(printer);
        ExitStatus::Internal
    })
}

fn error(report: &str) -> CommandError {
    CommandError::new(ErrorKind::Internal, "skiptrace met a bug of its own and stopped")
        .caused_by(report)
        .hint(format_args!(
            "please report it with the command line and the version (skiptrace {})",
            env!("CARGO_PKG_VERSION")
        ))
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without words");
    match info.location() {
        Some(location) => format!("{message} ({}:{})", location.file(), location.line()),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::printer::Options;
    use crate::ui::printer::tests::printer;

    #[test]
    fn a_bug_is_reported_calmly() {
        let (printer, _, err) = printer(Options::default());
        let status = guard(&printer, || panic!("no test has the id 7"));
        assert_eq!(status, ExitStatus::Internal);
        let text = err.text().replace(env!("CARGO_PKG_VERSION"), "$VERSION");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "error: skiptrace met a bug of its own and stopped");
        assert!(lines[1].starts_with("  caused by: no test has the id 7 (cli/src/panic.rs:"), "{text}");
        assert_eq!(
            lines[2],
            "hint: please report it with the command line and the version (skiptrace $VERSION)"
        );
    }
}
