//! What a runner is told, so that it runs what must run and leaves out what need not.
//!
//! Who decides which tests must run is somebody else; here a [`Choice`] becomes what a runner eats, one file
//! per [`Format`]. Wherever a runner can be told what to *skip* it is, because then a test that nobody knows
//! runs. No name is written that could stand for another test as well: a test that its runner cannot name
//! exactly runs, and is counted. Nothing is written that makes a runner run everything, or fail, because
//! there is nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub mod alternatives;
mod cargo_test;
pub mod ctest;
pub mod go;
mod gtest;
mod lines;
pub mod nextest;
mod pytest;
#[cfg(test)]
mod tests;
pub mod workspace;

pub use cargo_test::CargoTest;
pub use lines::{read_plain, unescaped};

/// A test as its suite knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestName {
    /// The binary, package, program or file that it lives in, as recordings name it.
    pub suite: Box<str>,
    /// Its name there.
    pub name: Box<str>,
}

impl TestName {
    /// Makes a name.
    pub fn new(suite: impl Into<Box<str>>, name: impl Into<Box<str>>) -> TestName {
        TestName { suite: suite.into(), name: name.into() }
    }
}

/// What becomes of tests that are in neither list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// They run.
    Run,
    /// Nobody misses them: every test there is was listed, or another shard runs those that were not.
    Leave,
}

/// Whether a runner is told what to run or what to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// What to leave out.
    #[default]
    Skip,
    /// What to run. Only where strangers may be left; everywhere else it is [`Form::Skip`] all the same.
    Run,
}

/// Which tests run.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Those that must run, in order and each once.
    pub run: &'a [TestName],
    /// Those that need not, likewise. A test that is in both runs.
    pub skip: &'a [TestName],
    /// What becomes of all others.
    pub strangers: Strangers,
}

/// Who is told, and what has to be known to tell it.
#[derive(Debug, Clone, Copy)]
pub enum Format<'a> {
    /// `cargo nextest run`: options.
    Nextest(nextest::Nextest<'a>),
    /// `cargo test`: arguments after `--`.
    CargoTest(CargoTest),
    /// `go test`: flags, and a variable.
    Go(go::Go<'a>),
    /// `gotestsum`: the same, after its `--`.
    Gotestsum(go::Go<'a>),
    /// Programs that speak GoogleTest: a file of flags for each.
    Gtest,
    /// `ctest`: options.
    Ctest(ctest::Ctest<'a>),
    /// `pytest`: a plugin.
    Pytest,
    /// Lines of `classname.name`, as JUnit files have them.
    JunitNames,
    /// Lines of a suite, a tab, and a name.
    Plain,
}

impl Format<'_> {
    /// Returns what the format is called.
    pub fn name(&self) -> &'static str {
        match self {
            Format::Nextest(_) => "nextest",
            Format::CargoTest(_) => "cargo-test",
            Format::Go(_) => "go",
            Format::Gotestsum(_) => "gotestsum",
            Format::Gtest => "gtest",
            Format::Ctest(_) => "ctest",
            Format::Pytest => "pytest",
            Format::JunitNames => "junit-names",
            Format::Plain => "plain",
        }
    }
}

/// A file that a runner reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What a runner is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    /// What goes to standard output: the arguments, a line each, unless the format is made of lines itself.
    pub stdout: String,
    /// The words that the runner gets besides its own; see [`Format`] for where they go.
    pub arguments: Vec<String>,
    /// The files to be written before.
    pub files: Vec<File>,
    /// The variables that the runner needs. `PYTHONPATH` goes before what it holds already.
    pub environment: Vec<(String, String)>,
    /// What people should know, in sentences.
    pub notes: Vec<String>,
    /// Whether it says what to run or what to leave out.
    pub form: Form,
    /// How many tests run only because the runner cannot be told to leave them out, and nothing else with
    /// them.
    pub kept: usize,
    /// Whether no test is left, so that the runner need not be started at all. If it is, nothing runs.
    pub empty: bool,
}

