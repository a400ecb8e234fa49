//! Numbers and texts as bytes.

use super::{CodecError, Section};

/// How many bytes of text may come out of `bytes` bytes written, before a text has to stand for itself.
///
/// Without a bound a few bytes that all share one long beginning could unpack to any amount of memory.
fn text_budget(bytes: usize) -> usize {
    bytes.saturating_mul(256).saturating_add(1024 * 1024)
}

/// Appends values to bytes.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    text: usize,
}

impl Writer {
    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Writes seven bits a byte, the lowest first; all but the last byte have their top bit set.
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Writes how many items there are, or how long something is.
    pub(super) fn count(&mut self, value: usize) {
        self.varint(value as u64);
    }

    /// Writes a number that may be negative: 0, -1, 1, -2 … as 0, 1, 2, 3 …
    pub(super) fn signed(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a text that follows `previous` in a list: how many bytes they share, then the rest.
    pub(super) fn front_coded(&mut self, previous: &str, text: &str) {
        self.text += text.len();
        let shared = if self.text <= text_budget(self.bytes.len()) {
            previous.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count()
        } else {
            0
        };
        self.count(shared);
        self.count(text.len() - shared);
        self.raw(&text.as_bytes()[shared..]);
    }
}

/// Takes values from bytes.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    section: Section,
    len: usize,
    text: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(section: Section, bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes, section, len: bytes.len(), text: 0 }
    }

    /// Makes a cursor over other bytes of the same section.
    pub(super) fn nested<'b>(&self, bytes: &'b [u8]) -> Cursor<'b> {
        Cursor::new(self.section, bytes)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn corrupt(&self, what: &str) -> CodecError {
        CodecError::corrupt(self.section, what)
    }

    pub(super) fn raw(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.corrupt("it ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        Ok(self.raw(N)?.try_into().expect("as many as asked for"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                // One spelling for each number, so that equal indexes are equal bytes.
                let padded = byte == 0 && shift > 0;
                return if padded { Err(self.corrupt("a number is padded")) } else { Ok(value) };
            }
        }
        Err(self.corrupt("a number is too large"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, CodecError> {
        let value = self.varint()?;
        u32::try_from(value).map_err(|_| self.corrupt("a number is too large"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, CodecError> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads how many items follow, each of which takes at least a byte: so no more than there are bytes.
    pub(super) fn count(&mut self) -> Result<usize, CodecError> {
        let value = self.varint()?;
        let count = usize::try_from(value).ok().filter(|count| *count <= self.rest.len());
        count.ok_or_else(|| self.corrupt("it announces more than it has"))
    }

    pub(super) fn front_coded(&mut self, previous: &str) -> Result<Box<str>, CodecError> {
        let budget = text_budget(self.len - self.rest.len());
        let shared = self.varint()?;
        let len = self.count()?;
        let suffix = self.raw(len)?;
        let prefix = usize::try_from(shared).ok().and_then(|shared| previous.as_bytes().get(..shared));
        let prefix = prefix.ok_or_else(|| self.corrupt("a text shares more than there is"))?;
        self.text += prefix.len() + suffix.len();
        if shared > 0 && self.text > budget {
            return Err(self.corrupt("its texts share more than the format allows"));
        }
        // Two texts may share the first byte of a character, so the whole has to be looked at.
        let text = [prefix, suffix].concat();
        String::from_utf8(text).map(String::into_boxed_str).map_err(|_| self.corrupt("a text is not UTF-8"))
    }

    pub(super) fn end(self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt("it has more than it announces")) }
    }
}
