//! The index's bytes, from outside: damage, the fuzzed targets on a stable compiler, and what the document says.

#[path = "../../../tests/fuzz/src/engine/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod fuzz;

mod damage;
mod document;
mod smoke;
