//! A dependency that is no member of the workspace.

pub const GRAMS: u32 = 1000;

pub fn grams(kilos: u32) -> u32 {
    kilos * GRAMS
}

pub fn metres(kilometres: u32) -> u32 {
    kilometres * 1000
}

pub trait Unit {
    fn symbol(&self) -> &'static str {
        "?"
    }
}

pub struct Gram;

impl Unit for Gram {}

pub fn show(unit: &dyn Unit) -> String {
    format!("unit {}", unit.symbol())
}

#[macro_export]
macro_rules! unit_name {
    () => {
        "gram"
    };
}
