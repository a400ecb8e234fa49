//! One page of a search's answer.

use serde::Deserialize;
use serde_json::Value;
use skiptrace_engine::evaluation::ToldName;
use std::time::Duration;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::value::{is_true, number, text};

/// One page, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The events of tests, and of suites that failed.
    pub events: Vec<TestEvent>,
    /// How many events there are of sessions, modules and other suites.
    pub others: usize,
    /// How many events there are in all.
    pub len: usize,
    /// Where the next page begins; `None` at the end.
    pub after: Option<String>,
}

/// One attempt at a test, or a suite that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEvent {
    /// What it is recognised by where it comes twice.
    pub id: u64,
    /// The test; without a name of its own, all of a suite.
    pub name: ToldName,
    /// How it ended.
    pub status: Status,
    /// When it began, in whatever unit the event has.
    pub start: Option<u64>,
    /// How long it took.
    pub duration: Duration,
    /// Whether its library tried it again.
    pub is_retry: bool,
    /// The run of a CI job that it is of, as a hash.
    pub run: u64,
    /// Whether it failed as the test is known to.
    pub is_known_failure: bool,
    /// Whether nobody minds its failures.
    pub is_quarantined: bool,
    /// The commit that was tested.
    pub commit: Option<Box<str>>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It did not run.
    Skipped,
}

/// Why a page is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// It is no JSON, or cut off.
    #[error("the answer is no JSON: {0}")]
    NoJson(String),
    /// The service ran out of time, or says that something is missing.
    #[error("the answer is partial: {0}")]
    Partial(String),
    /// It is not what the protocol says.
    #[error("{0}")]
    Odd(String),
}

impl PageError {
    /// Returns whether another try may have a better answer.
    pub fn is_passing(&self) -> bool {
        !matches!(self, PageError::Odd(_))
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Vec<Event>>,
    #[serde(default)]
    meta: Option<Meta>,
    #[serde(default)]
    links: Option<Links>,
}

#[derive(Deserialize, Default)]
struct Meta {
    page: Option<After>,
    status: Option<String>,
    warnings: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    attributes: Option<Attributes>,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(default)]
    attributes: Value,
    test_level: Option<String>,
}

/// Takes a page apart, which was asked for with a limit. All of it is understood, or none.
pub fn parse(bytes: &[u8], limit: usize) -> Result<Page, PageError> {
    let answer: Answer = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => PageError::Odd(format!("the answer has another form: {error}")),
        _ => PageError::NoJson(error.to_string()),
    })?;
    let meta = answer.meta.unwrap_or_default();
    if let Some(status) = meta.status.filter(|status| status != "done") {
        return Err(PageError::Partial(format!("its status is `{}`", short(&status))));
    }
    if let Some(warning) = meta.warnings.unwrap_or_default().first() {
        let said = text(warning, "detail").or_else(|| text(warning, "title"));
        return Err(PageError::Partial(short(said.as_deref().unwrap_or("it has a warning"))));
    }
    let data = answer.data.ok_or_else(|| PageError::Odd("the answer has no `data`".to_owned()))?;
    let after = meta.page.and_then(|page| page.after).filter(|after| !after.is_empty());
    let next = answer.links.and_then(|links| links.next);
    if after.is_none() && (next.is_some() || data.len() >= limit) {
        let why = "there are more events, and no cursor (`meta.page.after`) to ask for them with";
        return Err(PageError::Odd(why.to_owned()));
    }
    let mut page = Page { len: data.len(), after, ..Page::default() };
    for event in data {
        match read(event)? {
            Some(event) => page.events.push(event),
            None => page.others += 1,
        }
    }
    Ok(page)
}

