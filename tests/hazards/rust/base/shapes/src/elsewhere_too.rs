//! A file that nobody compiles.

pub fn placed() -> u32 {
    71
}
