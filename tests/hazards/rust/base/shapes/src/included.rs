pub fn included() -> u32 {
    31
}
