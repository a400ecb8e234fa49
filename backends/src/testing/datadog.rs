//! A service that speaks as much of Datadog's API as is used, and is strict about it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{ApiServer, Asked, Reply};
use super::fault::Fault;
use super::server::lock;

/// The keys that are taken.
pub const API_KEY: &str = "api-key-of-tests";
/// The key without which nothing is read.
pub const APP_KEY: &str = "app-key-of-tests";

/// A service, until it is dropped.
#[derive(Debug)]
pub struct DatadogServer {
    server: ApiServer,
    state: Arc<Mutex<State>>,
}

/// How pages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// As promised.
    Honest,
    /// After the second page comes the second page.
    Circle,
    /// There always is another page.
    Endless,
    /// A full page has no cursor though there is more.
    Lost,
}

/// How answers are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
    /// With gzip, of which half is missing, so many times.
    Cut(usize),
}

#[derive(Debug)]
struct State {
    events: Vec<Value>,
    page_size: usize,
    paging: Paging,
    packing: Packing,
    /// Answers to be given instead, the first one first, to whoever has the keys.
    instead: Vec<Reply>,
    series: Vec<Value>,
    notices: Vec<Value>,
}

impl DatadogServer {
    /// Starts a service that has such events of tests.
    pub fn start(events: Vec<Value>) -> DatadogServer {
        let state = State {
            events,
            page_size: 1000,
            paging: Paging::Honest,
            packing: Packing::Plain,
            instead: Vec::new(),
            series: Vec::new(),
            notices: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = ApiServer::start(move |asked| lock(&shared).answer(asked));
        DatadogServer { server, state }
    }

    /// Returns the URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Has pages be no larger than this.
    pub fn page_size(&self, page_size: usize) {
        lock(&self.state).page_size = page_size;
    }

    /// Has pages follow each other in another way.
    pub fn paging(&self, paging: Paging) {
        lock(&self.state).paging = paging;
    }

    /// Has answers be packed in another way.
    pub fn packing(&self, packing: Packing) {
        lock(&self.state).packing = packing;
    }

    /// Has something else be answered, so many times, to whoever has the keys.
    pub fn instead(&self, times: usize, reply: &Reply) {
        lock(&self.state).instead.extend(std::iter::repeat_n(reply.clone(), times));
    }

    /// Lets the next requests fail, so many of them.
    pub fn fail(&self, times: usize, fault: Fault) {
        self.server.fail(times, fault);
    }

    /// Returns how many requests there were since this was last called.
    pub fn take_count(&self) -> usize {
        self.server.take_count()
    }

    /// Returns what was asked since this was last called.
    pub fn take_asked(&self) -> Vec<Asked> {
        self.server.take_asked()
    }

    /// Returns the series that were sent.
    pub fn series(&self) -> Vec<Value> {
        lock(&self.state).series.clone()
    }

    /// Returns the events that were sent.
    pub fn notices(&self) -> Vec<Value> {
        lock(&self.state).notices.clone()
    }
}

/// Returns the event of a test, as the service has it.
pub fn test_event(id: &str, suite: &str, name: &str, status: &str) -> Value {
    json!({
        "id": id,
        "type": "citest",
        "attributes": {
            "test_level": "test",
            "tags": ["env:ci"],
            "attributes": {
                "duration": 500_000_000_u64,
                "start": 1_767_323_000_000_000_000_u64,
                "test": {"suite": suite, "name": name, "status": status},
                "ci": {"job": {"id": "1", "name": "unit"}, "pipeline": {"id": "7"}},
            },
        },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    filter: Filter,
    options: Options,
    page: Page,
    sort: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    query: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    timezone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    cursor: Option<String>,
    limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    series: Vec<Series>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    metric: String,
    r#type: u32,
    points: Vec<Point>,
    unit: String,
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    timestamp: i64,
    value: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    title: String,
    text: String,
    alert_type: String,
    date_happened: i64,
    source_type_name: String,
    tags: Vec<String>,
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let error = |status, text: &str| Reply::json(status, &json!({ "errors": [text] }));
        if asked.header("content-type") != Some("application/json") || asked.method != "POST" {
            return error(415, "Unsupported Media Type");
        }
        match asked.header("dd-api-key") {
            None => return error(401, "Unauthorized"),
            Some(API_KEY) => {}
            Some(key) => return error(403, &format!("Forbidden: {key}")),
        }
        let reads = asked.path == "/api/v2/ci/tests/events/search";
        match asked.header("dd-application-key") {
            Some(APP_KEY) if reads => {}
            None if !reads => {}
            _ => return error(403, "Forbidden"),
        }
        if !self.instead.is_empty() {
            return self.instead.remove(0);
        }
        let answered = match asked.path.as_str() {
            "/api/v2/ci/tests/events/search" => self.search(&asked.body),
            "/api/v2/series" => self.take_series(asked),
            "/api/v1/events" => self.take_notice(asked),
            _ => return error(404, "Not found"),
        };
        match answered {
            Ok((status, body)) => self.packed(Reply::json(status, &body)),
            Err(why) => error(400, &why),
        }
    }

    fn search(&self, body: &[u8]) -> Result<(u16, Value), String> {
        let search: Search = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let Filter { query, from, to } = search.filter;
        if query.contains("((") {
            return Err("invalid query".to_owned());
        }
        let moment = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no moment"));
        if moment(&from)? >= moment(&to)? || search.options.timezone != "UTC" || search.sort != "timestamp" {
            return Err("odd filter, options or sort".to_owned());
        }
        if search.page.limit == 0 || search.page.limit > 1000 {
            return Err("odd limit".to_owned());
        }
        let start: usize = match &search.page.cursor {
            Some(cursor) => cursor.strip_prefix("after-").and_then(|n| n.parse().ok()).ok_or("odd cursor")?,
            None => 0,
        };
        let size = self.page_size.min(search.page.limit);
        let end = (start + size).min(self.events.len());
        let data = self.events.get(start..end).unwrap_or_default();
        let after = match self.paging {
            Paging::Endless => Some(start + size),
            Paging::Circle => Some(size),
            Paging::Lost => None,
            Paging::Honest => (end < self.events.len()).then_some(end),
        };
        let mut answer = json!({"data": data, "meta": {"elapsed": 3, "request_id": "x", "status": "done"}});
        if let Some(after) = after {
            answer["meta"]["page"] = json!({ "after": format!("after-{after}") });
        }
        if after.is_some() || end < self.events.len() {
            answer["links"] = json!({ "next": "https://api.example.com/next" });
        }
        Ok((200, answer))
    }

    fn take_series(&mut self, asked: &Asked) -> Result<(u16, Value), String> {
        let payload: Payload = serde_json::from_slice(&asked.body).map_err(|error| error.to_string())?;
        for series in &payload.series {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            let is_point = |point: &Point| point.timestamp > 0 && point.value.is_finite();
            let is_good = series.metric.starts_with(|c: char| c.is_ascii_alphabetic())
                && series.metric.chars().all(is_plain)
                && matches!(series.r#type, 1..=3)
                && series.points.len() == 1
                && series.points.iter().all(is_point)
                && !series.unit.is_empty()
                && series.tags.iter().all(|tag| tag.contains(':') && tag.chars().count() <= 200);
            if !is_good {
                return Err(format!("odd series {}", series.metric));
            }
        }
        self.series.extend(asked.json()["series"].as_array().cloned().unwrap_or_default());
        Ok((202, json!({ "errors": [] })))
    }

    fn take_notice(&mut self, asked: &Asked) -> Result<(u16, Value), String> {
        let notice: Notice = serde_json::from_slice(&asked.body).map_err(|error| error.to_string())?;
        let is_good = !notice.title.is_empty()
            && notice.title.chars().count() <= 100
            && notice.text.chars().count() <= 4000
            && matches!(notice.alert_type.as_str(), "error" | "warning" | "info" | "success")
            && notice.date_happened > 0
            && !notice.source_type_name.is_empty()
            && notice.tags.iter().all(|tag| tag.contains(':'));
        if !is_good {
            return Err(format!("odd event {}", notice.title));
        }
        self.notices.push(asked.json());
        Ok((202, json!({"status": "ok"})))
    }

    fn packed(&mut self, reply: Reply) -> Reply {
        if self.packing == Packing::Plain {
            return reply;
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(&reply.body).and_then(|()| encoder.finish());
        let mut body = written.expect("memory takes all writes");
        if let Packing::Cut(times) = &mut self.packing {
            body.truncate(body.len() / 2);
            *times -= 1;
            if *times == 0 {
                self.packing = Packing::Gzip;
            }
        }
        Reply { body, ..reply }.with("Content-Encoding", "gzip")
    }
}
