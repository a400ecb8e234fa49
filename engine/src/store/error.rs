//! What can go wrong with a store, by what a caller would do about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A store operation that failed: what was attempted on what, what came of it, and how often it was tried.
#[derive(Debug)]
pub struct StoreError {
    /// What to do about it.
    pub kind: StoreErrorKind,
    /// The verb: `read`, `write`, `list`, `delete`, `open`.
    pub action: &'static str,
    /// What it was done to, as a user would write it: the store's name and the key.
    pub object: String,
    /// How often it was tried, and how long that took, when more than once.
    pub tries: Option<(u32, Duration)>,
    /// What lies below.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of failure that callers tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Nothing is kept at that key.
    NotFound,
    /// The key holds a different value.
    AlreadyExists,
    /// The range is not inside the value, which has this size.
    OutOfRange {
        /// The size of the value.
        size: u64,
    },
    /// No credentials could be found.
    NoCredentials,
    /// The credentials do not allow this.
    Forbidden,
    /// The bucket or folder does not exist.
    NoBucket,
    /// The bucket is in another region, named where the service told.
    WrongRegion {
        /// The region the bucket is in.
        region: Option<String>,
    },
    /// The service could not be reached, or did not answer in time.
    Unreachable,
    /// The service answered, but only with failures (500, 503 SlowDown, cut bodies).
    Unavailable,
    /// This store cannot be written to.
    ReadOnly,
    /// This store cannot do that; the text says what would help.
    Unsupported(&'static str),
    /// What is there is not what a store of ours would have written.
    Damaged,
    /// Anything else.
    Other,
}

impl StoreError {
    /// Makes an error of `kind`.
    pub fn new(kind: StoreErrorKind, action: &'static str, object: impl fmt::Display) -> Self {
        StoreError { kind, action, object: object.to_string(), tries: None, source: None }
    }

    /// Adds what lies below.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds how often it was tried, and for how long.
    #[must_use]
    pub fn after(mut self, tries: u32, elapsed: Duration) -> Self {
        self.tries = Some((tries, elapsed));
        self
    }

    /// Returns whether the key simply holds nothing.
    pub fn is_not_found(&self) -> bool {
        self.kind == StoreErrorKind::NotFound
    }

    /// Returns what a user can do about it, as a sentence to print after `hint:`.
    pub fn hint(&self) -> Option<String> {
        Some(match &self.kind {
            StoreErrorKind::NoCredentials => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with `?profile=NAME` in the store's URL"
                    .to_owned()
            }
            StoreErrorKind::Forbidden => {
                "readers need s3:GetObject and s3:ListBucket on the bucket and its objects, writers s3:PutObject as well"
                    .to_owned()
            }
            StoreErrorKind::NoBucket => "create it first, or correct the store's URL".to_owned(),
            StoreErrorKind::WrongRegion { region: Some(region) } => {
                format!("add `?region={region}` to the store's URL")
            }
            StoreErrorKind::WrongRegion { region: None } => {
                "add `?region=NAME` to the store's URL".to_owned()
            }
            StoreErrorKind::Unreachable => {
                "check the endpoint and the network; the time allowed is set with `?timeout=SECONDS` in the store's URL"
                    .to_owned()
            }
            StoreErrorKind::Unsupported(help) => (*help).to_owned(),
            _ => return None,
        })
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.action, self.object, self.kind)?;
        match self.tries {
            Some((tries, elapsed)) if tries > 1 => {
                write!(f, " (tried {tries} times in {:.1} s)", elapsed.as_secs_f64())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreErrorKind::NotFound => "not found",
            StoreErrorKind::AlreadyExists => "it already holds a different value, which is kept",
            StoreErrorKind::OutOfRange { size } => {
                return write!(f, "the range is outside its {size} bytes");
            }
            StoreErrorKind::NoCredentials => "no credentials found",
            StoreErrorKind::Forbidden => "access denied",
            StoreErrorKind::NoBucket => "no such bucket or folder",
            StoreErrorKind::WrongRegion { region: Some(region) } => {
                return write!(f, "the bucket is in region `{region}`");
            }
            StoreErrorKind::WrongRegion { region: None } => "the bucket is in another region",
            StoreErrorKind::Unreachable => "unreachable",
            StoreErrorKind::Unavailable => "the service keeps failing",
            StoreErrorKind::ReadOnly => "the store is read-only",
            StoreErrorKind::Unsupported(_) => "this store cannot do that",
            StoreErrorKind::Damaged => "what is there is damaged",
            StoreErrorKind::Other => "it failed",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
