//! Shares in percent.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::settings::value::{Problem, Raw, SettingValue, Shown};

/// A share, written like `5%`, `0.25 %` or `100`, kept in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    pub(crate) const EXPECTED: &str = "a share between `0%` and `100%`, such as `2.5%`";

    /// Returns the share in millionths.
    pub fn per_million(self) -> u32 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let text = text.trim();
        let number = text.strip_suffix('%').unwrap_or(text).trim_end();
        let share = number.parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
        // Who asks for a little gets a little, and not nothing.
        let least = |share: f64| if share > 0.0 { ((share * 10_000.0).round() as u32).max(1) } else { 0 };
        share.map(|share| Percent(least(share))).ok_or_else(|| format!("expected {}", Percent::EXPECTED))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

impl SettingValue for Percent {
    fn parse(raw: &Raw, _base: &Path) -> Result<Percent, Problem> {
        let share = match raw {
            Raw::Integer(number) => number.to_string().parse().ok(),
            _ => raw.text().and_then(|text| text.parse().ok()),
        };
        share.ok_or_else(|| Problem::expected(Percent::EXPECTED))
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_parse_and_show() {
        for (text, millionths, shown) in [
            ("5%", 50_000, "5%"),
            ("0.25 %", 2_500, "0.25%"),
            ("100", 1_000_000, "100%"),
            ("0", 0, "0%"),
            ("0.0000001%", 1, "0.0001%"),
        ] {
            let share: Percent = text.parse().unwrap();
            assert_eq!((share.per_million(), share.to_string().as_str()), (millionths, shown));
        }
        for text in ["", "%", "-1%", "100.1%", "5%%", "NaN", "inf", "five"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }
}
