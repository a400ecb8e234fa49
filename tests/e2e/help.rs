//! The help, which is also the reference in `e2e/snapshots/cli-reference.md`.

use std::fmt::Write;
use std::path::Path;

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn version() {
    assert_snapshot!(sandbox().skiptrace(["--version"]).success().snapshot(), @r"
    exit code: 0
    --- stdout ---
    skiptrace $VERSION
    ");
}

#[test]
fn short_help_fits_a_screen() {
    let output = sandbox().skiptrace(["-h"]).success();
    assert!(output.stdout().lines().count() < 40, "{}", output.stdout());
    assert!(output.stdout().lines().all(|line| line.len() <= 100), "{}", output.stdout());
}

/// The first line of a command's help says what to do, as a title: in the imperative, without a period.
#[test]
fn help_starts_like_a_title() {
    visit(&command(), &mut |path, command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && !about.ends_with('.'), "`{path}`: `{about}`");
        assert!(about.chars().next().is_some_and(char::is_uppercase), "`{path}`: `{about}`");
    });
}

#[test]
fn the_reference_is_fresh() {
    let mut reference =
        "# Command line reference\n\nWritten by a test from the help of every command.\n".to_owned();
    visit(&command(), &mut |path, command| {
        let help = command.clone().bin_name(path).term_width(100).render_long_help().to_string();
        let help: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        write!(reference, "\n## {path}\n\n```text\n{}\n```\n", help.join("\n")).unwrap();
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/snapshots/cli-reference.md");
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if kept.replace("\r\n", "\n") != reference {
        std::fs::write(&file, reference).unwrap();
        panic!(
            "`{}` was out of date and has been written anew; look at the difference and commit it",
            file.display()
        );
    }
}

fn command() -> clap::Command {
    let mut command = skiptrace::args::command().disable_help_subcommand(true);
    command.build();
    command
}

fn visit(command: &clap::Command, action: &mut dyn FnMut(&str, &clap::Command)) {
    fn walk(path: &str, command: &clap::Command, action: &mut dyn FnMut(&str, &clap::Command)) {
        action(path, command);
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            walk(&format!("{path} {}", inner.get_name()), inner, action);
        }
    }
    walk("skiptrace", command, action);
}
