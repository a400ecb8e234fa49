//! The search for test events: one page after the other, each until it is whole.

use std::collections::HashSet;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use skiptrace_engine::time::Timestamp;
use thiserror::Error;

use super::DatadogSettings;
use crate::clock;
use crate::retry::{Retry, Tries};
use crate::web::{Answer, Web, WebError};

const PATH: &str = "api/v2/ci/tests/events/search";
/// What the service counts in "until then" is a moment from here on, and a span before it. (September 2001.)
const FIRST_MOMENT: f64 = 1e9;

/// Which events are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSearch {
    /// The query, as people type it into the explorer.
    pub query: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when. A fixed moment, or pages would move while they are read.
    pub to: Timestamp,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The page at this cursor.
    Page(String),
    /// Nothing.
    End,
}

/// A page that is of no use. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRefused {
    /// What is wrong with it.
    pub why: String,
    /// Whether it may be better when it is asked for again.
    pub is_passing: bool,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched {
    /// How many pages there were.
    pub pages: usize,
}

/// Why not all events could be read. What was read before is not all there is.
#[derive(Debug, Error)]
#[error("cannot read the test events at `{service}`: {why}{}", Tried(*.tries))]
pub struct SearchError {
    /// Whose fault it is.
    pub kind: SearchErrorKind,
    why: String,
    service: String,
    tries: u32,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchErrorKind {
    /// Ours: the service refuses the request or the keys, with this status.
    Refused(u16),
    /// The network's, or the service has no time.
    Unreachable,
    /// The service's: what it answers is not what it promised.
    Invalid,
}

/// Reads all events of a search. Each page is handed on once, whole; `page` takes all of it or refuses it.
pub fn search(
    settings: &DatadogSettings,
    search: &EventSearch,
    page: &mut dyn FnMut(&[u8]) -> Result<Next, PageRefused>,
) -> Result<Searched, SearchError> {
    let asking = Asking { settings, search, web: Web::new(), begun: Instant::now() };
    let mut cursors: HashSet<String> = HashSet::new();
    let mut cursor: Option<String> = None;
    for pages in 1..=settings.pages {
        match asking.page(cursor.as_deref(), page)? {
            Next::End => return Ok(Searched { pages }),
            Next::Page(next) if !cursors.insert(next.clone()) => {
                return Err(asking.invalid("the pages go round in circles: a cursor came twice"));
            }
            Next::Page(next) => cursor = Some(next),
        }
    }
    Err(asking.invalid(format_args!("there are more than {} pages", settings.pages)))
}

struct Asking<'a> {
    settings: &'a DatadogSettings,
    search: &'a EventSearch,
    web: Web,
    begun: Instant,
}

/// Why one try failed.
struct Failure {
    kind: SearchErrorKind,
    why: String,
    retry: Retry,
}

impl Asking<'_> {
    /// Reads one page, as often as it takes.
    fn page(
        &self,
        cursor: Option<&str>,
        page: &mut dyn FnMut(&[u8]) -> Result<Next, PageRefused>,
    ) -> Result<Next, SearchError> {
        let mut tries = Tries::begin(self.settings.retries);
        loop {
            let failure = match self.attempt(cursor, page) {
                Ok(next) => return Ok(next),
                Err(failure) => failure,
            };
            match tries.pause(failure.retry) {
                Some(pause) if pause < self.left() => thread::sleep(pause),
                _ => return Err(self.error(failure.kind, failure.why, tries.made())),
            }
        }
    }

    fn attempt(
        &self,
        cursor: Option<&str>,
        page: &mut dyn FnMut(&[u8]) -> Result<Next, PageRefused>,
    ) -> Result<Next, Failure> {
        let within = self.settings.timeout.min(self.left());
        if within.is_zero() {
            let why = format!("it takes longer than {} s", self.settings.longest.as_secs());
            return Err(Failure { kind: SearchErrorKind::Unreachable, why, retry: Retry::Never });
        }
        let answer = self.settings.post(&self.web, PATH, &self.request(cursor), within).map_err(no_answer)?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let invalid = |why: String, retry| Failure { kind: SearchErrorKind::Invalid, why, retry };
        if !answer.is_json() {
            let kind = answer.header("content-type").unwrap_or_default();
            return Err(invalid(format!("the answer is `{kind}`, and no JSON"), Retry::Soon));
        }
        page(&answer.body).map_err(|refused| {
            let retry = if refused.is_passing { Retry::Soon } else { Retry::Never };
            invalid(refused.why, retry)
        })
    }

    fn request(&self, cursor: Option<&str>) -> serde_json::Value {
        let mut page = json!({"limit": self.settings.page_size});
        if let Some(cursor) = cursor {
            page["cursor"] = cursor.into();
        }
        json!({
            "filter": {
                "query": self.search.query,
                "from": self.search.from.0.to_string(),
                "to": self.search.to.0.to_string(),
            },
            "options": {"timezone": "UTC"},
            "page": page,
            "sort": "timestamp",
        })
    }

    fn refusal(&self, answer: &Answer) -> Failure {
        let status = answer.status;
        let (kind, retry) = match status {
            429 => (SearchErrorKind::Unreachable, asked_to_wait(|name| answer.header(name), clock::now())),
            408 | 425 | 500.. => (SearchErrorKind::Unreachable, Retry::Soon),
            _ => (SearchErrorKind::Refused(status), Retry::Never),
        };
        let said = self.settings.said(answer);
        let why = match said.is_empty() {
            true => format!("the service answered {status}"),
            false => format!("the service answered {status}: {said}"),
        };
        Failure { kind, why, retry }
    }

    fn left(&self) -> Duration {
        self.settings.longest.saturating_sub(self.begun.elapsed())
    }

    fn invalid(&self, why: impl fmt::Display) -> SearchError {
        self.error(SearchErrorKind::Invalid, why.to_string(), 1)
    }

    fn error(&self, kind: SearchErrorKind, why: String, tries: u32) -> SearchError {
        SearchError { kind, why, service: self.settings.url.to_string(), tries }
    }
}

