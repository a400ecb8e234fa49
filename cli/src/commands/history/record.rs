//! Writing runs down.

use std::error::Error;

use skiptrace_engine::history::{History, RunRecord, object};
use skiptrace_engine::store::{Store, StoreError};

use crate::error::CommandError;
use crate::session::Session;
use crate::settings::Origin;

use super::{open, retention};

/// Writes a run into the history, and into the store for others, as the settings say.
///
/// Whatever goes wrong is said and no more: no run fails because it could not be written down.
pub fn record(run: &RunRecord, session: &Session<'_>) {
    if let Err(error) = keep(run, session) {
        warn("the run is not in the history", &error, session);
    }
    if let Err(error) = publish_as_set(run, session) {
        warn("the run is not in the store, where others would find it", &error, session);
    }
}

fn keep(run: &RunRecord, session: &Session<'_>) -> Result<(), CommandError> {
    let settings = session.settings()?;
    let history = open(&settings)?;
    history.add(std::slice::from_ref(run))?;
    history.prune(&retention(&settings, session.environment.now()))?;
    Ok(())
}

fn publish_as_set(run: &RunRecord, session: &Session<'_>) -> Result<(), CommandError> {
    let settings = session.settings()?;
    // What only this machine can read has the database beside it.
    let is_private = matches!(settings.store_url.origin, Origin::Derived { .. });
    if settings.history_publish.value && !is_private {
        publish(run, &*session.store()?)?;
    }
    Ok(())
}

/// Writes a run into a store. Once more is nothing new.
pub(super) fn publish(run: &RunRecord, store: &dyn Store) -> Result<(), StoreError> {
    store.put(&run.run.id.key(), &object::pack(run)).map(drop)
}

fn warn(what: &str, error: &CommandError, session: &Session<'_>) {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    session.printer.warning(format_args!("{what}: {error}{cause}"));
    for hint in &error.hints {
        session.printer.hint(hint);
    }
}
