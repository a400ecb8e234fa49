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
        "history" => runs(),
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

/// Runs as they are written by hand, as lines and packed.
fn runs() -> Vec<Vec<u8>> {
    let first = r#"{"schema":"skiptrace/history-run@1","run":"20260102T030405678Z-0123456789ab","job":"unit","branch":"main",
"commit":"0123456789abcdef0123456789abcdef01234567","known":2,"misses":0,"fallbacks":{"no-index":1},"overheads_us":{"a":1}}"#
        .replace('\n', "");
    let test = r#"{"suite":"api","test":"login","outcome":"timed-out","duration_us":15,"decision":"run","reason":"executed"}"#;
    let second = r#"{"schema":"skiptrace/history-run@1","at_ms":1767323045678,"job":"e2e"}"#;
    let text = format!("{first}\n{test}\n{second}\n{test}\n");
    let packed = text.split_inclusive("}\n").take(2).collect::<String>();
    let packed = skiptrace_engine::history::lines::decode(packed.as_bytes()).expect("it is right");
    vec![text.into_bytes(), skiptrace_engine::history::object::pack(&packed)]
}
