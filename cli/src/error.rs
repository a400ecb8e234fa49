//! The one way a command fails.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use serde::Serialize;
use skiptrace_engine::catalog::CatalogError;
use skiptrace_engine::codec::CodecError;
use skiptrace_engine::history::HistoryError;
use skiptrace_engine::index::merge::MergeError;
use skiptrace_engine::read_at::ReadError;
use skiptrace_engine::store::{StoreError, StoreErrorKind};

use crate::exit::ExitStatus;
use crate::git::GitError;
use crate::ui::printer::{OutputError, Printer};
use crate::ui::style::Styled;

/// Why a command failed, and what the user can do about it.
#[derive(Debug)]
pub struct CommandError {
    /// Whose fault it is, which decides the exit code.
    pub kind: ErrorKind,
    /// A lowercase fragment: what was attempted, the object in backticks, the alternatives.
    pub message: String,
    /// What lies below, printed as `caused by:` lines.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// Sentences printed as `hint:` lines.
    pub hints: Vec<String>,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The arguments, or a file they name.
    User,
    /// A configuration file, variable or flag.
    Config,
    /// The store, or the network to it.
    Store,
    /// An index, which is damaged or unreadable.
    Index,
    /// An index that was required, and is not there.
    NoIndex,
    /// Git.
    Git,
    /// The build or the runner, before there were results.
    Runner,
    /// Nobody's: everything must run, and what was asked for cannot say so.
    FellBack,
    /// Nobody reads the output any more, which is no fault at all.
    BrokenPipe,
    /// Ours.
    Internal,
}

impl CommandError {
    /// Makes an error of `kind`.
    pub fn new(kind: ErrorKind, message: impl Display) -> Self {
        CommandError { kind, message: message.to_string(), source: None, hints: Vec::new() }
    }

    /// Makes an error of the user's.
    pub fn user(message: impl Display) -> Self {
        CommandError::new(ErrorKind::User, message)
    }

    /// Blames the configuration.
    #[must_use]
    pub(crate) fn of_config(self) -> Self {
        CommandError { kind: ErrorKind::Config, ..self }
    }

    /// Adds what lies below.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Returns how the program ends.
    pub fn exit_status(&self) -> ExitStatus {
        match self.kind {
            ErrorKind::User | ErrorKind::Config => ExitStatus::Usage,
            ErrorKind::Store => ExitStatus::Store,
            ErrorKind::Index => ExitStatus::DamagedIndex,
            ErrorKind::NoIndex => ExitStatus::NoIndex,
            ErrorKind::Git => ExitStatus::Git,
            ErrorKind::Runner => ExitStatus::Runner,
            ErrorKind::FellBack => ExitStatus::FellBack,
            ErrorKind::BrokenPipe => ExitStatus::Success,
            ErrorKind::Internal => ExitStatus::Internal,
        }
    }

    /// Tells the user, as text or as the document `skiptrace/error@1`.
    pub fn report(&self, printer: &Printer) {
        if self.kind == ErrorKind::BrokenPipe {
            return;
        }
        if printer.wants_json() {
            printer.say_json("error@1", &self.document());
            return;
        }
        printer.say(format_args!("{}: {}", Styled(printer.err_styles().error, "error"), self.message));
        for cause in self.causes() {
            printer.say(format_args!("  caused by: {cause}"));
        }
        for hint in &self.hints {
            printer.hint(hint);
        }
    }

    fn causes(&self) -> Vec<String> {
        let causes = std::iter::successors(self.source(), |error| (*error).source());
        let mut causes: Vec<String> = causes.map(ToString::to_string).collect();
        // Some errors say nothing but what the one below them says.
        causes.dedup();
        causes
    }

    fn document(&self) -> impl Serialize {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Document {
            kind: ErrorKind,
            message: String,
            caused_by: Vec<String>,
            hints: Vec<String>,
            exit_code: u8,
        }
        Document {
            kind: self.kind,
            message: self.message.clone(),
            caused_by: self.causes(),
            hints: self.hints.clone(),
            exit_code: self.exit_status().code(),
        }
    }
}

impl Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::Damaged => ErrorKind::Index,
            _ => ErrorKind::Store,
        };
        let (message, hints) = (error.to_string(), error.hint().into_iter().collect());
        CommandError { kind, message, source: error.source, hints }
    }
}

impl CommandError {
    /// Makes the error for an index that cannot be read.
    pub fn of_index(name: impl Display, error: CodecError) -> CommandError {
        match error {
            CodecError::Read(ReadError::Store(error)) => error.into(),
            error => {
                let hint = match error {
                    CodecError::TooNew { .. } => {
                        "read it with a newer skiptrace, or record the commit again with this one"
                    }
                    _ => "nothing is skipped on such an index; record the commit again",
                };
                CommandError::new(ErrorKind::Index, format_args!("cannot read the index `{name}`"))
                    .caused_by(error)
                    .hint(hint)
            }
        }
    }
}

