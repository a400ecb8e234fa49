//! `skiptrace select`: what people read, and what runners take.

mod people;
#[cfg(unix)]
mod runners;

use std::path::PathBuf;
use std::time::Duration;

use skiptrace_engine::codec::encode;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::observation::{Executed, Observation, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Health, Outcome, Role, TestKey};
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::unit::SourceFile;
use skiptrace_indexers::units::{Language, cut};
use skiptrace_tests::{Repo, Sandbox};

/// A test as an index shall have it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) suite: String,
    pub(crate) name: String,
    /// The files of which it executed something.
    pub(crate) files: Vec<String>,
    pub(crate) outcome: Outcome,
    pub(crate) seconds: u64,
}

/// A test that passed, and executed something of one file.
pub(crate) fn known(suite: &str, name: &str, file: &str) -> Known {
    Known {
        suite: suite.to_owned(),
        name: name.to_owned(),
        files: vec![file.to_owned()],
        outcome: Outcome::Passed,
        seconds: 1,
    }
}

/// Writes an index of some tests at the commit that is checked out, as if somebody else had made it: it has no
/// conditions. Returns its path.
pub(crate) fn index(sandbox: &Sandbox, repo: &Repo<'_>, tests: &[Known]) -> PathBuf {
    let job: JobName = "default".parse().unwrap();
    let mut builder = IndexBuilder::new(IndexKind::FILE);
    let recording = builder.add_recording(Recording {
        job: job.clone(),
        shard: Shard::WHOLE,
        recorded_at: Timestamp(1_767_225_600_000),
        commit: repo.git(["rev-parse", "HEAD"]).parse().unwrap(),
        tree: Some(repo.git(["rev-parse", "HEAD^{tree}"]).parse().unwrap()),
        branch: Some("main".to_owned()),
        environment: EnvironmentKey::default(),
        tool: "a test".to_owned(),
        origin: Origin::Imported,
        asked_for: None,
    });
    let path = |text: &String| RepoPath::new(text.as_str()).unwrap();
    let mut files: Vec<&String> = tests.iter().flat_map(|test| &test.files).collect();
    files.sort();
    files.dedup();
    // What tests executed is all that they depend on: the files are compiled into something else.
    builder.add_compilation(recording, "elsewhere", &files.iter().copied().map(path).collect::<Vec<_>>());
    for file in files {
        let bytes = std::fs::read(repo.path().join(file)).unwrap();
        let units = cut(Language::of(&path(file)), &bytes);
        let blob = repo.git(["rev-parse", &format!("HEAD:{file}")]).parse().ok();
        builder.add_file(recording, SourceFile { path: path(file), blob, units });
    }
    for test in tests {
        let executed = test.files.iter().map(|file| Executed { path: path(file), parts: Parts::Whole });
        let observation = Observation {
            test: TestKey::new(job.clone(), test.suite.as_str(), test.name.as_str()),
            role: Role::Test,
            outcome: test.outcome,
            health: Health::default(),
            duration: Duration::from_secs(test.seconds),
            executed: executed.collect(),
            opened: Vec::new(),
            consulted: Vec::new(),
        };
        builder.observe(recording, observation).unwrap();
    }
    let file = sandbox.path().join("recorded.idx");
    std::fs::write(&file, encode(&builder.finish()).unwrap()).unwrap();
    file
}
