//! Stores in front of other stores.

use std::sync::Arc;

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::{Subject, parse};
use skiptrace_backends::folder::FolderStore;
use skiptrace_backends::memory::MemoryStore;
use skiptrace_backends::wrap::{Cached, Prefixed, ReadOnly};
use skiptrace_engine::store::{Store, StoreErrorKind};

const ROOMY: u64 = 1 << 30;

fn prefixed(inner: Arc<dyn Store>) -> Arc<dyn Store> {
    // Neighbours that must not be seen.
    for neighbour in ["pre", "prefix/our", "prefix/ours-too/a", "z"] {
        inner.put(&parse(neighbour), b"a neighbour").unwrap();
    }
    Arc::new(Prefixed::new(inner, parse("prefix/ours")))
}

fn cached(inner: Arc<dyn Store>) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    Subject::new(Arc::new(Cached::new(inner, folder.path().join("cache"), ROOMY))).keeping(folder)
}

fn in_a_prefix() -> Option<Subject> {
    Some(Subject::new(prefixed(Arc::new(MemoryStore::new()))))
}

fn unchangeable() -> Option<Subject> {
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
    Some(Subject::new(Arc::new(ReadOnly::new(Arc::clone(&inner)))).filled_through(inner))
}

fn behind_a_cache() -> Option<Subject> {
    Some(cached(Arc::new(MemoryStore::new())))
}

// Nothing in the cache before it is read, and almost no room in it.
fn behind_a_small_cold_cache() -> Option<Subject> {
    let folder = tempfile::tempdir().unwrap();
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let store = Cached::new(Arc::clone(&inner), folder.path().join("cache"), 2_000_000);
    Some(Subject::new(Arc::new(store)).filled_through(inner).keeping(folder))
}

fn prefix_behind_a_cache() -> Option<Subject> {
    Some(cached(prefixed(Arc::new(MemoryStore::new()))))
}

conformance!(prefix, all, in_a_prefix);
conformance!(read_only, read, unchangeable);
conformance!(cache, all, behind_a_cache);
conformance!(small_cold_cache, read, behind_a_small_cold_cache);
conformance!(cache_over_prefix, all, prefix_behind_a_cache);

#[test]
fn names_and_errors_are_those_of_the_inner_store() {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let prefixed = Prefixed::new(Arc::clone(&memory), parse("a/b"));
    assert_eq!(prefixed.to_string(), "memory:/a/b");
    let long = parse(&["x".repeat(250), "x".repeat(250), "x".repeat(250), "x".repeat(147)].join("/"));
    assert_eq!(prefixed.put(&long, b"").unwrap_err().kind, StoreErrorKind::Other);
    let read_only = ReadOnly::new(memory);
    assert_eq!(read_only.to_string(), "memory:");
    for error in [read_only.put(&parse("k"), b"").unwrap_err(), read_only.delete(&parse("k")).unwrap_err()] {
        assert_eq!(error.kind, StoreErrorKind::ReadOnly);
        assert!(error.to_string().contains("`memory:/k`"), "{error}");
    }
}

#[test]
fn local_files_are_those_of_the_inner_store() {
    let folder = tempfile::tempdir().unwrap();
    let inner: Arc<dyn Store> = Arc::new(FolderStore::new(folder.path()));
    let prefixed: Arc<dyn Store> = Arc::new(Prefixed::new(inner, parse("p")));
    prefixed.put(&parse("k"), b"value").unwrap();
    let expected = Some(folder.path().join("p/k"));
    assert_eq!(prefixed.local_path(&parse("k")), expected);
    assert_eq!(ReadOnly::new(Arc::clone(&prefixed)).local_path(&parse("k")), expected);
    let cache = Cached::new(prefixed, folder.path().join("cache"), ROOMY);
    assert_eq!(cache.get(&parse("k")).unwrap(), b"value");
    assert_eq!(cache.local_path(&parse("k")), expected);
}