impl From<CodecError> for CommandError {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::Read(ReadError::Store(error)) => error.into(),
            error => CommandError::new(ErrorKind::Index, "cannot read the index").caused_by(error),
        }
    }
}

impl From<CatalogError> for CommandError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
            CatalogError::Codec { key, source } => CommandError::of_index(key, *source),
            CatalogError::Manifest { key, source } => {
                CommandError::new(ErrorKind::Index, format_args!("cannot read `{key}`")).caused_by(source)
            }
            CatalogError::NoIndex { .. } => CommandError::new(ErrorKind::NoIndex, error)
                .hint("`skiptrace index list` shows the commits that have one"),
            CatalogError::Incomplete { .. } => {
                CommandError::new(ErrorKind::NoIndex, error).hint("push what is missing first")
            }
            CatalogError::SeveralCommits(_)
            | CatalogError::NoRecording
            | CatalogError::Key(_)
            | CatalogError::Merge(_) => CommandError::user(error),
        }
    }
}

impl From<HistoryError> for CommandError {
    fn from(error: HistoryError) -> Self {
        let kind = match &error {
            HistoryError::Damaged { .. } | HistoryError::TooNew { .. } => ErrorKind::Index,
            HistoryError::Foreign { .. } => ErrorKind::User,
            HistoryError::Busy { .. } | HistoryError::Other { .. } => ErrorKind::Store,
        };
        let (message, hints) = (error.to_string(), error.hint().into_iter().collect());
        let source = match error {
            HistoryError::Other { source, .. } => Some(source),
            _ => None,
        };
        CommandError { kind, message, source, hints }
    }
}

impl From<MergeError> for CommandError {
    fn from(error: MergeError) -> Self {
        CommandError::user(error)
    }
}

impl From<GitError> for CommandError {
    fn from(error: GitError) -> Self {
        let kind = match error {
            GitError::UnknownRevision { .. } => ErrorKind::User,
            _ => ErrorKind::Git,
        };
        let (message, hints) = (error.to_string(), error.hint().into_iter().collect());
        let source = match error {
            GitError::Spawn { source, .. } => Some(source.into()),
            _ => None,
        };
        CommandError { kind, message, source, hints }
    }
}

impl From<OutputError> for CommandError {
    fn from(error: OutputError) -> Self {
        let kind = match error.0.kind() {
            io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
            _ => ErrorKind::User,
        };
        CommandError::new(kind, &error).caused_by(error.0)
    }
}

/// Names the path in an error of the file system.
pub trait IoContext<T> {
    /// Turns the error into `cannot <action> <path>`.
    fn on(self, action: &str, path: &std::path::Path) -> Result<T, CommandError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, action: &str, path: &std::path::Path) -> Result<T, CommandError> {
        self.map_err(|error| {
            CommandError::user(format_args!("cannot {action} `{}`", path.display())).caused_by(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::printer::Options;
    use crate::ui::printer::tests::printer;

    fn refused() -> CommandError {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused");
        let error = StoreError::new(StoreErrorKind::Unreachable, "read", "s3://indexes/main");
        CommandError::from(error.caused_by(refused))
    }

    #[test]
    fn an_error_prints_its_causes_and_hints() {
        let (printer, out, err) = printer(Options::default());
        refused().report(&printer);
        assert_eq!(out.text(), "");
        insta::assert_snapshot!(err.text(), @r"
        error: cannot read `s3://indexes/main`: unreachable
          caused by: connection refused
        hint: check the endpoint and the network; the time allowed is set with `?timeout=SECONDS` in the store's URL
        ");
    }

    #[test]
    fn with_json_an_error_is_a_document() {
        let (printer, out, err) = printer(Options { json: true, ..Options::default() });
        refused().report(&printer);
        assert_eq!(out.text(), "");
        insta::assert_snapshot!(err.text(), @r#"{"schema":"skiptrace/error@1","kind":"store","message":"cannot read `s3://indexes/main`: unreachable","caused-by":["connection refused"],"hints":["check the endpoint and the network; the time allowed is set with `?timeout=SECONDS` in the store's URL"],"exit-code":7}"#);
    }

    #[test]
    fn nobody_reading_is_success() {
        let (printer, _, err) = printer(Options::default());
        let error = CommandError::from(OutputError(io::ErrorKind::BrokenPipe.into()));
        error.report(&printer);
        assert_eq!((error.exit_status(), err.text().as_str()), (ExitStatus::Success, ""));
        let full = CommandError::from(OutputError(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.exit_status(), ExitStatus::Usage);
    }
}
