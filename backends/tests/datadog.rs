//! The search for test events: the protocol, and every kind of trouble.

use std::time::Duration;

use serde_json::{Value, json};
use skiptrace_backends::datadog::{
    DatadogSettings, EventSearch, Next, PageRefused, SearchError, SearchErrorKind, Searched, search,
};
use skiptrace_backends::secret::Secret;
use skiptrace_backends::testing::datadog::{API_KEY, APP_KEY, Packing, Paging, test_event};
use skiptrace_backends::testing::{DatadogServer, Fault, Reply};
use skiptrace_backends::web::Endpoint;
use skiptrace_engine::time::Timestamp;

use crate::support::QUICK;

fn settings(url: &str) -> DatadogSettings {
    let keys = (Secret::new(API_KEY), Some(Secret::new(APP_KEY)));
    let settings = DatadogSettings::new(Endpoint::new(url).unwrap(), keys.0, keys.1);
    DatadogSettings { retries: QUICK, timeout: Duration::from_secs(20), pages: 20, ..settings }
}

fn serve(n: usize) -> DatadogServer {
    let events = (0..n).map(|n| test_event(&format!("id-{n}"), "pkg", &format!("t{n}"), "pass")).collect();
    let server = DatadogServer::start(events);
    server.page_size(2);
    server
}

/// Reads names of tests, as plainly as can be.
fn names(settings: &DatadogSettings) -> Result<(Vec<String>, Searched), SearchError> {
    let asked =
        EventSearch { query: "@ci.pipeline.id:7".to_owned(), from: Timestamp(1_000), to: Timestamp(2_000) };
    let mut names = Vec::new();
    let searched = search(settings, &asked, &mut |bytes| {
        let page: Value = serde_json::from_slice(bytes)
            .map_err(|error| PageRefused { why: error.to_string(), is_passing: true })?;
        let Some(data) = page["data"].as_array() else {
            return Err(PageRefused { why: "no data".to_owned(), is_passing: false });
        };
        let next = match page["meta"]["page"]["after"].as_str() {
            Some(after) => Next::Page(after.to_owned()),
            None if page["links"]["next"].is_string() => {
                return Err(PageRefused { why: "no cursor".to_owned(), is_passing: false });
            }
            None => Next::End,
        };
        let name =
            |event: &Value| event["attributes"]["attributes"]["test"]["name"].as_str().map(str::to_owned);
        names.extend(data.iter().filter_map(name));
        Ok(next)
    })?;
    Ok((names, searched))
}

/// Every event, once, after so many requests.
#[track_caller]
fn check_recovers(server: &DatadogServer, requests: usize) {
    let (names, searched) = names(&settings(&server.url())).unwrap();
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4"]);
    assert_eq!((searched.pages, server.take_count()), (3, requests));
}

#[track_caller]
fn check_fails(server: &DatadogServer, kind: SearchErrorKind, requests: usize) -> String {
    let error = names(&settings(&server.url())).unwrap_err();
    assert_eq!((error.kind, server.take_count()), (kind, requests), "{error}");
    let text = format!("{error} {error:?} {}", error.hint());
    assert!(!text.contains(API_KEY) && !text.contains(APP_KEY), "{text}");
    error.to_string().replace(&server.url(), "URL")
}

#[test]
fn pages_are_read_to_the_end() {
    let server = serve(5);
    check_recovers(&server, 3);
    let asked = server.take_asked();
    let cursors: Vec<Value> = asked.iter().map(|asked| asked.json()["page"].clone()).collect();
    assert_eq!(
        cursors,
        [
            json!({"limit": 1000}),
            json!({"limit": 1000, "cursor": "after-2"}),
            json!({"limit": 1000, "cursor": "after-4"})
        ]
    );
    for asked in asked {
        let body = asked.json();
        assert_eq!(body["filter"], json!({"query": "@ci.pipeline.id:7", "from": "1000", "to": "2000"}));
        assert_eq!(
            (asked.header("dd-api-key"), asked.header("dd-application-key")),
            (Some(API_KEY), Some(APP_KEY))
        );
        assert_eq!(asked.header("accept-encoding"), Some("gzip"));
        assert_eq!(asked.path, "/api/v2/ci/tests/events/search");
    }
    let none = serve(0);
    assert_eq!(names(&settings(&none.url())).unwrap().0, [""; 0]);
}

#[test]
fn answers_may_be_packed() {
    let server = serve(5);
    server.packing(Packing::Gzip);
    check_recovers(&server, 3);
}

#[test]
fn what_passes_is_tried_again() {
    let check = |times: usize, fault: Fault| {
        let server = serve(5);
        server.fail(times, fault);
        check_recovers(&server, 3 + times);
    };
    check(1, Fault::status(500));
    check(2, Fault::status(503));
    check(1, Fault::ResetBefore);
    check(1, Fault::ResetAfter);
    check(1, Fault::Truncate);
    check(1, Fault::page(200));
    check(1, Fault::Answer(200, Vec::new(), "{\"data\": [".to_owned()));
    check(1, Fault::status(429));
    let server = serve(5);
    server.packing(Packing::Cut(2));
    check_recovers(&server, 5);
}

