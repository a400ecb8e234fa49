//! What every command is handed.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use skiptrace_backends::location::{self, CacheOptions, Location, LocationError, OpenOptions};
use skiptrace_backends::mapped::open_object;
use skiptrace_engine::catalog::Catalog;
use skiptrace_engine::id::CommitId;
use skiptrace_engine::store::Store;
use skiptrace_engine::time::Timestamp;

use crate::args::GlobalArgs;
use crate::environment::Environment;
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::git::{GitError, Repository};
use crate::settings::{Flag, Layers, Settings, StoreUrl, paths};
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
    began: (Timestamp, Instant),
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
        let began = (environment.now(), Instant::now());
        let (repository, layers) = (OnceCell::new(), OnceCell::new());
        Ok(Session { environment, printer, global, repository, layers, began })
    }

    /// Returns when the program began.
    pub fn began(&self) -> Timestamp {
        self.began.0
    }

    /// Returns how long ago that was.
    pub fn elapsed(&self) -> Duration {
        self.began.1.elapsed()
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

    /// Returns the commit that a revision names; outside of a repository, only a full id names one.
    pub fn commit(&self, revision: &str) -> Result<CommitId, CommandError> {
        match self.repository()? {
            Some(repository) => match repository.resolve(revision) {
                // The store may know a commit that this clone does not.
                Err(GitError::UnknownRevision { .. }) if revision.parse::<CommitId>().is_ok() => {
                    revision.parse().map_err(CommandError::user)
                }
                resolved => Ok(resolved?),
            },
            None => revision.parse().map_err(|_| {
                CommandError::user(format_args!("outside of a repository, `{revision}` names no commit"))
                    .hint("give the full id of the commit, or the path of an index file")
            }),
        }
    }

    /// Returns the branch that this run is for, when that is known.
    pub fn branch(&self, settings: &Settings) -> Result<Option<String>, CommandError> {
        if let Some(branch) = &settings.index_branch.value {
            return Ok(Some(branch.clone()));
        }
        match self.repository()? {
            Some(repository) => Ok(repository.branch()?.map(|branch| branch.name)),
            None => Ok(None),
        }
    }

    /// Opens the store that the settings name.
    pub fn catalog(&self) -> Result<Catalog, CommandError> {
        let settings = self.settings()?;
        let cache = settings
            .store_cache_dir
            .value
            .filter(|_| settings.store_cache_enabled.value)
            .map(|dir| CacheOptions { dir, max_bytes: settings.store_cache_max_size.value.0 });
        self.open(settings.store_url.value.as_str(), OpenOptions { cache })
    }

    /// Opens the store that the settings name, for what is read once: nothing of it is kept on this machine.
    pub fn store(&self) -> Result<Arc<dyn Store>, CommandError> {
        open(self.settings()?.store_url.value.as_str(), &OpenOptions::default())
    }

    /// Opens another store: the one at `url`, or the local one that is the default.
    pub fn local_catalog(&self, url: Option<&str>) -> Result<Catalog, CommandError> {
        let url = match url {
            Some(url) => url.to_owned(),
            None => paths::local_store(&self.environment, self.repository()?)
                .ok_or_else(|| {
                    CommandError::user("there is no folder for a local store; name one with --to")
                })?
                .display()
                .to_string(),
        };
        let url = StoreUrl::new(&url, &self.environment.cwd)
            .ok_or_else(|| CommandError::user(format_args!("`{url}` is not the address of a store")))?;
        self.open(url.as_str(), OpenOptions::default())
    }

    fn open(&self, url: &str, options: OpenOptions) -> Result<Catalog, CommandError> {
        Ok(Catalog::new(open(url, &options)?).opening_with(open_object))
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

fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Store>, CommandError> {
    let location: Location =
        url.parse().map_err(|error: LocationError| CommandError::new(ErrorKind::Config, error))?;
    Ok(location::open(&location, options)?)
}
