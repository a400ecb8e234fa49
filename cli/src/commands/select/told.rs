//! What a runner is told: what has to be known of it is found out, the choice is rendered, files are written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_indexers::record::native::{CtestCommand, NativeCommand, told as native};
use skiptrace_indexers::run::cargo::CargoCommand;
use skiptrace_indexers::run::go::command::GoCommand;
use skiptrace_indexers::run::{cargo_list, doctests};
use skiptrace_indexers::run::{go as go_runner, nextest as nextest_runner};
use skiptrace_indexers::select::workspace::Workspace;
use skiptrace_indexers::select::{CargoTest, Form, Format, Rendered, TestName, ctest, go, nextest, render};

use super::choice::Chosen;
use super::files;
use super::format::FormatName;
use super::shell;
use crate::commands::record::runner::Runner;
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::session::Session;

/// What a runner is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) rendered: Rendered,
    /// The files that were written for it.
    pub(super) files: Vec<PathBuf>,
}

/// A runner that is about to be told something.
pub(super) struct Teller<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) format: FormatName,
    /// The command that the user runs tests with, or the usual one of the format.
    pub(super) runner: Option<&'a Runner>,
    /// Where files are to be.
    pub(super) folder: PathBuf,
}

/// What has to be known of each runner.
enum Known {
    Nextest { binaries: BTreeSet<String>, profile: String, config: String },
    CargoTest(CargoTest),
    Go { exec: String, chain: Vec<String>, run: Option<String> },
    Ctest { entries: Vec<ctest::Entry>, release: (u32, u32), exclude: Option<String> },
    Nothing,
}

