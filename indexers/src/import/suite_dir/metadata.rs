//! `metadata.json`: which test a folder is of, and how it ended.

use std::fs;
use std::path::Path;
use std::time::Duration;

use skiptrace_engine::id::JobName;
use skiptrace_engine::record::Outcome;

use super::TestOutcome;

/// No larger metadata are read.
const LARGEST_METADATA: u64 = 1 << 20;

/// What `metadata.json` says.
pub(super) struct Metadata {
    pub(super) job: Option<JobName>,
    pub(super) suite: Option<Box<str>>,
    pub(super) test: Option<Box<str>>,
    pub(super) outcome: TestOutcome,
    pub(super) binaries: Vec<Box<str>>,
    pub(super) duration: Option<Duration>,
}

impl Default for Metadata {
    fn default() -> Metadata {
        Metadata {
            job: None,
            suite: None,
            test: None,
            outcome: TestOutcome::Absent,
            binaries: Vec::new(),
            duration: None,
        }
    }
}

impl Metadata {
    pub(super) fn read(path: &Path) -> Result<Metadata, String> {
        let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > LARGEST_METADATA {
            return Err(format!("it has {size} bytes, which no metadata have"));
        }
        Metadata::parse(&fs::read(path).map_err(|error| error.to_string())?)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Metadata, String> {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(|error| format!("it cannot be understood: {error}"))?;
        let text = |keys: &[&str]| match keys.iter().find_map(|key| object.get_key_value(*key)) {
            None | Some((_, serde_json::Value::Null)) => Ok(None),
            Some((_, serde_json::Value::String(text))) => Ok(Some(text.as_str())),
            Some((key, _)) => Err(format!("`{key}` is no text")),
        };
        let job = text(&["job", "job_name", "job-name"])?.filter(|job| !job.is_empty());
        let job = job.map(str::parse::<JobName>).transpose().map_err(|error| error.to_string())?;
        let name = text(&["test", "test_name", "test-name", "name"])?.filter(|name| !name.is_empty());
        let milliseconds = match object.get("duration_ms") {
            None | Some(serde_json::Value::Null) => None,
            Some(value) => Some(value.as_f64().ok_or("`duration_ms` is no number")?),
        };
        let binaries = match object.get("binaries") {
            None | Some(serde_json::Value::Null) => Vec::new(),
            Some(serde_json::Value::Array(names)) => {
                let name = |name: &serde_json::Value| Some(name.as_str()?.into());
                names
                    .iter()
                    .map(name)
                    .collect::<Option<Vec<Box<str>>>>()
                    .ok_or("`binaries` are not all texts")?
            }
            Some(_) => return Err("`binaries` is no list".to_owned()),
        };
        let duration = milliseconds.map(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1000.0));
        Ok(Metadata {
            job,
            suite: text(&["suite", "suite_name", "suite-name"])?.map(Into::into),
            test: name.map(Into::into),
            outcome: match text(&["outcome", "status", "result"])? {
                None => TestOutcome::Absent,
                Some(word) => {
                    outcome(word).map_or_else(|| TestOutcome::Strange(word.into()), TestOutcome::Known)
                }
            },
            binaries,
            duration: duration
                .transpose()
                .map_err(|error| format!("`duration_ms` is no duration: {error}"))?,
        })
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    let word = word.to_lowercase().replace(['_', '-'], " ");
    Some(match word.trim() {
        "passed" | "pass" | "ok" | "success" => Outcome::Passed,
        "failed" | "fail" | "failure" | "error" => Outcome::Failed,
        "skipped" | "skip" | "ignored" => Outcome::Skipped,
        "flaky" => Outcome::Flaky,
        "timed out" | "timeout" | "timedout" => Outcome::TimedOut,
        _ => return None,
    })
}
