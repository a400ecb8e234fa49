//! Subtests, each recorded alone where that is wished for.
//!
//! Which there are shows only when their test runs. Alone, a subtest still runs with the body of its test around it.

use super::Request;
use super::observer::GoObserver;
use super::plan::Plan;
use crate::record::observer_events::tell;
use crate::record::progress::Event;
use crate::run::case::Case;
use crate::run::driver::{self, Ran};
use crate::run::go::cases;
use crate::run::go::kept::Kept;
use crate::trace::Trace;

/// Runs the subtests of the tests that ran, each in a process of its own.
pub(super) fn run(
    request: &Request<'_>,
    plan: &Plan,
    observer: &GoObserver<'_>,
    kept: &[(Box<str>, Kept)],
) -> (Vec<Case>, Vec<Ran<Trace>>) {
    let mut found = Vec::new();
    for (suite, kept) in kept {
        let names = observer.subtests_of(suite);
        let wanted = names.iter().filter(|name| request.wanted.has(suite, name));
        let limit = request.driver.timeout;
        found.extend(wanted.map(|name| {
            let case = cases::case(kept, suite, name);
            Case { timeout: limit.or(case.timeout), ..case }
        }));
    }
    if found.is_empty() {
        return (found, Vec::new());
    }
    (request.listener)(Event::Running { tests: found.len(), suites: kept.len() });
    let on_event = |event: driver::Event<'_, _>| tell(request.listener, event);
    let ran = driver::drive(&found, &request.driver, &plan.scratch, request.watch, observer, &on_event);
    (found, ran)
}
