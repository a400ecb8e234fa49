//! `skiptrace index show`.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::catalog::StoredIndex;
use skiptrace_engine::id::TestId;
use skiptrace_engine::index::depends::How;
use skiptrace_engine::index::{Evidence, Index};
use skiptrace_engine::recording::{Origin, Recording};
use skiptrace_engine::test_set::TestSet;
use skiptrace_engine::unit::LineSpan;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::table::{Column, Table};

use super::target::{KindFlag, Target};

/// Print what an index is of
///
/// Its jobs, recordings and environment, how many tests can be skipped on their record, and what takes its bytes.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// A file, or a revision whose index is in the store
    #[arg(value_name = "INDEX", default_value = "HEAD")]
    index: String,

    #[command(flatten)]
    kind: KindFlag,

    /// List the tests with their records instead
    #[arg(long, conflicts_with = "files")]
    tests: bool,

    /// List the files with how many tests reach them instead
    #[arg(long)]
    files: bool,

    /// List what this test depends on instead, and how
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tests", "files"])]
    test: Option<String>,
}

/// The document `skiptrace/index@1`.
#[derive(Serialize)]
struct Document {
    parts: Vec<PartDocument>,
}

#[derive(Serialize)]
struct PartDocument {
    kind: &'static str,
    bytes: u64,
    tests: u32,
    files: u32,
    units: u32,
    sets: u32,
    jobs: Vec<JobDocument>,
    recordings: Vec<RecordingDocument>,
    expected: Vec<ShardDocument>,
    sections: Vec<SectionDocument>,
}

#[derive(Serialize)]
struct JobDocument {
    job: String,
    tests: usize,
    provable: usize,
}

#[derive(Serialize)]
struct ShardDocument {
    job: String,
    shard: String,
}

#[derive(Serialize)]
struct RecordingDocument {
    job: String,
    shard: String,
    commit: String,
    tree: Option<String>,
    branch: Option<String>,
    recorded_at_ms: u64,
    tool: String,
    imported: bool,
    environment: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct SectionDocument {
    section: &'static str,
    blocks: usize,
    bytes: u64,
    unpacked: u64,
}

pub(super) fn run(args: &ShowArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let target = Target::parse(&args.index, session)?;
    if args.tests {
        return list_tests(session, &target.load(session, kind)?);
    }
    if args.files {
        return list_files(session, &target.load(session, kind)?);
    }
    if let Some(name) = &args.test {
        return list_dependencies(session, &target.load(session, kind)?, name);
    }
    let parts: Vec<PartDocument> = target.open(session, kind)?.iter().map(describe).collect();
    if session.printer.wants_json() {
        session.printer.json("index@1", &Document { parts })?;
        return Ok(ExitStatus::Success);
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            session.printer.answer("")?;
        }
        print(session, part)?;
    }
    Ok(ExitStatus::Success)
}

fn describe(index: &StoredIndex) -> PartDocument {
    let provable = index.provable();
    let job = |job: &skiptrace_engine::index::JobTests| JobDocument {
        job: job.job.to_string(),
        tests: (job.tests.end.0 - job.tests.start.0) as usize,
        provable: provable.intersection(&TestSet::range(job.tests.clone())).len(),
    };
    let recording = |recording: &Recording| RecordingDocument {
        job: recording.job.to_string(),
        shard: recording.shard.to_string(),
        commit: recording.commit.to_string(),
        tree: recording.tree.as_ref().map(ToString::to_string),
        branch: recording.branch.clone(),
        recorded_at_ms: recording.recorded_at.0,
        tool: recording.tool.clone(),
        imported: recording.origin == Origin::Imported,
        environment: recording.environment.parts.clone(),
    };
    PartDocument {
        kind: index.kind().name(),
        bytes: index.size(),
        tests: index.n_tests(),
        files: index.n_files(),
        units: index.n_units(),
        sets: index.n_sets(),
        jobs: index.jobs().iter().map(job).collect(),
        recordings: index.recordings().iter().map(recording).collect(),
        expected: index
            .expected()
            .iter()
            .map(|expected| ShardDocument {
                job: expected.job.to_string(),
                shard: expected.shard.to_string(),
            })
            .collect(),
        sections: index
            .section_sizes()
            .iter()
            .map(|size| SectionDocument {
                section: size.section.name(),
                blocks: size.frames,
                bytes: size.bytes,
                unpacked: size.unpacked,
            })
            .collect(),
    }
}

