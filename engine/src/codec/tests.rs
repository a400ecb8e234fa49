//! Blocks of tests.

use std::time::Duration;

use crate::id::{JobName, RecordingId};
use crate::record::{Health, Outcome, Role, TestKey, TestRecord};

use super::meta::Meta;
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// How many tests a block has; the last may have fewer.
pub(super) const TESTS_PER_BLOCK: usize = 512;

/// Writes a test's key that follows `previous`: the job's number, then suite and name.
pub(super) fn write_key(writer: &mut Writer, job: usize, previous: Option<&TestKey>, key: &TestKey) {
    writer.count(job);
    writer.front_coded(previous.map_or("", |previous| &previous.suite), &key.suite);
    writer.front_coded(previous.map_or("", |previous| &previous.name), &key.name);
}

pub(super) fn read_key(
    cursor: &mut Cursor<'_>,
    jobs: &[JobName],
    previous: Option<&TestKey>,
) -> Result<TestKey, CodecError> {
    let job = cursor.u32()? as usize;
    let job = jobs.get(job).ok_or_else(|| cursor.corrupt("a test is of a job that is not there"))?;
    let suite = cursor.front_coded(previous.map_or("", |previous| &previous.suite))?;
    let name = cursor.front_coded(previous.map_or("", |previous| &previous.name))?;
    let key = TestKey { job: job.clone(), suite, name };
    if previous.is_some_and(|previous| *previous >= key) {
        return Err(cursor.corrupt("tests are not sorted"));
    }
    Ok(key)
}

/// Writes a block column by column: keys, outcomes and roles, problems, durations, recordings.
pub(super) fn encode_block(tests: &[TestRecord], jobs: &[JobName]) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut previous = None;
    for test in tests {
        let job = jobs.binary_search(&test.key.job).expect("every test's job is one of the index");
        write_key(&mut writer, job, previous, &test.key);
        previous = Some(&test.key);
    }
    for test in tests {
        writer.u8(test.outcome as u8 | (test.role as u8) << 4);
    }
    for test in tests {
        writer.varint(test.health.bits().into());
    }
    for test in tests {
        writer.varint(u64::try_from(test.duration.as_micros()).unwrap_or(u64::MAX));
    }
    for test in tests {
        writer.varint(test.recording.0.into());
    }
    writer.bytes
}

pub(super) fn decode_block(bytes: &[u8], n_tests: usize, meta: &Meta) -> Result<Vec<TestRecord>, CodecError> {
    let mut cursor = Cursor::new(Section::Tests, bytes);
    let jobs: Vec<JobName> = meta.jobs.iter().map(|job| job.job.clone()).collect();
    let mut tests: Vec<TestRecord> = Vec::new();
    for _ in 0..n_tests {
        let key = read_key(&mut cursor, &jobs, tests.last().map(|test| &test.key))?;
        tests.push(TestRecord {
            key,
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::ZERO,
            role: Role::Test,
            recording: RecordingId(0),
        });
    }
    for test in &mut tests {
        let byte = cursor.u8()?;
        let outcome = Outcome::ALL.get(usize::from(byte & 15));
        test.outcome = *outcome.ok_or_else(|| cursor.corrupt("an outcome is unknown"))?;
        test.role = match byte >> 4 {
            0 => Role::Test,
            1 => Role::Baseline,
            _ => return Err(cursor.corrupt("a role is unknown")),
        };
    }
    for test in &mut tests {
        let health = u16::try_from(cursor.varint()?).ok().and_then(Health::from_bits);
        test.health = health.ok_or_else(|| cursor.corrupt("a problem is unknown"))?;
    }
    for test in &mut tests {
        test.duration = Duration::from_micros(cursor.varint()?);
    }
    for test in &mut tests {
        test.recording = RecordingId(cursor.u32()?);
        if test.recording.index() >= meta.recordings.len() {
            return Err(cursor.corrupt("a test is of a recording that is not there"));
        }
    }
    cursor.end()?;
    Ok(tests)
}
