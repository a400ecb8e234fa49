//! What git tracks that is no plain file.

use std::collections::BTreeMap;

use skiptrace_engine::id::ObjectId;
use skiptrace_engine::path::RepoPath;

use super::{GitError, Repository};

impl Repository {
    /// Returns the symbolic links and the other repositories that git tracks, with what it has of them.
    pub fn links(&self) -> Result<BTreeMap<RepoPath, Option<ObjectId>>, GitError> {
        let mut links = BTreeMap::new();
        for entry in self.entries(&["ls-files", "--stage", "-z"])? {
            // `120000 <blob> 0<tab>path`.
            let entry = String::from_utf8_lossy(&entry);
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let mut fields = about.split(' ');
            let (mode, blob) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            if let ("120000" | "160000", Ok(path)) = (mode, RepoPath::new(path)) {
                links.insert(path, blob.parse().ok());
            }
        }
        Ok(links)
    }
}
