//! Looks after the sources.

use std::path::{Path, PathBuf};

pub fn sources(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

pub fn render() -> String {
    format!("{}\n{}\n", shapes::limits::greet("snapshot"), shapes::limits::plain())
}

pub fn render_places() -> String {
    format!("line {}\n", shapes::places::line())
}
