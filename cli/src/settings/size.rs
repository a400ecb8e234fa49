//! Sizes in bytes.

use std::fmt;
use std::str::FromStr;

use crate::ui::human;

/// A size, written like `512 MiB`, `1.5 GiB`, `2 GB` or `4096`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("t", 1 << 40),
    ("tib", 1 << 40),
    ("tb", 1_000_000_000_000),
];

impl ByteSize {
    pub(super) const EXPECTED: &str = "a size such as `512 MiB` or `1.5 GiB`";
}

impl FromStr for ByteSize {
    type Err = ();

    fn from_str(text: &str) -> Result<ByteSize, ()> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim().to_ascii_lowercase());
        let &(_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(())?;
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(factor).map(ByteSize).ok_or(());
        }
        let bytes = number.parse::<f64>().map_err(|_| ())? * factor as f64;
        // What is too large for a float to tell bytes apart is a mistake anyway.
        if bytes < (1_u64 << 53) as f64 { Ok(ByteSize(bytes as u64)) } else { Err(()) }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&human::size(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_parse() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("1 GiB", 1 << 30),
            ("1.5g", 3 << 29),
            ("2 GB", 2_000_000_000),
            ("512MiB", 512 << 20),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "GiB", "-1", "1 parsec", "1.2.3", "99999999999 TiB", "1e3"] {
            assert_eq!(text.parse::<ByteSize>(), Err(()), "{text}");
        }
    }
}
