//! What every sink keeps, whatever it is.

use std::collections::BTreeMap;
use std::time::Duration;

use skiptrace_engine::metrics::{Batch, Level, Notice, Sink, Tags, list};
use skiptrace_engine::time::Timestamp;

/// A sink, and a way to see what arrived.
pub trait Subject {
    /// Returns the sink.
    fn sink(&self) -> &dyn Sink;
    /// Returns the numbers that arrived: their metric, with an underscore for every dot, and their tags.
    fn samples(&self) -> Vec<Arrived>;
    /// Returns the titles of the notices that arrived, with what they say and how bad it is; `None` where the sink has no
    /// place for notices.
    fn notices(&self) -> Option<Vec<(String, String, String)>>;
}

/// A number that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Its metric, with an underscore for every dot.
    pub metric: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How many.
    pub value: f64,
}

const WITHIN: Duration = Duration::from_secs(20);

/// Returns a batch with something of every sort.
pub fn batch() -> Batch {
    let mut batch = Batch::new(Timestamp(1_767_323_045_678), "evaluate");
    batch.since = Timestamp(1_767_323_040_000);
    batch.tags = Tags::of("team", "core").and("region", "eu-central-1");
    let of = |job: &str| Tags::of("job", job);
    batch.add(&list::EVALUATION_TESTS, of("unit").and("side", "actual"), 8_u64);
    batch.add(&list::EVALUATION_TESTS, of("unit").and("side", "added"), 0_u64);
    batch.add(&list::EVALUATION_SECONDS, of("unit").and("of", "actual"), Duration::from_millis(4250));
    batch.add(&list::EVALUATION_TESTS, of("e2e \"x\"\\y").and("side", "actual"), 1_u64 << 40);
    batch.add(&list::RUN_INDEX_BYTES, of("unit"), 5_242_880_u64);
    batch.notices.push(Notice {
        title: "1 miss in job unit".to_owned(),
        text: "pkg a::first <b>&\"\u{e9}\"\npkg b::second".to_owned(),
        level: Level::Error,
        tags: of("unit").and("commit", "abc"),
    });
    batch.notices.push(Notice {
        title: "no index".to_owned(),
        text: "there is none".to_owned(),
        level: Level::Warning,
        tags: of("unit"),
    });
    batch
}

/// Everything arrives: each number once, with all tags, as it was.
pub fn everything_arrives(subject: &dyn Subject) {
    let batch = batch();
    subject.sink().send(&batch, WITHIN).expect("nothing is wrong");
    let mut arrived = subject.samples();
    let mut sent: Vec<Arrived> = batch.samples().into_iter().map(|sample| sent(&batch, sample)).collect();
    let order = |one: &Arrived, other: &Arrived| {
        (&one.metric, &one.tags).partial_cmp(&(&other.metric, &other.tags)).expect("texts have an order")
    };
    arrived.sort_by(order);
    sent.sort_by(order);
    assert_eq!(arrived, sent);
    if let Some(notices) = subject.notices() {
        let sent: Vec<_> = batch
            .notices
            .iter()
            .map(|notice| (notice.title.clone(), notice.text.clone(), notice.level.name().to_owned()))
            .collect();
        assert_eq!(notices, sent);
    }
}

fn sent(batch: &Batch, sample: &skiptrace_engine::metrics::Sample) -> Arrived {
    let tags = batch.all_tags(&sample.tags);
    Arrived {
        metric: format!("skiptrace_{}", sample.metric.name.replace('.', "_")),
        tags: tags.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        value: sample.value.real(),
    }
}

/// Nothing is sent where there is nothing to tell.
pub fn nothing_is_not_sent(subject: &dyn Subject) {
    subject.sink().send(&Batch::new(Timestamp(1_767_323_045_678), "run"), WITHIN).expect("nothing is wrong");
    assert_eq!(subject.samples(), []);
    assert!(subject.notices().is_none_or(|notices| notices.is_empty()));
}

/// What people and logs see of a sink has no secret.
pub fn secrets_stay_secret(subject: &dyn Subject, secrets: &[&str]) {
    let shown = format!("{} {:?}", subject.sink(), subject.sink());
    for secret in secrets {
        assert!(!shown.contains(secret), "{shown}");
    }
}
