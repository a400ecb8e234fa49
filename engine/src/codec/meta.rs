//! What an index is of: JSON, for it is small and the first thing that anybody wants to look at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fingerprint::Identifier;
use crate::id::{JobName, TestId};
use crate::index::{ExpectedShard, Index, JobTests};
use crate::kind::IndexKind;
use crate::recording::{EnvironmentKey, Origin, Recording, Shard};
use crate::time::Timestamp;

use super::{CodecError, Section, version_of};

/// The parsed meta section.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) kind: IndexKind,
    pub(super) recordings: Vec<Recording>,
    pub(super) expected: Vec<ExpectedShard>,
    pub(super) jobs: Vec<JobTests>,
    pub(super) counts: Counts,
}

/// How many of each an index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) tests: u32,
    pub(super) files: u32,
    pub(super) units: u32,
    /// The sets in the sets section; those in the units section are numbered from here on.
    pub(super) pool_sets: u32,
}

#[derive(Serialize, Deserialize)]
struct MetaJson {
    format: u16,
    kind: String,
    recordings: Vec<RecordingJson>,
    expected: Vec<ExpectedJson>,
    jobs: Vec<JobJson>,
    counts: Counts,
}

#[derive(Serialize, Deserialize)]
struct RecordingJson {
    job: String,
    shard: String,
    recorded_at: u64,
    commit: String,
    tree: Option<String>,
    branch: Option<String>,
    environment: BTreeMap<String, String>,
    tool: String,
    origin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_for: Option<Vec<u32>>,
}

#[derive(Serialize, Deserialize)]
struct ExpectedJson {
    job: String,
    shard: String,
}

#[derive(Serialize, Deserialize)]
struct JobJson {
    job: String,
    first_test: u32,
    tests: u32,
}

const ORIGINS: [(&str, Origin); 2] = [("recorded", Origin::Recorded), ("imported", Origin::Imported)];

pub(super) fn encode(index: &Index, counts: Counts) -> Vec<u8> {
    let recording = |recording: &Recording| RecordingJson {
        job: recording.job.to_string(),
        shard: recording.shard.to_string(),
        recorded_at: recording.recorded_at.0,
        commit: recording.commit.to_string(),
        tree: recording.tree.as_ref().map(ToString::to_string),
        branch: recording.branch.clone(),
        environment: recording.environment.parts.clone(),
        tool: recording.tool.clone(),
        origin: ORIGINS[recording.origin as usize].0.to_owned(),
        asked_for: recording.asked_for.as_ref().map(|names| names.iter().map(|name| name.0).collect()),
    };
    let expected = |expected: &ExpectedShard| ExpectedJson {
        job: expected.job.to_string(),
        shard: expected.shard.to_string(),
    };
    let job = |job: &JobTests| JobJson {
        job: job.job.to_string(),
        first_test: job.tests.start.0,
        tests: job.tests.end.0 - job.tests.start.0,
    };
    let meta = MetaJson {
        format: version_of(index),
        kind: index.kind().name().to_owned(),
        recordings: index.recordings().iter().map(recording).collect(),
        expected: index.expected().iter().map(expected).collect(),
        jobs: index.jobs().iter().map(job).collect(),
        counts,
    };
    serde_json::to_vec(&meta).expect("all of it can be written as JSON")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Meta, CodecError> {
    let json: MetaJson = serde_json::from_slice(bytes).map_err(corrupt)?;
    let recordings = json.recordings.into_iter().map(parse_recording).collect::<Result<Vec<_>, _>>()?;
    let expected = json
        .expected
        .iter()
        .map(|expected| Ok(ExpectedShard { job: parse(&expected.job)?, shard: parse(&expected.shard)? }))
        .collect::<Result<Vec<_>, CodecError>>()?;
    let mut jobs = Vec::new();
    let mut next = 0u32;
    for job in &json.jobs {
        let end = job.first_test.checked_add(job.tests).filter(|_| job.first_test == next);
        next = end.ok_or_else(|| corrupt("the jobs' tests do not follow each other"))?;
        jobs.push(JobTests { job: parse::<JobName>(&job.job)?, tests: TestId(job.first_test)..TestId(next) });
    }
    let sorted = recordings.is_sorted_by(|a, b| a < b)
        && expected.is_sorted_by(|a, b| a < b)
        && jobs.is_sorted_by(|a, b| a.job < b.job);
    if !sorted || next != json.counts.tests {
        return Err(corrupt("its lists do not add up"));
    }
    Ok(Meta { kind: parse(&json.kind)?, recordings, expected, jobs, counts: json.counts })
}

fn parse_recording(json: RecordingJson) -> Result<Recording, CodecError> {
    let origin = ORIGINS.iter().find(|(name, _)| *name == json.origin);
    if !json.asked_for.as_ref().is_none_or(|names| names.is_sorted_by(|a, b| a < b)) {
        return Err(corrupt("the methods that a recording names are in no order"));
    }
    Ok(Recording {
        job: parse(&json.job)?,
        shard: parse::<Shard>(&json.shard)?,
        recorded_at: Timestamp(json.recorded_at),
        commit: parse(&json.commit)?,
        tree: json.tree.as_deref().map(parse).transpose()?,
        branch: json.branch,
        environment: EnvironmentKey { parts: json.environment },
        tool: json.tool,
        origin: origin.ok_or_else(|| corrupt("a recording is of unknown origin"))?.1,
        asked_for: json.asked_for.map(|names| names.into_iter().map(Identifier).collect()),
    })
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, CodecError> {
    text.parse().map_err(corrupt)
}

fn corrupt(what: impl std::fmt::Display) -> CodecError {
    CodecError::corrupt(Section::Meta, what)
}
