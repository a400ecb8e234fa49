//! `skiptrace explain`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::FileView;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::TestKey;
use skiptrace_engine::selection::{Decided, Reason};
use skiptrace_engine::test_set::TestSet;
use skiptrace_engine::tree::BYTES;

use super::select::CauseDocument;
use crate::decision::{Asked, Decision};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::Flag;
use crate::ui::human;

/// How many tests are named of those that depend on something, unless all are asked for.
const NAMED: usize = 20;

/// Say why a test must run or need not, or which tests depend on a file
///
/// WHAT is the name of a test, or `SUITE NAME`; or the path of a file, `PATH:LINE` being what stands on that line.
///
/// Of a test it tells why it must run, or the proof that it need not: the index, the recorded run, and how many inputs
/// were compared. Of a file it tells which tests executed what of it, were compiled from it, or opened it.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A test, or a file of the repository
    #[arg(value_name = "WHAT", required = true, num_args = 1..=2)]
    what: Vec<String>,

    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// Name all tests
    #[arg(long)]
    all: bool,
}

/// The document `skiptrace/explain-test@1`.
#[derive(Serialize)]
struct TestDocument {
    suite: String,
    name: String,
    must_run: bool,
    reasons: Vec<CauseDocument>,
    proof: Option<Proof>,
    outcome: Option<&'static str>,
    duration_ms: Option<u128>,
}

/// Why a test need not run.
#[derive(Serialize)]
struct Proof {
    index: String,
    commit: Option<String>,
    recorded_at: Option<String>,
    /// How many units it executed, or depends on without a counter.
    units: usize,
    /// How many files these are in, or it was compiled from, or opened.
    files: usize,
    /// How many files may differ from what the index has; nothing in them concerns the test.
    changed_paths: usize,
}

/// The document `skiptrace/explain-path@1`.
#[derive(Serialize)]
struct PathDocument {
    path: String,
    line: Option<u32>,
    known: bool,
    uses: Vec<UseDocument>,
}

#[derive(Serialize)]
struct UseDocument {
    how: &'static str,
    what: String,
    lines: Option<(u32, u32)>,
    tests: Vec<String>,
}

pub(crate) fn run(args: &ExplainArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.kind", "--kind", args.kind).into_iter().chain(Flag::given(
        "index.job",
        "--job",
        args.job.clone(),
    ));
    let settings = session.settings_with(flags)?;
    let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let rules = Rules::read(session, &settings, &job)?;
    let decision = Decision::make(
        &Asked {
            job: job.clone(),
            kind: settings.index_kind.value,
            index: args.index.as_deref(),
            base: None,
            at: None,
            policy: settings.select_policy.value.into(),
            rules: &rules.paths,
            never_skip: &rules.never_skip,
            escape: settings.select_escape.value.text(),
            runner: None,
        },
        session,
    )?;
    let tests = find_tests(&args.what, &decision);
    match (&tests[..], path_of(&args.what, session)?) {
        ([], Some((path, line))) if is_file(&path, &decision, session)? => {
            explain_path(&decision, &job, &path, line, args.all, session)
        }
        ([], _) => explain_stranger(&args.what.join(" "), &decision, session),
        (tests, _) => {
            for test in tests {
                explain_test(test, &decision, session)?;
            }
            Ok(ExitStatus::Success)
        }
    }
}

/// Returns the tests that words name: a name, or suite and name.
fn find_tests<'d>(what: &[String], decision: &'d Decision) -> Vec<&'d Decided> {
    let is_meant = |key: &TestKey| match what {
        [suite, name] => *key.suite == **suite && *key.name == **name,
        [text] => {
            *key.name == **text
                || key.qualified_name() == *text
                || text
                    .split_once(' ')
                    .is_some_and(|(suite, name)| *key.suite == *suite && *key.name == *name)
        }
        _ => false,
    };
    decision.selection.tests.iter().filter(|test| is_meant(&test.record.key)).collect()
}

/// Returns the file of the repository, and the line, that words name.
fn path_of(what: &[String], session: &Session<'_>) -> Result<Option<(RepoPath, Option<u32>)>, CommandError> {
    let [text] = what else { return Ok(None) };
    let Some(repository) = session.repository()? else { return Ok(None) };
    let (path, line) = match text.rsplit_once(':') {
        Some((path, line)) => match line.parse() {
            Ok(line) => (path, Some(line)),
            Err(_) => (text.as_str(), None),
        },
        None => (text.as_str(), None),
    };
    let full = session.environment.cwd.join(path);
    let full = full.canonicalize().unwrap_or(full);
    let root = repository.root().canonicalize().unwrap_or_else(|_| repository.root().to_owned());
    let inside = full.strip_prefix(&root).ok().and_then(|path| path.to_str());
    // A path may be one of the repository that is not there any more.
    let path = inside.and_then(|path| RepoPath::new(path).ok()).or_else(|| RepoPath::new(path).ok());
    Ok(path.map(|path| (path, line)))
}

