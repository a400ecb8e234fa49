//! Programs that speak GoogleTest: a file of flags for each, with one filter.
//!
//! A filter's names are patterns, cut at `:`, and the first `-` begins those that are left out. Nothing in it
//! can be escaped, so a name with `*`, `?` or `:` cannot be left out without what else it matches.

use std::path::Path;

use super::{Ask, File, Form, Kept, Rendered, Strangers, Suite, path_text};

pub(super) fn render(ask: &Ask<'_>, folder: &Path) -> Rendered {
    let mut rendered = Rendered { form: ask.form, ..Rendered::default() };
    let mut kept = Kept::default();
    let suites = ask.suites();
    let single = suites.len() <= 1;
    let mut lines = String::new();
    for (place, (program, suite)) in suites.iter().enumerate() {
        let (filter, form) = filter(ask, suite, &mut kept);
        if form == Form::Skip {
            rendered.form = form;
        }
        let name = format!("gtest-{}.flags", place + 1);
        // Long ones are read from a file as well as short ones, and a file is not cut by any shell.
        rendered
            .files
            .push(File { name: name.clone(), bytes: format!("--gtest_filter={filter}\n").into_bytes() });
        let path = path_text(folder, &name);
        let flag = format!("--gtest_flagfile={path}");
        lines.push_str(&format!("{}\t{flag}\n", program.escape_default()));
        if single {
            // No variable: it would also be read by programs that nobody knows, and may leave out tests of theirs.
            rendered.arguments.push(flag);
            rendered.notes.push(format!("the flag is for {program} only"));
        }
    }
    if suites.is_empty() {
        rendered.arguments.push("--gtest_filter=-*".to_owned());
    } else if !single {
        rendered.stdout = lines;
        rendered
            .notes
            .push("each line is a program, a tab, and the flag that is for this program only".to_owned());
    }
    kept.tell(&mut rendered, "because a filter of GoogleTest's cannot name them and nothing else");
    rendered
}

/// Returns the filter for one program, and what it says.
fn filter(ask: &Ask<'_>, suite: &Suite<'_>, kept: &mut Kept) -> (String, Form) {
    let is_sayable = |name: &str| {
        // Bytes that are no text have become the replacement character, and lines end files of flags.
        let hard = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        !name.is_empty() && !name.contains(hard)
    };
    let is_exact = |name: &str| is_sayable(name) && !name.contains(['*', '?', ':']);
    // A dash would begin what is left out.
    let is_positive = |name: &&&str| is_exact(name) && !name.contains('-');
    if ask.form == Form::Run && suite.run.iter().all(|name| is_positive(&name)) {
        let names: Vec<&str> = suite.run.iter().copied().collect();
        return (if names.is_empty() { "-*".to_owned() } else { names.join(":") }, Form::Run);
    }
    if suite.run.is_empty() && ask.strangers == Strangers::Leave {
        return ("-*".to_owned(), Form::Run);
    }
    let mut names: Vec<&str> = Vec::new();
    for name in &suite.skip {
        if is_exact(name) { names.push(name) } else { kept.add(name) }
    }
    (if names.is_empty() { "*".to_owned() } else { format!("*-{}", names.join(":")) }, Form::Skip)
}
