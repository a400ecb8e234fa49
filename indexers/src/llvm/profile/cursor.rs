//! Numbers out of bytes, in the byte order of the machine that wrote them.

use super::header::{ByteOrder, WordSize};

/// A place in bytes; every read says whether there was enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Cursor { bytes, order }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*array)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let array = self.array()?;
        Some(match self.order {
            ByteOrder::Little => u16::from_le_bytes(array),
            ByteOrder::Big => u16::from_be_bytes(array),
        })
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let array = self.array()?;
        Some(match self.order {
            ByteOrder::Little => u32::from_le_bytes(array),
            ByteOrder::Big => u32::from_be_bytes(array),
        })
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let array = self.array()?;
        Some(match self.order {
            ByteOrder::Little => u64::from_le_bytes(array),
            ByteOrder::Big => u64::from_be_bytes(array),
        })
    }

    pub(super) fn word(&mut self, size: WordSize) -> Option<u64> {
        match size {
            WordSize::Four => self.u32().map(u64::from),
            WordSize::Eight => self.u64(),
        }
    }

    pub(super) fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(len).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }
}
