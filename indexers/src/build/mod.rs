//! What binaries were compiled from, and how.
