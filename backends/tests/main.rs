//! Every store against the laws of the port, and against trouble.

mod caches;
mod http;
mod laws;
mod locations;
mod processes;
mod s3;
mod s3_errors;
mod s3_faults;
mod s3_moto;
mod service;
mod support;
mod wraps;
