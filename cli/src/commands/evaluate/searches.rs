//! Results that Datadog has.

use skiptrace_backends::datadog::{DatadogSettings, EventSearch, Next, PageRefused, search};
use skiptrace_engine::evaluation::Results;
use skiptrace_engine::time::Timestamp;
use skiptrace_indexers::results::datadog::{Events, Read, parse};

use super::event::Event;
use super::input::Told;
use crate::datadog::{self, Access};
use crate::error::CommandError;
use crate::session::Session;
use crate::settings::{Settings, Span};
use crate::ui::human;

/// What all searches have in common.
#[derive(Debug)]
pub(super) struct Searches<'a> {
    settings: &'a Settings,
    since: Span,
    pipeline: Option<&'a str>,
}

impl<'a> Searches<'a> {
    /// Reads what was typed.
    pub(super) fn new(
        since: &str,
        pipeline: Option<&'a str>,
        settings: &'a Settings,
    ) -> Result<Searches<'a>, CommandError> {
        match since.parse() {
            Ok(since @ Span(1..)) => Ok(Searches { settings, since, pipeline }),
            _ => {
                Err(CommandError::user(format_args!("`--since` expects {}, found `{since}`", Span::EXPECTED)))
            }
        }
    }

    /// Refuses what would read every test event there is, or none for want of a key.
    pub(super) fn check(&self, query: &str, session: &Session<'_>) -> Result<(), CommandError> {
        match self.query(query).is_empty() {
            false => datadog::settings(Access::Read, self.settings, &session.environment).map(drop),
            true => Err(CommandError::user("`datadog:` has no query after it")
                .hint("name what ran, such as `datadog:@ci.job.name:unit`, and add `--pipeline ID`")),
        }
    }

    /// Reads all events of a query. What goes wrong there is told of the job, of which nothing is evaluated then.
    pub(super) fn read(
        &self,
        query: &str,
        told: &mut Told,
        session: &Session<'_>,
    ) -> Result<(), CommandError> {
        let datadog = datadog::settings(Access::Read, self.settings, &session.environment)?;
        let query = self.query(query);
        let to = session.environment.now();
        let from = Timestamp(to.since(Timestamp(self.since.0)));
        let mut results = Results::default();
        match ask(&datadog, &EventSearch { query: query.clone(), from, to }, &mut results) {
            Ok((read, pages)) => {
                session.printer.status(said(&query, &read, pages));
                told.commits.extend(read.commit);
                told.results.merge(results);
            }
            Err(event) => told.events.push(event),
        }
        Ok(())
    }

    /// Returns a query, narrowed to the pipeline.
    fn query(&self, query: &str) -> String {
        let Some(pipeline) = self.pipeline else { return query.to_owned() };
        let pipeline = pipeline.replace('\\', "\\\\").replace('"', "\\\"");
        let pipeline = format!("@ci.pipeline.id:\"{pipeline}\"");
        if query.is_empty() { pipeline } else { format!("({query}) {pipeline}") }
    }
}

fn ask(
    datadog: &DatadogSettings,
    asked: &EventSearch,
    results: &mut Results,
) -> Result<(Read, usize), Event> {
    let mut events = Events::default();
    let searched = search(datadog, asked, &mut |bytes| {
        let mut page = parse(bytes, datadog.page_size)
            .map_err(|error| PageRefused { why: error.to_string(), is_passing: error.is_passing() })?;
        let next = page.after.take().map_or(Next::End, Next::Page);
        events.add(page);
        Ok(next)
    });
    let searched = searched.map_err(|error| Event::no_results(&error))?;
    let read = events.finish(&mut |result| results.add(result)).map_err(|error| Event::unfit(&error))?;
    Ok((read, searched.pages))
}

/// Says what was read, and what of it counts for nothing.
fn said(query: &str, read: &Read, pages: usize) -> String {
    let mut said = vec![human::count(pages as u64, "page")];
    let notes = [
        (read.quarantined, "failure", "of quarantined tests"),
        (read.known_failures, "failure", "known to be flaky"),
        (read.doubles, "event", "that came twice"),
        (read.others, "event", "of suites, modules and sessions"),
    ];
    let notes = notes.into_iter().filter(|(n, ..)| *n > 0);
    said.extend(notes.map(|(n, noun, which)| format!("{} {which}", human::count(n as u64, noun))));
    format!(
        "read {} of `{query}` (Datadog: {})",
        human::count(read.events as u64, "test event"),
        said.join(", ")
    )
}
