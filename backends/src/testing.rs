//! Servers that run inside of a test: a service that speaks S3, and a web server with files.
//!
//! Both answer on a port of their own on 127.0.0.1 until they are dropped, count what they were asked, and fail
//! on demand; see [`Fault`].

mod fault;
mod files;
mod message;
mod range;
mod s3;
mod server;

pub use fault::{Call, Fault};
pub use files::FileServer;
pub use s3::S3Server;
