//! Spans of time.

use std::fmt;
use std::str::FromStr;

/// A span of time in milliseconds, written like `30d`, `12h`, `90 min` or `2 weeks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

/// The units, the largest first, each with the ways to write it.
const UNITS: &[(u64, &[&str])] = &[
    (7 * 86_400_000, &["w", "week", "weeks"]),
    (86_400_000, &["d", "day", "days"]),
    (3_600_000, &["h", "hour", "hours"]),
    (60_000, &["m", "min", "minute", "minutes"]),
    (1_000, &["s", "sec", "second", "seconds"]),
];

impl Span {
    pub(crate) const EXPECTED: &str = "a span such as `30d`, `12h` or `90min`";
}

impl FromStr for Span {
    type Err = ();

    fn from_str(text: &str) -> Result<Span, ()> {
        let end = text.find(|c: char| !c.is_ascii_digit()).ok_or(())?;
        let (number, unit) = (&text[..end], text[end..].trim());
        let (factor, _) = UNITS.iter().find(|(_, names)| names.contains(&unit)).ok_or(())?;
        let number: u64 = number.parse().map_err(|_| ())?;
        number.checked_mul(*factor).map(Span).ok_or(())
    }
}

impl fmt::Display for Span {
    /// In the largest unit up to days that says it exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |&&(factor, _): &&(u64, _)| self.0.is_multiple_of(factor);
        let &(factor, names) = UNITS[1..].iter().find(exact).unwrap_or(&(1, &["ms"]));
        write!(f, "{}{}", self.0 / factor, names[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_parse_and_show() {
        for (text, ms, shown) in [
            ("30d", 2_592_000_000, "30d"),
            ("2 weeks", 1_209_600_000, "14d"),
            ("12h", 43_200_000, "12h"),
            ("90 min", 5_400_000, "90m"),
            ("0s", 0, "0d"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span, span.to_string().as_str()), (Span(ms), shown));
        }
        for text in ["", "30", "d", "-1d", "1.5d", "1 fortnight", "99999999999999999w"] {
            assert_eq!(text.parse::<Span>(), Err(()), "{text}");
        }
    }
}
