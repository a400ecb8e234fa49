//! What recording makes of the user's command.

use std::ffi::OsString;

use super::args;
use super::command::{CommandError, GoCommand, GoRunner};
use super::flags::{self, Kind};
use super::pattern::Pattern;
use crate::go::quoted;

/// A command whose tests are recorded: what is kept of it, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The command.
    pub command: GoCommand,
    /// The flags for building, which `go list` understands as well; those of `GOFLAGS` are not among them.
    pub build: Vec<String>,
    /// The flags for building that only `go test` understands.
    pub test_build: Vec<String>,
    /// What the test binary gets, without what says which tests run and without what recording says itself. What a
    /// test does may depend on it.
    pub binary: Vec<String>,
    /// Which tests run, for the test binary.
    pub filters: Vec<String>,
    /// The packages.
    pub packages: Vec<String>,
    /// What the user has the go tool put before test binaries.
    pub chain: Vec<String>,
    /// How statements are counted.
    pub mode: CoverMode,
    /// The packages whose coverage the user wants measured, if he says so.
    pub measured: Vec<String>,
    /// How many packages the user lets be tested at the same time, if he says so.
    pub packages_at_once: Option<u32>,
    /// What of the command recording does in its own way, in sentences for the user.
    pub notes: Vec<String>,
}

/// How executed statements are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverMode {
    /// How often they were executed.
    Count,
    /// The same, in a way that the race detector takes for no race.
    Atomic,
}

impl CoverMode {
    /// Returns its name, for `-covermode`.
    pub fn name(self) -> &'static str {
        match self {
            CoverMode::Count => "count",
            CoverMode::Atomic => "atomic",
        }
    }
}

/// What cannot be recorded, why, and what to do instead.
const REFUSED: &[(&str, &str, &str)] = &[
    ("c", "builds a test binary and runs no test", "leave it out"),
    ("fuzz", "runs for as long as it is let", "leave it out; the seeds of fuzz targets are run as tests"),
    ("n", "prints commands and runs none", "leave it out"),
    ("o", "keeps a test binary in a place of its own", "leave it out"),
];

/// Why recording does in its own way what a flag asks for.
const OWN_WAY: &[(&str, &str)] = &[
    ("artifacts", "no test artifacts are kept"),
    ("bench", "benchmarks are not recorded"),
    ("benchmem", "benchmarks are not recorded"),
    ("benchtime", "benchmarks are not recorded"),
    ("blockprofile", "no profile is written"),
    ("blockprofilerate", "no profile is written"),
    ("count", "each test runs as often as `--runs` says"),
    ("cover", "coverage is always measured"),
    ("covermode", "how often statements are executed is counted"),
    ("coverpkg", "the coverage of every package of the module is measured"),
    ("coverprofile", "no coverage profile is written"),
    ("cpuprofile", "no profile is written"),
    ("failfast", "every test runs"),
    ("fuzzminimizetime", "nothing is fuzzed"),
    ("fuzztime", "nothing is fuzzed"),
    ("json", "what tests print is not shown unless they fail"),
    ("list", "tests are listed in any case, and run"),
    ("memprofile", "no profile is written"),
    ("memprofilerate", "no profile is written"),
    ("mutexprofile", "no profile is written"),
    ("mutexprofilefraction", "no profile is written"),
    ("outputdir", "no profile is written"),
    ("shuffle", "each test runs in a process of its own, in no order"),
    ("trace", "no trace is written"),
    ("v", "what tests print is not shown unless they fail"),
];

impl GoCommand {
    /// Returns what recording makes of the command.
    pub fn recording(&self) -> Result<Recording, CommandError> {
        self.refuse()?;
        let words = |kind: Kind| {
            let of_kind = |name: &str| flags::known(name).is_some_and(|known| known.kind == kind);
            self.flags.iter().filter(|flag| of_kind(flag.name)).map(super::command::GoFlag::to_word).collect()
        };
        let binary: Vec<OsString> = self.binary.iter().map(OsString::from).collect();
        let mut filters = Vec::new();
        let mut kept: Vec<String> = Vec::new();
        for name in ["run", "skip"] {
            let value = args::value(&binary, &format!("test.{name}")).filter(|value| !value.is_empty());
            let Some(value) = value else { continue };
            // A test without some of its subtests does not do the same.
            let changes_tests = name == "skip" && Pattern::parse(&value).names_subtests();
            let to = if changes_tests { &mut kept } else { &mut filters };
            to.push(format!("-test.{name}={value}"));
        }
        let binary = args::without(&args::without(&binary, args::TAKEN_OVER), &["test.skip"]);
        // Both came from text.
        kept.extend(binary.into_iter().map(|word| word.to_string_lossy().into_owned()));
        let measured = self.value("coverpkg").unwrap_or_default();
        Ok(Recording {
            build: words(Kind::Build),
            test_build: words(Kind::TestBuild),
            binary: kept,
            filters,
            packages: self.packages_or_here(),
            chain: self.chain()?,
            mode: if self.is_on("race") { CoverMode::Atomic } else { CoverMode::Count },
            measured: measured.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
            packages_at_once: self.value("p").and_then(|value| value.parse().ok()),
            notes: self.notes(),
            command: self.clone(),
        })
    }

