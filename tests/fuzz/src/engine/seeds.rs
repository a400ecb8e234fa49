//! What each target starts from: made by the program, so that they follow the format.

use skiptrace_engine::catalog::layout::{BranchMark, Part};
use skiptrace_engine::catalog::manifest::Manifest;
use skiptrace_engine::codec::encode;
use skiptrace_engine::json::JsonIndex;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::time::Timestamp;

use super::container::File;
use super::samples;

/// Returns the seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let files = || {
        let samples = samples::all().into_iter();
        samples.map(|(_, index)| encode(&index).expect("samples are small")).collect::<Vec<_>>()
    };
    match target {
        "codec" => files(),
        "sections" => files().iter().map(|file| File::parse(file).to_payloads()).collect(),
        "json" => documents(),
        "glob" => ["a*b\0axb", "[!a-c-]?\0dx", "**/*\0a/b", "[]]\0]", "[a\0[a", "app/[[]id]\0app/[id]"]
            .map(|seed| seed.as_bytes().to_vec())
            .into(),
        "manifest" => {
            let manifest = Manifest { jobs: [(samples::job("unit"), 4), (samples::job("e2e"), 1)].into() };
            vec![manifest.to_json(), Manifest::default().to_json()]
        }
        "layout" => keys(),
        _ => Vec::new(),
    }
}

/// Documents, each after a byte that says how to take it over.
fn documents() -> Vec<Vec<u8>> {
    let mut documents: Vec<Vec<u8>> = samples::all()
        .iter()
        .filter_map(|(_, index)| JsonIndex::from_index(index).ok())
        .map(|json| json.to_json())
        .collect();
    for text in [
        r#"{"e2e":{"pkg/a":["TestA","TestB"],"pkg/*":["*"],"pkg/b":[]},"unit":{"":["*"]}}"#,
        r#"{"e2e":{"a%23b.rs#f":["t"],"a.rs":["u"],"a.rs#g#h":["t"]}}"#,
        r#"{"a":{"k":["t"]},"a":{"k":["u"],"app/[id].ts":["*","t"]}}"#,
    ] {
        documents.push(text.as_bytes().to_vec());
    }
    (0u8..).zip(documents).map(|(how, document)| [&[how], document.as_slice()].concat()).collect()
}

fn keys() -> Vec<Vec<u8>> {
    let commit: skiptrace_engine::id::CommitId =
        "0123456789abcdef".repeat(3)[..40].parse().expect("a commit");
    let parts =
        [Part::All, Part::Manifest, Part::Shard(samples::job("unit linux/amd64"), samples::shard("2/4"))];
    let mut keys: Vec<_> =
        parts.iter().map(|part| part.key(IndexKind::FUNCTION, &commit).expect("it is short")).collect();
    let (kind, branch) = (IndexKind::PACKAGE.diffed(), "release/1.x".to_owned());
    let mark = BranchMark { kind, branch, recorded_at: Timestamp(1_700_000_000_000), commit };
    keys.push(mark.key().expect("it is short"));
    keys.iter().map(|key| key.as_str().as_bytes().to_vec()).collect()
}
