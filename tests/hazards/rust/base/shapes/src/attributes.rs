//! What attributes decide.

#[derive(Debug, Clone, Default, PartialEq, PartialOrd)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Mode {
    #[default]
    Calm,
    Wild,
}

#[derive(Debug)]
pub struct Layout {
    pub first: u8,
    pub second: u32,
    pub third: u8,
}

#[derive(Debug, Clone)]
pub struct Shown {
    pub inner: u32,
}

pub fn newer(one: &Version, other: &Version) -> bool {
    one > other
}

pub fn default_mode() -> Mode {
    Mode::default()
}

pub fn layout_size() -> usize {
    std::mem::size_of::<Layout>()
}

pub fn shown() -> String {
    format!("{:?}", Shown { inner: 1 })
}

#[cfg(feature = "round")]
pub fn rounded(number: f64) -> f64 {
    number.round()
}

#[cfg(not(feature = "round"))]
pub fn rounded(number: f64) -> f64 {
    number
}

pub fn volume() -> &'static str {
    if cfg!(feature = "loud") { "loud" } else { "quiet" }
}

#[cfg(debug_assertions)]
pub fn checked() -> &'static str {
    "checked"
}

#[cfg(not(debug_assertions))]
pub fn checked() -> &'static str {
    "unchecked"
}

#[track_caller]
pub fn who_calls() -> u32 {
    std::panic::Location::caller().line()
}

pub fn steady() -> u32 {
    4
}
