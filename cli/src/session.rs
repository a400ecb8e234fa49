//! What every command is handed.

use std::cell::OnceCell;

use crate::args::GlobalArgs;
use crate::environment::Environment;
use crate::error::{CommandError, IoContext};
use crate::git::Repository;
use crate::settings::{Flag, Layers, Settings};
use crate::ui::printer::Printer;

/// One run: its surroundings, its global arguments, and what follows from them, found out when first asked for.
pub struct Session<'a> {
    /// The surroundings; the folder is the one `-C` names.
    pub environment: Environment,
    /// How to print.
    pub printer: &'a Printer,
    global: GlobalArgs,
    repository: OnceCell<Option<Repository>>,
    layers: OnceCell<Layers>,
}

impl<'a> Session<'a> {
    /// Makes a session in the folder that `-C` names.
    pub fn new(
        mut environment: Environment,
        global: GlobalArgs,
        printer: &'a Printer,
    ) -> Result<Self, CommandError> {
        if let Some(directory) = &global.directory {
            environment.cwd = environment.cwd.join(directory);
            std::fs::read_dir(&environment.cwd).on("enter", directory)?;
        }
        Ok(Session { environment, printer, global, repository: OnceCell::new(), layers: OnceCell::new() })
    }

    /// Returns the repository around the folder; `None` outside of any.
    pub fn repository(&self) -> Result<Option<&Repository>, CommandError> {
        if let Some(repository) = self.repository.get() {
            return Ok(repository.as_ref());
        }
        let repository = Repository::discover(&self.environment)?;
        Ok(self.repository.get_or_init(|| repository).as_ref())
    }

    /// Returns the settings.
    pub fn settings(&self) -> Result<Settings, CommandError> {
        self.settings_with(None)
    }

    /// Returns the settings, the flags of a command applied.
    pub fn settings_with(&self, flags: impl IntoIterator<Item = Flag>) -> Result<Settings, CommandError> {
        Settings::resolve(&self.layers()?.clone().with_flags(flags)?)
    }

    fn layers(&self) -> Result<&Layers, CommandError> {
        if let Some(layers) = self.layers.get() {
            return Ok(layers);
        }
        let layers = Layers::read(&self.environment, self.repository()?, &self.global)?;
        for warning in &layers.warnings {
            self.printer.warning(warning);
        }
        Ok(self.layers.get_or_init(|| layers))
    }
}
