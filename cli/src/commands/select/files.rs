//! The files that runners read.

use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::id::JobName;
use skiptrace_engine::recording::Shard;

use crate::error::{CommandError, IoContext};
use crate::session::Session;

/// Returns the folder for the files of a selection: the one that is asked for, else one of the job's own.
pub(super) fn folder(
    asked: Option<&Path>,
    job: &JobName,
    shard: Shard,
    session: &Session<'_>,
) -> Result<PathBuf, CommandError> {
    if let Some(folder) = asked {
        return Ok(session.environment.cwd.join(folder));
    }
    let mut name = safe(job.as_str());
    if shard != Shard::WHOLE {
        name.push_str(&format!(".{}-of-{}", shard.number(), shard.of()));
    }
    let private = match session.repository()? {
        Some(repository) => repository.private_folder().to_owned(),
        None => session.environment.cwd.join(".skiptrace"),
    };
    Ok(private.join("select").join(name))
}

/// Returns a name that every file system and every shell takes as it is, another one for each job.
fn safe(name: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(is_safe) && !name.starts_with(['.', '-']) {
        return name.to_owned();
    }
    let shown: String = name.chars().map(|c| if is_safe(c) { c } else { '-' }).collect();
    let hash = Fingerprint::of(name.as_bytes()).to_string();
    format!("job-{}-{}", shown.trim_start_matches(['.', '-']), &hash[..8])
}

/// Makes the folder, and returns its name without detours.
pub(super) fn make(folder: &Path) -> Result<PathBuf, CommandError> {
    fs::create_dir_all(folder).on("make", folder)?;
    folder.canonicalize().on("find", folder)
}

/// Writes a file, the whole of it or nothing; one that somebody reads at the moment stays as it was for them.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), CommandError> {
    let folder = path.parent().unwrap_or(path);
    let temporary = tempfile::NamedTempFile::new_in(folder).on("write", path)?;
    fs::write(temporary.path(), bytes).on("write", path)?;
    #[cfg(unix)]
    {
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode);
        fs::set_permissions(temporary.path(), mode).on("write", path)?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    temporary.persist(path).map_err(|error| error.error).on("write", path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_have_folders_of_their_own() {
        assert_eq!(safe("unit"), "unit");
        let names = ["a/b", "a-b", "a b", "..", ".", "é"].map(safe);
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains('/') && !name.starts_with('.')), "{names:?}");
    }
}
