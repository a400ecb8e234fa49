//! What a setting can be.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use skiptrace_backends::web::Endpoint;

use crate::settings::{ByteSize, Span, StoreUrl};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// A text in a file.
    Text(String),
    /// A whole number in a file.
    Integer(i64),
    /// A truth value in a file.
    Bool(bool),
    /// Something in a file that no setting is, such as an array; what it is.
    Other(&'static str),
    /// The text of a variable or a flag, which may stand for anything.
    Untyped(String),
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is expected instead.
    pub expected: String,
    /// What was probably meant.
    pub meant: Option<&'static str>,
}

/// A type that settings have.
pub trait SettingValue: Sized {
    /// Reads a value; a relative path starts at `base`.
    fn parse(raw: &Raw, base: &Path) -> Result<Self, Problem>;

    /// Returns the value as it is shown.
    fn show(&self) -> Shown;

    /// Returns the value of a setting that is not set, where there is one.
    fn unset() -> Option<Self> {
        None
    }
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Shown(serde_json::Value);

impl Shown {
    pub(super) fn text_of(value: &impl fmt::Display) -> Shown {
        Shown(serde_json::Value::String(value.to_string()))
    }

    /// Returns whether there is no value.
    pub fn is_unset(&self) -> bool {
        self.0.is_null()
    }

    /// Returns the value for people; nothing where it is unset.
    pub fn text(&self) -> String {
        match &self.0 {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }
}

impl Raw {
    /// Returns the text, where it can be one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Raw::Text(text) | Raw::Untyped(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Text(text) | Raw::Untyped(text) => write!(f, "`{text}`"),
            Raw::Integer(number) => write!(f, "the number `{number}`"),
            Raw::Bool(truth) => write!(f, "`{truth}`"),
            Raw::Other(kind) => write!(f, "a value of type {kind}"),
        }
    }
}

impl Problem {
    pub(super) fn expected(expected: impl Into<String>) -> Problem {
        Problem { expected: expected.into(), meant: None }
    }
}

impl SettingValue for bool {
    fn parse(raw: &Raw, _base: &Path) -> Result<bool, Problem> {
        match raw {
            Raw::Bool(truth) => Ok(*truth),
            Raw::Untyped(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Ok(true),
                "false" | "0" | "no" | "off" => Ok(false),
                _ => Err(Problem::expected("`true` or `false`")),
            },
            _ => Err(Problem::expected("`true` or `false`")),
        }
    }

    fn show(&self) -> Shown {
        Shown((*self).into())
    }
}

impl SettingValue for u64 {
    fn parse(raw: &Raw, _base: &Path) -> Result<u64, Problem> {
        let number = match raw {
            Raw::Integer(number) => u64::try_from(*number).ok(),
            Raw::Untyped(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Problem::expected("a whole number"))
    }

    fn show(&self) -> Shown {
        Shown((*self).into())
    }
}

impl SettingValue for String {
    fn parse(raw: &Raw, _base: &Path) -> Result<String, Problem> {
        let text = raw.text().filter(|text| !text.trim().is_empty());
        text.map(str::to_owned).ok_or_else(|| Problem::expected("a text"))
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

impl SettingValue for PathBuf {
    fn parse(raw: &Raw, base: &Path) -> Result<PathBuf, Problem> {
        let text = raw.text().filter(|text| !text.is_empty() && *text != "~" && !text.starts_with("~/"));
        text.map(|text| base.join(text)).ok_or_else(|| Problem::expected("a path, which starts with no `~`"))
    }

    fn show(&self) -> Shown {
        Shown::text_of(&self.display())
    }
}

impl SettingValue for StoreUrl {
    fn parse(raw: &Raw, base: &Path) -> Result<StoreUrl, Problem> {
        let url = raw.text().and_then(|text| StoreUrl::new(text, base));
        url.ok_or_else(|| {
            Problem::expected("a URL such as `s3://bucket/prefix`, or a folder that starts with no `~`")
        })
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

impl SettingValue for Endpoint {
    fn parse(raw: &Raw, _base: &Path) -> Result<Endpoint, Problem> {
        let url = raw.text().and_then(|text| Endpoint::new(text).ok());
        url.ok_or_else(|| Problem::expected("a URL such as `http://127.0.0.1:8080`"))
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

impl SettingValue for ByteSize {
    fn parse(raw: &Raw, _base: &Path) -> Result<ByteSize, Problem> {
        let size = match raw {
            Raw::Integer(number) => u64::try_from(*number).ok().map(ByteSize),
            _ => raw.text().and_then(|text| ByteSize::from_str(text).ok()),
        };
        size.ok_or_else(|| Problem::expected(ByteSize::EXPECTED))
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

impl SettingValue for Span {
    fn parse(raw: &Raw, _base: &Path) -> Result<Span, Problem> {
        let span = raw.text().and_then(|text| Span::from_str(text).ok());
        span.ok_or_else(|| Problem::expected(Span::EXPECTED))
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    fn parse(raw: &Raw, base: &Path) -> Result<Self, Problem> {
        T::parse(raw, base).map(Some)
    }

    fn show(&self) -> Shown {
        self.as_ref().map_or(Shown(serde_json::Value::Null), T::show)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}
