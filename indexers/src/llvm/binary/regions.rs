//! Regions of functions, kept encoded until somebody asks.

use std::collections::HashMap;

use crate::llvm::mapping::FunctionRegions;
use crate::llvm::mapping::cursor::Cursor;
use crate::llvm::mapping::filenames::Filenames;
use crate::llvm::mapping::records::FunctionRecord;

use super::BinaryError;

/// The encodings of all functions of a binary.
#[derive(Debug, Default)]
pub(super) struct EncodedRegions {
    bytes: Vec<u8>,
    /// By function.
    first: Vec<Encoding>,
    /// What functions have beyond their first.
    more: HashMap<u32, Vec<Encoding>>,
    lists: Filenames,
}

#[derive(Debug, Clone, Copy)]
struct Encoding {
    start: usize,
    len: usize,
    list: u64,
    section: &'static str,
    /// Where in the section it was.
    at: usize,
}

impl EncodedRegions {
    pub(super) fn add(&mut self, function: u32, record: &FunctionRecord<'_>, section: &'static str) {
        let (start, len) = (self.bytes.len(), record.encoded.len());
        let encoding = Encoding { start, len, list: record.list, section, at: record.at };
        self.bytes.extend_from_slice(record.encoded);
        if self.first.len() == function as usize {
            self.first.push(encoding);
        } else {
            self.more.entry(function).or_default().push(encoding);
        }
    }

    pub(super) fn with_lists(self, lists: Filenames) -> Self {
        EncodedRegions { lists, ..self }
    }

    pub(super) fn decode(&self, function: u32) -> Result<Vec<FunctionRegions>, BinaryError> {
        let first = self.first.get(function as usize);
        let more = self.more.get(&function).into_iter().flatten();
        first.into_iter().chain(more).map(|encoding| self.decode_one(encoding)).collect()
    }

    fn decode_one(&self, encoding: &Encoding) -> Result<FunctionRegions, BinaryError> {
        let bytes = &self.bytes[encoding.start..encoding.start + encoding.len];
        let list = self.lists.list(encoding.list).expect("the list was there when the function was read");
        FunctionRegions::decode(Cursor::new(encoding.section, encoding.at, bytes), list)
    }
}
