//! Taking out of a text what differs from run to run.

/// Replaces texts, ids of commits and versions by names.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// What is replaced, and by what, the longest first.
    replacements: Vec<(String, String)>,
}

impl Redactor {
    /// Replaces `text` by `name`, which starts with a `$` by custom.
    pub fn replace(&mut self, text: impl Into<String>, name: impl Into<String>) {
        let text = text.into();
        assert!(!text.is_empty(), "nothing cannot be replaced");
        self.replacements.push((text, name.into()));
        self.replacements.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    /// Returns `text` with everything replaced.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.replace(concat!("skiptrace ", env!("CARGO_PKG_VERSION")), "skiptrace $VERSION");
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        without_ids(&text)
    }
}

/// Replaces every full id of a git object by `$COMMIT`.
fn without_ids(text: &str) -> String {
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_hex) {
        let end = rest[start..].find(|c| !is_hex(c)).map_or(rest.len(), |length| start + length);
        redacted.push_str(&rest[..start]);
        redacted.push_str(if matches!(end - start, 40 | 64) { "$COMMIT" } else { &rest[start..end] });
        rest = &rest[end..];
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_gets_a_name() {
        let mut redactor = Redactor::default();
        redactor.replace("/tmp/x", "$DIR");
        redactor.replace("/tmp/x/home", "$HOME");
        let id = "9c01be2".to_owned() + &"a".repeat(33);
        let text =
            format!("/tmp/x/home/a /tmp/x/b {id} ({}) skiptrace {}", &id[..9], env!("CARGO_PKG_VERSION"));
        assert_eq!(redactor.redact(&text), "$HOME/a $DIR/b $COMMIT (9c01be2aa) skiptrace $VERSION");
    }
}
