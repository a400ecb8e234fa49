//! `skiptrace config path`.

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{self, ConfigFile};
use crate::ui::table::{Column, Table};

/// Print where configuration files are looked for, and which exist
#[derive(Debug, clap::Args)]
pub struct PathArgs {}

/// The document `skiptrace/config-path@1`.
#[derive(Serialize)]
struct Document {
    files: Vec<ConfigFile>,
}

pub(super) fn run(_args: &PathArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let files = settings::config_files(&session.environment, session.repository()?);
    if session.printer.wants_json() {
        session.printer.json("config-path@1", &Document { files })?;
    } else {
        let mut table = Table::new([Column::text(""), Column::text(""), Column::text("").dim()]);
        for file in files {
            let note = if file.exists { "" } else { "(none)" };
            table.row([file.layer.to_owned(), file.path.display().to_string(), note.to_owned()]);
        }
        session.printer.table(&table)?;
    }
    Ok(ExitStatus::Success)
}
