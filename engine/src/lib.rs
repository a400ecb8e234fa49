//! The engine of skiptrace: from what tests were seen to do, to which of them a change can break.
//!
//! It is pure. Values come in, values go out; it opens no file, starts no process, asks no clock, and prints
//! nothing (`clippy.toml` beside this crate says so to the compiler). What it needs of the outside world it
//! declares as ports, which others implement: [`store::Store`], [`read_at::ReadAt`],
//! [`history::History`] and [`metrics::Sink`].
//!
//! In reading order:
//! - names and values: [`id`], [`path`], [`kind`], [`time`], [`fingerprint`], [`test_set`], [`glob`];
//! - what indexers hand in: [`mod@unit`], [`reach`], [`tree`], [`variable`], [`observation`], [`record`], [`recording`];
//! - the [`index`]: building, merging, asking; [`json`] is the predecessor's form of it;
//! - the [`selection`]: which tests must run, and the proofs of those that need not;
//! - the [`evaluation`]: whether a selection was right, by what really ran;
//! - [`balance`]: who runs what, where several nodes share tests;
//! - [`codec`]: the index as bytes, written whole, read piece by piece;
//! - where it is kept: [`key`], [`store`], [`read_at`], [`catalog`];
//! - the [`history`]: what runs chose and what came of it; a [`report`] of it;
//! - the [`metrics`]: what is told of both to the outside world.
#![warn(missing_docs)]

pub mod fingerprint;
pub mod glob;
pub mod id;
pub mod kind;
pub mod path;
pub mod test_set;
pub mod time;

pub mod observation;
pub mod reach;
pub mod record;
pub mod recording;
pub mod tree;
pub mod unit;
pub mod variable;

pub mod balance;
pub mod codec;
pub mod evaluation;
pub mod index;
pub mod json;
pub mod selection;

pub mod history;
pub mod metrics;
pub mod report;

pub mod catalog;
pub mod key;
pub mod read_at;
pub mod store;
