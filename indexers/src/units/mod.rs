//! Source files cut into units.