fn no_answer(error: WebError) -> Failure {
    let (kind, retry) = match &error {
        WebError::NoAnswer(_) => (SearchErrorKind::Unreachable, Retry::Soon),
        WebError::BrokenOff(_) => (SearchErrorKind::Invalid, Retry::Soon),
        WebError::TooLarge => (SearchErrorKind::Invalid, Retry::Never),
        WebError::Unfit => (SearchErrorKind::Refused(0), Retry::Never),
    };
    Failure { kind, why: error.to_string(), retry }
}

/// Returns how long the service wants to be left alone: seconds, or the second at which that is over.
fn asked_to_wait<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Retry {
    let header = |name: &str| header(name)?.trim().parse::<f64>().ok();
    let Some(reset) = header("x-ratelimit-reset").or_else(|| header("retry-after")) else {
        return Retry::Soon;
    };
    let seconds = if reset < FIRST_MOMENT { reset } else { reset - now.0 as f64 / 1000.0 };
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or(Retry::Soon, Retry::After)
}

impl SearchError {
    /// Returns what can be done.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            SearchErrorKind::Refused(400) => {
                "check the query: it is what the test explorer takes, such as `@ci.pipeline.id:123 @ci.job.name:unit`"
            }
            SearchErrorKind::Refused(401 | 403) => {
                "check that DD_API_KEY and DD_APP_KEY are keys of the site that DD_SITE names, and that the application key \
                 may read test events (`test_optimization_read`)"
            }
            SearchErrorKind::Refused(_) => {
                "check DD_SITE (such as `datadoghq.eu`), or `datadog.url`, and the keys"
            }
            SearchErrorKind::Unreachable => {
                "check the network; one answer may take `datadog.timeout`, and is asked for several times"
            }
            SearchErrorKind::Invalid => {
                "nothing is evaluated by half of the events: try again, or narrow the query"
            }
        }
    }
}

struct Tried(u32);

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            tries => write!(f, " (tried {tries} times)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_says_when_to_come_back() {
        let now = Timestamp(1_767_323_045_500);
        let check = |name: &'static str, value: &'static str| {
            asked_to_wait(|header| (header == name).then_some(value), now)
        };
        let after = |ms: u64| Retry::After(Duration::from_millis(ms));
        assert_eq!(check("x-ratelimit-reset", "7"), after(7_000));
        assert_eq!(check("x-ratelimit-reset", " 0.5 "), after(500));
        assert_eq!(check("x-ratelimit-reset", "1767323047"), after(1_500));
        // It is over already.
        assert_eq!(check("x-ratelimit-reset", "1767323000"), after(0));
        assert_eq!(check("retry-after", "3"), after(3_000));
        assert_eq!(check("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), Retry::Soon);
        assert_eq!(check("x-ratelimit-reset", "1e400"), Retry::Soon);
    }
}
