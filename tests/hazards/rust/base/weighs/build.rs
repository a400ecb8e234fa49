//! Sees how large files are without opening them, by itself and by another program, and says nothing of it.

use std::process::Command;
use std::{env, fs, path::Path};

fn main() {
    let load = fs::metadata("load.txt").unwrap().len();
    let other = Command::new("stat").args(["-c", "%s", "other.txt"]).output().unwrap();
    let source = format!(
        "pub const LOAD: u64 = {load};\npub const OTHER: &str = {:?};\n",
        String::from_utf8_lossy(&other.stdout).trim(),
    );
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("made.rs"), source).unwrap();
}
