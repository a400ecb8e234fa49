//! The engine of skiptrace: values in, values out.
#![warn(missing_docs)]

pub mod key;
pub mod read_at;
pub mod store;
pub mod time;
