//! Cutting source files into units.

use divan::Bencher;
use divan::counter::BytesCount;
use skiptrace_benches::synthetic;
use skiptrace_indexers::units::{Language, cut};

/// About as large as the files that people write at most.
const BYTES: usize = 100_000;

fn main() {
    divan::main();
}

#[divan::bench(args = Language::ALL, sample_count = 20, sample_size = 1)]
fn cut_file(bencher: Bencher<'_, '_>, language: Language) {
    let source = match language {
        Language::Rust => synthetic::rust(BYTES),
        Language::C => synthetic::c(BYTES),
        Language::Cpp => synthetic::cpp(BYTES),
    };
    let n_units = cut(Some(language), source.as_bytes()).len();
    assert!(n_units > 100, "{n_units} units: it was taken for one");
    bencher.counter(BytesCount::new(source.len())).bench(|| cut(Some(language), source.as_bytes()));
}

/// This project's own sources, all of them.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn cut_own_sources(bencher: Bencher<'_, '_>) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut sources = Vec::new();
    for package in ["engine", "indexers", "cli", "backends"] {
        read_below(&root.join(package).join("src"), &mut sources);
    }
    let bytes: usize = sources.iter().map(Vec::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| sources.iter().map(|source| cut(Some(Language::Rust), source).len()).sum::<usize>());
}

fn read_below(folder: &std::path::Path, sources: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_below(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(std::fs::read(path).unwrap_or_default());
        }
    }
}
