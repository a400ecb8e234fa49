//! Reading numbers, with every length compared with what is left.

use object::Endianness;

use crate::llvm::binary::BinaryError;

/// Bytes that are read from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'data> {
    section: &'static str,
    /// Where in the section the bytes begin.
    base: usize,
    bytes: &'data [u8],
    at: usize,
}

impl<'data> Cursor<'data> {
    pub(crate) fn new(section: &'static str, base: usize, bytes: &'data [u8]) -> Self {
        Cursor { section, base, bytes, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'data [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn damaged(&self, reason: &'static str) -> BinaryError {
        BinaryError::Malformed { section: self.section, at: self.base.saturating_add(self.at), reason }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'data [u8], BinaryError> {
        let taken = self.rest().get(..len).ok_or_else(|| self.damaged("it ends too early"))?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BinaryError> {
        Ok(self.take(N)?.try_into().expect("that many bytes were taken"))
    }

    pub(crate) fn u32(&mut self, endian: Endianness) -> Result<u32, BinaryError> {
        let bytes = self.array()?;
        Ok(match endian {
            Endianness::Little => u32::from_le_bytes(bytes),
            Endianness::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(crate) fn u64(&mut self, endian: Endianness) -> Result<u64, BinaryError> {
        let bytes = self.array()?;
        Ok(match endian {
            Endianness::Little => u64::from_le_bytes(bytes),
            Endianness::Big => u64::from_be_bytes(bytes),
        })
    }

    /// Skips to a multiple of eight bytes from the start of the section; what lies between must be there unless
    /// nothing follows.
    pub(crate) fn align(&mut self) {
        let over = (self.base + self.at) % 8;
        if over != 0 {
            self.at = self.bytes.len().min(self.at + 8 - over);
        }
    }

    /// Returns whether nothing but zeros is left, which is how linkers fill gaps.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().iter().all(|byte| *byte == 0)
    }

    /// Reads an unsigned LEB128 number.
    #[inline]
    pub(crate) fn leb(&mut self) -> Result<u64, BinaryError> {
        // Nearly all numbers of a map take one byte.
        if let Some(byte) = self.bytes.get(self.at)
            && *byte < 0x80
        {
            self.at += 1;
            return Ok(u64::from(*byte));
        }
        self.long_leb()
    }

    fn long_leb(&mut self) -> Result<u64, BinaryError> {
        let mut value = 0u64;
        for shift in (0..).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7F);
            // Padding with zeros is allowed, so the shift may exceed the width as long as no bit is lost.
            if bits != 0 {
                if shift >= 64 || bits << shift >> shift != bits {
                    return Err(self.damaged("a number is too large"));
                }
                value |= bits << shift;
            }
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(value)
    }

    /// Reads a number that must fit 32 bits.
    #[inline]
    pub(crate) fn leb_u32(&mut self) -> Result<u32, BinaryError> {
        u32::try_from(self.leb()?).map_err(|_| self.damaged("a number is too large"))
    }

    /// Reads how many items follow, each of which takes at least `min_size` bytes.
    pub(crate) fn count(&mut self, min_size: usize) -> Result<u32, BinaryError> {
        let count = self.leb_u32()?;
        match (count as usize).checked_mul(min_size) {
            Some(size) if size <= self.rest().len() => Ok(count),
            _ => Err(self.damaged("it announces more than there is")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(value in any::<u64>(), shift in 0u32..64, rest in any::<u8>()) {
            let value = value >> shift;
            let mut bytes = encode(value);
            bytes.push(rest);
            let mut cursor = Cursor::new("test", 0, &bytes);
            prop_assert_eq!(cursor.leb().unwrap(), value);
            prop_assert_eq!(cursor.rest(), &[rest]);
        }

        #[test]
        fn any_bytes_are_a_number_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut cursor = Cursor::new("test", 0, &bytes);
            while cursor.leb().is_ok() {}
            prop_assert!(cursor.at() <= bytes.len());
        }
    }

    #[test]
    fn numbers_that_are_cut_or_too_large_are_refused() {
        let read = |bytes: &[u8]| Cursor::new("test", 0, bytes).leb().map_err(|error| error.to_string());
        assert_eq!(read(&[0x80, 0x00]), Ok(0));
        assert_eq!(read(&[0xFF, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), Ok(0x7F));
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]), Ok(u64::MAX));
        assert_eq!(read(&[0x80]), Err("section `test` is damaged near byte 1: it ends too early".to_owned()));
        assert!(read(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]).is_err());
    }

    #[test]
    fn a_count_is_compared_with_what_is_left() {
        assert_eq!(Cursor::new("test", 0, &[2, 0, 0]).count(1).unwrap(), 2);
        assert!(Cursor::new("test", 0, &[2, 0]).count(1).is_err());
        assert!(Cursor::new("test", 0, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]).count(5).is_err());
    }
}
