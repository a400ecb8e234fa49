//! The text in a commit's message that has everything run.

use std::path::Path;

use crate::settings::value::{Problem, Raw, SettingValue, Shown};

/// The text in a commit's message that has everything run; an empty one switches it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escape(String);

impl Escape {
    /// Returns the text, unless it is switched off.
    pub fn text(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl SettingValue for Escape {
    fn parse(raw: &Raw, _base: &Path) -> Result<Escape, Problem> {
        let text = raw.text().map(str::trim).filter(|text| !text.contains('\n'));
        text.map(|text| Escape(text.to_owned())).ok_or_else(|| Problem::expected("a text of one line"))
    }

    fn show(&self) -> Shown {
        Shown::text_of(&self.0)
    }
}
