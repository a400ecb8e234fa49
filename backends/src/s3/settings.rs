//! Which bucket, and how to reach it.

use std::fmt;
use std::time::Duration;

use skiptrace_engine::key::Key;

use crate::retry::Retries;

/// Which bucket, and how to reach it. What is `None` comes from the environment and the profile, by
/// the rules that all AWS tools share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// The bucket.
    pub bucket: String,
    /// The folder in it that holds the store; the whole bucket when `None`.
    pub prefix: Option<Key>,
    /// The bucket's region; the profile's when `None`, the machine's in EC2, else `us-east-1`.
    pub region: Option<String>,
    /// The URL of a service other than AWS.
    pub endpoint: Option<String>,
    /// Whether the bucket is named in the path rather than in the host; yes for other services when `None`.
    pub path_style: Option<bool>,
    /// The profile in `~/.aws/config`.
    pub profile: Option<String>,
    /// How often to try.
    pub retries: Retries,
    /// How long the service may take to answer, and to go on in the middle of an answer. An upload gets the time
    /// in addition that it takes at 64 KiB per second.
    pub timeout: Duration,
    /// Values larger than this are uploaded in parts.
    pub multipart_above: u64,
    /// How large a part is. AWS wants at least 5 MiB.
    pub part_size: u64,
}

impl S3Settings {
    /// Makes the default settings for the store in `prefix` of `bucket`.
    pub fn new(bucket: impl Into<String>, prefix: Option<Key>) -> Self {
        S3Settings {
            bucket: bucket.into(),
            prefix,
            region: None,
            endpoint: None,
            path_style: None,
            profile: None,
            retries: Retries::default(),
            timeout: Duration::from_secs(30),
            multipart_above: 64 << 20,
            part_size: 16 << 20,
        }
    }

    /// Returns how a user would write the object of a name, prefix included.
    pub(super) fn url(&self, name: &str) -> String {
        format!("s3://{}/{name}", self.bucket)
    }

    /// Returns the name of the object `rest` below the prefix.
    pub(super) fn object(&self, rest: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{rest}"),
            None => rest.to_owned(),
        }
    }
}

impl fmt::Display for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if let Some(prefix) = &self.prefix {
            write!(f, "/{prefix}")?;
        }
        // What tells two buckets of one name apart.
        let named = [("endpoint", &self.endpoint), ("profile", &self.profile)];
        for (at, (name, value)) in named.iter().filter_map(|(n, v)| Some((n, v.as_ref()?))).enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}
