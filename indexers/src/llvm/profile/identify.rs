//! Whose profile it is.

use std::collections::{HashMap, HashSet};

use skiptrace_engine::fingerprint::Fingerprint;

use crate::llvm::layout::Layout;

/// The binaries whose profiles can be read, found by build id or by the hash of their data sections.
#[derive(Debug, Clone, Default)]
pub struct Layouts<'l> {
    layouts: Vec<&'l Layout>,
    by_build_id: HashMap<&'l [u8], Vec<usize>>,
    by_data_hash: HashMap<Fingerprint, Vec<usize>>,
    data_bytes: HashSet<u64>,
}

impl<'l> Layouts<'l> {
    /// Returns the layout with this number.
    pub fn get(&self, number: usize) -> Option<&'l Layout> {
        self.layouts.get(number).copied()
    }

    /// Returns those with one of these build ids. Usually one; a copied binary has the id of the original.
    pub fn with_build_id(&self, build_ids: &[Box<[u8]>]) -> &[usize] {
        build_ids.iter().find_map(|id| self.by_build_id.get(&**id)).map_or(&[], Vec::as_slice)
    }

    /// Returns whether any has a data section of this size: the others need not be hashed.
    pub fn have_data_bytes(&self, data_bytes: u64) -> bool {
        self.data_bytes.contains(&data_bytes)
    }

    /// Returns those with this data section. Two binaries that differ elsewhere may have the same.
    pub fn with_data_hash(&self, hash: Fingerprint) -> &[usize] {
        self.by_data_hash.get(&hash).map_or(&[], Vec::as_slice)
    }
}

impl<'l> FromIterator<&'l Layout> for Layouts<'l> {
    fn from_iter<I: IntoIterator<Item = &'l Layout>>(layouts: I) -> Self {
        let mut all = Layouts::default();
        for (number, layout) in layouts.into_iter().enumerate() {
            all.layouts.push(layout);
            if !layout.build_id.is_empty() {
                all.by_build_id.entry(&layout.build_id).or_default().push(number);
            }
            if let Some(hash) = layout.data_hash {
                all.by_data_hash.entry(hash).or_default().push(number);
                all.data_bytes.insert(layout.data_bytes);
            }
        }
        all
    }
}
