//! Raw profiles.
