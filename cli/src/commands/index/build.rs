//! `skiptrace index build`.

use std::path::PathBuf;
use std::str::FromStr;

use skiptrace_engine::id::{JobName, ObjectId};
use skiptrace_engine::index::Index;
use skiptrace_engine::index::merge::merge;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_indexers::build::paths::{PrefixMap, Roots};
use skiptrace_indexers::import::{Format, Reach, Request, import};
use skiptrace_indexers::record::fold::{Gathered, fold};

use crate::commands::place::Place;
use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::git::{Commit, CommitTree};
use crate::session::Session;
use crate::settings::Flag;
use report::{Document, OpaqueTest, report};

mod report;

/// Build an index of coverage that was collected elsewhere
///
/// DIR has a folder for each test, at any depth, with a file `metadata.json` and its coverage beside or below it:
/// {"job": …, "suite": …, "test": …, "outcome": "passed", "duration_ms": 12}, of which only `test` is needed.
/// Outcomes are `passed`, `failed`, `skipped`, `flaky` and `timed out`. Without metadata, a folder of profiles is a
/// test of the folder's name, and each tracefile or export is a test of the file's name; the suite is the folder
/// around it. Several folders of one test are runs of one test.
///
/// The sources are those of the commit, whatever is checked out; the coverage must have been made from them. A test
/// whose coverage is damaged, not whole, or not of the given binaries is in the index as such, and always runs. So
/// does one whose outcome is not known, unless --assume-passed says that only passing runs are here.
///
/// What tests were compiled from is not known here. A changed function reaches the tests that executed it; any other
/// change in a file that the coverage names reaches all tests of the job (as every change does in the kinds `file`
/// and `package`), unless --executed-only is given; a file that the coverage does not name is unknown to the index,
/// and a change of it runs everything. All code must have been compiled with coverage.
#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    #[command(flatten)]
    source: SourceFlags,

    /// The binaries, shared libraries, or folders of them, that the profiles are of
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "llvm")]
    binaries: Vec<PathBuf>,

    /// The job of all tests; unless given, what their metadata say, or the setting `index.job`
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// The commit that the coverage was made at
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    commit: String,

    /// Which part of its jobs this is, such as `2/4`
    #[arg(long, value_name = "N/M", default_value = "1/1")]
    shard: Shard,

    /// Where a folder of the coverage's paths is here, such as `/builds/app=.`; may be repeated
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<Mapping>,

    /// Take tests without an outcome as passed: only passing runs are here
    #[arg(long)]
    assume_passed: bool,

    /// Let changes outside of functions reach only tests that executed something of the file, instead of all
    ///
    /// That is only right where files act by being run alone, as in Python, and each test loaded them in a process
    /// of its own. Constants, types and macros of a compiled language act without running.
    #[arg(long)]
    executed_only: bool,

    /// Fail, and keep no index, if a test can prove nothing, is named by its folder only, or a binary is missing
    #[arg(long)]
    strict: bool,

    /// Write the index to this file instead of the store
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Put the index in the place of one that the store has for the same commit, job and shard
    #[arg(long, conflicts_with = "output")]
    replace: bool,
}

/// The form that the coverage has: one of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct SourceFlags {
    /// Read LLVM's profiles, raw (*.profraw) or merged per test (*.profdata, *.proftext); needs --binaries
    #[arg(long, value_name = "DIR", requires = "binaries")]
    llvm: Option<PathBuf>,

    /// Read LCOV tracefiles (*.info), one or more for each test
    #[arg(long, value_name = "DIR")]
    lcov: Option<PathBuf>,

    /// Read what `llvm-cov export` writes (*.json), one or more files for each test
    #[arg(long, value_name = "DIR")]
    llvm_json: Option<PathBuf>,
}

/// The value of `--map`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    from: String,
    to: PathBuf,
}

impl FromStr for Mapping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Mapping, &'static str> {
        let (from, to) = text.split_once('=').ok_or("expected `FROM=TO`, such as `/builds/app=.`")?;
        Ok(Mapping { from: from.to_owned(), to: PathBuf::from(to) })
    }
}