impl Teller<'_> {
    /// Lists the tests that there are, where the runner could not be told anything otherwise.
    pub(super) fn listed(&self) -> Result<Option<BTreeSet<TestName>>, CommandError> {
        let (FormatName::CargoTest, Some(Runner::Cargo(command))) = (self.format, self.runner) else {
            return Ok(None);
        };
        let session = self.session;
        session
            .printer
            .status("building the tests to list them: `cargo test` cannot leave out what it may confuse");
        let cwd = &session.environment.cwd;
        let listed = cargo_list::list(command, cwd, &Vec::new())
            .map_err(|error| unknown("the tests cannot be listed", error))?;
        if let Some(suite) = listed.silent.first() {
            session.printer.warning(format_args!(
                "`{suite}` does not list its tests, so `cargo test` is told to leave out none"
            ));
            return Ok(None);
        }
        let mut tests: BTreeSet<TestName> =
            listed.tests.into_iter().map(|(suite, name)| TestName::new(suite, name)).collect();
        if command.runs_doctests() {
            let workspace = Workspace::of(command, cwd)
                .map_err(|error| unknown("cargo does not say what is in the workspace", error))?;
            let documented = doctests::list(command, cwd, &Vec::new())
                .map_err(|error| unknown("the tests in documentation cannot be listed", error))?;
            let Some(documented) = documented else {
                session.printer.warning(format_args!(
                    "rustdoc does not list the tests in documentation, so `cargo test` is told to leave out none"
                ));
                return Ok(None);
            };
            for (of, examples) in documented {
                let of = of.replace('-', "_");
                let suite = format!("{}::doc", workspace.documented.get(&of).unwrap_or(&of));
                let files = examples.examples.into_iter().map(|example| example.file);
                tests.extend(files.map(|file| TestName::new(suite.clone(), file)));
            }
        }
        Ok(Some(tests))
    }

    /// Tells the runner.
    pub(super) fn tell(&self, mut chosen: Chosen) -> Result<Told, CommandError> {
        if let Some(Runner::Native(NativeCommand::Programs(programs))) = self.runner
            && self.format == FormatName::Gtest
        {
            let cwd = &self.session.environment.cwd;
            let suites = native::suites(programs, cwd, &self.repository()?)
                .map_err(|error| unknown("the test programs cannot be found", error))?;
            chosen.retain_suites(&suites);
        }
        if chosen.is_whole() && !self.format.is_list() {
            return Ok(Told::default());
        }
        let folder = if self.format.is_list() { self.folder.clone() } else { files::make(&self.folder)? };
        let known = self.known(&folder)?;
        let none = BTreeMap::new();
        let format = match (&known, self.format) {
            (Known::Nextest { binaries, profile, config }, _) => {
                // A file, however short it is: what is on the command line then needs no quotes in any shell.
                Format::Nextest(nextest::Nextest { binaries, profile, config, filtered: true })
            }
            (Known::CargoTest(filters), _) => Format::CargoTest(*filters),
            (Known::Go { exec, chain, run }, format) => {
                let go = go::Go { exec, chain, run: run.as_deref(), folders: &none };
                if format == FormatName::Gotestsum { Format::Gotestsum(go) } else { Format::Go(go) }
            }
            (Known::Ctest { entries, release, exclude }, _) => {
                Format::Ctest(ctest::Ctest { entries, release: *release, exclude: exclude.as_deref() })
            }
            (Known::Nothing, FormatName::Gtest) => Format::Gtest,
            (Known::Nothing, FormatName::Pytest) => Format::Pytest,
            (Known::Nothing, FormatName::JunitNames) => Format::JunitNames,
            (Known::Nothing, _) => Format::Plain,
        };
        let mut rendered = render(&format, &chosen.choice(), chosen.form, &folder);
        // Words are written as a shell reads them, so nobody has to know which of them have blanks.
        rendered.notes.retain(|note| !note.starts_with("an argument has a blank"));
        if let Known::Go { .. } = known {
            self.plan_in_a_script(&mut rendered, &folder)?;
        }
        if chosen.form == Form::Run && rendered.form == Form::Skip && !self.format.is_list() {
            rendered.notes.push(
                "the runner is told what to skip: there may be tests that nobody knows, and they have to run (list \
                 all with `--tests` to have it told what to run)"
                    .to_owned(),
            );
        }
        let mut written = Vec::new();
        for file in &rendered.files {
            let path = folder.join(&file.name);
            let mode = if file.bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
            files::write(&path, &file.bytes, mode)?;
            written.push(path);
        }
        Ok(Told { rendered, files: written })
    }

    fn repository(&self) -> Result<PathBuf, CommandError> {
        let repository = self.session.repository()?;
        Ok(repository.map_or_else(|| self.session.environment.cwd.clone(), |found| found.root().to_owned()))
    }

    fn known(&self, folder: &Path) -> Result<Known, CommandError> {
        match (self.format, self.runner) {
            (FormatName::Nextest, Some(Runner::Cargo(command))) => self.of_nextest(command),
            (FormatName::CargoTest, Some(Runner::Cargo(command))) => Ok(Known::CargoTest(filters(command))),
            (FormatName::Go | FormatName::Gotestsum, Some(Runner::Go(words))) => self.of_go(words, folder),
            (FormatName::Ctest, Some(Runner::Native(NativeCommand::Ctest(command)))) => {
                self.of_ctest(command)
            }
            _ => Ok(Known::Nothing),
        }
    }

    fn of_nextest(&self, command: &CargoCommand) -> Result<Known, CommandError> {
        let environment = &self.session.environment;
        let workspace = Workspace::of(command, &environment.cwd)
            .map_err(|error| unknown("cargo does not say what is in the workspace", error))?;
        let named = command.option("--config-file");
        if named.is_some() {
            self.session.printer.warning(
                "leave `--config-file` out of the command: what is in that file is in the one that it is given",
            );
        }
        let file = named.or(environment.text("NEXTEST_CONFIG_FILE")).map(|path| environment.cwd.join(path));
        let (file, must_be_there) = match file {
            Some(file) => (file, true),
            None => (workspace.root.join(".config/nextest.toml"), false),
        };
        let config = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_be_there => String::new(),
            Err(error) => return Err(error).on("read", &file),
        };
        let profile = nextest_runner::profile(&command.args, environment.text("NEXTEST_PROFILE"));
        Ok(Known::Nextest { binaries: workspace.binaries, profile, config })
    }

    fn of_go(&self, words: &[String], folder: &Path) -> Result<Known, CommandError> {
        let environment = &self.session.environment;
        let program = words.first().filter(|word| !word.ends_with("gotestsum"));
        let mut ask = Command::new(program.map_or("go", String::as_str));
        ask.args(["env", "GOFLAGS"]).current_dir(&environment.cwd);
        let output = ask.output().map_err(|error| unknown("the go tool cannot be started", error))?;
        let goflags = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        let of_go = |error| unknown("the go tool's flags cannot be understood", error);
        let command = GoCommand::parse(words, &goflags, &variable).map_err(of_go)?;
        let command = command.ok_or_else(|| CommandError::user("the command runs no tests of Go"))?;
        let chain = command.chain().map_err(of_go)?;
        let exec = folder.join(if cfg!(unix) { SCRIPT } else { go_runner::shim::NAME });
        Ok(Known::Go { exec: exec.to_string_lossy().into_owned(), chain, run: command.pattern("run") })
    }

    /// Puts what the go tool's helper has to know into a script, so that no variable is needed: it could be lost on its
    /// way, and then everything would fail.
    fn plan_in_a_script(&self, rendered: &mut Rendered, folder: &Path) -> Result<(), CommandError> {
        let Some(at) = rendered.environment.iter().position(|(name, _)| name == go_runner::shim::PLAN) else {
            return Ok(());
        };
        let link = link(folder)?;
        if cfg!(unix) {
            let (name, plan) = rendered.environment.remove(at);
            let (plan, link) = (shell::quoted(&plan), shell::quoted(&link.to_string_lossy()));
            let text = format!("#!/bin/sh\n{name}={plan}\nexport {name}\nexec {link} \"$@\"\n");
            rendered
                .files
                .push(skiptrace_indexers::select::File { name: SCRIPT.to_owned(), bytes: text.into_bytes() });
        }
        Ok(())
    }

    fn of_ctest(&self, command: &CtestCommand) -> Result<Known, CommandError> {
        let environment = &self.session.environment;
        let found = native::of_ctest(command, &environment.cwd, &environment.vars, &self.repository()?)
            .map_err(|error| unknown("CTest does not say which tests it has", error))?;
        let version = Command::new(&command.program).arg("--version").output();
        let version = version.map_err(|error| unknown("CTest cannot be started", error))?;
        // One that is taken for too old is told in a way that newer ones understand as well.
        let release = ctest::release(&String::from_utf8_lossy(&version.stdout)).unwrap_or_default();
        let mut filters = command.filters.iter();
        let mut exclude = None;
        while let Some(word) = filters.next() {
            if word == "-E" || word == "--exclude-regex" {
                exclude = filters.next().cloned();
            }
        }
        Ok(Known::Ctest { entries: ctest::Entry::all(&found), release, exclude })
    }
}

