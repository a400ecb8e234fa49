//! The conditions that a recording of Go's tests holds for, and which of them are others now.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey};

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::build::environment::{Machine, Placeholder};
use crate::build::go::environment::{GoBuild, GoEnvironment, go};
use crate::build::go::flags::BuildFlags;
use crate::build::go::tool::GoTool;
use crate::go::quoted;
use crate::run::go::command::GoCommand;
use crate::run::go::recording::Recording;
use crate::run::watch::Watch;

/// The flags for building that the command line had: so that they can be asked about again. What follows from them and
/// from `GOFLAGS` together is in parts of its own.
const ARGUMENTS: &str = "arguments";
/// The folder in which the go tool ran, unless it is the repository's root.
const FOLDER: &str = "folder";
/// What tests were told.
const TEST_ARGUMENTS: &str = "test arguments";
/// Which subtests were left out.
const SKIPPED: &str = "skipped subtests";
/// C compilers, where there is C in any test binary.
const COMPILERS: &str = "compilers";
/// How modules are found.
const MODULES: &str = "modules";
/// Arguments that cannot be written down so that they can be read again.
const UNTOLD: &str = "(not told)";

/// Returns the conditions. Nothing in them is of one machine alone: equal builds elsewhere have equal ones.
pub(super) fn of(request: &Request<'_>, plan: &Plan) -> EnvironmentKey {
    let placeholders = placeholders(&request.repository, &request.variables, &plan.environment);
    let compilers = match plan.graph.uses_cgo() {
        true => Some(plan.environment.compilers(&plan.tool, request.watch)),
        false => None,
    };
    let build = Conditions {
        environment: &plan.environment,
        flags: &plan.flags,
        command: &plan.command,
        compilers: compilers.as_deref(),
        vendored: plan.modules.vendor.is_some(),
        placeholders: &placeholders,
    };
    let mut key = build.key();
    if !plan.command.build.is_empty() {
        let named = plan.command.build.iter().map(|word| with_names(word, &placeholders));
        let text = quoted::join(named).unwrap_or_else(|| UNTOLD.to_owned());
        key.parts.insert(ARGUMENTS.to_owned(), text);
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real(&plan.tool.folder);
    if let Some(folder) = folder.strip_prefix(real(&request.repository)).ok().and_then(Path::to_str)
        && !folder.is_empty()
    {
        key.parts.insert(FOLDER.to_owned(), folder.to_owned());
    }
    key
}

/// What is asked about conditions as they are now.
pub struct Question<'a> {
    /// The command that the user runs tests with; without one, it is the one that was recorded.
    pub words: Option<&'a [String]>,
    /// The folder it is run in.
    pub cwd: &'a Path,
    /// The variables around it.
    pub variables: &'a BTreeMap<OsString, OsString>,
    /// The repository.
    pub repository: &'a Path,
    /// Who watches for interruption.
    pub watch: &'a Watch,
}