/// Renders a choice. `folder` is where the files will be: an absolute path.
pub fn render(format: &Format<'_>, choice: &Choice<'_>, form: Form, folder: &Path) -> Rendered {
    let ask = Ask::new(choice, form);
    let mut rendered = match format {
        // Lists of names are for programs that know what they make of an empty one.
        Format::JunitNames => lines::junit(&ask, form),
        Format::Plain => lines::plain(&ask, form),
        _ if ask.is_whole() => Rendered::default(),
        Format::Nextest(nextest) => nextest::render(nextest, &ask, folder),
        Format::CargoTest(filters) => cargo_test::render(*filters, &ask),
        Format::Go(go) | Format::Gotestsum(go) => go::render(go, &ask, folder),
        Format::Gtest => gtest::render(&ask, folder),
        Format::Ctest(ctest) => ctest::render(ctest, &ask, folder),
        Format::Pytest => pytest::render(&ask, folder),
    };
    if rendered.stdout.is_empty() {
        rendered.stdout = rendered.arguments.iter().map(|word| format!("{word}\n")).collect();
        if rendered.arguments.iter().any(|word| word.contains([' ', '\t', '\n'])) {
            rendered.notes.push(
                "an argument has a blank in it: take each line as one argument, do not let a shell cut it"
                    .to_owned(),
            );
        }
    }
    // What nobody knows anything of runs, whoever asks.
    let is_opaque =
        matches!(format, Format::Ctest(ctest) if ctest.entries.iter().any(ctest::Entry::is_opaque));
    rendered.empty = ask.is_nothing() && rendered.kept == 0 && !is_opaque;
    rendered
}

/// A choice as the formats see it.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    run: BTreeSet<&'a TestName>,
    /// Without those that run.
    skip: BTreeSet<&'a TestName>,
    strangers: Strangers,
    form: Form,
}

impl<'a> Ask<'a> {
    fn new(choice: &Choice<'a>, form: Form) -> Ask<'a> {
        let run: BTreeSet<&TestName> = choice.run.iter().collect();
        let skip = choice.skip.iter().filter(|test| !run.contains(test)).collect();
        let mut ask = Ask { run, skip, strangers: choice.strangers, form };
        // That nothing is to run is said most safely as just that.
        ask.form = if ask.run.is_empty() { ask.possible(Form::Run) } else { ask.possible(form) };
        ask
    }

    /// Returns the form in which the choice can be said, where `form` is wished for.
    fn possible(&self, form: Form) -> Form {
        if self.strangers == Strangers::Run { Form::Skip } else { form }
    }

    /// Returns whether no test at all is to run.
    fn is_nothing(&self) -> bool {
        self.run.is_empty() && self.strangers == Strangers::Leave
    }

    /// Returns whether the runner need not be told anything.
    fn is_whole(&self) -> bool {
        self.skip.is_empty() && self.form == Form::Skip
    }

    /// Returns the tests of each suite that has any.
    fn suites(&self) -> BTreeMap<&'a str, Suite<'a>> {
        let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
        for test in &self.run {
            suites.entry(&test.suite).or_default().run.insert(&test.name);
        }
        for test in &self.skip {
            suites.entry(&test.suite).or_default().skip.insert(&test.name);
        }
        suites
    }
}

/// The tests of a suite.
#[derive(Debug, Default)]
struct Suite<'a> {
    run: BTreeSet<&'a str>,
    skip: BTreeSet<&'a str>,
}

/// Tests that run although they need not, and why.
#[derive(Debug, Default)]
struct Kept {
    n_tests: usize,
    example: Option<String>,
}

impl Kept {
    fn add(&mut self, name: &str) {
        self.n_tests += 1;
        self.example.get_or_insert_with(|| name.to_owned());
    }

    fn add_all(&mut self, names: &BTreeSet<&str>) {
        names.iter().for_each(|name| self.add(name));
    }

    /// Says so.
    fn tell(self, rendered: &mut Rendered, why: &str) {
        let Some(example) = self.example else { return };
        rendered.kept += self.n_tests;
        let (tests, need) = if self.n_tests == 1 { ("test", "runs") } else { ("tests", "run") };
        let n_tests = self.n_tests;
        rendered.notes.push(format!("{n_tests} {tests} {need} that need not, {why}: {example:?}"));
    }
}

/// Returns the path of a file in the folder, as text.
fn path_text(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}