pub(super) fn run(args: &BuildArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = session.settings_with(Flag::given("index.kind", "--kind", args.kind))?;
    let kind = settings.index_kind.value;
    let repository = session.repository()?.ok_or_else(|| {
        CommandError::user("an index needs the sources of its commit, and there is no repository here")
            .hint("run this inside of the git repository that the tests are of")
    })?;
    let commit = repository.commit(&args.commit)?;
    let branch = session.branch(&settings)?;
    let place = Place::open(args.output.as_ref(), args.replace, session)?;
    let tree = CommitTree::of(repository, &commit.id)?;

    let tracked = tree.files();
    let cwd = &session.environment.cwd;
    let (folder, format) = args.source.format(&args.binaries, session);
    let prefix_map = |map: &Mapping| PrefixMap {
        from: cwd.join(&map.to).to_string_lossy().trim_end_matches("/.").into(),
        to: map.from.as_str().into(),
    };
    let request = Request {
        folder: &folder,
        format,
        job: args.job.clone(),
        default_job: settings.index_job.value.parse().map_err(CommandError::user)?,
        assume_passed: args.assume_passed,
        roots: Roots {
            repository: repository.root().to_owned(),
            workspace: repository.root().to_owned(),
            prefix_maps: args.map.iter().map(prefix_map).collect(),
            ..Roots::default()
        },
        tracked: &tracked,
    };
    let imported =
        import(&request).map_err(|error| CommandError::user("cannot read the coverage").caused_by(error))?;

    let mut document = Document::new(args.shard, kind, &commit, &imported);
    let recording = |job: &JobName| recording(job, args.shard, &commit, branch.as_ref());
    let mut indexes: Vec<(JobName, Index)> = Vec::new();
    let reach = if args.executed_only { Reach::Executed } else { Reach::All };
    for gathered in imported.gathered(reach, recording) {
        let Gathered { recording, .. } = &gathered;
        let job = recording.job.clone();
        let (index, noticed) = fold(gathered, kind, &tree)
            .map_err(|error| CommandError::user("cannot make the index").caused_by(error))?;
        document.opaque.extend(noticed.opaque.iter().map(OpaqueTest::new));
        document.files = document.files.max(index.files().len());
        indexes.push((job, index));
    }
    tree.finish().map_err(|error| {
        CommandError::new(ErrorKind::Git, "cannot read the files of the commit").caused_by(error)
    })?;

    document.refused = args.strict && document.is_faulty();
    if !document.refused {
        (document.file, document.store) = (place.file(), place.store());
        keep(&mut document, &indexes, &place, &commit, args.shard, kind, session)?;
    }
    report(&document, &place, session);
    if session.printer.wants_json() {
        session.printer.json("index-build@1", &document)?;
    }
    Ok(if document.refused {
        ExitStatus::Failure
    } else if document.tests == 0 {
        ExitStatus::NoTests
    } else {
        ExitStatus::Success
    })
}

/// Puts the indexes in their place: in a store each job for itself, so that it joins other jobs of the commit.
/// Where there is no test, there is none.
fn keep(
    document: &mut Document,
    indexes: &[(JobName, Index)],
    place: &Place,
    commit: &Commit,
    shard: Shard,
    kind: IndexKind,
    session: &Session<'_>,
) -> Result<(), CommandError> {
    if let (Place::File(_), [(job, _), _, ..]) = (place, indexes) {
        let all: Vec<&Index> = indexes.iter().map(|(_, index)| index).collect();
        let placed = place.put(&merge(&all)?, kind, &commit.id, (job, shard), session)?;
        document.bytes = placed.bytes;
        return Ok(());
    }
    for ((job, index), entry) in indexes.iter().zip(&mut document.jobs) {
        let placed = place.put(index, kind, &commit.id, (job, shard), session)?;
        document.bytes += placed.bytes;
        entry.key = placed.key;
        entry.created = placed.created;
    }
    Ok(())
}

/// It has the time of its commit, so that building it again gives the same bytes.
fn recording(job: &JobName, shard: Shard, commit: &Commit, branch: Option<&String>) -> Recording {
    let tree: &ObjectId = &commit.tree;
    Recording {
        job: job.clone(),
        shard,
        recorded_at: commit.committed,
        commit: commit.id.clone(),
        tree: Some(tree.clone()),
        branch: branch.cloned(),
        environment: EnvironmentKey::default(),
        tool: concat!("skiptrace ", env!("CARGO_PKG_VERSION")).to_owned(),
        origin: Origin::Imported,
    }
}

impl SourceFlags {
    fn format(&self, binaries: &[PathBuf], session: &Session<'_>) -> (PathBuf, Format) {
        let cwd = &session.environment.cwd;
        match (&self.llvm, &self.lcov, &self.llvm_json) {
            (Some(folder), ..) => {
                let binaries = binaries.iter().map(|path| cwd.join(path)).collect();
                (cwd.join(folder), Format::Llvm(binaries))
            }
            (_, Some(folder), _) => (cwd.join(folder), Format::Lcov),
            (_, _, Some(folder)) => (cwd.join(folder), Format::LlvmJson),
            (None, None, None) => unreachable!("clap requires one of them"),
        }
    }
}
