//! Runs as objects in a store: their lines, compressed. Two objects one after the other are two runs.

use std::io::{self, BufRead, BufReader, Read};

use zstd::stream::read::Decoder;

use super::lines::{self, FormatError};
use super::{RunId, RunRecord};

const LEVEL: i32 = 9;
/// What begins a zstd frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// No object unpacks to more: a run of some millions of tests.
const MAX_TEXT: u64 = 1024 * 1024 * 1024;

/// Returns a run as the object that keeps it. Equal runs have equal bytes.
pub fn pack(record: &RunRecord) -> Vec<u8> {
    let of = "memory is all that compressing takes";
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).expect(of);
    compressor.include_checksum(true).expect(of);
    compressor.compress(&lines::encode(record)).expect(of)
}

/// Reads the run that an object keeps under the name of a run.
pub fn unpack(bytes: &[u8], id: RunId) -> Result<RunRecord, FormatError> {
    let record = lines::decode(BufReader::new(Limited { inner: Decoder::new(bytes)?, left: MAX_TEXT }))?;
    if record.run.id == id { Ok(record) } else { Err(FormatError::OtherRun(record.run.id)) }
}

/// Reads runs from bytes that may be lines or objects, one after the other.
pub fn read<'a>(bytes: impl BufRead + 'a) -> Result<lines::Runs<Box<dyn BufRead + 'a>>, FormatError> {
    let mut bytes = bytes;
    // Whoever hands over less than four bytes at a time is a reader of ours that was not meant.
    let is_packed = bytes.fill_buf()?.starts_with(&MAGIC);
    let lines: Box<dyn BufRead + 'a> =
        if is_packed { Box::new(BufReader::new(Decoder::with_buffer(bytes)?)) } else { Box::new(bytes) };
    Ok(lines::Runs::new(lines))
}

/// A reader that fails, rather than ends, when there is too much.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other("it unpacks to too much"))?;
        Ok(n)
    }
}
