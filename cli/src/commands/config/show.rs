//! `skiptrace config show`.

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{self, Row};
use crate::ui::table::{Column, Table};

/// Print the settings, and where each value comes from
///
/// Values come from, the later winning: the defaults; the user's `skiptrace/config.toml`; the nearest
/// `skiptrace.toml` between the current folder and the top of the repository; environment variables;
/// `--config KEY=VALUE`; flags.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Print only the value of this setting, or the settings of this section
    #[arg(value_name = "KEY")]
    key: Option<String>,
}

/// The document `skiptrace/config@1`.
#[derive(Serialize)]
struct Document<'a> {
    settings: Vec<&'a Row>,
}

pub(super) fn run(args: &ShowArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let rows = session.settings()?.rows();
    let shown: Vec<&Row> = match &args.key {
        None => rows.iter().collect(),
        Some(key) => {
            let is_shown = |row: &&Row| {
                row.key == key || row.key.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.'))
            };
            rows.iter().filter(is_shown).collect()
        }
    };
    if shown.is_empty() {
        return Err(settings::unknown_key(args.key.as_deref().unwrap_or_default(), None));
    }

    if session.printer.wants_json() {
        session.printer.json("config@1", &Document { settings: shown })?;
    } else if let ([row], Some(_)) = (&shown[..], &args.key) {
        session.printer.answer(row.value.text())?;
    } else {
        let mut table = Table::new([Column::text(""), Column::text(""), Column::text("").dim()]);
        for row in shown {
            let value = if row.value.is_unset() { "(unset)".to_owned() } else { row.value.text() };
            table.row([row.key.to_owned(), value, row.origin.to_string()]);
        }
        session.printer.table(&table)?;
    }
    Ok(ExitStatus::Success)
}
