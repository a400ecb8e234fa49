//! A file that lines of JSON are added to, one for each number or notice.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use skiptrace_engine::metrics::{Batch, Sink, SinkError, Tags, Value};

/// What each line says it is.
const SCHEMA: &str = "skiptrace/metrics@1";

/// A file that grows.
#[derive(Debug)]
pub struct LinesSink {
    path: PathBuf,
}

impl LinesSink {
    /// Makes a sink; the file is made when something is first sent, its folder has to be there.
    pub fn new(path: impl Into<PathBuf>) -> LinesSink {
        LinesSink { path: path.into() }
    }

    fn append(&self, lines: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        // Jobs of one machine may write at once.
        file.lock()?;
        let mut text = if ends_inside_of_a_line(&mut file)? { "\n".to_owned() } else { String::new() };
        text.push_str(lines);
        file.write_all(text.as_bytes())
    }
}

/// Returns whether whoever wrote last was cut off.
fn ends_inside_of_a_line(file: &mut File) -> io::Result<bool> {
    // What is no plain file, such as a pipe or `/dev/stderr`, has no end to be looked at.
    if !file.metadata()?.is_file() || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Sink for LinesSink {
    fn send(&self, batch: &Batch, _within: Duration) -> Result<(), SinkError> {
        let mut lines = String::new();
        for sample in batch.samples() {
            let value = match sample.value {
                Value::Whole(value) => json!(value),
                Value::Real(value) => json!(value),
            };
            let line = json!({
                "schema": SCHEMA,
                "line": "metric",
                "at_ms": batch.at.0,
                "command": &*batch.command,
                "name": format!("skiptrace.{}", sample.metric.name),
                "kind": sample.metric.kind.name(),
                "unit": sample.metric.unit.name(),
                "value": value,
                "tags": object(&batch.all_tags(&sample.tags)),
            });
            lines.push_str(&format!("{line}\n"));
        }
        for notice in &batch.notices {
            let line = json!({
                "schema": SCHEMA,
                "line": "event",
                "at_ms": batch.at.0,
                "command": &*batch.command,
                "title": notice.title,
                "text": notice.text,
                "level": notice.level.name(),
                "tags": object(&batch.all_tags(&notice.tags)),
            });
            lines.push_str(&format!("{line}\n"));
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.append(&lines).map_err(|error| SinkError::new("the file cannot be written to").caused_by(error))
    }
}

fn object(tags: &Tags) -> Map<String, Json> {
    tags.iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

impl fmt::Display for LinesSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file `{}`", self.path.display())
    }
}