/// Reads one event; `None` where it is of nothing that is looked at.
fn read(event: Event) -> Result<Option<TestEvent>, PageError> {
    let attributes = event.attributes.ok_or_else(|| odd("an event has no `attributes`", ""))?;
    let all = &attributes.attributes;
    let status = text(all, "test.status");
    let status = match status.as_deref() {
        Some("pass") => Some(Status::Passed),
        Some("fail") => Some(Status::Failed),
        Some("skip") => Some(Status::Skipped),
        _ => None,
    }
    .ok_or(status);
    let mut name = named(all);
    match attributes.test_level.as_deref() {
        Some("test") | None if !name.name.is_empty() => {}
        Some("suite") if status == Ok(Status::Failed) => name.name = "".into(),
        Some("suite" | "module" | "session") | None => return Ok(None),
        Some("test") => return Err(odd("the event of a test has no `test.name`", "")),
        Some(level) => return Err(odd("an event is of the unknown level", level)),
    }
    let status = status.map_err(|status| match status {
        Some(status) => odd(&format!("the event of `{}` has the unknown status", short(&name.name)), &status),
        None => odd(&format!("the event of `{}` has no `test.status`", short(&name.name)), ""),
    })?;
    let run = ["ci.pipeline.id", "ci.job.id", "ci.job.url", "test_session_id"].map(|name| text(all, name));
    Ok(Some(TestEvent {
        id: event.id.as_deref().map_or(0, |id| xxh3_64(id.as_bytes())),
        name,
        status,
        start: number(all, "start"),
        duration: Duration::from_nanos(number(all, "duration").unwrap_or(0)),
        is_retry: is_true(all, "test.is_retry"),
        run: hash(run.iter().flatten().map(|part| &**part)),
        is_known_failure: is_true(all, "test.agent_is_flaky_failure"),
        is_quarantined: is_true(all, "test.test_management.is_quarantined")
            || is_true(all, "test.is_quarantined"),
        commit: text(all, "git.commit.sha"),
    }))
}

/// Returns what an event calls its test, in the words that indexes have for suites.
fn named(all: &Value) -> ToldName {
    let of = |name: &str| text(all, name).unwrap_or_default();
    let module = text(all, "test.module").or_else(|| text(all, "test.bundle")).unwrap_or_default();
    let suite = of("test.suite");
    let (suite, group) = if suite.ends_with(".py") {
        (python_file(&module, &suite), of("test.source.file"))
    } else if suite.ends_with("_test.go") && !module.is_empty() {
        // Of Go, the suite is the file; an index has packages.
        (module, "".into())
    } else if suite.is_empty() {
        (module, "".into())
    } else {
        (suite, module)
    };
    let group = if group == suite { "".into() } else { group };
    ToldName { name: of("test.name"), place: place(all), suite, group, ..ToldName::default() }
}

/// Returns the path of a file of Python, whose folder is the module.
fn python_file(module: &str, suite: &str) -> Box<str> {
    if module.is_empty() || module == "." || suite.contains('/') {
        return suite.into();
    }
    let folder = if module.contains('/') { module.to_owned() } else { module.replace('.', "/") };
    format!("{}/{suite}", folder.trim_end_matches('/')).into()
}

/// Tells apart what is no attempt at the same test: other parameters, another job, another machine.
fn place(all: &Value) -> u64 {
    const APART: [&str; 11] = [
        "test.parameters",
        "test.service",
        "service",
        "ci.job.name",
        "os.platform",
        "os.version",
        "os.architecture",
        "runtime.name",
        "runtime.version",
        "runtime.architecture",
        "test.configuration",
    ];
    let parts = APART.map(|name| match super::value::find(all, name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    });
    hash(parts.iter().map(String::as_str))
}

fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    xxh3_64(&bytes)
}

fn odd(what: &str, value: &str) -> PageError {
    let value = short(value);
    PageError::Odd(if value.is_empty() { what.to_owned() } else { format!("{what} `{value}`") })
}

