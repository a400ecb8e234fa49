//! `skiptrace doctor`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use skiptrace_indexers::build::go::tool::GoVersion;
use skiptrace_indexers::llvm::continuous::{self, Continuous};
use skiptrace_indexers::record::native::{FlagProblem, NativeCommand, build_folder, flag_problems};

use super::record::runner::{Runner, has_nextest};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::table::{Column, Table};

/// The first release of rustc that can instrument without a nightly flag.
const OLDEST_RUSTC: (u32, u32) = (1, 60);
/// The first version of Go whose programs leave coverage in folders.
const OLDEST_GO: (u32, u32) = (1, 20);

/// Say whether recording would work here, and what is missing
///
/// RUNNER is the command that runs the tests, as for `skiptrace record`; without one, everything is looked at that
/// belongs to the project. Nothing is built and nothing runs but tools that are asked for their versions.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// The command that runs the tests
    #[arg(value_name = "RUNNER", last = true)]
    runner: Vec<String>,
}

/// The document `skiptrace/doctor@1`.
#[derive(Debug, Default, Serialize)]
struct Document {
    works: bool,
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// Recording works, and some tests may not be skippable.
    Warning,
    /// Recording does not work.
    Bad,
}

impl Document {
    fn add(&mut self, name: impl Into<String>, state: State, found: impl Into<String>, way_out: &str) {
        let way_out = (state != State::Good && !way_out.is_empty()).then(|| way_out.to_owned());
        self.checks.push(Check { name: name.into(), state, found: found.into(), way_out });
    }
}

pub(super) fn run(args: &DoctorArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let mut document = Document::default();
    look_at_repository(session, &mut document);
    let cwd = session.environment.cwd.clone();
    let runner = match args.runner.is_empty() {
        true => Runner::find(&[], session).ok(),
        false => Some(Runner::find(&args.runner, session)?),
    };
    match &runner {
        Some(Runner::Cargo(_)) => look_at_rust(&cwd, &mut document),
        Some(Runner::Go(words)) => look_at_go(words, &cwd, &mut document),
        Some(Runner::Native(command)) => look_at_native(command, &cwd, &mut document),
        None => document.add(
            "runner",
            State::Bad,
            "nothing here says how tests are run",
            "say how: `skiptrace doctor -- RUNNER …`",
        ),
    }
    document.works = document.checks.iter().all(|check| check.state != State::Bad);
    if session.printer.wants_json() {
        session.printer.json("doctor@1", &document)?;
    } else {
        let mut table = Table::new([Column::text(""), Column::text(""), Column::text("")]);
        for check in &document.checks {
            let mark = match check.state {
                State::Good => "ok",
                State::Warning => "warning",
                State::Bad => "missing",
            };
            table.row([mark.to_owned(), check.name.clone(), check.found.clone()]);
        }
        session.printer.table(&table)?;
        for check in &document.checks {
            if let Some(way_out) = &check.way_out {
                session.printer.hint(format_args!("{}: {way_out}", check.name));
            }
        }
    }
    Ok(if document.works { ExitStatus::Success } else { ExitStatus::Failure })
}

fn look_at_repository(session: &Session<'_>, document: &mut Document) {
    match version("git", &["--version"], &session.environment.cwd) {
        Some(text) => document.add("git", State::Good, text, ""),
        None => document.add("git", State::Bad, "not found", "install git"),
    }
    match session.repository() {
        Ok(Some(repository)) => {
            document.add("repository", State::Good, repository.root().display().to_string(), "");
        }
        Ok(None) => {
            document.add("repository", State::Bad, "none here", "run this inside of a git repository")
        }
        Err(error) => document.add("repository", State::Bad, format!("{error:?}"), ""),
    }
    match session.settings().and_then(|settings| session.catalog().map(|_| settings)) {
        Ok(settings) => document.add("store", State::Good, settings.store_url.value.as_str(), ""),
        Err(_) => document.add(
            "store",
            State::Bad,
            "cannot be opened",
            "`skiptrace index list` says why, `skiptrace config show store.url` where it should be",
        ),
    }
}

