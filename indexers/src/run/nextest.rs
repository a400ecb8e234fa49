//! cargo-nextest, which runs the tests itself: what it is told, and what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skiptrace_engine::record::Outcome;

use super::shim::Note;

pub mod junit;
mod own;
mod reaper;

pub use own::OwnResults;
pub use reaper::{Attempt, Reaper, Reduce};

/// Arguments that decide on their own when a run ends.
const ENDS_EARLY: &[&str] = &["--fail-fast", "--no-fail-fast", "--max-fail", "--ff", "--nff"];

/// Writes the configuration that has nextest write its results to `results`, for the profile `profile`.
pub fn write_config(folder: &Path, profile: &str, results: &Path) -> io::Result<PathBuf> {
    let path = folder.join("nextest.toml");
    let quoted = |text: &str| serde_json::to_string(text).expect("text can be quoted");
    let text =
        format!("[profile.{}.junit]\npath = {}\n", quoted(profile), quoted(&results.to_string_lossy()));
    fs::write(&path, text)?;
    Ok(path)
}

/// Returns the user's arguments with ours added: the configuration, and that every test is run.
pub fn arguments(args: &[String], config: &Path) -> Vec<String> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let (before, after) = args.split_at(end);
    let mut all = before.to_vec();
    all.push(format!("--tool-config-file=skiptrace:{}", config.display()));
    let says = |arg: &String| ENDS_EARLY.iter().any(|flag| arg.split('=').next() == Some(flag));
    if !before.iter().any(says) {
        all.push("--no-fail-fast".to_owned());
    }
    // When every test is known already, none is left, and that is no failure.
    if !before.iter().any(|arg| arg.starts_with("--no-tests")) {
        all.push("--no-tests=pass".to_owned());
    }
    all.extend_from_slice(after);
    all
}

/// Returns the profile that a run uses: as asked for, else as the environment says.
pub fn profile(args: &[String], variable: Option<&str>) -> String {
    let mut words = args.iter().take_while(|arg| *arg != "--");
    while let Some(word) = words.next() {
        if word == "-P" || word == "--profile" {
            if let Some(name) = words.next() {
                return name.clone();
            }
        } else if let Some(name) = word.strip_prefix("--profile=").or_else(|| word.strip_prefix("-P")) {
            return name.trim_start_matches('=').to_owned();
        }
    }
    variable.unwrap_or("default").to_owned()
}

/// The variable that says, where it is 0, that nextest is to start tests without itself in between.
pub const DOUBLE_SPAWN: &str = "NEXTEST_DOUBLE_SPAWN";

/// Returns whether somebody could stop the run from a keyboard (Ctrl-Z).
///
/// Nextest starts itself before each test, which is a program of 29 MB, and only then the test, because a stop that
/// comes between two system calls would leave it hanging otherwise. Where there is no keyboard there is no such stop.
#[cfg(unix)]
pub fn has_terminal() -> bool {
    // The name stands for the terminal that controls the process, and cannot be opened where there is none.
    fs::File::open("/dev/tty").is_ok()
}

/// Returns whether somebody could stop the run from a keyboard.
#[cfg(not(unix))]
pub fn has_terminal() -> bool {
    true
}

/// What nextest says of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// How it ended.
    pub outcome: Outcome,
    /// How long its attempts took.
    pub duration: Duration,
}

/// What nextest says of each test, by binary and name.
pub type Results = BTreeMap<(String, String), Said>;

/// Returns the name under which the results know the test of `note`.
pub fn result_key(note: &Note) -> (String, String) {
    (note.suite.clone(), note.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn our_arguments_come_before_those_of_the_tests() {
        let check = |text: &str| arguments(&words(text), "/c.toml".as_ref()).join(" ");
        assert_eq!(
            check("run -p a -- --exact b"),
            "run -p a --tool-config-file=skiptrace:/c.toml --no-fail-fast --no-tests=pass -- --exact b"
        );
        assert_eq!(
            check("run --max-fail=3"),
            "run --max-fail=3 --tool-config-file=skiptrace:/c.toml --no-tests=pass"
        );
    }

    #[test]
    fn the_profile_is_the_one_asked_for() {
        for (text, expected) in [
            ("run", "default"),
            ("run -P ci", "ci"),
            ("run --profile ci", "ci"),
            ("run --profile=ci", "ci"),
            ("run -Pci", "ci"),
            ("run -- -P ci", "default"),
        ] {
            assert_eq!(profile(&words(text), None), expected, "{text}");
        }
        assert_eq!(profile(&words("run"), Some("nightly")), "nightly");
    }

    #[test]
    fn the_configuration_is_toml_whatever_the_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = write_config(folder.path(), "with \"quotes\"", "/a b/r.xml".as_ref()).unwrap();
        insta::assert_snapshot!(fs::read_to_string(path).unwrap(), @r#"
        [profile."with \"quotes\"".junit]
        path = "/a b/r.xml"
        "#);
    }
}
