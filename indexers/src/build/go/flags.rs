//! What the go command was told about a build: its flags, and `GOFLAGS`.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::go::quoted;

/// The flags of a build; of a flag that was given twice, the last counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildFlags {
    values: BTreeMap<Box<str>, Vec<Box<str>>>,
}

/// Why arguments are no flags of a build.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FlagError {
    /// It is not one that `go build` knows.
    #[error("`{0}` is no flag of a build")]
    Unknown(Box<str>),
    /// Its value is missing.
    #[error("`{0}` needs a value")]
    NoValue(Box<str>),
}

/// What follows a flag's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or `=true` and `=false`.
    Switch,
    /// A value, after `=` or as the next argument.
    Value,
}

/// What a flag does to what is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It changes which files are in a build, so that `go list` has to know it.
    Selects,
    /// It changes what they are compiled to.
    Compiles,
    /// It changes nothing of that.
    None,
}

const FLAGS: [(&str, Takes, Effect); 37] = [
    ("C", Takes::Value, Effect::None),
    ("a", Takes::Switch, Effect::None),
    ("asan", Takes::Switch, Effect::Selects),
    ("asmflags", Takes::Value, Effect::Compiles),
    ("buildmode", Takes::Value, Effect::Compiles),
    ("buildvcs", Takes::Value, Effect::None),
    ("compiler", Takes::Value, Effect::Selects),
    // How tests are covered is the recording's own business.
    ("cover", Takes::Switch, Effect::None),
    ("covermode", Takes::Value, Effect::None),
    ("coverpkg", Takes::Value, Effect::None),
    ("debug-actiongraph", Takes::Value, Effect::None),
    ("debug-trace", Takes::Value, Effect::None),
    ("gccgoflags", Takes::Value, Effect::Compiles),
    ("gcflags", Takes::Value, Effect::Compiles),
    ("goexperiment", Takes::Value, Effect::Compiles),
    ("installsuffix", Takes::Value, Effect::None),
    ("json", Takes::Switch, Effect::None),
    ("ldflags", Takes::Value, Effect::Compiles),
    ("linkshared", Takes::Switch, Effect::Compiles),
    ("mod", Takes::Value, Effect::Selects),
    ("modcacherw", Takes::Switch, Effect::None),
    ("modfile", Takes::Value, Effect::Selects),
    ("msan", Takes::Switch, Effect::Selects),
    ("n", Takes::Switch, Effect::None),
    ("o", Takes::Value, Effect::None),
    ("overlay", Takes::Value, Effect::Selects),
    ("p", Takes::Value, Effect::None),
    ("pgo", Takes::Value, Effect::Compiles),
    ("pkgdir", Takes::Value, Effect::Compiles),
    ("race", Takes::Switch, Effect::Selects),
    ("tags", Takes::Value, Effect::Selects),
    ("toolexec", Takes::Value, Effect::Compiles),
    ("trimpath", Takes::Switch, Effect::Compiles),
    ("v", Takes::Switch, Effect::None),
    ("vet", Takes::Value, Effect::None),
    ("work", Takes::Switch, Effect::None),
    ("x", Takes::Switch, Effect::None),
];

impl BuildFlags {
    /// Returns what follows a flag of this name; `None` if no build has it.
    pub fn takes(name: &str) -> Option<Takes> {
        FLAGS.iter().find(|(known, ..)| *known == name).map(|(_, takes, _)| *takes)
    }

    /// Reads arguments that are all flags of a build, as the command line has them: `-tags x`, `--tags=x`, `-race`.
    pub fn parse<S: AsRef<str>>(args: &[S]) -> Result<BuildFlags, FlagError> {
        let mut flags = BuildFlags::default();
        let mut args = args.iter().map(AsRef::as_ref);
        while let Some(arg) = args.next() {
            let (name, value) = name_and_value(arg).ok_or_else(|| FlagError::Unknown(arg.into()))?;
            let takes = BuildFlags::takes(name).ok_or_else(|| FlagError::Unknown(arg.into()))?;
            // Since Go 1.18, `-buildvcs` alone is a switch as well.
            let value = match (value, takes) {
                (Some(value), _) => value,
                (None, Takes::Switch) => "true",
                (None, Takes::Value) if name == "buildvcs" => "true",
                (None, Takes::Value) => args.next().ok_or_else(|| FlagError::NoValue(arg.into()))?,
            };
            flags.add(name, value);
        }
        Ok(flags)
    }

    /// Reads `GOFLAGS`; flags of other commands than builds, of tests for example, are kept apart from the others
    /// under their names.
    pub fn from_goflags(text: &str) -> BuildFlags {
        let mut flags = BuildFlags::default();
        for word in quoted::words(text) {
            match name_and_value(&word) {
                Some((name, value)) => flags.add(name, value.unwrap_or("true")),
                // The go command refuses it as well; it only must not be lost from the key.
                None => flags.add(&word, ""),
            }
        }
        flags
    }

