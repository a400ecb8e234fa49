//! Progress bars.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How long something may take before a bar is shown.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Items,
    /// Bytes.
    Bytes,
}

/// The progress of one task, shown until it is dropped. Threads may share it.
#[derive(Debug)]
pub struct Progress(Option<Bar>);

#[derive(Debug)]
struct Bar {
    /// It counts from the start, but is drawn nowhere before it is shown.
    bar: ProgressBar,
    name: &'static str,
    unit: Unit,
    started: Instant,
    bars: MultiProgress,
    shown: OnceLock<()>,
}

impl Progress {
    pub(crate) fn hidden() -> Progress {
        Progress(None)
    }

    pub(crate) fn shown(bars: &MultiProgress, name: &'static str, total: u64, unit: Unit) -> Progress {
        Progress(Some(Bar {
            bar: ProgressBar::with_draw_target(Some(total), indicatif::ProgressDrawTarget::hidden()),
            name,
            unit,
            started: Instant::now(),
            bars: bars.clone(),
            shown: OnceLock::new(),
        }))
    }

    /// Says what is being done.
    pub fn at(&self, what: impl std::fmt::Display) {
        if let Some(bar) = &self.0 {
            bar.bar.set_message(what.to_string());
        }
    }

    /// Counts `n` more.
    pub fn inc(&self, n: u64) {
        if let Some(bar) = &self.0 {
            bar.bar.inc(n);
            if bar.shown.get().is_none() && bar.started.elapsed() >= PATIENCE {
                bar.shown.get_or_init(|| bar.show());
            }
        }
    }
}

impl Bar {
    fn show(&self) {
        let count = match self.unit {
            Unit::Items => "{human_pos}/{human_len}",
            Unit::Bytes => "{binary_bytes}/{binary_total_bytes}",
        };
        let template = format!("{{prefix}} [{{bar:24}}] {count}, {{eta}} left {{wide_msg:.dim}}");
        let style = ProgressStyle::with_template(&template).expect("the template is a constant of ours");
        self.bar.set_style(style.progress_chars("=> "));
        self.bar.set_prefix(self.name);
        let bar = self.bars.add(self.bar.clone());
        bar.tick();
        bar.enable_steady_tick(PATIENCE);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    fn shown_after(wait: Duration) -> String {
        let term = InMemoryTerm::new(4, 80);
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(term.clone())));
        let progress = Progress::shown(&bars, "reading profiles", 1200, Unit::Items);
        std::thread::sleep(wait);
        progress.inc(300);
        term.contents()
    }

    #[test]
    fn a_bar_has_a_name_a_count_and_an_end() {
        let text = shown_after(PATIENCE);
        assert!(text.starts_with("reading profiles [======>"), "{text}");
        assert!(text.contains("300/1,200, ") && text.ends_with(" left"), "{text}");
    }

    #[test]
    fn what_is_quick_shows_no_bar() {
        assert_eq!(shown_after(Duration::ZERO), "");
    }
}
