//! The laws of the port, over every store and every wrapper.

use std::sync::Arc;

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::Subject;
use skiptrace_backends::folder::FolderStore;
use skiptrace_backends::memory::MemoryStore;

fn in_memory() -> Option<Subject> {
    Some(Subject::new(Arc::new(MemoryStore::new())))
}

fn in_a_folder() -> Option<Subject> {
    let folder = tempfile::tempdir().unwrap();
    Some(Subject::new(Arc::new(FolderStore::new(folder.path().join("not/yet/there")))).keeping(folder))
}

conformance!(memory, all, in_memory);
conformance!(folder, all, in_a_folder);
