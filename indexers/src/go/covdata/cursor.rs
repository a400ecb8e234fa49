//! Numbers out of bytes.

use super::error::CovdataError;

/// A place in bytes, in a part of a file that has a name; every read says whether there was enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Cursor { bytes, what }
    }

    /// Goes on in another part.
    pub(super) fn enter(&mut self, what: &'static str) {
        self.what = what;
    }

    pub(super) fn n_left(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn truncated(&self) -> CovdataError {
        CovdataError::Truncated { what: self.what }
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], CovdataError> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or_else(|| self.truncated())?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CovdataError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or_else(|| self.truncated())?;
        self.bytes = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, CovdataError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, CovdataError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, CovdataError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads a number of seven bits a byte, the lowest first. All that Go writes so fits 32 bits.
    #[inline]
    pub(super) fn uleb(&mut self) -> Result<u32, CovdataError> {
        if let [byte @ ..0x80, rest @ ..] = self.bytes {
            self.bytes = rest;
            return Ok(u32::from(*byte));
        }
        self.long_uleb()
    }

    fn long_uleb(&mut self) -> Result<u32, CovdataError> {
        let too_large = CovdataError::Number { what: self.what };
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| too_large);
            }
        }
        Err(too_large)
    }

    /// Reads how many things follow, of which each takes at least `least` bytes.
    ///
    /// What can be allocated for them is therefore no more than a multiple of what is there.
    pub(super) fn count(&self, n_things: u64, least: usize) -> Result<usize, CovdataError> {
        let most = self.bytes.len() / least;
        usize::try_from(n_things).ok().filter(|n_things| *n_things <= most).ok_or_else(|| self.truncated())
    }
}
