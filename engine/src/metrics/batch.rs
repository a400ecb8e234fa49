//! What one command has to tell.

use std::collections::BTreeMap;

use crate::time::Timestamp;

use super::{Kind, Metric, Notice, Tags};

/// Numbers and notices of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The moment.
    pub at: Timestamp,
    /// When what is counted began; the moment itself where nothing took time.
    pub since: Timestamp,
    /// The command that tells it.
    pub command: Box<str>,
    /// What all of it is tagged with. What something is tagged with itself counts more.
    pub tags: Tags,
    samples: Vec<Sample>,
    /// Where each of them is, by its metric's name and its tags.
    places: BTreeMap<(&'static str, Tags), usize>,
    /// The notices.
    pub notices: Vec<Notice>,
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What it counts.
    pub metric: &'static Metric,
    /// What tells it apart from others of the metric.
    pub tags: Tags,
    /// How many.
    pub value: Value,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// Any number; never one that is none.
    Real(f64),
}

impl Batch {
    /// Makes a batch with nothing in it.
    pub fn new(at: Timestamp, command: impl Into<Box<str>>) -> Batch {
        Batch {
            at,
            since: at,
            command: command.into(),
            tags: Tags::default(),
            samples: Vec::new(),
            places: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    /// Adds a number. Of a count that is there already, it is added to that; of a gauge, it takes its place.
    pub fn add(&mut self, metric: &'static Metric, tags: Tags, value: impl Into<Value>) {
        let value = value.into();
        let known = self.places.get(&(metric.name, tags.clone())).map(|at| &mut self.samples[*at]);
        match known {
            Some(sample) if metric.kind == Kind::Count => sample.value = sample.value.and(value),
            Some(sample) => sample.value = value,
            None => {
                self.places.insert((metric.name, tags.clone()), self.samples.len());
                self.samples.push(Sample { metric, tags, value });
            }
        }
    }

    /// Returns the numbers, those of one metric together, in the order in which they came.
    pub fn samples(&self) -> Vec<&Sample> {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, sample) in self.samples.iter().enumerate() {
            first.entry(sample.metric.name).or_insert(at);
        }
        let mut samples: Vec<&Sample> = self.samples.iter().collect();
        samples.sort_by_key(|sample| first[sample.metric.name]);
        samples
    }

    /// Returns everything that a number or notice is tagged with.
    pub fn all_tags(&self, own: &Tags) -> Tags {
        own.iter().fold(self.tags.clone(), |all, (name, value)| all.and(name, value))
    }

    /// Returns whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.notices.is_empty()
    }
}

impl Value {
    fn and(self, other: Value) -> Value {
        match (self, other) {
            (Value::Whole(one), Value::Whole(other)) => Value::Whole(one.saturating_add(other)),
            (one, other) => Value::from(one.real() + other.real()),
        }
    }

    /// Returns the number, as exactly as a float can have it.
    pub fn real(self) -> f64 {
        match self {
            Value::Whole(number) => number as f64,
            Value::Real(number) => number,
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Whole(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::Whole(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<f64> for Value {
    /// What is no number is zero: no service takes anything else.
    fn from(number: f64) -> Value {
        Value::Real(if number.is_finite() { number } else { 0.0 })
    }
}

impl From<std::time::Duration> for Value {
    fn from(time: std::time::Duration) -> Value {
        Value::Real(time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;

    #[test]
    fn counts_add_up_and_metrics_stay_together() {
        let mut batch = Batch::new(Timestamp(1), "evaluate");
        let errors = |kind: &str| Tags::of("type", kind);
        batch.add(&list::EVALUATION_ERRORS, errors("a"), 1_u64);
        batch.add(&list::RUN_INDEX_BYTES, Tags::default(), 7_u64);
        batch.add(&list::EVALUATION_ERRORS, errors("b"), 1_u64);
        batch.add(&list::EVALUATION_ERRORS, errors("a"), 2_u64);
        batch.add(&list::RUN_INDEX_BYTES, Tags::default(), 5_u64);
        let told: Vec<_> =
            batch.samples().iter().map(|s| (s.metric.name, s.tags.get("type"), s.value)).collect();
        assert_eq!(
            told,
            [
                ("evaluation.errors", Some("a"), Value::Whole(3)),
                ("evaluation.errors", Some("b"), Value::Whole(1)),
                ("run.index_bytes", None, Value::Whole(5)),
            ]
        );
    }

    #[test]
    fn what_is_no_number_is_never_told() {
        assert_eq!(Value::from(f64::NAN), Value::Real(0.0));
        assert_eq!(Value::from(f64::INFINITY), Value::Real(0.0));
        assert_eq!(Value::Real(f64::MAX).and(Value::Real(f64::MAX)), Value::Real(0.0));
    }

    #[test]
    fn own_tags_count_more() {
        let mut batch = Batch::new(Timestamp(1), "run");
        batch.tags = Tags::of("team", "core").and("job", "all");
        let all = batch.all_tags(&Tags::of("job", "unit").and("side", "actual"));
        let all: Vec<_> = all.iter().collect();
        assert_eq!(all, [("team", "core"), ("job", "unit"), ("side", "actual")]);
    }
}