/// The service says when to come back, in two ways. What it asks for is kept within limits.
#[test]
fn who_is_told_to_wait_waits() {
    let server = serve(5);
    for reset in ["0", "3600", "1", "4102444800", "1000000000", "soon", "-5", "1e400", "NaN"] {
        let busy = Reply::json(429, &json!({"errors": ["Too many requests"]}));
        server.instead(1, &busy.with("X-RateLimit-Reset", reset));
        check_recovers(&server, 4);
    }
}

#[test]
fn what_lasts_is_told() {
    let server = serve(5);
    server.fail(9, Fault::status(500));
    insta(&check_fails(&server, SearchErrorKind::Unreachable, 3), "the service answered 500 (tried 3 times)");
    let server = serve(5);
    server.fail(9, Fault::page(200));
    insta(
        &check_fails(&server, SearchErrorKind::Invalid, 3),
        "the answer is `text/html`, and no JSON (tried 3 times)",
    );
    let server = serve(5);
    server.packing(Packing::Cut(9));
    let text = check_fails(&server, SearchErrorKind::Invalid, 3);
    assert!(text.contains("the answer broke off"), "{text}");
    let server = serve(5);
    server.fail(9, Fault::Truncate);
    let text = check_fails(&server, SearchErrorKind::Invalid, 3);
    assert!(text.contains("the answer broke off"), "{text}");
    let server = serve(5);
    server.fail(9, Fault::ResetBefore);
    check_fails(&server, SearchErrorKind::Unreachable, 3);
}

#[track_caller]
fn insta(text: &str, why: &str) {
    assert_eq!(text, format!("cannot read the test events at `URL`: {why}"));
}

/// What was refused will be refused again, and is not asked for again.
#[test]
fn what_is_refused_is_not_tried_again() {
    let server = serve(5);
    for status in [400, 401, 403, 404, 302] {
        let refused = json!({"errors": [format!("no, {API_KEY}\n"), {"detail": "not you"}]});
        server.instead(1, &Reply::json(status, &refused).with("Location", "http://127.0.0.1:9/"));
        let text = check_fails(&server, SearchErrorKind::Refused(status), 1);
        insta(&text, &format!("the service answered {status}: no, ***; not you"));
    }
    let other = DatadogSettings { api_key: Secret::new("other"), ..settings(&server.url()) };
    let error = names(&other).unwrap_err();
    assert_eq!(error.kind, SearchErrorKind::Refused(403));
    assert!(
        error.hint().contains("DD_APP_KEY") && error.to_string().ends_with("403: Forbidden: ***"),
        "{error}"
    );
    // Nothing is sent that could end a header.
    let odd = DatadogSettings { api_key: Secret::new("a\nb"), ..settings(&server.url()) };
    assert_eq!(names(&odd).unwrap_err().kind, SearchErrorKind::Refused(0));
}

#[test]
fn pages_without_an_end_have_one() {
    let server = serve(5);
    server.paging(Paging::Endless);
    insta(&check_fails(&server, SearchErrorKind::Invalid, 20), "there are more than 20 pages");
    server.paging(Paging::Circle);
    let text = check_fails(&server, SearchErrorKind::Invalid, 2);
    insta(&text, "the pages go round in circles: a cursor came twice");
    server.paging(Paging::Lost);
    insta(&check_fails(&server, SearchErrorKind::Invalid, 1), "no cursor");
}

/// Whether the service is silent from the start, in the middle, or goes on for ever.
#[test]
fn nobody_waits_for_ever() {
    for fault in [Fault::Stall, Fault::StallInBody, Fault::Drip(1000, 50)] {
        let server = serve(5);
        server.fail(9, fault.clone());
        let impatient = DatadogSettings { timeout: Duration::from_millis(100), ..settings(&server.url()) };
        let error = names(&impatient).unwrap_err();
        let expected = [SearchErrorKind::Unreachable, SearchErrorKind::Invalid];
        assert!(expected.contains(&error.kind), "{fault:?}: {error}");
        assert_eq!(server.take_count(), 3, "{fault:?}");
    }
    let server = serve(5);
    server.fail(9, Fault::status(503));
    let none = DatadogSettings { longest: Duration::ZERO, ..settings(&server.url()) };
    assert_eq!(names(&none).unwrap_err().kind, SearchErrorKind::Unreachable);
    assert_eq!(server.take_count(), 0);
    let error = names(&settings("http://127.0.0.1:9")).unwrap_err();
    assert_eq!(error.kind, SearchErrorKind::Unreachable);
}
