//! Functions that are moved about.

pub fn early() -> u32 {
    1
}

pub fn middle(number: u32) -> u32 {
    if number > 2 {
        number * 10
    } else {
        number
    }
}

pub fn late() -> u32 {
    3
}

pub struct Mover {
    pub at: u32,
}

impl Mover {
    pub fn forward(&self) -> u32 {
        self.at + 1
    }

    pub fn backward(&self) -> u32 {
        self.at - 1
    }
}

/// Old and never called.
pub fn unused() -> u32 {
    1_000_000
}
