//! What the program finds around it, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::SystemTime;

use skiptrace_engine::time::Timestamp;
use skiptrace_engine::variable::Variables;
use skiptrace_indexers::record::machine;

/// Pins the clock to a moment (RFC 3339), for tests and for looking at the past.
pub const NOW: &str = "SKIPTRACE_NOW";

/// The surroundings of one run: the only ambient reads of the command line.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The environment variables.
    pub vars: BTreeMap<OsString, OsString>,
    /// The folder that relative paths start from.
    pub cwd: PathBuf,
    /// What the three streams are connected to.
    pub terminal: Terminal,
    /// Where the time comes from.
    pub clock: Clock,
}

/// Which streams are terminals, and how wide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether somebody could type.
    pub stdin: bool,
    /// Whether somebody reads the answer.
    pub stdout: bool,
    /// Whether somebody reads the conversation.
    pub stderr: bool,
    /// How many columns there are, where that is known.
    pub width: Option<usize>,
}

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always the same moment.
    Pinned(Timestamp),
}

impl Environment {
    /// Returns the surroundings of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
    pub fn of_process() -> Environment {
        let vars: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        // A folder that was removed under our feet is noticed by whatever needs it.
        let cwd = std::env::current_dir().unwrap_or_default();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let terminal = Terminal {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            width,
        };
        Environment::new(vars, cwd, terminal)
    }

    /// Makes surroundings: `COLUMNS` overrides the width, `SKIPTRACE_NOW` the clock.
    pub fn new(vars: BTreeMap<OsString, OsString>, cwd: PathBuf, terminal: Terminal) -> Environment {
        let mut environment = Environment { vars, cwd, terminal, clock: Clock::System };
        if let Some(width) = environment.text("COLUMNS").and_then(|columns| columns.parse().ok()) {
            environment.terminal.width = Some(width);
        }
        if let Some(moment) = environment.text(NOW).and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
            let moment = u64::try_from(moment.as_millisecond()).map_or(Timestamp::UNKNOWN, Timestamp);
            environment.clock = Clock::Pinned(moment);
        }
        environment
    }

    /// Returns a variable; one that is set to nothing counts as unset, as CI services leave them for missing
    /// secrets.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Returns a variable that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.var(name)?.to_str()
    }

    /// Returns what tests that are started from here would find, among it what they can ask of the machine.
    pub fn variables(&self) -> Variables {
        let bytes = |text: &OsStr| text.as_encoded_bytes().to_vec();
        let vars = self.vars.iter().map(|(name, value)| (bytes(name), bytes(value)));
        let answers = machine::answers().map(|(name, value)| (name.into(), value.into_bytes()));
        Variables::known(vars.chain(answers))
    }

    /// Returns the present moment as the file system has it, to be compared with files and never shown.
    #[expect(
        clippy::disallowed_methods,
        reason = "files are written at real moments, whatever the clock is pinned to"
    )]
    pub fn file_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        match self.clock {
            Clock::System => {
                let now = jiff::Timestamp::now().as_millisecond();
                u64::try_from(now).map_or(Timestamp::UNKNOWN, Timestamp)
            }
            Clock::Pinned(moment) => moment,
        }
    }

    /// Returns the folder for the user's configuration of all programs.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// Returns the folder for files of all programs that may be lost.
    pub fn cache_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_CACHE_HOME", ".cache")
    }

    /// The XDG rules: a relative path is to be ignored.
    fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let named = self.var(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| {
            let home = self.var("HOME").or_else(|| self.var("USERPROFILE"))?;
            Some(PathBuf::from(home).join(below_home))
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Surroundings with nothing in them but `vars`.
    pub(crate) fn environment(vars: &[(&str, &str)]) -> Environment {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment::new(vars, PathBuf::from("/work"), Terminal::default())
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let environment = environment(&[("A", ""), ("B", "b")]);
        assert_eq!((environment.text("A"), environment.text("B")), (None, Some("b")));
    }

    #[test]
    fn variables_pin_the_clock_and_the_width() {
        let environment = environment(&[(NOW, "2026-01-02T03:04:05Z"), ("COLUMNS", "77")]);
        assert_eq!(environment.now(), Timestamp(1_767_323_045_000));
        assert_eq!(environment.terminal.width, Some(77));
    }

    #[test]
    fn a_relative_xdg_folder_is_ignored() {
        let environment =
            environment(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "etc"), ("XDG_CACHE_HOME", "/cache")]);
        assert_eq!(environment.config_home(), Some(PathBuf::from("/home/ada/.config")));
        assert_eq!(environment.cache_home(), Some(PathBuf::from("/cache")));
    }
}
