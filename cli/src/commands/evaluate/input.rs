//! The files that are named on the command line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use skiptrace_engine::evaluation::Results;
use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::JobName;
use skiptrace_indexers::results::{ResultsError, Source};

use super::ByJob;
use crate::error::{CommandError, IoContext};
use crate::session::Session;
use crate::ui::human;

/// What the files of a job tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What became of tests.
    pub(super) results: Results,
    /// How many files there are.
    pub(super) files: usize,
    /// The numbers of what they are about.
    origins: BTreeMap<PathBuf, u32>,
}

/// Reads files of results, each `FILE` or `JOB=FILE`.
pub(super) fn read(
    words: &[String],
    default: &JobName,
    session: &Session<'_>,
) -> Result<ByJob, CommandError> {
    let mut by_job = ByJob::new();
    for word in words {
        let (job, file) = job_and_file(word, default, &session.environment.cwd)?;
        let told = by_job.entry(job).or_default();
        told.files += 1;
        let next = told.origins.len() as u32;
        let number = *told.origins.entry(Source::origin(&file)).or_insert(next);
        let mut results = Results::default();
        let source = Source { path: &file, number };
        let input: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(session.environment.cwd.join(&file)).on("read", &file)?)
        };
        let mut each = |result| results.add(result);
        let summary = skiptrace_indexers::results::read(&source, input, &mut each).map_err(damaged)?;
        session.printer.status(format_args!(
            "read {} of `{}` ({})",
            human::count(summary.results, "result"),
            file.display(),
            summary.format
        ));
        told.results.merge(results);
    }
    Ok(by_job)
}

/// Returns what a word names. A file may have such a name itself.
fn job_and_file(word: &str, default: &JobName, cwd: &Path) -> Result<(JobName, PathBuf), CommandError> {
    match word.split_once('=') {
        Some((job, file)) if !job.is_empty() && !cwd.join(word).exists() => {
            Ok((job.parse().map_err(CommandError::user)?, PathBuf::from(file)))
        }
        _ => Ok((default.clone(), PathBuf::from(word))),
    }
}

/// A file that is not whole says nothing of the tests that are missing in it.
fn damaged(error: ResultsError) -> CommandError {
    let hint = error.hint();
    let below = std::error::Error::source(&error.why).map(ToString::to_string);
    let error = CommandError::user(error).hint(hint);
    match below {
        Some(below) => error.caused_by(below),
        None => error,
    }
}

/// Reads patterns: each word is one, or the file that has them.
pub(super) fn quarantined(words: &[String], session: &Session<'_>) -> Result<Vec<Glob>, CommandError> {
    let mut globs = Vec::new();
    for word in words {
        let path = session.environment.cwd.join(word);
        if !path.is_file() {
            globs.push(Glob::new(word));
            continue;
        }
        let text = fs::read_to_string(&path).on("read", word.as_ref())?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        globs.extend(lines.map(Glob::new));
    }
    Ok(globs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_may_stand_before_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a=b.xml"), "").unwrap();
        let check = |word: &str| {
            let default = "default".parse().unwrap();
            let (job, file) = job_and_file(word, &default, folder.path()).unwrap();
            format!("{job} {}", file.display())
        };
        assert_eq!(check("a.xml"), "default a.xml");
        assert_eq!(check("unit=a.xml"), "unit a.xml");
        assert_eq!(check("unit=x=y.xml"), "unit x=y.xml");
        assert_eq!(check("a=b.xml"), "default a=b.xml");
        assert_eq!(check("=a.xml"), "default =a.xml");
        assert_eq!(check("-"), "default -");
    }
}
