//! As much of a raw profile as these tests need: little-endian, 64 bit, one profile per file.

use std::fs;
use std::path::Path;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_indexers::llvm::layout::{CounterWidth, Layout};

pub(crate) struct Profile {
    pub(crate) build_id: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) n_counters: u64,
    counters: Vec<u8>,
}

impl Profile {
    pub(crate) fn read(path: &Path) -> Profile {
        let bytes = fs::read(path).unwrap();
        let word = |at: usize| u64::from_le_bytes(bytes[at * 8..at * 8 + 8].try_into().unwrap());
        assert_eq!(word(0), 0xff6c_7072_6f66_7281, "{} is no profile", path.display());
        let version = word(1) & 0xFFFF_FFFF;
        let entry_size = if word(1) & (1 << 60) == 0 { 8 } else { 1 };
        let (header, record_size, n_bitmap) = match version {
            8 => (88, 48, 0),
            9 => (104, 64, word(7)),
            10 => (128, 64, word(7)),
            _ => panic!("profiles of version {version} are not read here"),
        };
        let (ids, n_data, n_counters) = (word(2) as usize, word(3) as usize, word(5));
        let pad_before = word(4) as usize;
        let _ = n_bitmap;
        let data_start = header + ids;
        let counters_start = data_start + n_data * record_size + pad_before;
        let counters_end = counters_start + n_counters as usize * entry_size;
        let build_id = if ids == 0 {
            Vec::new()
        } else {
            let len = u64::from_le_bytes(bytes[header..header + 8].try_into().unwrap()) as usize;
            bytes[header + 8..header + 8 + len].to_vec()
        };
        Profile {
            build_id,
            data: bytes[data_start..data_start + n_data * record_size].to_vec(),
            n_counters,
            counters: bytes[counters_start..counters_end].to_vec(),
        }
    }

    pub(crate) fn is_of(&self, layout: &Layout) -> bool {
        match layout.data_hash {
            Some(hash) => hash == Fingerprint::of(&self.data) && self.data.len() as u64 == layout.data_bytes,
            None => !self.build_id.is_empty() && *self.build_id == *layout.build_id,
        }
    }

    /// Returns how often each counter of a stretch counted.
    pub(crate) fn counts(&self, layout: &Layout, first: u32, n_counters: u32) -> Vec<u64> {
        assert_eq!(self.n_counters, layout.n_counters);
        let range = first as usize..(first + n_counters) as usize;
        match layout.counter_width {
            CounterWidth::One => self.counters[range].iter().map(|byte| u64::from(*byte == 0)).collect(),
            CounterWidth::Eight => self.counters[range.start * 8..range.end * 8]
                .chunks_exact(8)
                .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
                .collect(),
        }
    }
}
