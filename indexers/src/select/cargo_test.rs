//! `cargo test`, whose filters mean every test binary alike.
//!
//! `--skip=NAME` with `--exact` leaves out a test of that name in whichever binary has one. So a name is only
//! given where no test of that name must run, and only where strangers may be left: one of them may have the
//! name too.

use std::collections::BTreeSet;

use super::{Ask, Form, Kept, Rendered, Strangers};

/// How long the arguments may be together. Linux has room for 2 MiB, variables included.
const LIMIT: usize = 1 << 20;
/// How long one may be.
const LONGEST: usize = 100_000;

/// What no test can be called.
const NOTHING: &str = "::nothing::";

/// Which names of tests the user's command gives, before or after `--`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CargoTest {
    /// None.
    #[default]
    NoFilters,
    /// Some, of which any part is enough. `--exact` would change what they mean.
    Parts,
    /// It says `--exact`.
    Exact,
}

pub(super) fn render(filters: CargoTest, ask: &Ask<'_>) -> Rendered {
    let mut rendered = Rendered::default();
    if ask.is_nothing() {
        rendered.form = Form::Run;
        let words: &[&str] = match filters {
            CargoTest::NoFilters => &["--exact", NOTHING],
            // Every name has nothing as a part.
            CargoTest::Parts => &["--skip="],
            CargoTest::Exact => {
                rendered
                    .notes
                    .push("nothing must run, and names that the command gives run nevertheless".to_owned());
                &[NOTHING]
            }
        };
        rendered.arguments = words.iter().map(|&word| word.to_owned()).collect();
        return rendered;
    }
    if filters == CargoTest::Parts {
        let mut kept = Kept::default();
        ask.skip.iter().for_each(|test| kept.add(&test.name));
        kept.tell(&mut rendered, "because `--exact` would change what the names mean that the command gives");
        return rendered;
    }
    let mut strangers = Kept::default();
    let mut shared = Kept::default();
    let mut unsayable = Kept::default();
    let mut too_many = Kept::default();
    let run: BTreeSet<&str> = ask.run.iter().map(|test| &*test.name).collect();
    let mut said: BTreeSet<&str> = BTreeSet::new();
    let mut len = 0;
    for test in &ask.skip {
        let name = &*test.name;
        if is_documentation(&test.suite, name) {
            unsayable.add(name);
        } else if ask.strangers == Strangers::Run {
            strangers.add(name);
        } else if run.contains(name) {
            shared.add(name);
        } else if !is_sayable(name) {
            unsayable.add(name);
        } else if said.contains(name) {
        } else if len + name.len() > LIMIT {
            too_many.add(name);
        } else {
            len += name.len() + "--skip=".len() + 9;
            said.insert(name);
        }
    }
    if !said.is_empty() {
        if filters == CargoTest::NoFilters {
            // Given twice it is an error.
            rendered.arguments.push("--exact".to_owned());
        }
        rendered.arguments.extend(said.iter().map(|name| format!("--skip={name}")));
    }
    strangers.tell(
        &mut rendered,
        "because `cargo test` takes a name for all test binaries, and a test that nobody knows may have it; list the \
         tests, or use nextest",
    );
    shared.tell(&mut rendered, "because tests of the same name in other binaries must");
    unsayable.tell(&mut rendered, "because documentation tests cannot be named alone");
    too_many.tell(&mut rendered, "because no more names fit on a command line");
    rendered
}

/// Returns whether a test is the examples in a file's documentation, or in all of a package's.
fn is_documentation(suite: &str, name: &str) -> bool {
    suite.ends_with("::doc") && (name == "doctests" || name.contains('.'))
}

/// Returns whether a name is what a function can be called. Rustdoc cuts its tests' arguments at blanks, and
/// would take the parts for filters.
fn is_sayable(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}