/// Returns which conditions of a recording are others now, found without building: one `go env`, and the versions of C
/// compilers where there was C.
///
/// Two parts only a build tells, and they are taken as they were:
/// - *Whether there is C.* A package gets some, or loses it, by a change of its files, which concerns whoever was
///   compiled from them; nothing of the others is compiled by a C compiler then.
/// - *Whether dependencies come out of `vendor`*, where no flag says so. That hangs on `vendor/modules.txt` being there and
///   on the version in `go.mod`. The former is among the files that tests were compiled from if dependencies did come from
///   there, and concerns everything if it is new; the latter is a line of a file that every test depends on.
///
/// Versions of modules are no conditions at all: tests depend on the lines that name them. A folder in which another
/// version of Go is chosen (`toolchain`) shows in what `go env` says there.
pub fn conditions(
    question: &Question<'_>,
    recorded: &EnvironmentKey,
) -> Result<Vec<EnvironmentDifference>, GoRecordError> {
    let Question { words, cwd, variables, repository, watch } = *question;
    let part = |name: &str| recorded.parts.get(name).map(String::as_str);
    let mut recorded_arguments = part(ARGUMENTS);
    let mut then = recorded.clone();
    // 1. Where, and what the go tool says there.
    let program = words.and_then(|words| words.first()).filter(|word| !word.ends_with("gotestsum"));
    let program = program.map_or("go", String::as_str);
    let folder = match (words, part(FOLDER)) {
        (None, Some(folder)) => repository.join(folder),
        (None, None) => repository.to_owned(),
        (Some(_), _) => cwd.to_owned(),
    };
    let mut tool = GoTool::find(program.as_ref(), &folder, BTreeMap::new())?;
    let mut environment = tool.environment(watch)?;
    let goflags = environment.get("GOFLAGS").unwrap_or_default().to_owned();
    let placeholders_here = placeholders(repository, variables, &environment);
    // 2. The command.
    let mut of_recording = vec!["go".to_owned(), "test".to_owned()];
    if recorded_arguments == Some(UNTOLD) && words.is_none() {
        recorded_arguments = None;
    }
    let arguments = recorded_arguments.map(quoted::words).unwrap_or_default();
    of_recording.extend(arguments.iter().map(|word| without_names(word, &placeholders_here)));
    let variable = |name: &str| variables.get(OsStr::new(name))?.to_str().map(str::to_owned);
    let command = GoCommand::parse(words.unwrap_or(&of_recording), &goflags, &variable)?;
    let command = command.ok_or(GoRecordError::NoTests)?.recording()?;
    if let Some(of_command) = &command.command.folder {
        tool = GoTool { folder: folder.join(of_command), ..tool };
        environment = tool.environment(watch)?;
    }
    let own_flags = BuildFlags::parse(&command.build)?;
    let flags = own_flags.over(&environment.flags());
    // 3. What follows.
    let compilers = part(COMPILERS).map(|_| environment.compilers(&tool, watch));
    let was_vendored =
        part(MODULES).is_some_and(|modules| modules == "vendor" || modules.starts_with("vendor "));
    let vendored = was_vendored && matches!(flags.value("mod"), None | Some("vendor"));
    let build = Conditions {
        environment: &environment,
        flags: &flags,
        command: &command,
        compilers: compilers.as_deref(),
        vendored,
        placeholders: &placeholders_here,
    };
    let mut now = build.key();
    match words {
        // What follows from it is compared, however it was said.
        Some(_) => {
            then.parts.remove(ARGUMENTS);
        }
        None => {
            let untouched = [ARGUMENTS, TEST_ARGUMENTS, SKIPPED];
            let told = |name: &&str| part(name).is_some_and(|value| value != UNTOLD);
            for name in untouched.into_iter().filter(told) {
                now.parts.insert(name.to_owned(), part(name).unwrap_or_default().to_owned());
            }
        }
    }
    // Suites are called by their packages, whatever the folder.
    then.parts.remove(FOLDER);
    // A variable that is a condition for a reason that nobody here knows.
    for (name, value) in recorded.parts.iter().filter(|(name, _)| name.starts_with('$')) {
        if !now.parts.contains_key(name) && variable(&name[1..]).as_ref() == Some(value) {
            now.parts.insert(name.clone(), value.clone());
        }
    }
    Ok(then.differences(&now))
}

/// What conditions are made of.
struct Conditions<'a> {
    environment: &'a GoEnvironment,
    flags: &'a BuildFlags,
    command: &'a Recording,
    /// The C compilers, where there is C.
    compilers: Option<&'a [String]>,
    vendored: bool,
    placeholders: &'a [Placeholder],
}

impl Conditions<'_> {
    fn key(&self) -> EnvironmentKey {
        let mut key = go(&GoBuild {
            environment: self.environment,
            flags: self.flags,
            cover_mode: self.command.mode.name(),
            uses_cgo: self.compilers.is_some(),
            compilers: self.compilers.unwrap_or_default(),
            vendored: self.vendored,
            variables: BTreeMap::new(),
            machine: Machine::current(),
            placeholders: self.placeholders,
        });
        // What the tests are told on the command line, besides which of them run.
        if !self.command.binary.is_empty() {
            key.parts.insert(TEST_ARGUMENTS.to_owned(), self.command.binary.join(" "));
        }
        let is_skip = |filter: &&String| filter.starts_with("-test.skip=") && filter.contains('/');
        if let Some(skip) = self.command.filters.iter().find(is_skip) {
            key.parts.insert(SKIPPED.to_owned(), skip.clone());
        }
        key
    }
}

/// Writes a folder of this machine by its name where a word has it.
fn with_names(word: &str, placeholders: &[Placeholder]) -> String {
    placeholders.iter().fold(word.to_owned(), |word, place| word.replace(&place.folder, &place.name))
}

/// Writes folders for the names that stand for them.
fn without_names(word: &str, placeholders: &[Placeholder]) -> String {
    placeholders.iter().fold(word.to_owned(), |word, place| word.replace(&place.name, &place.folder))
}

/// Returns the folders that differ from machine to machine, by each of their names.
fn placeholders(
    repository: &Path,
    variables: &BTreeMap<OsString, OsString>,
    environment: &GoEnvironment,
) -> Vec<Placeholder> {
    let home = variables.get(OsStr::new("HOME")).map(PathBuf::from);
    let of_go = |name| environment.get(name).map(PathBuf::from);
    let folders = [
        ("<repository>", Some(repository.to_owned())),
        ("<module cache>", of_go("GOMODCACHE")),
        ("<goroot>", of_go("GOROOT")),
        ("<home>", home),
    ];
    let mut placeholders = Vec::new();
    for (name, folder) in folders {
        let Some(folder) = folder else { continue };
        let mut names: Vec<PathBuf> = folder.canonicalize().into_iter().chain([folder]).collect();
        names.dedup();
        placeholders.extend(names.into_iter().filter_map(|folder| {
            Some(Placeholder { folder: folder.to_str()?.to_owned(), name: name.to_owned() })
        }));
    }
    placeholders
}