fn print(session: &Session<'_>, part: &PartDocument) -> Result<(), CommandError> {
    let printer = session.printer;
    printer.answer(format_args!(
        "{} index, {}: {}, {}, {}, {}",
        part.kind,
        human::size(part.bytes),
        human::count(part.tests.into(), "test"),
        human::count(part.files.into(), "file"),
        human::count(part.units.into(), "unit"),
        human::count(part.sets.into(), "set"),
    ))?;
    printer.answer("")?;
    let mut jobs =
        Table::new([Column::text("JOB"), Column::number("TESTS"), Column::number("CAN BE SKIPPED")]);
    for job in &part.jobs {
        jobs.row([job.job.clone(), job.tests.to_string(), job.provable.to_string()]);
    }
    printer.table(&jobs)?;
    printer.answer("")?;
    let mut recordings = Table::new([
        Column::text("RECORDING"),
        Column::text("SHARD"),
        Column::text("COMMIT"),
        Column::text("BRANCH"),
        Column::text("RECORDED"),
        Column::text("BY").dim(),
    ]);
    for recording in &part.recordings {
        let by = if recording.imported { "imported by " } else { "" };
        recordings.row([
            recording.job.clone(),
            recording.shard.clone(),
            recording.commit[..12].to_owned(),
            recording.branch.clone().unwrap_or_default(),
            human::date(skiptrace_engine::time::Timestamp(recording.recorded_at_ms)),
            format!("{by}{}", recording.tool),
        ]);
    }
    printer.table(&recordings)?;
    for recording in part.recordings.iter().filter(|recording| !recording.environment.is_empty()) {
        printer.answer("")?;
        printer.answer(format_args!("environment of {} {}", recording.job, recording.shard))?;
        let mut environment = Table::new([Column::text(""), Column::text("")]);
        for (name, value) in &recording.environment {
            environment.row([format!("  {name}"), value.clone()]);
        }
        printer.table(&environment)?;
    }
    printer.answer("")?;
    let mut sections = Table::new([
        Column::text("SECTION"),
        Column::number("BLOCKS"),
        Column::number("SIZE"),
        Column::number("UNPACKED"),
    ]);
    for section in &part.sections {
        sections.row([
            section.section.to_owned(),
            section.blocks.to_string(),
            human::size(section.bytes),
            human::size(section.unpacked),
        ]);
    }
    printer.table(&sections)?;
    Ok(())
}

/// The document `skiptrace/index-tests@1`.
#[derive(Serialize)]
struct TestsDocument {
    tests: Vec<TestDocument>,
}

#[derive(Serialize)]
struct TestDocument {
    job: String,
    suite: String,
    name: String,
    outcome: &'static str,
    problems: Vec<&'static str>,
    duration_us: u64,
    can_be_skipped: bool,
}

fn list_tests(session: &Session<'_>, index: &Index) -> Result<ExitStatus, CommandError> {
    let tests = index.tests().iter().map(|test| TestDocument {
        job: test.key.job.to_string(),
        suite: test.key.suite.to_string(),
        name: test.key.name.to_string(),
        outcome: test.outcome.name(),
        problems: test.health.problems().map(|problem| problem.name()).collect(),
        duration_us: u64::try_from(test.duration.as_micros()).unwrap_or(u64::MAX),
        can_be_skipped: test.can_prove(),
    });
    let document = TestsDocument { tests: tests.collect() };
    if session.printer.wants_json() {
        session.printer.json("index-tests@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    let mut table = Table::new([
        Column::text("JOB"),
        Column::text("TEST"),
        Column::text("OUTCOME"),
        Column::number("TIME"),
        Column::text("WHY NOT SKIPPED").dim(),
    ]);
    for (test, record) in document.tests.iter().zip(index.tests()) {
        let why = if test.can_be_skipped { String::new() } else { why_not(test) };
        let time = human::duration(test.duration_us / 1000);
        table.row([test.job.clone(), record.key.qualified_name(), test.outcome.to_owned(), time, why]);
    }
    session.printer.table(&table)?;
    Ok(ExitStatus::Success)
}