    /// Returns these flags, where none is given with those of `defaults`, as the command line stands over `GOFLAGS`.
    pub fn over(&self, defaults: &BuildFlags) -> BuildFlags {
        let mut flags = defaults.clone();
        flags.values.extend(self.values.iter().map(|(name, values)| (name.clone(), values.clone())));
        flags
    }

    /// Returns the value of a flag.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(|value| &**value)
    }

    /// Returns whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    /// Returns the tags that are set.
    pub fn tags(&self) -> BTreeSet<&str> {
        // The older form is separated by blanks.
        let tags = self.value("tags").unwrap_or_default().split([',', ' ', '\t', '\n', '\r']);
        tags.filter(|tag| !tag.is_empty()).collect()
    }

    /// Returns the arguments that `go list` needs to see the same build.
    pub fn list_args(&self) -> Vec<String> {
        self.args(|effect| effect == Effect::Selects)
    }

    /// Returns, as arguments, what changes the build and has no part of its own in a key.
    pub(super) fn other_args(&self) -> Vec<String> {
        const APART: [&str; 7] = ["tags", "race", "msan", "asan", "mod", "modfile", "overlay"];
        let mut args = Vec::new();
        for (name, values) in &self.values {
            let effect = FLAGS.iter().find(|(known, ..)| **known == **name).map(|(_, _, effect)| *effect);
            // One that is no build's may be a test's, and may change what tests do.
            if effect != Some(Effect::None) && !APART.contains(&&**name) {
                args.extend(shown(name, values));
            }
        }
        args
    }

    fn args(&self, is_wanted: impl Fn(Effect) -> bool) -> Vec<String> {
        let wanted = FLAGS.iter().filter(|(.., effect)| is_wanted(*effect));
        let values = wanted.filter_map(|(name, ..)| Some((*name, self.values.get(*name)?)));
        values.flat_map(|(name, values)| shown(name, values)).collect()
    }

    fn add(&mut self, name: &str, value: &str) {
        self.values.entry(name.into()).or_default().push(value.into());
    }
}

/// Flags for the tools add up, each for other packages; of the rest, the last counts.
fn shown(name: &str, values: &[Box<str>]) -> Vec<String> {
    let adds_up = matches!(name, "asmflags" | "gcflags" | "ldflags" | "gccgoflags");
    let from = if adds_up { 0 } else { values.len().saturating_sub(1) };
    values[from..].iter().map(|value| format!("-{name}={value}")).collect()
}

fn name_and_value(arg: &str) -> Option<(&str, Option<&str>)> {
    let flag = arg.strip_prefix('-')?;
    let flag = flag.strip_prefix('-').unwrap_or(flag);
    let (name, value) = match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    };
    (!name.is_empty() && !name.starts_with('-')).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn flags_are_read_in_all_their_forms() {
        let flags =
            BuildFlags::parse(&["-tags", "a,b", "--race", "-mod=vendor", "-gcflags=-N", "-msan=false", "-v"])
                .unwrap();
        assert_eq!(flags.tags(), BTreeSet::from(["a", "b"]));
        assert!(flags.is_on("race") && !flags.is_on("msan") && !flags.is_on("asan"));
        assert_eq!(flags.list_args(), ["-mod=vendor", "-msan=false", "-race=true", "-tags=a,b"]);
        assert_eq!(flags.other_args(), ["-gcflags=-N"]);
        assert_eq!(BuildFlags::parse(&["-run", "X"]), Err(FlagError::Unknown("-run".into())));
        assert_eq!(BuildFlags::parse(&["./..."]), Err(FlagError::Unknown("./...".into())));
        assert_eq!(BuildFlags::parse(&["-tags"]), Err(FlagError::NoValue("-tags".into())));
    }

    #[test]
    fn the_command_line_stands_over_goflags() {
        let defaults = BuildFlags::from_goflags("-tags=x -mod=mod '-ldflags=-s -w' -short -count=1");
        let flags = BuildFlags::parse(&["-tags=y", "-tags=z"]).unwrap().over(&defaults);
        assert_eq!(flags.tags(), BTreeSet::from(["z"]));
        assert_eq!(flags.value("mod"), Some("mod"));
        assert_eq!(flags.value("ldflags"), Some("-s -w"));
        assert_eq!(flags.other_args(), ["-count=1", "-ldflags=-s -w", "-short=true"]);
    }

    #[test]
    fn flags_for_tools_add_up() {
        let flags = BuildFlags::parse(&["-gcflags=-N", "-gcflags=all=-l", "-pgo=a", "-pgo=b"]).unwrap();
        assert_eq!(flags.other_args(), ["-gcflags=-N", "-gcflags=all=-l", "-pgo=b"]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_split(text in "\\PC{0,40}") {
            let words = quoted::words(&text);
            prop_assert!(words.iter().map(String::len).sum::<usize>() <= text.len());
            BuildFlags::from_goflags(&text);
        }

        #[test]
        fn plain_words_are_split_at_blanks(words in prop::collection::vec("[a-z=-]{1,6}", 0..6)) {
            prop_assert_eq!(quoted::words(&words.join("  ")), words);
        }
    }
}
