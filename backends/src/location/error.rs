//! Why a text is not a location. No message repeats a secret.

use skiptrace_engine::key::KeyError;
use thiserror::Error;

/// Why a text is not a [`Location`](super::Location).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocationError {
    /// There is no text.
    #[error(
        "the store's location is empty (give a folder, `s3://BUCKET/PREFIX`, `https://HOST/PATH` or `memory:`)"
    )]
    Empty,
    /// It begins with a scheme that is none of ours.
    #[error(
        "unknown scheme `{scheme}`{} (known schemes: {}; a folder of that name is `./{scheme}:…`)",
        did_you_mean(*.nearest), super::parse::SCHEMES.join(", ")
    )]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// The known one that resembles it most.
        nearest: Option<&'static str>,
    },
    /// It has a parameter that such a store does not have.
    #[error(
        "unknown parameter `{parameter}`{} (known parameters of `{scheme}:`: {})",
        did_you_mean(*.nearest), .known.join(", ")
    )]
    UnknownParameter {
        /// The parameter.
        parameter: String,
        /// The scheme of the store.
        scheme: &'static str,
        /// The parameters that such a store has.
        known: &'static [&'static str],
        /// The known one that resembles it most.
        nearest: Option<&'static str>,
    },
    /// It says one thing twice.
    #[error("parameter `{parameter}` is given twice")]
    RepeatedParameter {
        /// The parameter.
        parameter: &'static str,
    },
    /// The value of a parameter is none.
    #[error("invalid value `{value}` of parameter `{parameter}`: expected {expected}")]
    InvalidValue {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
        /// What would be one.
        expected: &'static str,
    },
    /// The prefix in a bucket cannot be a folder of keys.
    #[error("invalid prefix in `{location}`")]
    InvalidPrefix {
        /// The location, without secrets.
        location: String,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// Anything else.
    #[error("invalid location `{location}`: {reason}")]
    Invalid {
        /// The location, without secrets.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!(", did you mean `{nearest}`?")).unwrap_or_default()
}

/// Returns the one of `known` that `text` resembles most, unless it resembles none.
pub(super) fn nearest(text: &str, known: &[&'static str]) -> Option<&'static str> {
    // A long text resembles nothing, and should not cost anything.
    let text: Vec<char> = text.to_lowercase().chars().take(64).collect();
    known
        .iter()
        .map(|known| (distance(&text, known), *known))
        .filter(|(distance, known)| *distance <= (known.len() / 2).max(1))
        .min()
        .map(|(_, known)| known)
}

/// Returns how many letters to insert, remove or replace to make `b` of `a`.
fn distance(a: &[char], b: &str) -> usize {
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, y) in b.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, x) in a.iter().enumerate() {
            let replaced = diagonal + usize::from(*x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[a.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = &["file", "https", "region", "s3"];
        for (text, expected) in [
            ("flie", Some("file")),
            ("htps", Some("https")),
            ("Regoin", Some("region")),
            ("s4", Some("s3")),
            ("gs", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, known), expected, "{text}");
        }
    }
}
