//! Where Datadog is, and what opens it.

use std::time::Duration;

use skiptrace_backends::datadog::DatadogSettings;
use skiptrace_backends::secret::Secret;
use skiptrace_backends::web::Endpoint;

use crate::environment::Environment;
use crate::error::{CommandError, ErrorKind};
use crate::settings::Settings;

const SITE: &str = "datadoghq.com";

/// What is going to be done, which decides what keys are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Events are read.
    Read,
    /// Metrics are sent.
    Write,
}

/// Returns how to reach it. That a key is missing is an error before anything is asked.
pub(crate) fn settings(
    access: Access,
    settings: &Settings,
    environment: &Environment,
) -> Result<DatadogSettings, CommandError> {
    let url = match &settings.datadog_url.value {
        Some(url) => url.clone(),
        None => url_of_site(settings, environment)?,
    };
    let key = |names: &[&str]| names.iter().find_map(|name| environment.text(name)).map(Secret::new);
    let missing = |name: &str| {
        CommandError::new(ErrorKind::Config, format_args!("there is no key for `{url}`: `{name}` is not set"))
            .hint("keys are made in Datadog's organization settings, and belong into the environment")
    };
    let api_key = key(&["DD_API_KEY"]).ok_or_else(|| missing("DD_API_KEY"))?;
    let app_key = key(&["DD_APP_KEY", "DD_APPLICATION_KEY"]);
    if access == Access::Read && app_key.is_none() {
        return Err(missing("DD_APP_KEY"));
    }
    let timeout = Duration::from_millis(settings.datadog_timeout.value.0);
    Ok(DatadogSettings { timeout, ..DatadogSettings::new(url, api_key, app_key) })
}

fn url_of_site(settings: &Settings, environment: &Environment) -> Result<Endpoint, CommandError> {
    let site = settings.datadog_site.value.as_deref().or_else(|| environment.text("DD_SITE")).unwrap_or(SITE);
    DatadogSettings::url_of_site(site.trim()).ok_or_else(|| {
        CommandError::new(ErrorKind::Config, format_args!("`{site}` is no site of Datadog"))
            .hint("DD_SITE is a name such as `datadoghq.eu` or `us5.datadoghq.com`; `datadog.url` is for other addresses")
    })
}
