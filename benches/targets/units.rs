//! Cutting source files into units.

use divan::Bencher;
use divan::counter::BytesCount;
use skiptrace_benches::synthetic;
use skiptrace_indexers::units::{Language, cut};

/// About as large as the files that people write at most.
const BYTES: usize = 100_000;

/// Languages that a source can be made up in.
const SYNTHETIC: [Language; 4] = [Language::Rust, Language::C, Language::Cpp, Language::Go];

fn main() {
    divan::main();
}

#[divan::bench(args = SYNTHETIC, sample_count = 20, sample_size = 1)]
fn cut_file(bencher: Bencher<'_, '_>, language: Language) {
    let source = match language {
        Language::Rust => synthetic::rust(BYTES),
        Language::C => synthetic::c(BYTES),
        Language::Cpp => synthetic::cpp(BYTES),
        _ => go(BYTES),
    };
    let n_units = cut(Some(language), source.as_bytes()).len();
    assert!(n_units > 100, "{n_units} units: it was taken for one");
    bencher.counter(BytesCount::new(source.len())).bench(|| cut(Some(language), source.as_bytes()));
}

/// Writes Go of about `bytes` bytes.
fn go(bytes: usize) -> String {
    let mut text = "package shelf\n\nimport \"fmt\"\n\n".to_owned();
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text += &format!(
            "// Shelf{number} keeps what is left of {number}.\ntype Shelf{number}[T any] struct {{\n\titems []T              `json:\"items\"`\n}}\n\n// Count counts what fits.\nfunc (s *Shelf{number}[T]) Count(fits func(T)              bool) int {{\n\tcount := 0\n\tfor _, item := range s.items {{\n\t\tif fits(item) {{ // enough\n\t\t\t             count++\n\t\t}} else {{\n\t\t\tfmt.Printf(\"%v does not fit into {number}\\n\",              item)\n\t\t}}\n\t}}\n\treturn count\n}}\n\n"
        );
    }
    text
}

/// Go's own sources, those of its library and its tools, if they are here.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn cut_go_library(bencher: Bencher<'_, '_>) {
    let root = std::process::Command::new("go").args(["env", "GOROOT"]).output();
    let root =
        root.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let mut sources = Vec::new();
    read_below(&std::path::Path::new(&root).join("src"), "go", &mut sources);
    if root.is_empty() || sources.is_empty() {
        eprintln!("skipped: there is no `go`");
        return;
    }
    let bytes: usize = sources.iter().map(Vec::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| sources.iter().map(|source| cut(Some(Language::Go), source).len()).sum::<usize>());
}

/// This project's own sources, all of them.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn cut_own_sources(bencher: Bencher<'_, '_>) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut sources = Vec::new();
    for package in ["engine", "indexers", "cli", "backends"] {
        read_below(&root.join(package).join("src"), "rs", &mut sources);
    }
    let bytes: usize = sources.iter().map(Vec::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| sources.iter().map(|source| cut(Some(Language::Rust), source).len()).sum::<usize>());
}

fn read_below(folder: &std::path::Path, ending: &str, sources: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_below(&path, ending, sources);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            sources.push(std::fs::read(path).unwrap_or_default());
        }
    }
}