/// Returns the start of what a service says, on one line.
fn short(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(200).map(plain).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(value: Value) -> Result<Page, PageError> {
        parse(value.to_string().as_bytes(), 1000)
    }

    fn event(test: Value) -> Value {
        json!({"id": "AQ", "type": "citest", "attributes": {"test_level": "test", "attributes": {"test": test}}})
    }

    #[track_caller]
    fn check_name(test: Value, expected: &str) {
        let mut test = test;
        test["status"] = "pass".into();
        let page = page(json!({"data": [event(test)]})).unwrap();
        let ToldName { suite, group, name, .. } = &page.events[0].name;
        assert_eq!(format!("{suite} | {group} | {name}"), expected);
    }

    #[test]
    fn suites_in_the_words_of_indexes() {
        check_name(
            json!({"module": "example.com/m/pkg", "suite": "a_test.go", "name": "TestA/sub"}),
            "example.com/m/pkg |  | TestA/sub",
        );
        check_name(
            json!({"module": "tests.unit", "suite": "test_a.py", "name": "K::t"}),
            "tests/unit/test_a.py |  | K::t",
        );
        check_name(
            json!({"module": "tests/unit", "suite": "test_a.py", "name": "t", "source": {"file": "x/test_a.py"}}),
            "tests/unit/test_a.py | x/test_a.py | t",
        );
        check_name(json!({"suite": "shop::it", "name": "buys", "bundle": "shop"}), "shop::it | shop | buys");
        check_name(json!({"module": "shop", "name": "buys"}), "shop |  | buys");
        check_name(json!({"module": "shop", "suite": "shop", "name": "buys"}), "shop |  | buys");
    }

    #[test]
    fn what_is_no_attempt_at_the_same_test_has_another_place() {
        let of = |more: Value| {
            let mut all = more;
            all["test"]["name"] = "t".into();
            named(&all).place
        };
        let plain = of(json!({}));
        assert_eq!(plain, of(json!({"ci": {"job": {"id": "7"}}, "test": {"is_retry": "true"}})));
        for other in [
            json!({"test": {"parameters": "{\"a\":1}"}}),
            json!({"ci": {"job": {"name": "other"}}}),
            json!({"os": {"platform": "windows"}}),
            json!({"test": {"configuration": {"db": "x"}}}),
        ] {
            assert_ne!(plain, of(other.clone()), "{other}");
        }
    }

    #[test]
    fn tags_of_management() {
        let read = |test: Value| page(json!({"data": [event(test)]})).unwrap().events.remove(0);
        let flaky = read(
            json!({"name": "t", "status": "fail", "agent_is_flaky_failure": "True", "is_retry": "true"}),
        );
        assert!(flaky.is_known_failure && flaky.is_retry && !flaky.is_quarantined);
        let quarantined =
            json!({"name": "t", "status": "fail", "test_management": {"is_quarantined": "true"}});
        assert!(read(quarantined).is_quarantined);
        assert!(read(json!({"name": "t", "status": "fail", "is_quarantined": true})).is_quarantined);
    }

    #[test]
    fn only_tests_count_and_suites_that_failed() {
        let of = |level: &str, status: &str| {
            json!({"id": level, "attributes": {"test_level": level, "attributes": {
                "test": {"suite": "s", "status": status}}}})
        };
        let data = [of("session", "fail"), of("module", "fail"), of("suite", "pass"), of("suite", "fail")];
        let page = page(json!({"data": data})).unwrap();
        assert_eq!((page.len, page.others, page.events.len()), (4, 3, 1));
        assert_eq!((&*page.events[0].name.suite, &*page.events[0].name.name), ("s", ""));
    }

    #[test]
    fn what_is_odd_is_an_error_and_says_what() {
        let check = |value: Value| page(value).unwrap_err().to_string();
        let cases = [
            json!({"data": [event(json!({"name": "t", "status": "odd\n"}))]}),
            json!({"data": [event(json!({"name": "t"}))]}),
            json!({"data": [event(json!({"status": "pass"}))]}),
            json!({"data": [{"id": "x", "attributes": {"test_level": "benchmark", "attributes": {}}}]}),
            json!({"data": [{"id": "x"}]}),
            json!({"errors": ["nothing"]}),
            json!({"data": {"id": 1}}),
            json!({"data": [], "links": {"next": "https://x"}}),
            json!({"data": [], "meta": {"status": "timeout"}}),
            json!({"data": [], "meta": {"warnings": [{"code": "c", "title": "t", "detail": "shards failed"}]}}),
        ];
        insta::assert_snapshot!(cases.map(check).join("\n"), @"
        the event of `t` has the unknown status `odd `
        the event of `t` has no `test.status`
        the event of a test has no `test.name`
        an event is of the unknown level `benchmark`
        an event has no `attributes`
        the answer has no `data`
        the answer has another form: invalid type: map, expected a sequence at line 1 column 8
        there are more events, and no cursor (`meta.page.after`) to ask for them with
        the answer is partial: its status is `timeout`
        the answer is partial: shards failed
        ");
        let full =
            [event(json!({"name": "t", "status": "pass"})), event(json!({"name": "u", "status": "pass"}))];
        let full = json!({"data": full}).to_string();
        assert!(parse(full.as_bytes(), 2).is_err() && parse(full.as_bytes(), 3).is_ok());
        assert!(parse(b"<html>", 3).unwrap_err().is_passing());
        assert!(parse(&full.as_bytes()[..40], 3).unwrap_err().is_passing());
    }
}
