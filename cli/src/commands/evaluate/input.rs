//! The files and searches that are named on the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use skiptrace_engine::evaluation::Results;
use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::JobName;
use skiptrace_indexers::results::datadog::Unfit;
use skiptrace_indexers::results::{ResultsError, Source};

use super::ByJob;
use super::event::Event;
use super::searches::Searches;
use crate::error::{CommandError, IoContext};
use crate::session::Session;
use crate::ui::human;

/// What stands before a query.
const DATADOG: &str = "datadog:";

/// What the files and searches of a job tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What became of tests.
    pub(super) results: Results,
    /// How many files there are.
    pub(super) files: usize,
    /// How many searches there are.
    pub(super) searches: usize,
    /// Why some of it could not be read, so that none of it says anything.
    pub(super) events: Vec<Event>,
    /// The commits that the results say they are of.
    pub(super) commits: BTreeSet<Box<str>>,
    /// The numbers of what they are about.
    origins: BTreeMap<PathBuf, u32>,
}

/// What a word stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// A file of results.
    File(PathBuf),
    /// A query for Datadog's test events.
    Datadog(String),
}

/// Reads results, each `FILE`, `datadog:QUERY`, or one of these after `JOB=`.
pub(super) fn read(
    words: &[String],
    default: &JobName,
    searches: &Searches<'_>,
    session: &Session<'_>,
) -> Result<ByJob, CommandError> {
    let mut by_job = ByJob::new();
    let words = words.iter().map(|word| job_and_origin(word, default, &session.environment.cwd));
    let words: Vec<(JobName, Origin)> = words.collect::<Result<_, _>>()?;
    // What is wrong with the command line is told before anything is read.
    for (_, origin) in &words {
        if let Origin::Datadog(query) = origin {
            searches.check(query, session)?;
        }
    }
    for (job, origin) in words {
        let told: &mut Told = by_job.entry(job).or_default();
        let file = match origin {
            Origin::File(file) => file,
            Origin::Datadog(query) => {
                told.searches += 1;
                searches.read(&query, told, session)?;
                continue;
            }
        };
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
    for told in by_job.values_mut().filter(|told| told.commits.len() > 1) {
        let commits = told.commits.iter().map(ToString::to_string).collect();
        told.events.push(Event::unfit(&Unfit { commits }));
    }
    Ok(by_job)
}

/// Returns what a word names. A file may have such a name itself.
fn job_and_origin(word: &str, default: &JobName, cwd: &Path) -> Result<(JobName, Origin), CommandError> {
    let origin = |text: &str| match text.strip_prefix(DATADOG) {
        Some(query) if !cwd.join(text).exists() => Origin::Datadog(query.trim().to_owned()),
        _ => Origin::File(PathBuf::from(text)),
    };
    match word.split_once('=') {
        // There may be a `=` in a query as well.
        Some((job, rest)) if !job.is_empty() && !word.starts_with(DATADOG) && !cwd.join(word).exists() => {
            Ok((job.parse().map_err(CommandError::user)?, origin(rest)))
        }
        _ => Ok((default.clone(), origin(word))),
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
            match job_and_origin(word, &default, folder.path()).unwrap() {
                (job, Origin::File(file)) => format!("{job} {}", file.display()),
                (job, Origin::Datadog(query)) => format!("{job} searches {query}"),
            }
        };
        assert_eq!(check("a.xml"), "default a.xml");
        assert_eq!(check("unit=a.xml"), "unit a.xml");
        assert_eq!(check("unit=x=y.xml"), "unit x=y.xml");
        assert_eq!(check("a=b.xml"), "default a=b.xml");
        assert_eq!(check("=a.xml"), "default =a.xml");
        assert_eq!(check("-"), "default -");
        assert_eq!(check("datadog: @a:b=c "), "default searches @a:b=c");
        assert_eq!(check("unit=datadog:@a:\"b c\""), "unit searches @a:\"b c\"");
        fs::write(folder.path().join("datadog:x"), "").unwrap();
        assert_eq!(check("datadog:x"), "default datadog:x");
    }
}
