//! What `gotestsum` makes of its arguments: those of `go test`.

use super::command::CommandError;

/// Flags that need no value, as far as they are known; `--rerun-fails` may have one after `=`.
const BOOLEAN: &[&str] = &[
    "debug",
    "format-hide-empty-pkg",
    "format-hivis",
    "hide-skipped-tests",
    "ignore-non-json-output-lines",
    "junitfile-hide-empty-pkg",
    "junitfile-hide-skipped-tests",
    "no-color",
    "raw-command",
    "rerun-fails",
    "rerun-fails-abort-on-data-race",
    "rerun-fails-run-root-test",
    "version",
    "watch",
    "watch-chdir",
    "watch-clear",
];

/// Its arguments, taken apart.
pub(super) struct Gotestsum {
    /// Its own flags, without the one that names packages.
    pub(super) own: Vec<String>,
    /// The arguments of the `go test` that it runs.
    pub(super) go_test: Vec<String>,
}

/// Reads its arguments; `None` when it runs no tests.
pub(super) fn read(
    args: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Gotestsum>, CommandError> {
    if matches!(args.first().map(String::as_str), Some("tool" | "help")) {
        return Ok(None);
    }
    let mut packages: Vec<String> = Vec::new();
    let mut own = Vec::new();
    let mut rest = args;
    while let Some((word, after)) = rest.split_first() {
        if word == "--" {
            rest = after;
            break;
        }
        let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else { break };
        rest = after;
        let (name, value) = match flag.strip_prefix('-') {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            },
            // The only short flags are these, and what follows at once is the value.
            None => match flag.split_at_checked(1) {
                Some(("f", "")) => ("format", None),
                Some(("f", value)) => ("format", Some(value.to_owned())),
                Some(("h", "")) => return Err(CommandError::Help(word.clone())),
                _ => return Err(unknown(word)),
            },
        };
        let value = match value {
            Some(value) => value,
            None if BOOLEAN.contains(&name) => "true".to_owned(),
            None => {
                let (value, after) =
                    rest.split_first().ok_or_else(|| CommandError::NoValue(format!("-{name}")))?;
                rest = after;
                value.clone()
            }
        };
        let off = super::command::boolean(&value) == Some(false);
        match name {
            "help" | "version" => return Err(CommandError::Help(word.clone())),
            "raw-command" if !off => {
                return Err(CommandError::Refused {
                    flag: word.clone(),
                    why: "runs a program that need not be the go tool",
                    way_out: "give the `go test` command instead",
                });
            }
            "watch" if !off => {
                return Err(CommandError::Refused {
                    flag: word.clone(),
                    why: "never ends",
                    way_out: "leave it out",
                });
            }
            "packages" => packages.extend(value.split_whitespace().map(str::to_owned)),
            // Where it stands for a value of its own, there was none.
            "rerun-fails" if value == "true" => own.push("--rerun-fails".to_owned()),
            _ => own.push(format!("--{name}={value}")),
        }
    }
    if packages.is_empty() {
        packages.extend(variable("TEST_DIRECTORY").filter(|folder| !folder.is_empty()));
    }
    if packages.is_empty() && rest.is_empty() {
        packages.push("./...".to_owned());
    }
    // They go to where package names end for certain: before `-args`.
    let end = rest.iter().position(|word| word == "-args" || word == "--args").unwrap_or(rest.len());
    let go_test = [&rest[..end], &packages[..], &rest[end..]].concat();
    Ok(Some(Gotestsum { own, go_test }))
}

fn unknown(word: &str) -> CommandError {
    CommandError::Refused {
        flag: word.to_owned(),
        why: "is no flag of gotestsum",
        way_out: "put `--` before the flags of `go test`",
    }
}
