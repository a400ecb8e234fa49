//! Links the program so that it starts fast.

#![expect(clippy::disallowed_macros, clippy::disallowed_methods, reason = "so build scripts talk with cargo")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Under its other names the program is started before each compiler and each test. Where it may lie anywhere in
    // memory, each of these starts writes 60,000 addresses into a megabyte of tables, most of what it takes. Heap, stack
    // and libraries lie anywhere all the same.
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is.split(',').any(|part| part == value));
    let is_static = is("CARGO_CFG_TARGET_FEATURE", "crt-static");
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is_static {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
