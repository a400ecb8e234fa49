//! Every store and every sink against the laws of its port, and against trouble.

mod caches;
mod datadog;
mod http;
mod laws;
mod locations;
mod metrics;
mod processes;
mod s3;
mod s3_errors;
mod s3_faults;
mod s3_moto;
mod service;
mod support;
mod wraps;
