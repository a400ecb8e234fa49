//! The rule for what skiptrace itself keeps inside of the work tree: a store or a history that the settings put there.

use std::path::Path;

use skiptrace_backends::location::Location;
use skiptrace_engine::selection::{PathPattern, PathRule, Then};

use crate::error::CommandError;
use crate::session::Session;
use crate::settings::Settings;

/// Returns the rule, where anything is kept there. As by any rule that ignores, who is known to depend on it runs.
pub(super) fn rule(session: &Session<'_>, settings: &Settings) -> Result<Option<PathRule>, CommandError> {
    let Some(repository) = session.repository()? else { return Ok(None) };
    let mut texts = Vec::new();
    if let Ok(Location::Folder(store)) = settings.store_url.value.as_str().parse() {
        texts.extend(inside(&store, repository.root()).map(|store| format!("/{store}skiptrace/v1/**")));
    }
    if let Some(history) = &settings.history_path.value
        && let Some((folder, name)) = history.parent().zip(history.file_name().and_then(|name| name.to_str()))
    {
        // What SQLite writes beside it has a longer name.
        let name = PathPattern::escaped(name);
        let names = ["", "-wal", "-shm", "-journal"].map(|ending| format!("{name}{ending}"));
        if let Some(folder) = inside(folder, repository.root()) {
            texts.extend(names.iter().map(|name| format!("/{folder}{name}")));
        }
    }
    let patterns: Vec<PathPattern> = texts.iter().filter_map(|text| PathPattern::new(text).ok()).collect();
    let name = "what skiptrace keeps".into();
    Ok((!patterns.is_empty()).then_some(PathRule { name, patterns, then: Then::Ignore, pack: None }))
}

/// Returns the pattern of a folder inside of another, with a slash at its end unless it is that one.
fn inside(folder: &Path, root: &Path) -> Option<String> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (folder, root) = (real(folder), real(root));
    let below = folder.strip_prefix(&root).ok()?.to_str()?;
    // Git looks at nothing there.
    let is_private = below == ".git" || below.starts_with(".git/");
    let slash = if below.is_empty() { "" } else { "/" };
    (!is_private).then(|| format!("{}{slash}", PathPattern::escaped(below)))
}
