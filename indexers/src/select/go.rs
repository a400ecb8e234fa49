//! `go test`: what is to be left out of each package, for our program before its test binaries.
//!
//! `-run` and `-skip` mean the same names in every package, and nobody knows what strangers are called. So
//! the go tool starts our [`shim`], which knows of each package what is to be left out;
//! a package that it does not know runs whole. The user's packages stay what they are, so that a new one is
//! tested as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Ask, File, Form, Kept, Rendered, Strangers, Suite, path_text};
use crate::go::quoted;
use crate::run::go::shim::{self, Mode, Plan};
use crate::run::go::subset::{Choice, Choices, Selected};

/// What has to be known of the user's command.
#[derive(Debug, Clone, Copy)]
pub struct Go<'a> {
    /// The shim under its [name](shim::NAME), an absolute path.
    pub exec: &'a str,
    /// What the user has the go tool put before test binaries.
    pub chain: &'a [String],
    /// The user's own `-run`.
    pub run: Option<&'a str>,
    /// The folders of packages, as far as they are known. They are found by what binaries say of themselves
    /// too.
    pub folders: &'a BTreeMap<String, PathBuf>,
}

/// The file that says what runs.
const CHOICES: &str = "go-choices.json";

pub(super) fn render(go: &Go<'_>, ask: &Ask<'_>, folder: &Path) -> Rendered {
    let mut rendered = Rendered { form: ask.form, ..Rendered::default() };
    let mut kept = Kept::default();
    let mut selected = Vec::new();
    for (import_path, suite) in ask.suites() {
        let choice = match ask.form {
            // No test is called so, whatever was meant.
            Form::Run if suite.run.iter().any(|name| name.is_empty() || name.starts_with('/')) => {
                rendered.form = Form::Skip;
                kept.add_all(&suite.skip);
                Choice::All
            }
            Form::Run => Choice::Tests(owned(&suite.run)),
            Form::Skip => match left_out(&suite, ask.strangers, &mut kept) {
                skip if skip.is_empty() => Choice::All,
                skip => Choice::Without(owned(&skip)),
            },
        };
        selected.push(Selected {
            import_path: import_path.to_owned(),
            folder: go.folders.get(import_path).cloned().unwrap_or_default(),
            choice,
            others: None,
        });
    }
    if ask.is_nothing() {
        // No package is one that it does not know.
        rendered.arguments.push("-run=^$".to_owned());
        return rendered;
    }
    let choices = PathBuf::from(path_text(folder, CHOICES));
    let plan =
        Plan { mode: Mode::Subset { choices, users: go.run.map(str::to_owned) }, chain: go.chain.to_vec() };
    let (Some(exec), Ok(plan), Ok(bytes)) =
        (quoted::join([go.exec]), plan.to_text(), Choices::new(&selected).to_bytes())
    else {
        rendered.notes.push(format!(
            "every test runs, because the go tool cannot be told where skiptrace is: the path `{}` has both kinds of \
             quotes, move it",
            go.exec
        ));
        rendered.kept = ask.skip.len();
        rendered.form = Form::Skip;
        return rendered;
    };
    rendered.arguments.push(format!("-exec={exec}"));
    rendered.environment.push((shim::PLAN.to_owned(), plan));
    rendered.files.push(File { name: CHOICES.to_owned(), bytes });
    if go.chain.is_empty() {
        rendered.notes.push("the go tool neither uses nor keeps cached results (`-exec`)".to_owned());
    }
    kept.tell(&mut rendered, "because `-skip` would leave out others with them");
    rendered
}

/// Returns the tests of a package that can be left out without any that must run.
fn left_out<'a>(suite: &Suite<'a>, strangers: Strangers, kept: &mut Kept) -> BTreeSet<&'a str> {
    // `TestA/b` takes with it what is called `TestA/b/c`, and `TestA` all of its subtests.
    let needed: BTreeSet<&str> = suite
        .run
        .iter()
        .flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..at]).chain([*name]))
        .collect();
    let mut skip: BTreeSet<&str> = BTreeSet::new();
    for name in &suite.skip {
        let top_level = name.split('/').next().unwrap_or_default();
        let is_subtest = top_level.len() < name.len();
        let with_its_test = is_subtest && skip.contains(top_level);
        // A sibling that nobody knows may be called as the subtest is, with a slash behind.
        let is_safe =
            !top_level.is_empty() && !needed.contains(name) && (!is_subtest || strangers == Strangers::Leave);
        if is_safe {
            skip.insert(name);
        } else if !with_its_test {
            kept.add(name);
        }
    }
    skip
}

fn owned(names: &BTreeSet<&str>) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
