//! From settings, the environment and profiles to a client.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, Connector};

use super::S3Settings;

/// How long the metadata service of a machine in EC2 may take. Elsewhere there is none, and nothing answers.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes a client. Credentials are looked for only when the first request needs them.
pub(super) async fn connect(settings: &S3Settings) -> Client {
    let http = http_client();
    let provider = ProviderConfig::without_region().with_http_client(http.clone());
    let metadata = || {
        imds::Client::builder()
            .configure(&provider)
            .max_attempts(1)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT)
            .build()
    };
    // The default chain would ask the metadata service several times.
    let mut profile = ProfileFileRegionProvider::builder().configure(&provider);
    if let Some(name) = &settings.profile {
        profile = profile.profile_name(name);
    }
    let mut region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .region()
        .await;
    if region.is_none() && !has_endpoint(settings, None) {
        region =
            ImdsRegionProvider::builder().configure(&provider).imds_client(metadata()).build().region().await;
    }
    let region = region.unwrap_or(Region::from_static("us-east-1"));
    let regional = provider.clone().with_region(Some(region.clone()));
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http).region(region.clone());
    // A profile that was named is meant, whatever the environment holds; the chain would ask that first.
    loader = match &settings.profile {
        Some(profile) => loader.profile_name(profile).credentials_provider(
            ProfileFileCredentialsProvider::builder().configure(&regional).profile_name(profile).build(),
        ),
        None => loader.credentials_provider(
            DefaultCredentialsChain::builder()
                .configure(regional)
                .region(region)
                .imds_client(metadata())
                .build()
                .await,
        ),
    };
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;

    let path_style = settings.path_style.unwrap_or_else(|| has_endpoint(settings, shared.endpoint_url()));
    let config = Builder::from(&shared)
        .force_path_style(path_style)
        // The retries are ours: `Objects::retrying`. So are the timeouts but for this one.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // Not every service knows the newer checksums. What is uploaded is covered by its signature, and
        // what is read has a checksum of its own.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Client::from_conf(config)
}

fn has_endpoint(settings: &S3Settings, found: Option<&str>) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    settings.endpoint.is_some() || found.is_some() || set("AWS_ENDPOINT_URL") || set("AWS_ENDPOINT_URL_S3")
}

/// Returns a client that uses ring, like the HTTP store, and heeds `HTTPS_PROXY` and its kin.
fn http_client() -> SharedHttpClient {
    HttpBuilder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::Ring));
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}
