//! Reads this and that, and says nothing of it.

use std::{env, fs, path::Path};

fn main() {
    let mut words: Vec<String> = fs::read_dir("words")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| format!("{}={}", path.display(), fs::read_to_string(&path).unwrap().trim()))
        .collect();
    words.sort();
    let settings = fs::read_to_string("settings.txt").unwrap();
    let source = format!(
        "pub const WORDS: &str = {:?};\npub const SETTINGS: &str = {:?};\npub const HAS_MORE: bool = {};\n",
        words.join(", "),
        settings,
        Path::new("more.txt").exists(),
    );
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("made.rs"), source).unwrap();
}