    fn refuse(&self) -> Result<(), CommandError> {
        for (name, why, way_out) in REFUSED {
            let on = match flags::known(name) {
                Some(known) if known.boolean => self.is_on(name),
                _ => self.value(name).is_some_and(|value| !value.is_empty()),
            };
            if on {
                return Err(CommandError::Refused { flag: format!("-{name}"), why, way_out });
            }
        }
        if let Some(run) = self.pattern("run").filter(|run| Pattern::parse(run).names_subtests()) {
            return Err(CommandError::Refused {
                flag: format!("-run={run}"),
                why: "names subtests, which are recorded with the test that they are part of",
                way_out: "name the tests alone, without what comes after `/`",
            });
        }
        match self.packages.iter().find(|package| package.ends_with(".go")) {
            Some(file) => Err(CommandError::Refused {
                flag: file.clone(),
                why: "is a file, and tests are recorded by package",
                way_out: "name its package, as `./folder`",
            }),
            None => Ok(()),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (name, why) in OWN_WAY {
            let set = self.flags.iter().chain(&self.inherited).any(|flag| flag.name == *name);
            if set {
                notes.push(format!("`-{name}` is left out: {why}"));
            }
        }
        if self.value("p").is_some() {
            notes.push("`-p` is for building only: `--jobs` says how many tests run side by side".to_owned());
        }
        if self.runner == GoRunner::Gotestsum {
            notes.push("gotestsum is left out, with its reports and what it does after tests".to_owned());
        }
        if self.pattern("skip").is_some_and(|skip| Pattern::parse(&skip).names_subtests()) {
            notes.push(
                "`-skip` leaves out subtests: what is recorded of their tests is without them".to_owned(),
            );
        }
        notes
    }
}

impl Recording {
    /// Returns the arguments of the go tool, with the go tool first, that have it build every test binary for
    /// recording and start `exec` in place of each.
    ///
    /// `None` when no go tool can be told of `exec`, because its path has both kinds of quotes.
    pub fn go_test(&self, exec: &str, measured: &[String]) -> Option<Vec<String>> {
        let mut words = self.command.head("test");
        words.extend(self.build.iter().chain(&self.test_build).cloned());
        words.extend(self.undone());
        words.push("-count=1".to_owned());
        words.push("-cover=true".to_owned());
        words.push(format!("-covermode={}", self.mode.name()));
        if !measured.is_empty() {
            words.push(format!("-coverpkg={}", measured.join(",")));
        }
        words.push(format!("-exec={}", quoted::join([exec])?));
        words.extend(self.packages.iter().cloned());
        words.push("-args".to_owned());
        words.extend(self.filters.iter().chain(&self.binary).cloned());
        Some(words)
    }

    /// Returns the arguments of the go tool, with the go tool first, for `go list` to see the same packages built in
    /// the same way; its own flags, and the packages, are to follow.
    pub fn go_list(&self) -> Vec<String> {
        let mut words = self.command.head("list");
        words.extend(self.build.iter().cloned());
        words
    }

    /// Returns flags that undo those of `GOFLAGS` which would have the go tool do more than build.
    fn undone(&self) -> Vec<String> {
        let mut undone = Vec::new();
        for flag in &self.command.inherited {
            let known = flags::known(flag.name);
            let own_way = OWN_WAY.iter().any(|(name, _)| *name == flag.name);
            let ours = matches!(flag.name, "count" | "cover" | "covermode" | "coverpkg");
            let word = match (flag.name, known) {
                ("shuffle", _) => "-shuffle=off".to_owned(),
                (name, Some(known)) if known.boolean => format!("-{name}=false"),
                ("blockprofilerate" | "memprofilerate" | "mutexprofilefraction", _) => continue,
                (name, _) => format!("-{name}="),
            };
            if own_way && !ours && !undone.contains(&word) {
                undone.push(word);
            }
        }
        undone
    }
}

#[cfg(test)]
mod tests;
