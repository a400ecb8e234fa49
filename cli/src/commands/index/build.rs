//! `skiptrace index build`.

use std::path::PathBuf;
use std::str::FromStr;

use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::{JobName, ObjectId};
use skiptrace_engine::index::merge::merge;
use skiptrace_engine::index::{Index, RulePattern};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_indexers::build::paths::{PrefixMap, Roots};
use skiptrace_indexers::import::{Expected, Format, Reach, Request, import};
use skiptrace_indexers::record::fold::{Extras, Gathered, fold_with};

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
/// and a change of it runs everything. All code must have been compiled with coverage. Go's coverage is more exact:
/// any other change reaches the tests of those suites that ran a binary with the file's package.
///
/// Go programs leave one pair of files for each binary and process, and nothing where they were not built with
/// `-cover`: --expect, or `"binaries": ["agent"]` in the metadata, names those that tests must have run. A test without
/// the counters of one of them always runs. Where packages are, the `go.mod` files of the commit say.
///
/// The index holds for no environment in particular: nobody knows the one that the coverage was made in.
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

    /// Subtract what this run covered from all tests, and keep it as a class of its own; for the diffed kinds
    ///
    /// A folder with the coverage of one run, such as one that starts the program and tests nothing. A change of what
    /// tests cover only as this run does selects what the setting `query.shared` says.
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,

    /// Run all of each job when a path that matches changes, such as `build/*`; may be repeated
    #[arg(long, value_name = "GLOB")]
    run_all: Vec<String>,

    /// The Go programs that every test of a job must have run, such as `e2e=agent,process-agent`; may be repeated
    ///
    /// A program is the import path of its main package, the last element of that, or what it was started as.
    #[arg(long, value_name = "JOB=BINARY,...", requires = "go_covdata")]
    expect: Vec<Expect>,

    /// Import paths that begin so are of the repository, or of a folder of it; may be repeated
    ///
    /// Unless given, the `go.mod` and `go.work` files of the commit say where packages are.
    #[arg(long, value_name = "PATH[=FOLDER]", requires = "go_covdata")]
    module_prefix: Vec<ModulePrefix>,

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

    /// Read what Go programs leave in GOCOVERDIR, or text profiles (*.out, coverage.txt); every folder is a test
    #[arg(long, value_name = "DIR")]
    go_covdata: Option<PathBuf>,
}

/// The value of `--expect`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expect {
    job: JobName,
    binaries: Vec<Box<str>>,
}

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Expect, String> {
        let form = "expected `JOB=BINARY`, such as `e2e=agent`";
        let (job, binaries) = text.rsplit_once('=').ok_or(form)?;
        let binaries: Vec<Box<str>> = binaries.split(',').map(|name| name.trim().into()).collect();
        if binaries.iter().any(|name| name.is_empty()) {
            return Err(form.to_owned());
        }
        let job = job.parse::<JobName>().map_err(|error| error.to_string())?;
        Ok(Expect { job, binaries })
    }
}

/// The value of `--module-prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ModulePrefix {
    path: Box<str>,
    folder: RepoPath,
}

impl FromStr for ModulePrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<ModulePrefix, String> {
        let (path, folder) = text.split_once('=').unwrap_or((text, ""));
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Err("expected the start of an import path, such as `github.com/org/repo`".to_owned());
        }
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        let folder =
            RepoPath::new(if folder == "." { "" } else { folder }).map_err(|error| error.to_string())?;
        Ok(ModulePrefix { path: path.into(), folder })
    }
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
    let (folder, format) = args.source.format(args, session);
    if args.baseline.is_some() != kind.diffed && (args.baseline.is_some() || args.source.go_covdata.is_some())
    {
        return Err(match args.baseline {
            Some(_) => CommandError::user(format!("an index of kind `{kind}` subtracts no baseline"))
                .hint(format!("say --kind {}", kind.diffed())),
            None => CommandError::user(format!("an index of kind `{kind}` needs a run to subtract"))
                .hint("say which with --baseline DIR"),
        });
    }
    let baseline = args.baseline.as_ref().map(|folder| cwd.join(folder));
    let mut expected = Expected::new();
    for Expect { job, binaries } in &args.expect {
        expected.entry(job.clone()).or_default().extend(binaries.iter().cloned());
    }
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
        tree: &tree,
        baseline: baseline.as_deref(),
        diffed: kind.diffed,
        expected: &expected,
    };
    let imported =
        import(&request).map_err(|error| CommandError::user("cannot read the coverage").caused_by(error))?;

    let mut document = Document::new(args.shard, kind, &commit, &imported);
    let recording = |job: &JobName| recording(job, args.shard, &commit, branch.as_ref());
    let mut indexes: Vec<(JobName, Index)> = Vec::new();
    let reach = if args.executed_only { Reach::Executed } else { Reach::All };
    let baseline = imported.baseline().cloned();
    for gathered in imported.gathered(reach, recording) {
        let Gathered { recording, .. } = &gathered;
        let job = recording.job.clone();
        let extras = Extras {
            baselines: baseline.iter().cloned().collect(),
            run_all: args.run_all.iter().map(|pattern| run_all_rule(pattern)).collect(),
            // What nobody watched says nothing of files that no test is known to depend on.
            tree: None,
            variables: None,
        };
        let (index, noticed) = fold_with(gathered, extras, kind, &tree)
            .map_err(|error| CommandError::user("cannot make the index").caused_by(error))?;
        document.opaque.extend(noticed.opaque.iter().map(OpaqueTest::new));
        document.files = document.files.max(index.files().len());
        document.count_baseline(&index);
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

/// A path may have the characters of patterns, and is one all the same if it has no others.
fn run_all_rule(pattern: &str) -> RulePattern {
    match RepoPath::new(pattern) {
        Ok(path) if !Glob::is_glob(pattern) => RulePattern::Path(path),
        _ => RulePattern::Glob(Glob::new(pattern)),
    }
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
        asked_for: None,
    }
}

impl SourceFlags {
    fn format(&self, args: &BuildArgs, session: &Session<'_>) -> (PathBuf, Format) {
        let cwd = &session.environment.cwd;
        if let Some(folder) = &self.go_covdata {
            let prefixes = args.module_prefix.iter();
            let prefixes = prefixes.map(|prefix| (prefix.path.clone(), prefix.folder.clone())).collect();
            return (cwd.join(folder), Format::Go(prefixes));
        }
        match (&self.llvm, &self.lcov, &self.llvm_json) {
            (Some(folder), ..) => {
                let binaries = args.binaries.iter().map(|path| cwd.join(path)).collect();
                (cwd.join(folder), Format::Llvm(binaries))
            }
            (_, Some(folder), _) => (cwd.join(folder), Format::Lcov),
            (_, _, Some(folder)) => (cwd.join(folder), Format::LlvmJson),
            (None, None, None) => unreachable!("clap requires one of them"),
        }
    }
}
