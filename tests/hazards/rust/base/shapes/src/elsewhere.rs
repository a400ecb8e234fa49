//! A module whose file has another name.

pub fn placed() -> u32 {
    70
}
