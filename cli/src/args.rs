//! What was typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind as ClapErrorKind;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit;
use crate::ui::printer::{Options, Printer};
use crate::ui::style::ColorChoice;

/// Run only the tests that a change can break
///
/// Skiptrace traces every test once, keeps what each one covers in an index per commit, and afterwards runs only
/// the tests that a change can break. A test is skipped only with a proof that its result cannot have changed;
/// everything else runs.
#[derive(Debug, Parser)]
#[command(name = "skiptrace", bin_name = "skiptrace", version, after_long_help = exit::help())]
pub struct Args {
    /// The flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Keep indexes in this store [env: SKIPTRACE_STORE]
    ///
    /// A folder, or the URL of a bucket. It stands for the setting `store.url`.
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,

    /// Answer with a JSON document
    ///
    /// The answer on standard output, and an error on standard error, is a JSON document whose field `schema`
    /// says what it is and in which version.
    #[arg(long, global = true)]
    pub json: bool,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,

    /// Say nothing but the answer, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Trace what is done; repeat for more [env: SKIPTRACE_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Show no progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Work as if started in this folder
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,

    /// Override a setting, for example `--config store.cache.max-size=2GiB`
    ///
    /// May be repeated. `skiptrace config show` lists the settings. Every setting has an environment variable as
    /// well: SKIPTRACE_STORE_CACHE_MAX_SIZE is the one of `store.cache.max-size`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub config: Vec<Assignment>,
}

/// The value of `--config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The setting.
    pub key: String,
    /// What it shall be.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Assignment, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Assignment { key: key.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("expected `KEY=VALUE`, such as `store.cache.enabled=false`".to_owned()),
        }
    }
}

/// What is looked for before the arguments are understood, so that errors in them look right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstLook {
    pub(crate) color: ColorChoice,
    pub(crate) options: Options,
}

impl FirstLook {
    /// Looks at a command line, program name first.
    pub(crate) fn at(argv: &[OsString]) -> FirstLook {
        let mut look = FirstLook { color: ColorChoice::Auto, options: Options::default() };
        let color = |value: &str| <ColorChoice as clap::ValueEnum>::from_str(value, false).ok();
        let words = argv.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
        let mut words = words.take_while(|&word| word != "--").peekable();
        while let Some(word) = words.next() {
            match word {
                "--json" => look.options.json = true,
                "--quiet" => look.options.quiet = true,
                "--no-progress" => look.options.no_progress = true,
                "--color" => look.color = words.peek().and_then(|next| color(next)).unwrap_or_default(),
                _ if word.starts_with("--color=") => {
                    look.color = color(&word["--color=".len()..]).unwrap_or_default();
                }
                // Short flags come in bundles such as `-vq`; `-C` ends one, the rest being its folder.
                _ if word.starts_with('-') && !word.starts_with("--") => {
                    look.options.quiet |=
                        word[1..].chars().take_while(|&flag| flag != 'C').any(|flag| flag == 'q');
                }
                _ => {}
            }
        }
        look
    }
}

/// Returns the command line's description, from which help, man pages and completions are made.
pub fn command() -> clap::Command {
    Args::command()
}

impl Args {
    /// Parses a command line. Returns `None` where the help or the version was asked for and printed.
    pub(crate) fn parse(
        argv: Vec<OsString>,
        environment: &Environment,
        printer: &Printer,
    ) -> Result<Option<Args>, CommandError> {
        let width = environment.terminal.width.unwrap_or(100).min(100);
        let mut command = command().term_width(width);
        let matches = command.try_get_matches_from_mut(argv);
        match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
            Ok(args) => Ok(Some(args)),
            Err(error) if error.use_stderr() => Err(usage_error(&error, printer)),
            Err(error) => {
                let text = error.render();
                let bytes = if printer.out_has_color() { text.ansi().to_string() } else { text.to_string() };
                printer.bytes(bytes.as_bytes())?;
                Ok(None)
            }
        }
    }
}

