//! Datadog's API: its test events are read, metrics and events are written (see [`crate::metrics`]).

mod search;

use std::time::Duration;

pub use search::{EventSearch, Next, PageRefused, SearchError, SearchErrorKind, Searched, search};

use crate::retry::Retries;
use crate::secret::Secret;
use crate::web::{Answer, Endpoint, Web, WebError};

/// Where the API is, and what opens it.
#[derive(Debug, Clone)]
pub struct DatadogSettings {
    /// The address of the API, such as `https://api.datadoghq.com`.
    pub url: Endpoint,
    /// The key with which everything is asked.
    pub api_key: Secret,
    /// The key with which events are read; writing needs none.
    pub app_key: Option<Secret>,
    /// How often to try, and how long to wait in between at most, also where the service asks for more.
    pub retries: Retries,
    /// How long one answer may take, all of it.
    pub timeout: Duration,
    /// How long everything may take.
    pub longest: Duration,
    /// How many pages are read at most.
    pub pages: usize,
    /// How many events there are on a page at most; the service has no larger ones.
    pub page_size: usize,
}

impl DatadogSettings {
    /// Makes the default settings.
    pub fn new(url: Endpoint, api_key: Secret, app_key: Option<Secret>) -> DatadogSettings {
        DatadogSettings {
            url,
            api_key,
            app_key,
            retries: Retries {
                attempts: 5,
                first_pause: Duration::from_millis(500),
                longest_pause: Duration::from_secs(120),
            },
            timeout: Duration::from_secs(30),
            longest: Duration::from_secs(900),
            pages: 1000,
            page_size: 1000,
        }
    }

    /// Returns the address of the API on a site such as `datadoghq.eu`; `None` for what is no name of a site.
    pub fn url_of_site(site: &str) -> Option<Endpoint> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let is_site = site.contains('.') && !site.starts_with('.') && site.chars().all(is_name);
        is_site.then(|| Endpoint::new(&format!("https://api.{site}")).ok()).flatten()
    }

    /// Posts a document once.
    pub(crate) fn post(
        &self,
        web: &Web,
        path: &str,
        body: &serde_json::Value,
        within: Duration,
    ) -> Result<Answer, WebError> {
        let mut headers = vec![("DD-API-KEY", self.api_key.expose())];
        headers.extend(self.app_key.iter().map(|key| ("DD-APPLICATION-KEY", key.expose())));
        web.post(&self.url.below(path), &headers, body.to_string().as_bytes(), within)
    }

    /// Returns what the service says of an error, on one line and without the keys.
    pub(crate) fn said(&self, answer: &Answer) -> String {
        let mut said = answer.said();
        if let Ok(document) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
            let errors = document["errors"].as_array().into_iter().flatten();
            let errors = errors.filter_map(|error| {
                error.as_str().or_else(|| error["detail"].as_str()).or_else(|| error["title"].as_str())
            });
            let errors: Vec<&str> = errors.collect();
            if !errors.is_empty() {
                said = errors.join("; ").chars().filter(|c| !c.is_control()).take(300).collect();
            }
        } else if !answer.is_json() {
            // A page for people says nothing on one line.
            said.clear();
        }
        let said = self.api_key.hidden_in(&said);
        self.app_key.iter().fold(said, |said, key| key.hidden_in(&said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_names() {
        let check = |site: &str| DatadogSettings::url_of_site(site).map(|url| url.to_string());
        assert_eq!(check("datadoghq.eu").as_deref(), Some("https://api.datadoghq.eu"));
        assert_eq!(check("us5.datadoghq.com").as_deref(), Some("https://api.us5.datadoghq.com"));
        for site in ["", "localhost", "https://app.datadoghq.com", "a.b/c", "a@b.c", ".a.b", "a b.c"] {
            assert_eq!(check(site), None, "{site}");
        }
    }

    #[test]
    fn settings_show_no_key() {
        let url = Endpoint::new("https://u:pass@host").unwrap();
        let settings = DatadogSettings::new(url, Secret::new("key-one"), Some(Secret::new("key-two")));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("key-") && !shown.contains("pass"), "{shown}");
    }
}
