//! `skiptrace index import`.

use std::io::Read;
use std::path::PathBuf;

use serde::Serialize;
use skiptrace_engine::id::{CommitId, JobName, ObjectId};
use skiptrace_engine::json::{JsonIndex, KnownKeys};
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::store::Put;
use skiptrace_engine::time::Timestamp;

use crate::error::{CommandError, IoContext};
use crate::exit::ExitStatus;
use crate::git::GitError;
use crate::session::Session;
use crate::ui::human;

use super::target::{self, KindFlag};

/// Import an index of the form `{job: {key: [test, …]}}`
///
/// A key is a folder, a file, or `file#function`, as --kind says; one with `*`, `?` or `[` is a pattern, and the
/// test `*` stands for all tests of the job. Several documents are taken as one. The index is kept in the store
/// under the commit, or written to a file.
///
/// The form holds no outcomes: every test counts as passed. It holds no fingerprints either, so it answers which
/// tests given keys reach, and can prove nothing by content.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The JSON documents; `-` is standard input
    #[arg(value_name = "JSON", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    kind: KindFlag,

    /// The commit that the documents were made at
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    commit: String,

    /// The branch that the commit is on
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,

    /// Which part of its jobs this is, such as `2/4`
    #[arg(long, value_name = "N/M", default_value = "1/1")]
    shard: Shard,

    /// When the tests were recorded (RFC 3339); unless given, when the commit was made
    #[arg(long, value_name = "TIME")]
    recorded_at: Option<String>,

    /// Which keys a job knows, so that changing them says something of it
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t = Known::Document)]
    known_keys: Known,

    /// Write the index to this file instead of the store
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The value of `--known-keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Known {
    /// Those of every job of the documents: one coverage run saw them all
    Document,
    /// Those of the job itself: a key of another job runs all of this one
    Job,
}

/// The document `skiptrace/index-import@1`.
#[derive(Serialize)]
struct Document {
    commit: String,
    kind: &'static str,
    jobs: Vec<String>,
    tests: usize,
    keys: usize,
    rules: usize,
    bytes: u64,
    file: Option<String>,
    store: Option<String>,
    key: Option<String>,
    created: bool,
}

pub(super) fn run(args: &ImportArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = args.kind.settings(session)?;
    let kind = settings.index_kind.value;
    let mut json = JsonIndex::default();
    for file in &args.files {
        let document = read(session, file)?;
        json.add(&document).map_err(|error| {
            CommandError::user(format_args!("cannot import `{}`", file.display())).caused_by(error)
        })?;
    }
    let origin = Commit::of(args, session)?;
    let branch = match &args.branch {
        Some(branch) => Some(branch.clone()),
        None => session.branch(&settings)?,
    };
    let recording = |job: &JobName| Recording {
        job: job.clone(),
        shard: args.shard,
        recorded_at: origin.recorded_at,
        commit: origin.id.clone(),
        tree: origin.tree.clone(),
        branch: branch.clone(),
        environment: EnvironmentKey::default(),
        tool: concat!("skiptrace ", env!("CARGO_PKG_VERSION")).to_owned(),
        origin: Origin::Imported,
        asked_for: None,
    };
    let known = match args.known_keys {
        Known::Document => KnownKeys::Document,
        Known::Job => KnownKeys::Job,
    };
    let index = json
        .to_index(kind, known, recording)
        .map_err(|error| CommandError::user("cannot import the index").caused_by(error))?;
    if index.tests().is_empty() {
        session.printer.warning("there is no test in it, so it can only say that everything must run");
    }

    let mut document = Document {
        commit: origin.id.to_string(),
        kind: kind.name(),
        jobs: json.jobs().map(ToString::to_string).collect(),
        tests: index.tests().len(),
        keys: index.files().len(),
        rules: index.rules().len(),
        bytes: 0,
        file: None,
        store: None,
        key: None,
        created: true,
    };
    let place = if let Some(path) = &args.output {
        document.bytes = target::write(session, path, &index)?;
        document.file = Some(path.display().to_string());
        format!("`{}`", path.display())
    } else {
        let (catalog, name) = target::catalog_with_name(session)?;
        let pushed = catalog.push(&index)?;
        document.bytes = pushed.bytes;
        document.created = pushed.put == Put::Created;
        document.key = Some(pushed.key.to_string());
        let place = format!("`{name}`{}", if document.created { "" } else { ", where it was already" });
        document.store = Some(name);
        place
    };
    session.printer.status(format_args!(
        "imported {} of {} into the {kind} index of `{}` ({}) in {place}",
        human::count(document.tests as u64, "test"),
        human::count(document.jobs.len() as u64, "job"),
        origin.id.short(),
        human::size(document.bytes),
    ));
    if session.printer.wants_json() {
        session.printer.json("index-import@1", &document)?;
    }
    Ok(ExitStatus::Success)
}

fn read(session: &Session<'_>, file: &PathBuf) -> Result<Vec<u8>, CommandError> {
    if file.as_os_str() == "-" {
        let mut document = Vec::new();
        std::io::stdin().read_to_end(&mut document).on("read", "standard input".as_ref())?;
        return Ok(document);
    }
    std::fs::read(session.environment.cwd.join(file)).on("read", file)
}

/// What is known of the commit that the documents were made at.
struct Commit {
    id: CommitId,
    tree: Option<ObjectId>,
    recorded_at: Timestamp,
}

impl Commit {
    /// Asks git, or, outside of a repository, takes a full id at its word.
    fn of(args: &ImportArgs, session: &Session<'_>) -> Result<Commit, CommandError> {
        let given = match &args.recorded_at {
            Some(text) => Some(parse_time(text)?),
            None => None,
        };
        let known = match session.repository()? {
            Some(repository) => match repository.commit(&args.commit) {
                Ok(commit) => Some(commit),
                // A full id may be of a commit that this clone does not have.
                Err(GitError::UnknownRevision { .. }) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        Ok(match known {
            Some(commit) => Commit {
                id: commit.id,
                tree: Some(commit.tree),
                recorded_at: given.unwrap_or(commit.committed),
            },
            None => Commit {
                id: session.commit(&args.commit)?,
                tree: None,
                recorded_at: given.unwrap_or(Timestamp::UNKNOWN),
            },
        })
    }
}

fn parse_time(text: &str) -> Result<Timestamp, CommandError> {
    let time =
        text.parse::<jiff::Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok());
    time.map(Timestamp).ok_or_else(|| {
        CommandError::user(format_args!("`{text}` is not a time (for example 2026-01-02T03:04:05Z)"))
    })
}
