//! From what the driver tells to what a recording tells.

use super::outcome::outcome_of;
use super::progress::{Event, Listener};
use crate::run::driver::Event as DriverEvent;
use crate::trace::Trace;

/// Tells `listener` of an event of the driver.
pub(super) fn tell(listener: &Listener<'_>, event: DriverEvent<'_, Trace>) {
    match event {
        DriverEvent::Started(case) => listener(Event::Started { suite: &case.suite, name: &case.name }),
        DriverEvent::Finished(case, runs) => {
            let troubles: Vec<_> = runs.iter().flat_map(|run| run.trace.troubles.clone()).collect();
            listener(Event::Finished {
                suite: &case.suite,
                name: &case.name,
                outcome: outcome_of(runs.iter().map(|run| run.outcome)),
                duration: runs.iter().map(|run| run.duration).max().unwrap_or_default(),
                output: runs.iter().find_map(|run| run.output.as_deref()),
                troubles: &troubles,
            });
        }
        DriverEvent::Broken(case, error) => {
            listener(Event::Warning(format!("`{}` of `{}` could not be run: {error}", case.name, case.suite)))
        }
    }
}
