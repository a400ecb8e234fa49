//! Tags as people write them.

use std::path::Path;

use skiptrace_engine::metrics::Tags;

use crate::settings::value::{Problem, Raw, SettingValue, Shown};

/// Tags, written like `team:core, region:eu`; an empty text has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagList(Tags);

impl TagList {
    /// Returns the tags.
    pub fn tags(&self) -> &Tags {
        &self.0
    }
}

impl SettingValue for TagList {
    fn parse(raw: &Raw, _base: &Path) -> Result<TagList, Problem> {
        let problem = || Problem::expected("tags such as `team:core, region:eu`");
        let words = raw.text().ok_or_else(problem)?.split(',').map(str::trim).filter(|word| !word.is_empty());
        let mut tags = Tags::default();
        for word in words {
            let (name, value) = word.split_once(':').ok_or_else(problem)?;
            let (name, value) = (name.trim(), value.trim());
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            // Datadog makes small letters of large ones, so only those are the same everywhere.
            let is_name = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain);
            if !is_name || value.is_empty() || value.contains(char::is_control) {
                return Err(problem());
            }
            tags = tags.and(name, value);
        }
        Ok(TagList(tags))
    }

    fn show(&self) -> Shown {
        let words: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        Shown::text_of(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_names_with_values() {
        let read = |text: &str| {
            let tags = TagList::parse(&Raw::Text(text.to_owned()), Path::new("")).ok()?;
            Some(tags.show().text())
        };
        assert_eq!(read("team:core,region: eu:central ,").as_deref(), Some("team:core, region:eu:central"));
        assert_eq!(read("").as_deref(), Some(""));
        for text in ["team", "Team:x", ":x", "team:", "te am:x", "1:x", "a:b\u{7}c"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
