//! What the user's cargo configuration says, as far as recording has to keep it.
//!
//! Skiptrace puts itself between cargo and the compiler, and between cargo and the tests. Whatever the project has
//! put there itself is kept, behind ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cargo_platform::{Cfg, CfgExpr};
use thiserror::Error;
use toml::{Table, Value};

/// The configuration files that cargo reads in a folder, nearest first.
#[derive(Debug, Clone, Default)]
pub struct CargoConfig {
    files: Vec<(PathBuf, Table)>,
}

/// Why a configuration cannot be read.
#[derive(Debug, Error)]
pub enum CargoConfigError {
    /// It is there, but cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML.
    #[error("cannot parse `{}`", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
}

/// A program with arguments, as a configuration names one.
pub type Program = Vec<String>;

impl CargoConfig {
    /// Reads what cargo would read in `cwd`.
    pub fn read(cwd: &Path, cargo_home: Option<&Path>) -> Result<CargoConfig, CargoConfigError> {
        let mut config = CargoConfig::default();
        for path in files(cwd, cargo_home) {
            let text = fs::read_to_string(&path)
                .map_err(|source| CargoConfigError::Io { path: path.clone(), source })?;
            let table = text
                .parse::<Table>()
                .map_err(|source| CargoConfigError::Toml { path: path.clone(), source: Box::new(source) })?;
            config.files.push((path, table));
        }
        Ok(config)
    }

    /// Returns a text below `build`.
    pub fn build(&self, name: &str) -> Option<&str> {
        self.files.iter().find_map(|(_, table)| table.get("build")?.get(name)?.as_str())
    }

    /// Returns whether any of it may give flags to rustdoc.
    pub fn has_rustdoc_flags(&self) -> bool {
        let says = |value: &Value| value.get("rustdocflags").is_some();
        let of_target = |table: &Table| {
            table.get("target").and_then(Value::as_table).is_some_and(|targets| targets.values().any(says))
        };
        self.files.iter().any(|(_, table)| {
            let in_env = |name: &str| table.get("env").is_some_and(|env| env.get(name).is_some());
            table.get("build").is_some_and(says)
                || of_target(table)
                || in_env("RUSTDOCFLAGS")
                || in_env("CARGO_ENCODED_RUSTDOCFLAGS")
        })
    }

    /// Returns what cargo makes of a variable that is `own` outside, where the configuration says something of it; a path
    /// is left as it is written.
    pub fn variable(&self, name: &str, own: Option<&str>) -> Option<String> {
        let value = self.files.iter().find_map(|(_, table)| table.get("env")?.get(name))?;
        let forced = value.get("force").and_then(Value::as_bool).unwrap_or_default();
        let text = value.as_str().or_else(|| value.get("value")?.as_str())?;
        Some(match own {
            Some(own) if !forced => own.to_owned(),
            _ => text.to_owned(),
        })
    }

    /// Returns the program that runs what was compiled for `target`, whose `cfg` the compiler tells.
    pub fn runner(&self, target: &str, cfg: &[Cfg]) -> Option<Program> {
        let exactly = self
            .files
            .iter()
            .find_map(|(path, table)| program(table.get("target")?.get(target)?.get("runner")?, path));
        exactly.or_else(|| {
            self.files.iter().find_map(|(path, table)| {
                table.get("target")?.as_table()?.iter().find_map(|(name, value)| {
                    let condition = name.strip_prefix("cfg(")?.strip_suffix(')')?;
                    let holds = CfgExpr::from_str(condition).ok()?.matches(cfg);
                    if holds { program(value.get("runner")?, path) } else { None }
                })
            })
        })
    }
}

/// Returns the files that cargo reads in `cwd`, nearest first, each before those that it includes.
pub fn files(cwd: &Path, cargo_home: Option<&Path>) -> Vec<PathBuf> {
    let folders = cwd.ancestors().map(|folder| folder.join(".cargo"));
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in folders.chain(cargo_home.map(Path::to_owned)) {
        // The name without an extension is the old one, and wins where there are both.
        let names = ["config", "config.toml"];
        if let Some(path) = names.map(|name| folder.join(name)).into_iter().find(|path| path.is_file()) {
            add_with_included(path, &mut files);
        }
    }
    files
}