/// Returns whether a path is one of a file or folder that is there, or that the index knows.
fn is_file(path: &RepoPath, decision: &Decision, session: &Session<'_>) -> Result<bool, CommandError> {
    let is_there = |root: &Path| root.join(path.as_str()).symlink_metadata().is_ok();
    if session.repository()?.is_some_and(|repository| is_there(repository.root())) {
        return Ok(true);
    }
    for part in decision.basis.iter().flat_map(|basis| &basis.parts) {
        if part.find_files(std::slice::from_ref(path))?.iter().any(Option::is_some) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn explain_test(test: &Decided, decision: &Decision, session: &Session<'_>) -> Result<(), CommandError> {
    let key = &test.record.key;
    let reasons: Vec<&Reason> = decision.selection.reasons_of(test).collect();
    let proof = match (&decision.basis, test.is_skipped()) {
        (Some(basis), true) => {
            let (units, files) = inputs(basis.parts.iter().map(|part| part as &dyn Evidence), key)?;
            Some(Proof {
                index: basis.relation.to_string(),
                commit: basis.commit().map(ToString::to_string),
                recorded_at: basis.recorded_at().map(human::date),
                units,
                files,
                changed_paths: decision.present.len(),
            })
        }
        _ => None,
    };
    if session.printer.wants_json() {
        let document = TestDocument {
            suite: key.suite.to_string(),
            name: key.name.to_string(),
            must_run: !test.is_skipped(),
            reasons: reasons.iter().map(|reason| CauseDocument::of(reason)).collect(),
            proof,
            outcome: Some(test.record.outcome.name()),
            duration_ms: Some(test.record.duration.as_millis()),
        };
        session.printer.json("explain-test@1", &document)?;
        return Ok(());
    }
    let printer = session.printer;
    match proof {
        Some(proof) => {
            printer.answer(format_args!("{} {} need not run", key.suite, key.name))?;
            printer.answer(format_args!(
                "  it passed when it was recorded ({}), as the index of {} has it",
                proof.recorded_at.as_deref().unwrap_or("at an unknown time"),
                proof.index,
            ))?;
            printer.answer(format_args!(
                "  it depends on {} in {}, all of which are what they were",
                human::count(proof.units as u64, "unit"),
                human::count(proof.files as u64, "file"),
            ))?;
            let changed = human::count(proof.changed_paths as u64, "file");
            match proof.changed_paths {
                0 => printer.answer("  no file differs from what the index has")?,
                _ => printer.answer(format_args!(
                    "  {changed} may differ from what the index has; nothing of that concerns it"
                ))?,
            }
        }
        None => {
            printer.answer(format_args!("{} {} must run", key.suite, key.name))?;
            for reason in reasons {
                let hazard = reason.hazard().map(|hazard| format!(" [{hazard}]")).unwrap_or_default();
                printer.answer(format_args!("  {}{hazard}: {reason}", reason.code()))?;
            }
        }
    }
    Ok(())
}

/// Counts the units and files that a test depends on.
fn inputs<'e>(
    parts: impl Iterator<Item = &'e dyn Evidence>,
    key: &TestKey,
) -> Result<(usize, usize), CommandError> {
    let (mut units, mut files) = (0, 0);
    for part in parts {
        let Some(id) = part.find_tests(&[key])?[0] else { continue };
        for view in part.files_where(&|_| true)? {
            let ids: Vec<_> = view.units.iter().map(|unit| unit.own).collect();
            let own = part.sets(&ids)?.iter().filter(|set| set.contains(id)).count();
            let of_file = part.sets(&[view.file.compiled, view.file.opened])?;
            units += own;
            files += usize::from(own > 0 || of_file.iter().any(|set| set.contains(id)));
        }
    }
    Ok((units, files))
}

fn explain_stranger(
    what: &str,
    decision: &Decision,
    session: &Session<'_>,
) -> Result<ExitStatus, CommandError> {
    let printer = session.printer;
    if decision.basis.is_none() {
        for cause in &decision.selection.everything {
            printer.answer(format_args!("{what} must run, as everything must: {cause}"))?;
        }
        return Ok(ExitStatus::Success);
    }
    let near = decision
        .selection
        .tests
        .iter()
        .map(|test| (strsim::damerau_levenshtein(what, &test.record.key.name), &test.record.key))
        .filter(|(distance, key)| *distance <= key.name.len() / 3)
        .min_by_key(|(distance, _)| *distance);
    let error = CommandError::user(format_args!("`{what}` is no test that the index knows, and no file"));
    Err(match near {
        Some((_, key)) => error.hint(format_args!("did you mean `{}`?", key.name)),
        None => {
            error.hint("a test that no index knows always runs; `skiptrace index show` lists those it knows")
        }
    })
}

fn explain_path(
    decision: &Decision,
    job: &JobName,
    path: &RepoPath,
    line: Option<u32>,
    all: bool,
    session: &Session<'_>,
) -> Result<ExitStatus, CommandError> {
    let mut uses: BTreeMap<(u32, &'static str, String), UsedBy> = BTreeMap::new();
    let mut known = false;
    let parts = decision.basis.iter().flat_map(|basis| &basis.parts);
    for part in parts {
        let Some(of_job) = part.jobs().into_iter().find(|known| known.job == *job) else { continue };
        let of_job = TestSet::range(of_job.tests);
        let Some(view) = part.find_files(std::slice::from_ref(path))?.remove(0) else { continue };
        known = true;
        for (order, how, what, lines, set) in uses_of(&view, line) {
            let tests = part.sets(&[set])?[0].intersection(&of_job);
            let names =
                part.tests(&tests)?.into_iter().map(|test| format!("{} {}", test.key.suite, test.key.name));
            let entry = uses.entry((order, how, what)).or_insert_with(|| (lines, Vec::new()));
            entry.1.extend(names);
        }
    }
    let document = PathDocument {
        path: path.to_string(),
        line,
        known,
        uses: uses
            .into_iter()
            .filter(|(_, (_, tests))| !tests.is_empty())
            .map(|((_, how, what), (lines, tests))| UseDocument { how, what, lines, tests })
            .collect(),
    };
    if session.printer.wants_json() {
        session.printer.json("explain-path@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    let printer = session.printer;
    if !known {
        for cause in decision.selection.everything.iter().filter(|_| decision.basis.is_none()) {
            printer.warning(cause);
        }
        printer.answer(format_args!(
            "the index does not know `{path}`: unless a rule says otherwise, its change runs everything"
        ))?;
        return Ok(ExitStatus::Success);
    }
    if document.uses.is_empty() {
        printer.answer(format_args!("no test depends on `{path}`"))?;
    }
    if let Some(line) = line.filter(|_| document.uses.iter().all(|used| used.lines.is_none())) {
        printer.answer(format_args!("line {line} of `{path}` is in nothing that a test executed"))?;
    }
    for used in &document.uses {
        let lines = used.lines.map(|(start, end)| format!(", lines {start}-{end}")).unwrap_or_default();
        printer.answer(format_args!(
            "{} {}{lines}: {}",
            used.how,
            used.what,
            human::count(used.tests.len() as u64, "test")
        ))?;
        let shown = if all { used.tests.len() } else { NAMED };
        for test in used.tests.iter().take(shown) {
            printer.answer(format_args!("  {test}"))?;
        }
        if used.tests.len() > shown {
            printer.answer(format_args!("  and {} more (--all names them)", used.tests.len() - shown))?;
        }
    }
    Ok(ExitStatus::Success)
}

/// On which lines something stands, and which tests use it.
type UsedBy = (Option<(u32, u32)>, Vec<String>);

/// A way in which tests use a file: where it stands in the answer, how, what of it, on which lines, and which tests.
type Use = (u32, &'static str, String, Option<(u32, u32)>, skiptrace_engine::id::SetId);

fn uses_of(view: &FileView, line: Option<u32>) -> Vec<Use> {
    let is_meant = |start: u32, end: u32| line.is_none_or(|line| (start..=end).contains(&line));
    let mut uses: Vec<Use> = Vec::new();
    for unit in view.units.iter().filter(|unit| &*unit.name != BYTES) {
        let (lines, order) = match unit.listed {
            Some(lines) if lines.start > 0 => (Some((lines.start, lines.end)), lines.start),
            _ => (None, u32::MAX),
        };
        if lines.is_some_and(|(start, end)| !is_meant(start, end)) || (lines.is_none() && line.is_some()) {
            continue;
        }
        let name =
            if unit.name.is_empty() { unit.kind.name().to_owned() } else { format!("`{}`", unit.name) };
        let what = if unit.listed.is_some() { name } else { format!("an older version of {name}") };
        uses.push((order, "executed", what.clone(), lines, unit.own));
        uses.push((order, "executed as their baseline does", what, lines, unit.shared));
    }
    uses.push((0, "compiled from", "the file".to_owned(), None, view.file.compiled));
    uses.push((0, "opened", "the file".to_owned(), None, view.file.opened));
    uses
}