/// Puts clap's own words, which are good, into our frame.
fn usage_error(error: &clap::Error, printer: &Printer) -> CommandError {
    let text = error.render();
    if error.kind() == ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        if !printer.wants_json() {
            let text = if printer.err_has_color() { text.ansi().to_string() } else { text.to_string() };
            printer.say(format_args!("{}\n", text.trim_end()));
        }
        return CommandError::user("no command given").hint("`--help` says more about each");
    }
    // The object of a message is in backticks everywhere else.
    let text = text.to_string().replace('\'', "`");
    let (text, usage) = text.split_once("\n\nUsage: ").unwrap_or((&text, ""));
    let mut paragraphs = text.split("\n\n").map(str::trim_end);
    let message = paragraphs.next().unwrap_or_default();
    let mut error = CommandError::user(message.strip_prefix("error: ").unwrap_or(message));
    let tips = paragraphs.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: "));
    for tip in tips {
        error = error.hint(tip);
    }
    match usage.lines().next() {
        Some(usage) => error.hint(format_args!("usage: {usage}")),
        None => error.hint("for more information, try `--help`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::ui::printer::tests::printer;

    fn parse(words: &[&str]) -> Result<Option<Args>, CommandError> {
        let argv = ["skiptrace"].iter().chain(words).map(OsString::from).collect();
        Args::parse(argv, &environment(&[]), &printer(Options::default()).0)
    }

    fn check_error(words: &[&str]) -> String {
        let (printer, _, err) = printer(Options::default());
        parse(words).expect_err("it is wrong").report(&printer);
        err.text()
    }

    #[test]
    fn the_description_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn global_flags_may_stand_anywhere() {
        let args =
            parse(&["config", "show", "--json", "-C", "sub", "--config", "gc.keep=3"]).unwrap().unwrap();
        assert!(args.global.json);
        assert_eq!(args.global.directory, Some(PathBuf::from("sub")));
        assert_eq!(args.global.config, [Assignment { key: "gc.keep".into(), value: "3".into() }]);
    }

    #[test]
    fn errors_hint_at_what_was_meant() {
        insta::assert_snapshot!(check_error(&["config", "shwo"]), @r"
        error: unrecognized subcommand `shwo`
        hint: a similar subcommand exists: `show`
        hint: usage: skiptrace config [OPTIONS] <COMMAND>
        ");
        insta::assert_snapshot!(check_error(&["completions", "basic"]), @r"
        error: invalid value `basic` for `<SHELL>`
          [possible values: bash, elvish, fish, powershell, zsh]
        hint: a similar value exists: `bash`
        hint: for more information, try `--help`
        ");
        insta::assert_snapshot!(check_error(&["config", "path", "--config", "x"]), @r"
        error: invalid value `x` for `--config <KEY=VALUE>`: expected `KEY=VALUE`, such as `store.cache.enabled=false`
        hint: for more information, try `--help`
        ");
    }

    #[test]
    fn the_first_look_sees_what_matters_for_errors() {
        let look = |words: &[&str]| {
            let argv: Vec<OsString> = ["skiptrace"].iter().chain(words).map(OsString::from).collect();
            FirstLook::at(&argv)
        };
        assert!(!look(&["run", "--", "--json"]).options.json);
        assert!(!look(&["-Cqueue"]).options.quiet);
        assert_eq!(look(&["--color=maybe"]).color, ColorChoice::Auto);
        for words in [
            &["man"][..],
            &["man", "--json", "--quiet"],
            &["man", "-vq", "--no-progress"],
            &["--color", "never", "man"],
            &["man", "--color=always"],
        ] {
            let GlobalArgs { json, quiet, no_progress, color, .. } = parse(words).unwrap().unwrap().global;
            let expected = FirstLook { color, options: Options { json, quiet, no_progress } };
            assert_eq!(look(words), expected, "{words:?}");
        }
    }
}