fn add_with_included(path: PathBuf, files: &mut Vec<PathBuf>) {
    if files.contains(&path) || !path.is_file() {
        return;
    }
    files.push(path.clone());
    let table = fs::read_to_string(&path).ok().and_then(|text| text.parse::<Table>().ok());
    let included = match table.as_ref().and_then(|table| table.get("include")) {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for value in included {
        if let Some(name) = value.as_str().or_else(|| value.get("path")?.as_str()) {
            add_with_included(path.with_file_name(name), files);
        }
    }
}

/// Reads a program: a list, or a text with spaces between; one with a slash is a path from the folder that holds
/// `.cargo`.
fn program(value: &Value, config: &Path) -> Option<Program> {
    let mut words: Vec<String> = match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(words) => words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => return None,
    };
    let first = words.first_mut()?;
    if first.contains('/') && !Path::new(first.as_str()).is_absolute() {
        let base = config.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        *first = base.join(first.as_str()).to_string_lossy().into_owned();
    }
    Some(words)
}

/// Reads what `rustc --print cfg` prints.
pub fn parse_cfg(text: &str) -> Vec<Cfg> {
    text.lines().filter_map(|line| Cfg::from_str(line.trim()).ok()).collect()
}

/// Returns the variable by which cargo takes the runner of a target.
pub fn runner_variable(target: &str) -> String {
    format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase().replace(['-', '.'], "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, text: &str) {
        fs::create_dir_all(folder.join(".cargo")).unwrap();
        fs::write(folder.join(".cargo/config.toml"), text).unwrap();
    }

    #[test]
    fn what_is_included_is_read_as_well() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            "include = ['a.toml', { path = 'gone.toml', optional = true }]\nbuild.target = 'own'\n",
        );
        let text = "include = 'config.toml'\nbuild.target = 'other'\nbuild.target-dir = 'there'\n";
        fs::write(root.path().join(".cargo/a.toml"), text).unwrap();
        let named = |path: &PathBuf| path.starts_with(root.path());
        let found: Vec<PathBuf> = files(root.path(), None).into_iter().filter(named).collect();
        assert_eq!(found, ["config.toml", "a.toml"].map(|name| root.path().join(".cargo").join(name)));
        let config = CargoConfig::read(root.path(), None).unwrap();
        assert_eq!((config.build("target"), config.build("target-dir")), (Some("own"), Some("there")));
    }

    #[test]
    fn the_nearest_file_wins() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        write(
            root.path(),
            "[build]\nrustc-wrapper = 'outer'\ntarget-dir = 'out'\n[target.x]\nrunner = 'run it'",
        );
        write(&inner, "[build]\nrustc-wrapper = 'inner'\n[target.'cfg(unix)']\nrunner = ['./wine', '-q']");
        let config = CargoConfig::read(&inner, None).unwrap();
        assert_eq!(config.build("rustc-wrapper"), Some("inner"));
        assert_eq!(config.build("target-dir"), Some("out"));
        assert_eq!(config.runner("x", &[]).unwrap(), ["run", "it"]);
        let cfg = parse_cfg("unix\ntarget_os=\"linux\"\n");
        let found = config.runner("y", &cfg).unwrap();
        assert_eq!(Path::new(&found[0]), inner.join("./wine"));
        assert_eq!(found[1], "-q");
        assert_eq!(config.runner("y", &[]), None);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "[build\n");
        let error = CargoConfig::read(root.path(), None).unwrap_err();
        assert!(error.to_string().contains("config.toml"), "{error}");
    }

    #[test]
    fn variables_are_spelled_as_cargo_does() {
        assert_eq!(
            runner_variable("x86_64-unknown-linux-gnu"),
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"
        );
    }
}
