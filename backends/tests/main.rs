//! Every store against the laws of the port, and against trouble.

mod caches;
mod laws;
mod locations;
mod service;
mod wraps;