/// The script that the go tool starts in place of test binaries.
const SCRIPT: &str = "go-exec";

/// Makes the link to the program under the name by which the go tool's helper is known, unless it is there.
fn link(folder: &Path) -> Result<PathBuf, CommandError> {
    let program = std::env::current_exe().map_err(|error| {
        CommandError::new(ErrorKind::Internal, "cannot find the program's own file").caused_by(error)
    })?;
    let link = folder.join(go_runner::shim::NAME);
    if std::fs::read_link(&link).is_ok_and(|target| target == program) {
        return Ok(link);
    }
    let temporary = tempfile::tempdir_in(folder).on("write to", folder)?;
    let fresh = go_runner::shim::link(&program, temporary.path()).on("make", &link)?;
    std::fs::rename(&fresh, &link).on("make", &link)?;
    Ok(link)
}

/// Returns which names of tests a command of `cargo test` gives.
fn filters(command: &CargoCommand) -> CargoTest {
    let mut words = command.test_args.iter();
    let mut names = command.filter().is_some();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--exact" => return CargoTest::Exact,
            // `--exact` would change what it means.
            "--skip" => names = true,
            word if word.starts_with("--skip=") => names = true,
            "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" | "--shuffle-seed" => {
                words.next();
            }
            word => names |= !word.starts_with('-'),
        }
    }
    if names { CargoTest::Parts } else { CargoTest::NoFilters }
}

/// Makes the error for what has to be known before the runner can be told anything. The runner is told nothing then.
fn unknown(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CommandError {
    CommandError::new(ErrorKind::Runner, what).caused_by(error)
}
