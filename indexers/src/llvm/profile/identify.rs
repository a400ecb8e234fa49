//! Whose profile it is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use skiptrace_engine::fingerprint::Fingerprint;

use crate::llvm::layout::Layout;

/// The binaries whose profiles can be read, found by build id or by the hash of their data sections.
#[derive(Debug, Clone, Default)]
pub struct Layouts {
    layouts: Vec<Arc<Layout>>,
    by_build_id: HashMap<Box<[u8]>, Vec<usize>>,
    by_data_hash: HashMap<Fingerprint, Vec<usize>>,
    data_bytes: HashSet<u64>,
}

impl Layouts {
    /// Adds a layout and returns its number; layouts are numbered from zero.
    pub fn add(&mut self, layout: Arc<Layout>) -> usize {
        let number = self.layouts.len();
        if !layout.build_id.is_empty() {
            self.by_build_id.entry(layout.build_id.clone()).or_default().push(number);
        }
        if let Some(hash) = layout.data_hash {
            self.by_data_hash.entry(hash).or_default().push(number);
            self.data_bytes.insert(layout.data_bytes);
        }
        self.layouts.push(layout);
        number
    }

    /// Returns the layout with this number.
    pub fn get(&self, number: usize) -> Option<&Layout> {
        self.layouts.get(number).map(|layout| &**layout)
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

impl FromIterator<Arc<Layout>> for Layouts {
    fn from_iter<I: IntoIterator<Item = Arc<Layout>>>(layouts: I) -> Self {
        let mut all = Layouts::default();
        for layout in layouts {
            all.add(layout);
        }
        all
    }
}
