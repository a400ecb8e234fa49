//! The list of settings.

use std::path::PathBuf;

use skiptrace_backends::web::Endpoint;
use skiptrace_engine::kind::IndexKind;

use crate::error::CommandError;
use crate::settings::{
    ByteSize, Escape, Layers, Percent, PolicyChoice, Row, Setting, SharedChange, Span, StoreUrl, TagList,
};

/// Makes the struct, the names and the resolution from one list, so that they cannot differ.
macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $key:literal,)*) => {
        /// Every setting, resolved.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $($(#[$doc])* pub $field: Setting<$type>,)*
        }

        /// The name of every setting.
        pub const KEYS: &[&str] = &[$($key),*];

        impl Settings {
            /// Resolves every setting: each value of each layer has to be right, the last one counts.
            pub fn resolve(layers: &Layers) -> Result<Settings, CommandError> {
                Ok(Settings { $($field: layers.setting($key)?,)* })
            }

            /// Returns every setting as it is shown.
            pub fn rows(&self) -> Vec<Row> {
                vec![$(self.$field.row($key)),*]
            }
        }
    };
}

settings! {
    /// Where indexes are kept.
    store_url: StoreUrl = "store.url",
    /// Whether indexes of a remote store are also kept on this machine.
    store_cache_enabled: bool = "store.cache.enabled",
    /// Where; `None` where there is no folder for such things.
    store_cache_dir: Option<PathBuf> = "store.cache.dir",
    /// How much of them.
    store_cache_max_size: ByteSize = "store.cache.max-size",
    /// What an index tells apart.
    index_kind: IndexKind = "index.kind",
    /// The name under which the tests of this run are indexed.
    index_job: String = "index.job",
    /// The branch this run is for; `None` leaves it to git and the CI service.
    index_branch: Option<String> = "index.branch",
    /// How many of the newest indexed commits are kept.
    gc_keep: u64 = "gc.keep",
    /// How young an index has to be to be kept.
    gc_younger_than: Span = "gc.younger-than",
    /// Whether runs are written down at all.
    history_enabled: bool = "history.enabled",
    /// Where the history of runs is kept; `None` where there is no folder for such things.
    history_path: Option<PathBuf> = "history.path",
    /// Whether runs are also written to the store, for others.
    history_publish: bool = "history.publish",
    /// How many days of it are kept.
    history_keep_days: u64 = "history.keep-days",
    /// How many runs of it are kept.
    history_keep_runs: u64 = "history.keep-runs",
    /// Whose API test events are read from and metrics sent to; `None` leaves it to `DD_SITE`.
    datadog_site: Option<String> = "datadog.site",
    /// Another address of it.
    datadog_url: Option<Endpoint> = "datadog.url",
    /// How long one of its answers may take.
    datadog_timeout: Span = "datadog.timeout",
    /// Whether metrics go to Datadog.
    metrics_datadog: bool = "metrics.datadog",
    /// Whether metrics go to a collector of OpenTelemetry.
    metrics_otlp: bool = "metrics.otlp",
    /// The file, or folder, for node_exporter's textfile collector.
    metrics_prometheus: Option<PathBuf> = "metrics.prometheus",
    /// The file that lines of JSON are added to.
    metrics_jsonl: Option<PathBuf> = "metrics.jsonl",
    /// What all metrics are tagged with.
    metrics_tags: TagList = "metrics.tags",
    /// How long sending them may take in all.
    metrics_timeout: Span = "metrics.timeout",
    /// What a change of shared start-up code selects.
    query_shared: SharedChange = "query.shared",
    /// How far changes at file scope are followed.
    select_policy: PolicyChoice = "select.policy",
    /// Which rules that are shipped count.
    select_packs: String = "select.packs",
    /// What a commit's message says that has everything run.
    select_escape: Escape = "select.escape",
    /// Whether everything runs, and it is only noted what need not.
    select_observe: bool = "select.observe",
    /// How many of the tests that need not run do so all the same.
    select_audit: Percent = "select.audit",
}

/// The environment variables that are no settings, and yet ours.
pub(super) const OTHER_VARIABLES: &[&str] = &[
    crate::environment::NOW,
    crate::logging::LOG,
    "SKIPTRACE_REQUIRE_TOOLS",
    // What `select --env` writes, which is still there when the program is next called.
    "SKIPTRACE_ARGUMENTS",
    "SKIPTRACE_EMPTY",
];

/// Short names of environment variables.
pub(super) const ALIASES: &[(&str, &str)] = &[("SKIPTRACE_STORE", "store.url")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::file;

    #[test]
    fn default_config_has_every_setting() {
        // A setting without a default is there as a comment.
        let uncommented = |line: &'static str| {
            let assignment = line.strip_prefix("# ").filter(|rest| {
                rest.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase()))
            });
            assignment.unwrap_or(line)
        };
        let text: Vec<&str> = file::DEFAULTS.lines().map(uncommented).collect();
        let entries = file::parse(&text.join("\n"), "default-config.toml".as_ref()).unwrap();
        let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, KEYS);
    }
}
