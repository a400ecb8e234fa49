//! `pytest`, through a plugin.
//!
//! Its own ways would not do: an id that it does not know ends the run before the first test, and
//! `--deselect` takes ids for beginnings, so that `test_a` goes with `test_ab`.

use std::path::Path;

use serde_json::json;

use super::{Ask, File, Form, Rendered, TestName};

/// The plugin's module.
const MODULE: &str = "skiptrace_selection";
/// The plugin, for every Python that pytest runs on.
const PLUGIN: &str = include_str!("pytest.py");

pub(super) fn render(ask: &Ask<'_>, folder: &Path) -> Rendered {
    let (mode, tests) = match ask.form {
        Form::Run => ("run", &ask.run),
        Form::Skip => ("skip", &ask.skip),
    };
    let ids: Vec<String> = tests.iter().map(|test| node_id(test)).collect();
    let list = json!({ mode: ids });
    Rendered {
        form: ask.form,
        arguments: vec!["-p".to_owned(), MODULE.to_owned()],
        files: vec![
            File { name: format!("{MODULE}.py"), bytes: PLUGIN.into() },
            File { name: format!("{MODULE}.json"), bytes: list.to_string().into_bytes() },
        ],
        environment: vec![("PYTHONPATH".to_owned(), folder.to_string_lossy().into_owned())],
        ..Rendered::default()
    }
}

/// Returns the id that pytest has for a test.
fn node_id(test: &TestName) -> String {
    let (suite, name) = (&*test.suite, &*test.name);
    if suite.is_empty() || name.strip_prefix(suite).is_some_and(|rest| rest.starts_with("::")) {
        return name.to_owned();
    }
    format!("{suite}::{name}")
}
