//! What people should hear of.

use super::Tags;

/// One thing that people should hear of: what most services call an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is, in a few words.
    pub title: String,
    /// What there is to say, in lines.
    pub text: String,
    /// How bad it is.
    pub level: Level,
    /// What it is about.
    pub tags: Tags,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not at all.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Something does not work.
    Error,
}

impl Level {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}
