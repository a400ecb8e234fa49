//! The layers that settings come from.

use std::path::{Path, PathBuf};

use crate::args::GlobalArgs;
use crate::environment::Environment;
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::git::Repository;
use crate::settings::list::{ALIASES, OTHER_VARIABLES};
use crate::settings::value::Problem;
use crate::settings::{KEYS, Origin, Raw, Setting, SettingValue, file, nearest, paths, unknown_key};

const PREFIX: &str = "SKIPTRACE_";

/// Everything that was set, the later winning.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    assigned: Vec<Assigned>,
    /// Where the paths of flags and variables start.
    cwd: PathBuf,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The value of a flag that stands for a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    key: &'static str,
    name: &'static str,
    value: String,
}

#[derive(Debug, Clone)]
struct Assigned {
    key: &'static str,
    raw: Raw,
    origin: Origin,
    base: PathBuf,
}

impl Flag {
    /// Makes the value of the flag `name`, dashes included, that stands for the setting `key`, where it was given.
    pub fn given(key: &'static str, name: &'static str, value: Option<impl ToString>) -> Option<Flag> {
        value.map(|value| Flag { key, name, value: value.to_string() })
    }
}

impl Layers {
    /// Reads every layer: defaults, the user's file, the repository's, variables, `--config`, global flags.
    pub fn read(
        environment: &Environment,
        repository: Option<&Repository>,
        global: &GlobalArgs,
    ) -> Result<Layers, CommandError> {
        let mut layers = Layers { cwd: environment.cwd.clone(), ..Layers::default() };
        layers.add_defaults(environment, repository)?;
        for file in paths::config_files(environment, repository) {
            if file.exists {
                let text = std::fs::read_to_string(&file.path).on("read", &file.path);
                layers.add_file(&text.map_err(CommandError::of_config)?, &file.path)?;
            }
        }
        layers.add_variables(environment)?;
        for assignment in &global.config {
            let origin = Origin::Flag { name: "--config" };
            layers.add(&assignment.key, Raw::Untyped(assignment.value.clone()), origin, &environment.cwd)?;
        }
        layers.with_flags(Flag::given("store.url", "--store", global.store.as_ref()))
    }

    /// Adds the flags of a command, which win over everything.
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Result<Layers, CommandError> {
        let cwd = self.cwd.clone();
        for Flag { key, name, value } in flags {
            self.add(key, Raw::Untyped(value), Origin::Flag { name }, &cwd)?;
        }
        Ok(self)
    }

    /// Returns the value of a setting.
    pub(super) fn setting<T: SettingValue>(&self, key: &'static str) -> Result<Setting<T>, CommandError> {
        debug_assert!(KEYS.contains(&key), "`{key}` is no setting");
        let mut setting = T::unset().map(|value| Setting { value, origin: Origin::Default });
        // A wrong value is an error even where a later one wins: it would surprise when that is gone.
        for assigned in self.assigned.iter().filter(|assigned| assigned.key == key) {
            let value = T::parse(&assigned.raw, &assigned.base).map_err(|problem| assigned.error(problem))?;
            setting = Some(Setting { value, origin: assigned.origin.clone() });
        }
        setting.ok_or_else(|| {
            CommandError::new(
                ErrorKind::Config,
                format_args!("no value for `{key}`, and nothing to derive it from"),
            )
            .hint(format_args!("set {}, or `{key}` in a configuration file", variable_of(key)))
        })
    }

    fn add_defaults(
        &mut self,
        environment: &Environment,
        repository: Option<&Repository>,
    ) -> Result<(), CommandError> {
        for entry in file::parse(file::DEFAULTS, Path::new("default-config.toml"))? {
            self.add(&entry.key, entry.raw, Origin::Default, Path::new(""))?;
        }
        for (key, path, origin) in paths::derived(environment, repository) {
            let path = path.into_os_string().into_string().map_err(|path| {
                CommandError::new(
                    ErrorKind::Config,
                    format_args!("cannot use the folder {path:?}: it is no text"),
                )
                .hint(format_args!("set `{key}`"))
            })?;
            self.add(key, Raw::Untyped(path), origin, &environment.cwd)?;
        }
        Ok(())
    }

    fn add_file(&mut self, text: &str, path: &Path) -> Result<(), CommandError> {
        let base = path.parent().unwrap_or(path);
        for entry in file::parse(text, path)? {
            let origin = Origin::File { path: path.to_owned(), line: entry.line };
            self.add(&entry.key, entry.raw, origin, base)?;
        }
        Ok(())
    }

    fn add_variables(&mut self, environment: &Environment) -> Result<(), CommandError> {
        let names: Vec<(String, &'static str)> = ALIASES
            .iter()
            .map(|&(name, key)| (name.to_owned(), key))
            .chain(KEYS.iter().map(|&key| (variable_of(key), key)))
            .collect();
        for (name, key) in &names {
            let Some(value) = environment.var(name) else { continue };
            let text = value.to_str().ok_or_else(|| {
                CommandError::new(ErrorKind::Config, format_args!("invalid value in `{name}`: it is no text"))
            })?;
            let origin = Origin::Variable { name: name.clone() };
            self.add(key, Raw::Untyped(text.to_owned()), origin, &environment.cwd)?;
        }
        let known = || names.iter().map(|(name, _)| name.as_str()).chain(OTHER_VARIABLES.iter().copied());
        for variable in environment.vars.keys().filter_map(|name| name.to_str()) {
            let Some(word) = variable.strip_prefix(PREFIX) else { continue };
            if known().any(|name| name == variable) {
                continue;
            }
            let mut warning = format!("the variable `{variable}` is no setting and has no effect");
            if let Some(near) = nearest(word, known().filter_map(|name| name.strip_prefix(PREFIX))) {
                warning.push_str(&format!("; did you mean `{PREFIX}{near}`?"));
            }
            self.warnings.push(warning);
        }
        Ok(())
    }

    fn add(&mut self, key: &str, raw: Raw, origin: Origin, base: &Path) -> Result<(), CommandError> {
        match KEYS.iter().find(|&&known| known == key) {
            Some(key) => {
                self.assigned.push(Assigned { key, raw, origin, base: base.to_owned() });
                Ok(())
            }
            None => Err(unknown_key(key, Some(&origin))),
        }
    }
}

impl Assigned {
    fn error(&self, problem: Problem) -> CommandError {
        let Assigned { key, raw, origin, .. } = self;
        let error = CommandError::new(
            ErrorKind::Config,
            format_args!("invalid value for `{key}` ({origin}): expected {}, found {raw}", problem.expected),
        );
        match problem.meant {
            Some(meant) => error.hint(format_args!("did you mean `{meant}`?")),
            None => error,
        }
    }
}

/// Returns the environment variable of a setting.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace(['.', '-'], "_"))
}

#[cfg(test)]
mod tests;
