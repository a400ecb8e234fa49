//! Hands on a macro of another package.

pub use asking::version;
