//! Makes code of `schema.txt`.

use std::fmt::Write;

const PREFIX: &str = "field";

fn main() {
    println!("cargo:rerun-if-changed=schema.txt");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=APP_LABEL");
    println!("cargo:rustc-check-cfg=cfg(built, nightly_like)");
    println!("cargo:rustc-cfg=built");
    let label = std::env::var("APP_LABEL").unwrap_or_else(|_| "none".to_owned());
    println!("cargo:rustc-env=LABEL={label}");
    let mut code = String::new();
    let schema = std::fs::read_to_string("schema.txt").unwrap();
    for (at, name) in schema.lines().enumerate() {
        writeln!(code, "pub fn {PREFIX}_{name}() -> usize {{ {at} }}").unwrap();
    }
    let count = schema.lines().count();
    writeln!(code, "pub const FIELDS: usize = {count};").unwrap();
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/schema.rs"), code).unwrap();
}