fn look_at_rust(cwd: &Path, document: &mut Document) {
    match version("cargo", &["--version"], cwd) {
        Some(text) => document.add("cargo", State::Good, text, ""),
        None => document.add("cargo", State::Bad, "not found", "install Rust: https://rustup.rs"),
    }
    let rustc = version("rustc", &["--version"], cwd);
    let release = rustc.as_deref().and_then(release);
    match (rustc, release) {
        (Some(text), Some(release)) if release >= OLDEST_RUSTC => {
            document.add("rustc", State::Good, text, "")
        }
        (Some(text), _) => {
            document.add("rustc", State::Bad, text, "coverage needs rustc 1.60 or newer: `rustup update`")
        }
        (None, _) => document.add("rustc", State::Bad, "not found", "install Rust: https://rustup.rs"),
    }
    let nextest = if has_nextest(cwd) { "installed" } else { "not installed; `cargo test` is used" };
    document.add("nextest", State::Good, nextest, "");
}

fn look_at_go(words: &[String], cwd: &Path, document: &mut Document) {
    let program =
        words.first().map(String::as_str).filter(|word| !word.ends_with("gotestsum")).unwrap_or("go");
    match version(program, &["env", "GOVERSION"], cwd) {
        Some(text)
            if GoVersion::parse(&text).is_some_and(|version| (version.major, version.minor) >= OLDEST_GO) =>
        {
            document.add("go", State::Good, text, "");
        }
        Some(text) => {
            document.add("go", State::Bad, text, "coverage needs Go 1.20 or newer: https://go.dev/dl")
        }
        None => document.add("go", State::Bad, "not found", "install Go: https://go.dev/dl"),
    }
    let module =
        cwd.ancestors().find(|folder| folder.join("go.mod").is_file() || folder.join("go.work").is_file());
    match module {
        Some(folder) => document.add("module", State::Good, folder.display().to_string(), ""),
        None => document.add("module", State::Bad, "no `go.mod` here", "run this inside of a module"),
    }
    look_at_watching(document);
}

fn look_at_native(command: &NativeCommand, cwd: &Path, document: &mut Document) {
    let (folder, programs) = match command {
        NativeCommand::Ctest(ctest) => {
            let folder = cwd.join(ctest.folder.as_deref().unwrap_or(Path::new("")));
            let program = ctest.program.to_string_lossy().into_owned();
            match version(&program, &["--version"], cwd) {
                Some(text) => document.add("ctest", State::Good, text, ""),
                None => document.add("ctest", State::Bad, "not found", "install CMake"),
            }
            (Some(folder), Vec::new())
        }
        NativeCommand::Programs(programs) => {
            let programs: Vec<PathBuf> = programs.iter().map(|program| cwd.join(program)).collect();
            (programs.first().and_then(|program| build_folder(program)), programs)
        }
    };
    if let Some(folder) = &folder {
        look_at_build(folder, document);
    }
    for program in &programs {
        look_at_program(program, document);
    }
    look_at_watching(document);
}

/// Looks at the flags of a build folder.
fn look_at_build(folder: &Path, document: &mut Document) {
    let name = folder.display().to_string();
    if !folder.join("CTestTestfile.cmake").is_file() && build_folder(folder).is_none() {
        document.add(
            "build",
            State::Bad,
            format!("`{name}` is no build folder"),
            "configure and build first",
        );
        return;
    }
    let Some(problems) = flag_problems(folder) else {
        document.add("flags", State::Warning, "nothing in the build folder says which there are", "");
        return;
    };
    let has = |problem| problems.contains(&problem);
    if has(FlagProblem::NoCoverage) {
        document.add(
            "flags",
            State::Warning,
            "some sources are compiled without coverage, so that tests depend on all of them",
            "compile and link all of the project with clang and `-fprofile-instr-generate -fcoverage-mapping`",
        );
    } else {
        document.add("flags", State::Good, "everything is compiled with coverage", "");
    }
    if has(FlagProblem::NoRelocation) {
        document.add(
            "counters",
            State::Warning,
            "lost with a process that is killed, forked or leaves by `_exit`; such tests always run",
            "compile with `-mllvm -runtime-counter-relocation` as well",
        );
    } else if !has(FlagProblem::NoCoverage) {
        document.add("counters", State::Good, "kept whatever becomes of a process", "");
    }
    if has(FlagProblem::NotAtomic) {
        document.add(
            "threads",
            State::Good,
            "without `-fprofile-update=atomic` counts may be too small, which recording does not mind: none gets to zero",
            "",
        );
    }
}

