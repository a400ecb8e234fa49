//! `skiptrace rules`.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::id::{JobName, SetId};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::FileView;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::selection::Then;

use crate::decision::Basis;
use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::Flag;
use crate::ui::human;

/// How many paths are named where there may be thousands.
const NAMED: usize = 3;

/// Check the rules of `skiptrace.toml`
#[derive(Debug, clap::Subcommand)]
pub enum RulesCommand {
    Lint(LintArgs),
}

/// Prove that every rule means something, and that none hides what tests depend on
///
/// Each pattern of the repository's own rules has to match a file. A rule that ignores paths must not match one that a
/// test executed, was compiled from, or opened: the index that is nearest says which those are. Nothing would be
/// skipped wrongly, since evidence wins over such a rule, but whoever wrote it expects something else.
#[derive(Debug, clap::Args)]
pub struct LintArgs {
    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,
}

/// The document `skiptrace/rules-lint@1`.
#[derive(Serialize)]
struct Document {
    rules: usize,
    problems: Vec<ProblemDocument>,
}

#[derive(Serialize)]
struct ProblemDocument {
    rule: String,
    place: Option<String>,
    message: String,
}

pub(crate) fn run(command: &RulesCommand, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let RulesCommand::Lint(args) = command;
    let settings = session.settings_with(Flag::given("index.job", "--job", args.job.clone()))?;
    let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let rules = Rules::read(session, &settings, &job)?;
    let repository = session.repository()?.ok_or_else(|| {
        CommandError::user("rules are checked against the files of a repository, and there is none here")
    })?;
    let files: Vec<RepoPath> = repository.present(None)?.listing()?.iter().map(|(path, _)| path).collect();
    let basis = match Basis::find(args.index.as_deref(), settings.index_kind.value, &job, None, session) {
        Ok(basis) => Some(basis),
        Err(error) if error.kind == ErrorKind::NoIndex => None,
        Err(error) => return Err(error),
    };
    let mut problems = Vec::new();
    for (rule, origin) in rules.paths.iter().zip(&rules.origins) {
        let mut tell = |message: String| {
            problems.push(ProblemDocument {
                rule: rule.name.to_string(),
                place: origin.as_ref().map(ToString::to_string),
                message,
            });
        };
        // What is shipped is for all repositories.
        if origin.is_some() {
            let targets = match &rule.then {
                Then::DependsOn(patterns) => patterns.as_slice(),
                _ => &[],
            };
            for pattern in rule.patterns.iter().chain(targets) {
                if !files.iter().any(|path| pattern.matches(path)) {
                    tell(format!("`{pattern}` matches no file"));
                }
            }
        }
        if let (Then::Ignore, Some(basis), true) = (&rule.then, &basis, origin.is_some()) {
            let is_meant =
                |path: &RepoPath| rules.paths.find(path).is_some_and(|found| found.name == rule.name);
            let hidden = depended_on(basis, &is_meant)?;
            if !hidden.is_empty() {
                let named: Vec<String> =
                    hidden.iter().take(NAMED).map(|(path, how)| format!("`{path}` ({how})")).collect();
                let more = hidden.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                tell(format!("it ignores what tests depend on: {}{more}", named.join(", ")));
            }
        }
    }
    if session.printer.wants_json() {
        let document = Document { rules: rules.origins.len(), problems };
        let is_fine = document.problems.is_empty();
        session.printer.json("rules-lint@1", &document)?;
        return Ok(if is_fine { ExitStatus::Success } else { ExitStatus::Failure });
    }
    if basis.is_none() {
        session
            .printer
            .warning("there is no index, so nobody can say whether a rule ignores what tests depend on");
    }
    for problem in &problems {
        let place = problem.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        session.printer.answer(format_args!("rule `{}`{place}: {}", problem.rule, problem.message))?;
    }
    let own = rules.origins.iter().flatten().count();
    session.printer.status(format_args!(
        "{} of this repository, {} shipped: {}",
        human::count(own as u64, "rule"),
        rules.origins.len() - own,
        match problems.len() {
            0 => "no problem".to_owned(),
            n => human::count(n as u64, "problem"),
        },
    ));
    Ok(if problems.is_empty() { ExitStatus::Success } else { ExitStatus::Failure })
}

/// Returns the files among those meant that tests depend on, and how.
fn depended_on(
    basis: &Basis,
    is_meant: &dyn Fn(&RepoPath) -> bool,
) -> Result<BTreeMap<RepoPath, &'static str>, CommandError> {
    let mut found = BTreeMap::new();
    for part in &basis.parts {
        for FileView { file, units } in part.files_where(&|file| is_meant(&file.path))? {
            let ran = units.iter().any(|unit| unit.own != SetId::EMPTY || unit.shared != SetId::EMPTY);
            let how = match () {
                () if ran => "executed",
                () if file.compiled != SetId::EMPTY => "compiled",
                () if file.opened != SetId::EMPTY => "opened",
                () => continue,
            };
            found.insert(file.path, how);
        }
    }
    Ok(found)
}
