//! Several words in one, as `-exec`, `-toolexec`, `GOFLAGS`, `CC` and `CGO_CFLAGS` hold them.

/// Returns the words of `text`; an error names the quote that is not closed.
///
/// A word may stand in single or double quotes, in which nothing is escaped. Quotes inside of a word mean nothing.
pub(crate) fn split(text: &str) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(BLANKS);
        let Some(first) = rest.chars().next() else { return Ok(words) };
        if first == '"' || first == '\'' {
            let (word, after) = rest[1..].split_once(first).ok_or(first)?;
            words.push(word.to_owned());
            rest = after;
        } else {
            let end = rest.find(BLANKS).unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
}

/// Returns the words of `text`; where a quote is not closed, for which the go command has no meaning, quotes are none.
pub(crate) fn words(text: &str) -> Vec<String> {
    split(text).unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect())
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Returns the text that [`split`] takes for these words; `None` when one has both kinds of quotes.
pub(crate) fn join<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Option<String> {
    let mut joined = Vec::new();
    for word in words {
        let word = word.as_ref();
        joined.push(match (word.contains('\''), word.contains('"')) {
            (true, true) => return None,
            (true, false) => format!("\"{word}\""),
            (false, true) => format!("'{word}'"),
            (false, false) if word.is_empty() || word.contains(BLANKS) => format!("'{word}'"),
            (false, false) => word.to_owned(),
        });
    }
    Some(joined.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_told_apart_as_go_does() {
        for (text, expected) in [
            ("", vec![]),
            ("  a\tb\nc ", vec!["a", "b", "c"]),
            ("'a b' \"c'd\"", vec!["a b", "c'd"]),
            ("a'b c'", vec!["a'b", "c'"]),
            ("'a'b", vec!["a", "b"]),
            ("''", vec![""]),
        ] {
            assert_eq!(split(text).unwrap(), expected, "{text:?}");
        }
        assert_eq!(split("a 'b"), Err('\''));
    }

    proptest! {
        #[test]
        fn what_was_joined_is_split_again(words in prop::collection::vec("[a '\"\\\\é]{0,5}", 0..5)) {
            match join(&words) {
                Some(text) => prop_assert_eq!(split(&text).unwrap(), words),
                None => prop_assert!(words.iter().any(|word| word.contains('\'') && word.contains('"'))),
            }
        }
    }
}
