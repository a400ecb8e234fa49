//! `skiptrace man`.

use std::path::PathBuf;

use crate::args;
use crate::error::{CommandError, IoContext};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;

/// Print the manual page, or write the pages of all commands
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let command = args::command().disable_help_subcommand(true);
    let Some(folder) = &args.out else {
        session.printer.bytes(&page(command))?;
        return Ok(ExitStatus::Success);
    };
    let path = session.environment.cwd.join(folder);
    std::fs::create_dir_all(&path).on("create", folder)?;
    let pages = pages(command);
    for (name, page) in &pages {
        std::fs::write(path.join(name), page).on("write", &folder.join(name))?;
    }
    session.printer.status(format_args!(
        "wrote {} to `{}`",
        human::count(pages.len() as u64, "page"),
        folder.display()
    ));
    Ok(ExitStatus::Success)
}

/// Returns the name and the text of the page of every command that is shown.
fn pages(mut root: clap::Command) -> Vec<(String, Vec<u8>)> {
    // Building gives the commands their full names and the global flags.
    root.build();
    let mut pages = Vec::new();
    let mut waiting = vec![root];
    while let Some(command) = waiting.pop() {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        waiting.extend(shown.cloned());
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        pages.push((format!("{name}.1"), page(command)));
    }
    pages.sort();
    pages
}

fn page(command: clap::Command) -> Vec<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).expect("memory takes all writes");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages(args::command().disable_help_subcommand(true));
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["skiptrace.1", "skiptrace-config.1", "skiptrace-config-show.1", "skiptrace-man.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        let text = String::from_utf8(pages[0].1.clone()).unwrap();
        assert!(text.contains("Print the completion script"), "{text}");
    }
}
