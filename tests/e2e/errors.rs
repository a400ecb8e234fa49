//! What goes wrong around every command.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn no_command_shows_the_help() {
    assert_snapshot!(sandbox().skiptrace([""; 0]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    Run only the tests that a change can break

    Usage: skiptrace [OPTIONS] <COMMAND>

    Commands:
      run          Run the tests that a change can break, and remember what they execute
      select       Print which tests must run, in the way that the runner takes it
      explain      Say why a test must run or need not, or which tests depend on a file
      record       Run tests and record what each one executes
      evaluate     Hold what really ran against what would have run
      replay       Try selection on the commits that there are
      report       Report what was skipped, saved and missed over time, and what nobody knows of that
      doctor       Say whether recording would work here, and what is missing
      rules        Check the rules of `skiptrace.toml`
      index        Build, import, inspect, merge, share and clean up indexes
      history      Look at what runs chose and what came of it, and how that changes
      config       Look at the configuration
      completions  Print the completion script of a shell
      man          Print the manual page, or write the pages of all commands
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Global options:
          --store <URL>         Keep indexes in this store [env: SKIPTRACE_STORE]
          --json                Answer with a JSON document
          --color <WHEN>        When to use colour [default: auto] [possible values: auto, always,
                                never]
      -q, --quiet               Say nothing but the answer, warnings and errors
      -v, --verbose...          Trace what is done; repeat for more [env: SKIPTRACE_LOG]
          --no-progress         Show no progress bars
      -C <DIR>                  Work as if started in this folder
          --config <KEY=VALUE>  Override a setting, for example `--config store.cache.max-size=2GiB`

    error: no command given
    hint: `--help` says more about each
    ");
}

#[test]
fn an_unknown_command_suggests_another() {
    assert_snapshot!(sandbox().skiptrace(["confg"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: unrecognized subcommand `confg`
    hint: a similar subcommand exists: `config`
    hint: usage: skiptrace [OPTIONS] <COMMAND>
    ");
    assert_snapshot!(sandbox().skiptrace(["confg", "--json"]).code(2).snapshot(), @r#"
    exit code: 2
    --- stderr ---
    {"schema":"skiptrace/error@1","kind":"user","message":"unrecognized subcommand `confg`","caused-by":[],"hints":["a similar subcommand exists: `config`","usage: skiptrace [OPTIONS] <COMMAND>"],"exit-code":2}
    "#);
}

#[test]
fn a_missing_folder_is_named() {
    assert_snapshot!(sandbox().skiptrace(["-C", "nowhere", "config", "show"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: cannot enter `nowhere`
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn a_missing_git_is_an_error_of_its_own() {
    let mut sandbox = sandbox();
    sandbox.var("PATH", "/nowhere");
    assert_snapshot!(sandbox.skiptrace(["config", "show"]).code(8).snapshot(), @r"
    exit code: 8
    --- stderr ---
    error: cannot find `git`
    hint: install git, or put it on the PATH
    ");
}

#[test]
fn colour_can_be_forced_and_forbidden() {
    let sandbox = sandbox();
    let stderr = |color| sandbox.skiptrace(["--color", color, "-C", "nowhere", "man"]).code(2).stderr();
    assert!(stderr("always").contains("\u{1b}["));
    assert!(!stderr("never").contains("\u{1b}["));
    assert!(!stderr("auto").contains("\u{1b}["));
}

#[test]
fn nobody_reading_is_no_error() {
    let sandbox = sandbox();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_skiptrace-under-test"));
    let output = command.args(["completions", "zsh"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
