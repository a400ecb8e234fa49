//! Every store against the laws of the port, and against trouble.

mod caches;
mod laws;
mod locations;
mod s3;
mod service;
mod support;
mod wraps;