/// Looks at a test program itself.
fn look_at_program(program: &Path, document: &mut Document) {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let add = |document: &mut Document, state, found: &str, way_out: &str| {
        document.add(name.clone(), state, found, way_out);
    };
    let is_gcc_only = || {
        let compilers = continuous::compilers(program);
        !compilers.is_empty() && compilers.iter().all(|compiler| compiler.starts_with("GCC"))
    };
    match continuous::look(program) {
        Ok(None) if is_gcc_only() => add(
            document,
            State::Bad,
            "compiled with gcc, whose coverage is of another kind",
            "compile with clang and `-fprofile-instr-generate -fcoverage-mapping`",
        ),
        Ok(None) => add(
            document,
            State::Bad,
            "no coverage in it",
            "compile and link with `-fprofile-instr-generate -fcoverage-mapping`",
        ),
        Ok(Some(about)) if about.map_stripped => add(
            document,
            State::Bad,
            "its coverage map was stripped",
            "do not strip it, or `llvm-strip --keep-section='__llvm_cov*'`; compile with `-fcoverage-mapping`",
        ),
        Ok(Some(about)) => match about.continuous {
            Continuous::Yes => add(document, State::Good, "coverage, kept whatever becomes of a process", ""),
            Continuous::No => add(
                document,
                State::Warning,
                "coverage, lost with a process that is killed, forked or leaves by `_exit`",
                "compile with `-mllvm -runtime-counter-relocation` as well",
            ),
            Continuous::Unknown => add(
                document,
                State::Warning,
                "coverage; without symbols nobody can say whether counters survive the end of a process",
                "do not strip it",
            ),
        },
        Err(error) => add(document, State::Bad, &error.to_string(), ""),
    }
}

#[cfg(target_os = "linux")]
fn look_at_watching(document: &mut Document) {
    match skiptrace_indexers::run::traced::hindrance() {
        None => document.add("watching", State::Good, "processes of tests can be watched", ""),
        Some(hindrance) => document.add(
            "watching",
            State::Warning,
            hindrance,
            "allow ptrace (`--cap-add=SYS_PTRACE` in a container); C and C++ can do without, compiled with `-mllvm \
             -runtime-counter-relocation`",
        ),
    }
}

#[cfg(not(target_os = "linux"))]
fn look_at_watching(_: &mut Document) {}

/// Returns the first line of what a tool says of its version.
fn version(program: &str, args: &[&str], cwd: &Path) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(cwd).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Returns the release in `rustc 1.95.0 (…)`.
fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read() {
        assert_eq!(release("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(release("rustc 2.0.0-nightly"), Some((2, 0)));
        assert_eq!(release("rustc"), None);
    }

    #[test]
    fn what_has_no_coverage_is_told() {
        let mut document = Document::default();
        look_at_program(Path::new("/bin/true"), &mut document);
        assert_eq!(document.checks[0].state, State::Bad);
        assert!(document.checks[0].way_out.as_deref().unwrap_or_default().contains("-fcoverage-mapping"));
        look_at_build(Path::new("/no/such/folder"), &mut document);
        assert_eq!(document.checks[1].state, State::Bad);
    }
}
