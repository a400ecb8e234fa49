//! Section `__llvm_covfun`: one record per function.
//!
//! ```text
//! from a multiple of eight bytes on:
//!   hash of its name u64 · size of the encoding u32 · hash of its structure u64 · hash of its file list u64
//!   encoding: see `region`
//! ```

use object::Endianness;

use crate::llvm::binary::BinaryError;
use crate::llvm::object::Section;

use super::cursor::Cursor;

/// A function of the map, its regions still encoded.
#[derive(Debug, Clone)]
pub(crate) struct FunctionRecord<'data> {
    pub(crate) name_hash: u64,
    pub(crate) structure_hash: u64,
    /// The hash of the list that its files are of.
    pub(crate) list: u64,
    /// Where in the section the encoding begins.
    pub(crate) at: usize,
    pub(crate) encoded: &'data [u8],
}

/// Reads the records of a section one by one.
#[derive(Debug)]
pub(crate) struct FunctionRecords<'data> {
    cursor: Cursor<'data>,
    endian: Endianness,
}

impl<'data> FunctionRecords<'data> {
    pub(crate) fn new(section: &Section<'data>, endian: Endianness) -> Self {
        FunctionRecords { cursor: Cursor::new(section.name, 0, section.bytes), endian }
    }

    pub(crate) fn next(&mut self) -> Result<Option<FunctionRecord<'data>>, BinaryError> {
        if self.cursor.is_at_end() {
            return Ok(None);
        }
        let name_hash = self.cursor.u64(self.endian)?;
        let size = self.cursor.u32(self.endian)?;
        let structure_hash = self.cursor.u64(self.endian)?;
        let list = self.cursor.u64(self.endian)?;
        let at = self.cursor.at();
        let encoded = self.cursor.take(size as usize)?;
        self.cursor.align();
        Ok(Some(FunctionRecord { name_hash, structure_hash, list, at, encoded }))
    }
}
