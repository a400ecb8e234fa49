//! A library with a program.

pub mod commands;

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

pub fn label() -> &'static str {
    env!("LABEL")
}

pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

pub fn about() -> &'static str {
    env!("CARGO_PKG_DESCRIPTION")
}

pub fn configured() -> &'static str {
    env!("CONFIGURED")
}

pub fn built() -> bool {
    cfg!(built)
}

pub fn like_nightly() -> bool {
    cfg!(nightly_like)
}

pub fn extra() -> &'static str {
    if cfg!(feature = "extra") { "extra" } else { "standard" }
}

pub fn doubled() -> u32 {
    shapes::twice!(21)
}

pub fn shape_areas() -> u32 {
    struct Own;
    impl shapes::generic::Area for Own {
        fn area(&self) -> u32 {
            50
        }
    }
    shapes::generic::scaled_area(&Own)
}

pub fn shape_through() -> u64 {
    shapes::generic::through(7u8)
}

pub fn shape_speaks() -> String {
    struct Bird;
    impl shapes::speak::Speak for Bird {
        fn name(&self) -> String {
            "bird".to_owned()
        }
    }
    shapes::speak::Speak::speak(&Bird)
}

pub fn overflows() -> bool {
    std::panic::catch_unwind(|| std::hint::black_box(200u8) + std::hint::black_box(100u8)).is_err()
}

pub fn variable() -> String {
    std::env::var("APP_VARIABLE").unwrap_or_else(|_| "unset".to_owned())
}

#[cfg(test)]
mod tests;
