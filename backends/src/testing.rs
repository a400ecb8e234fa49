//! Servers that run inside of a test: services that speak S3, Datadog's API or OpenTelemetry's protocol, a web server with
//! files, and one that answers as it is told to.
//!
//! All answer on a port of their own on 127.0.0.1 until they are dropped, count what they were asked, and fail
//! on demand; see [`Fault`].

mod api;
pub mod datadog;
mod fault;
mod files;
mod message;
mod otlp;
mod range;
mod s3;
mod server;

pub use api::{ApiServer, Asked, Reply};
pub use datadog::DatadogServer;
pub use fault::{Call, Fault};
pub use files::FileServer;
pub use otlp::OtlpServer;
pub use s3::S3Server;
