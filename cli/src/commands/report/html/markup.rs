//! The one place where markup and texts meet: markup is what this program was compiled with, and no text is markup.

use std::fmt::Display;

use super::super::words;

/// A page that is being written.
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Html {
        Html(String::new())
    }

    /// Writes markup.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Html {
        self.0.push_str(markup);
        self
    }

    /// Writes a text of ours, which may hold those of others.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Html {
        // Sentences may be long, and are not to be cut; only what is hidden in them is shown.
        let text = words::visible(&text.to_string());
        self.escaped(&text);
        self
    }

    /// Writes a text that somebody else made up.
    pub(super) fn name(&mut self, name: &str) -> &mut Html {
        self.escaped(&words::shown(name));
        self
    }

    /// Writes an attribute, inside of a tag.
    pub(super) fn attribute(&mut self, name: &'static str, value: impl Display) -> &mut Html {
        self.markup(" ").markup(name).markup("=\"").text(value).markup("\"")
    }

    /// Writes a coordinate or a length as an attribute.
    pub(super) fn length(&mut self, name: &'static str, value: f64, unit: &'static str) -> &mut Html {
        let value = if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 };
        // Without it, what is a little less than nothing would be `-0`.
        self.attribute(name, format_args!("{}{unit}", value + 0.0))
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }
}
