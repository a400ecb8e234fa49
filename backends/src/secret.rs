//! What must not be shown.

use std::fmt;

/// A key or a token. Neither `Display` nor a `Debug` that tells anything: what is not shown cannot leak.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret of a text, without the blanks and line ends around it that files of secrets have.
    pub fn new(text: &str) -> Secret {
        Secret(text.trim().to_owned())
    }

    /// Returns the text, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns a text without this secret in it, for what others say.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret::new(" abc123\n");
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("abc123", "***"));
        assert_eq!(secret.hidden_in("key abc123 is invalid"), "key *** is invalid");
        assert_eq!(Secret::new("").hidden_in("as it is"), "as it is");
    }
}