fn why_not(test: &TestDocument) -> String {
    if test.problems.is_empty() { "it did not pass".to_owned() } else { test.problems.join(", ") }
}

/// The document `skiptrace/index-files@1`.
#[derive(Serialize)]
struct FilesDocument {
    files: Vec<FileDocument>,
}

#[derive(Serialize)]
struct FileDocument {
    path: String,
    blob: Option<String>,
    units: usize,
    tests: usize,
}

fn list_files(session: &Session<'_>, index: &Index) -> Result<ExitStatus, CommandError> {
    let file = |file: &skiptrace_engine::index::FileRecord| {
        let units = index.units_of(file);
        let mut tests = TestSet::new();
        for set in units.iter().flat_map(|unit| [unit.own, unit.shared]).chain([file.compiled, file.opened]) {
            tests.union_with(index.set(set));
        }
        FileDocument {
            path: file.path.to_string(),
            blob: file.blob.as_ref().map(ToString::to_string),
            units: units.len(),
            tests: tests.iter().map(TestId::index).count(),
        }
    };
    let document = FilesDocument { files: index.files().iter().map(file).collect() };
    if session.printer.wants_json() {
        session.printer.json("index-files@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    let mut table = Table::new([Column::text("PATH"), Column::number("UNITS"), Column::number("TESTS")]);
    for file in &document.files {
        table.row([file.path.clone(), file.units.to_string(), file.tests.to_string()]);
    }
    session.printer.table(&table)?;
    Ok(ExitStatus::Success)
}

/// The document `skiptrace/index-dependencies@1`.
#[derive(Serialize)]
struct DependenciesDocument {
    tests: Vec<TestDependencies>,
}

#[derive(Serialize)]
struct TestDependencies {
    job: String,
    test: String,
    dependencies: Vec<DependencyDocument>,
}

#[derive(Serialize)]
struct DependencyDocument {
    path: String,
    how: &'static str,
    unit: Option<String>,
    lines: Option<[u32; 2]>,
}

/// Lists what the tests of that name depend on, one for each job that has it.
fn list_dependencies(session: &Session<'_>, index: &Index, name: &str) -> Result<ExitStatus, CommandError> {
    let named = index
        .tests()
        .iter()
        .enumerate()
        .filter(|(_, test)| test.key.qualified_name() == name || &*test.key.name == name);
    let tests = named.map(|(at, test)| TestDependencies {
        job: test.key.job.to_string(),
        test: test.key.qualified_name(),
        dependencies: dependencies(index, TestId(at as u32)),
    });
    let document = DependenciesDocument { tests: tests.collect() };
    if document.tests.is_empty() {
        return Err(CommandError::user(format_args!("there is no test `{name}` in the index"))
            .hint("`skiptrace index show --tests` lists them"));
    }
    if session.printer.wants_json() {
        session.printer.json("index-dependencies@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    for test in &document.tests {
        session.printer.answer(format_args!("{}: {}", test.job, test.test))?;
        let mut table = Table::new([Column::text(""), Column::text(""), Column::text("")]);
        for dependency in &test.dependencies {
            let lines = dependency.lines.map(|[start, end]| format!(":{start}-{end}")).unwrap_or_default();
            let place = format!("  {}{lines}", dependency.path);
            table.row([place, dependency.how.to_owned(), dependency.unit.clone().unwrap_or_default()]);
        }
        session.printer.table(&table)?;
    }
    Ok(ExitStatus::Success)
}

fn dependencies(index: &Index, test: TestId) -> Vec<DependencyDocument> {
    let describe = |dependency: skiptrace_engine::index::depends::Dependency<'_>| {
        let (how, unit) = match dependency.how {
            How::Executed(unit) => ("executed", Some(unit)),
            How::Shared(unit) => ("shared with its baseline", Some(unit)),
            How::Compiled => ("compiled from", None),
            How::Opened => ("opened", None),
        };
        DependencyDocument {
            path: dependency.file.path.to_string(),
            how,
            unit: unit.map(|unit| unit.name.to_string()).filter(|name| !name.is_empty()),
            lines: unit
                .filter(|unit| !unit.name.is_empty())
                .and_then(|unit| unit.listed)
                .filter(|lines| *lines != LineSpan::UNKNOWN)
                .map(|lines| [lines.start, lines.end]),
        }
    };
    index.dependencies_of(test).map(describe).collect()
}
