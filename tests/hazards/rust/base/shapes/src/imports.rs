//! Names that come from elsewhere.

pub mod metric {
    pub const BASE: u32 = 10;

    pub fn size() -> u32 {
        10
    }

    pub fn weight() -> u32 {
        1000
    }
}

pub mod imperial {
    pub const BASE: u32 = 12;

    pub fn size() -> u32 {
        12
    }
}

pub mod prelude {
    pub use super::metric::size as chosen;
}

mod many {
    pub fn helper() -> &'static str {
        "from many"
    }

    pub fn other() -> &'static str {
        "other"
    }
}

use many::*;
use metric::size;

pub fn sized() -> u32 {
    size()
}

pub fn helped() -> &'static str {
    helper()
}

pub fn chosen() -> u32 {
    prelude::chosen()
}

pub fn based() -> u32 {
    metric::BASE
}

pub fn weighed() -> u32 {
    metric::weight()
}
