//! Which jobs and shards a commit's index will have, and which of them are there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::JobName;
use crate::recording::Shard;

/// Says which jobs will be indexed for a commit, each in how many shards. Written once, before or after them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// How many shards each job comes in.
    pub jobs: BTreeMap<JobName, u32>,
}

/// Why bytes are not a [`Manifest`].
#[derive(Debug, Error)]
#[error("invalid manifest: {0}")]
pub struct ManifestError(String);

const SCHEMA: &str = "skiptrace/manifest@1";
/// More shards than all jobs have together; a manifest that says more is damaged.
const MAX_SHARDS: u64 = 1_000_000;

#[derive(Serialize, Deserialize)]
struct ManifestJson {
    schema: String,
    jobs: BTreeMap<String, u32>,
}

impl Manifest {
    /// Writes the manifest as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let jobs = self.jobs.iter().map(|(job, shards)| (job.to_string(), *shards)).collect();
        let json = ManifestJson { schema: SCHEMA.to_owned(), jobs };
        let mut bytes = serde_json::to_vec_pretty(&json).expect("all of it can be written as JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads what [`Manifest::to_json`] wrote.
    pub fn from_json(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let json: ManifestJson =
            serde_json::from_slice(bytes).map_err(|error| ManifestError(error.to_string()))?;
        if json.schema != SCHEMA {
            return Err(ManifestError(format!("its schema is `{}`, not `{SCHEMA}`", json.schema)));
        }
        if json.jobs.values().map(|shards| u64::from(*shards)).sum::<u64>() > MAX_SHARDS {
            return Err(ManifestError(format!("it announces more than {MAX_SHARDS} shards")));
        }
        let jobs = json.jobs.into_iter().map(|(job, shards)| match shards {
            1..=Shard::MAX => Ok((job.parse().map_err(|error| ManifestError(format!("{error}")))?, shards)),
            _ => Err(ManifestError(format!("job `{job}` cannot have {shards} shards"))),
        });
        Ok(Manifest { jobs: jobs.collect::<Result<_, _>>()? })
    }
}

/// Whether all that was said to come is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// All that the manifest names is there.
    Complete,
    /// There is no manifest; of the jobs that are there every shard is.
    Undeclared,
    /// These are missing.
    Incomplete(BTreeSet<(JobName, Shard)>),
}

impl Completeness {
    /// Returns whether nothing is known to be missing.
    pub fn is_complete(&self) -> bool {
        !matches!(self, Completeness::Incomplete(_))
    }
}

/// Compares what is there with what was said to come.
///
/// A shard says by its name how many there are. A job that was recorded again in other parts is there when one
/// way of dividing it is there whole; when the manifest names a number of shards, that one.
pub fn completeness(present: &BTreeSet<(JobName, Shard)>, manifest: Option<&Manifest>) -> Completeness {
    let mut missing = BTreeSet::new();
    let mut check = |job: &JobName, ways: BTreeSet<u32>| {
        let gaps = ways.iter().map(|of| {
            let shards = (1..=*of).filter_map(|number| Some((job.clone(), Shard::new(number, *of)?)));
            shards.filter(|shard| !present.contains(shard)).collect::<BTreeSet<_>>()
        });
        missing.extend(gaps.min_by_key(BTreeSet::len).unwrap_or_default());
    };
    if let Some(manifest) = manifest {
        for (job, shards) in &manifest.jobs {
            check(job, BTreeSet::from([*shards]));
        }
    }
    let declared = |job: &JobName| manifest.is_some_and(|manifest| manifest.jobs.contains_key(job));
    let jobs: BTreeSet<&JobName> = present.iter().map(|(job, _)| job).filter(|job| !declared(job)).collect();
    for job in jobs {
        check(job, present.iter().filter(|(other, _)| other == job).map(|(_, shard)| shard.of()).collect());
    }
    match (missing.is_empty(), manifest) {
        (false, _) => Completeness::Incomplete(missing),
        (true, Some(_)) => Completeness::Complete,
        (true, None) => Completeness::Undeclared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(shards: &[(&str, &str)]) -> BTreeSet<(JobName, Shard)> {
        shards.iter().map(|(job, shard)| (job.parse().unwrap(), shard.parse().unwrap())).collect()
    }

    #[track_caller]
    fn check(there: &[(&str, &str)], manifest: Option<&[(&str, u32)]>, expected: Completeness) {
        let manifest = manifest.map(|jobs| Manifest {
            jobs: jobs.iter().map(|(job, shards)| (job.parse().unwrap(), *shards)).collect(),
        });
        assert_eq!(completeness(&present(there), manifest.as_ref()), expected);
    }

    #[test]
    fn what_was_announced_has_to_be_there() {
        check(&[("unit", "1/1")], Some(&[("unit", 1)]), Completeness::Complete);
        check(
            &[("unit", "1/2")],
            Some(&[("e2e", 1), ("unit", 2)]),
            Completeness::Incomplete(present(&[("e2e", "1/1"), ("unit", "2/2")])),
        );
        check(&[], Some(&[]), Completeness::Complete);
    }

    #[test]
    fn shards_announce_each_other() {
        check(&[("unit", "1/1"), ("e2e", "1/1")], None, Completeness::Undeclared);
        check(
            &[("unit", "1/3"), ("unit", "3/3")],
            None,
            Completeness::Incomplete(present(&[("unit", "2/3")])),
        );
        check(&[("unit", "1/3"), ("unit", "1/2"), ("unit", "2/2")], None, Completeness::Undeclared);
        check(
            &[("unit", "1/3"), ("unit", "1/2"), ("unit", "2/2")],
            Some(&[("unit", 3)]),
            Completeness::Incomplete(present(&[("unit", "2/3"), ("unit", "3/3")])),
        );
    }

    #[test]
    fn manifests_come_back_or_say_why_not() {
        let manifest = Manifest { jobs: [("unit".parse().unwrap(), 4)].into() };
        assert_eq!(Manifest::from_json(&manifest.to_json()).unwrap(), manifest);
        for bad in [
            "",
            "[]",
            r#"{"schema":"skiptrace/manifest@2","jobs":{}}"#,
            r#"{"schema":"skiptrace/manifest@1","jobs":{"unit":0}}"#,
            r#"{"schema":"skiptrace/manifest@1","jobs":{"":1}}"#,
            r#"{"schema":"skiptrace/manifest@1","jobs":{"unit":4000000000}}"#,
        ] {
            assert!(Manifest::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
