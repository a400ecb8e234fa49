//! The settings: layers of configuration, resolved once into typed values that know where they come from.
//!
//! A new setting is an entry in `list.rs`, and one in `default-config.toml` with its default and a comment.

mod choice;
mod escape;
mod file;
mod layers;
mod list;
mod origin;
pub(crate) mod paths;
mod percent;
mod size;
mod span;
mod tag_list;
mod url;
mod value;

pub use choice::{PolicyChoice, SharedChange};
pub use escape::Escape;
pub use layers::{Flag, Layers};
pub use list::{KEYS, Settings};
pub use origin::Origin;
pub use paths::{ConfigFile, config_files};
pub use percent::Percent;
pub use size::ByteSize;
pub use span::Span;
pub use tag_list::TagList;
pub use url::StoreUrl;
pub use value::{Raw, SettingValue, Shown};

use serde::Serialize;

use crate::error::{CommandError, ErrorKind};

/// A resolved value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// What it is.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// A setting as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub key: &'static str,
    /// What it is.
    pub value: Shown,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T: SettingValue> Setting<T> {
    fn row(&self, key: &'static str) -> Row {
        Row { key, value: self.value.show(), origin: self.origin.clone() }
    }
}

/// Returns the error for a key that no setting has, named at `origin`.
pub fn unknown_key(key: &str, origin: Option<&Origin>) -> CommandError {
    let place = origin.map(|origin| format!(" ({origin})")).unwrap_or_default();
    let error = CommandError::new(ErrorKind::Config, format_args!("unknown setting `{key}`{place}"));
    match nearest(key, KEYS.iter().copied()) {
        Some(near) => error.hint(format_args!("did you mean `{near}`?")),
        None => error.hint("`skiptrace config show` lists the settings"),
    }
}

/// Returns what `word` was probably meant to be.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The name of a section stands for what is in it.
    let score = |candidate: &str| match candidate.strip_prefix(word) {
        Some(rest) if rest.starts_with(['.', '_']) => 0,
        _ => strsim::damerau_levenshtein(word, candidate),
    };
    known
        .map(|candidate| (score(candidate), candidate))
        .filter(|&(distance, _)| distance <= word.len() / 3)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_knows_typos_and_sections() {
        let check = |word| nearest(word, KEYS.iter().copied());
        assert_eq!(check("store.ulr"), Some("store.url"));
        assert_eq!(check("store"), Some("store.url"));
        assert_eq!(check("store.cache.max_size"), Some("store.cache.max-size"));
        assert_eq!(check("colour"), None);
    }
}
