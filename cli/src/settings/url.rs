//! The address of a store.

use std::fmt;
use std::path::Path;

/// The address of a store: a URL, or an absolute folder. `Display` leaves out a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// Reads an address; a relative folder starts at `base`.
    pub fn new(text: &str, base: &Path) -> Option<StoreUrl> {
        match text {
            // `~` would become a folder of that name, for only shells know it.
            "" | "~" => None,
            _ if text.starts_with("~/") => None,
            _ if scheme(text).is_some() => Some(StoreUrl(text.to_owned())),
            _ => base.join(text).to_str().map(|path| StoreUrl(path.to_owned())),
        }
    }

    /// Returns the whole address, secrets included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the scheme of a URL. A single letter is a drive.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme =
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some(scheme)
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => return f.write_str(&self.0),
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = match authority.rsplit_once('@') {
            Some((user, host)) => match user.split_once(':') {
                Some((user, _)) => format!("{user}:***@{host}"),
                None => authority.to_owned(),
            },
            None => authority.to_owned(),
        };
        write!(f, "{head}://{authority}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_absolute_and_urls_as_they_are() {
        let read = |text| StoreUrl::new(text, Path::new("/repo")).map(|url| url.to_string());
        assert_eq!(read("s3://bucket/x?region=r").as_deref(), Some("s3://bucket/x?region=r"));
        assert_eq!(read("memory:").as_deref(), Some("memory:"));
        assert_eq!(read("cache/indexes").as_deref(), Some("/repo/cache/indexes"));
        assert_eq!(read("/srv/indexes").as_deref(), Some("/srv/indexes"));
        assert_eq!((read(""), read("~/x")), (None, None));
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = StoreUrl::new("https://ada:secret@host:8080/x@y", Path::new("/")).unwrap();
        assert_eq!(url.to_string(), "https://ada:***@host:8080/x@y");
        assert!(url.as_str().contains("secret"));
    }
}
