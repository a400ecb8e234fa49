//! Frames, and finding them: header, footer and trailer.
//!
//! ```text
//! header  8 bytes
//! frames  zstd, one after the other, section after section
//! footer  zstd: for each section its code, whether readers must know it, and its frames' sizes and checksums
//! trailer 40 bytes, little-endian: footer offset u64 · footer size u32 · footer size unpacked u32 ·
//!         footer xxh3 u64 · version u16 · oldest version that can read it u16 · zero u32 · xxh3 of these 32 u64
//! ```

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::{Compressor, Decompressor};

use crate::read_at::ReadAt;

use super::wire::{Cursor, Writer};
use super::{CodecError, FORMAT_VERSION, OLDEST_FORMAT_VERSION, Section};

/// Not text (the high bit), broken by any transfer that translates line ends.
pub(super) const HEADER: [u8; 8] = *b"\x93SKT\r\n\x1a\n";
const TRAILER: usize = 40;
/// How much of the end is read first: footer, directory and meta of all but the largest indexes, of those the
/// footer.
const TAIL: u64 = 128 * 1024;
/// From this section on everything is read when a file is opened.
const FIRST_AT_HAND: Section = Section::Rules;
/// No frame unpacks to more.
const MAX_FRAME: usize = 256 * 1024 * 1024;
/// Above this a frame is unpacked as it comes, so that one that lies about its size costs nothing.
const TRUSTED_SIZE: usize = 1024 * 1024;
const LEVEL: i32 = 9;
/// For fewer frames than this it is not worth waking other threads.
const WORTH_THREADS: usize = 32;

/// Builds a file, section by section.
pub(super) struct ContainerWriter {
    bytes: Vec<u8>,
    footer: Writer,
}

impl ContainerWriter {
    pub(super) fn new() -> Self {
        ContainerWriter { bytes: HEADER.to_vec(), footer: Writer::default() }
    }

    /// Adds a section with a frame for each item, of the bytes that `encode` makes of it; sections come in the
    /// order of their codes.
    pub(super) fn section<'a, I: Sync, B: AsRef<[u8]>>(
        &mut self,
        section: Section,
        items: &'a [I],
        encode: impl Fn(&'a I) -> B + Sync + Send,
    ) -> Result<(), CodecError> {
        self.footer.u8(section.code());
        self.footer.u8(section.is_vital().into());
        self.footer.count(items.len());
        let frames = in_parallel(items, compressor, |compressor, item| {
            let block = encode(item);
            let block = block.as_ref();
            if block.len() > MAX_FRAME {
                return Err(CodecError::TooLarge { section, bytes: block.len() });
            }
            Ok((compressor.compress(block).expect("memory is all that compressing takes"), block.len()))
        })?;
        for (frame, raw_len) in frames {
            self.footer.count(frame.len());
            self.footer.count(raw_len);
            self.footer.raw(&xxh3_64(&frame).to_le_bytes());
            self.bytes.extend_from_slice(&frame);
        }
        Ok(())
    }

    /// Ends a file that readers of `version` can read, and older ones cannot.
    pub(super) fn finish(mut self, version: u16) -> Result<Vec<u8>, CodecError> {
        let section = Section::Footer;
        let raw_len = self.footer.bytes.len();
        let too_large = |_| CodecError::TooLarge { section, bytes: raw_len };
        let footer = compressor().compress(&self.footer.bytes).expect("memory is all that compressing takes");
        let mut trailer = Vec::with_capacity(TRAILER);
        trailer.extend_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        trailer.extend_from_slice(&u32::try_from(footer.len()).map_err(too_large)?.to_le_bytes());
        trailer.extend_from_slice(&u32::try_from(raw_len).map_err(too_large)?.to_le_bytes());
        trailer.extend_from_slice(&xxh3_64(&footer).to_le_bytes());
        trailer.extend_from_slice(&version.to_le_bytes());
        trailer.extend_from_slice(&version.to_le_bytes());
        trailer.extend_from_slice(&[0; 4]);
        trailer.extend_from_slice(&xxh3_64(&trailer).to_le_bytes());
        self.bytes.extend_from_slice(&footer);
        self.bytes.extend_from_slice(&trailer);
        Ok(self.bytes)
    }
}

/// A frame of a file.
#[derive(Debug, Clone, Copy)]
struct Frame {
    offset: u64,
    len: u64,
    raw_len: usize,
    checksum: u64,
}

impl Frame {
    fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.len
    }
}

/// A file whose frames are known.
#[derive(Debug)]
pub(super) struct Container<R> {
    source: R,
    size: u64,
    /// Which bytes of the end are at hand.
    tail: Vec<u8>,
    /// By the sections' codes.
    sections: Vec<Vec<Frame>>,
}

impl<R: ReadAt> Container<R> {
    /// Reads the end of a file.
    pub(super) fn open(source: R) -> Result<Self, CodecError> {
        let (tail, size) = source.read_tail(TAIL)?;
        let mut tail = tail.into_owned();
        let trailer = Trailer::parse(&tail, size)?;
        extend_tail(&source, &mut tail, size, trailer.footer_offset)?;
        let footer_range = trailer.footer_offset..trailer.footer_offset + trailer.footer.len;
        let footer = in_tail(&tail, size, &footer_range)
            .ok_or_else(|| CodecError::corrupt(Section::Footer, "it could not be read whole"))?;
        let footer = unpack(Section::Footer, &mut decompressor(), footer, &trailer.footer)?;
        let sections = parse_footer(&footer, &trailer)?;
        let first =
            sections[FIRST_AT_HAND.code() as usize..].iter().flatten().map(|frame| frame.offset).min();
        if let Some(first) = first {
            extend_tail(&source, &mut tail, size, first)?;
        }
        Ok(Container { source, size, tail, sections })
    }

    pub(super) fn n_frames(&self, section: Section) -> usize {
        self.sections[section.code() as usize].len()
    }

    /// Returns what `decode` makes of some frames of a section, in the order asked for. Frames that lie side by
    /// side are read as one range, the ranges all at once.
    pub(super) fn read<T: Send>(
        &self,
        section: Section,
        numbers: &[usize],
        decode: impl Fn(usize, &[u8]) -> Result<T, CodecError> + Sync,
    ) -> Result<Vec<T>, CodecError> {
        let frame_of = |number: &usize| self.sections[section.code() as usize][*number];
        let at_hand = |frame: &Frame| in_tail(&self.tail, self.size, &frame.range());
        let mut wanted: Vec<Range<u64>> = numbers
            .iter()
            .map(frame_of)
            .filter(|frame| at_hand(frame).is_none())
            .map(|frame| frame.range())
            .collect();
        wanted.sort_by_key(|range| range.start);
        wanted.dedup();
        let mut runs: Vec<Range<u64>> = Vec::new();
        for range in wanted {
            match runs.last_mut() {
                Some(run) if run.end == range.start => run.end = range.end,
                _ => runs.push(range),
            }
        }
        let fetched = if runs.is_empty() { Vec::new() } else { self.source.read_ranges(&runs)? };
        in_parallel(numbers, decompressor, |decompressor, number| {
            let frame = frame_of(number);
            let bytes = match at_hand(&frame) {
                Some(bytes) => bytes,
                None => slice_of(&runs, &fetched, &frame)
                    .ok_or_else(|| CodecError::corrupt(section, "it could not be read whole"))?,
            };
            decode(*number, &unpack(section, decompressor, bytes, &frame)?)
        })
    }

    /// Checks that the file begins as one should; opening does not look there.
    pub(super) fn check_header(&self) -> Result<(), CodecError> {
        let header = self.source.read_ranges(std::slice::from_ref(&(0..HEADER.len() as u64)))?;
        if header.first().is_some_and(|header| **header == HEADER) {
            Ok(())
        } else {
            Err(CodecError::corrupt(Section::Header, "it is not a skiptrace index"))
        }
    }
}

/// Calls `work` for each item, for many of them on all processors, with a state for each thread; the results come
/// in the order of the items.
fn in_parallel<'a, I: Sync, S, T: Send>(
    items: &'a [I],
    state: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, &'a I) -> Result<T, CodecError> + Sync + Send,
) -> Result<Vec<T>, CodecError> {
    if items.len() < WORTH_THREADS {
        let mut state = state();
        return items.iter().map(|item| work(&mut state, item)).collect();
    }
    items.par_iter().with_min_len(WORTH_THREADS / 2).map_init(state, work).collect()
}

fn decompressor() -> Decompressor<'static> {
    Decompressor::new().expect("memory is all that it takes")
}

fn compressor() -> Compressor<'static> {
    Compressor::new(LEVEL).expect("the level is one that zstd has")
}

/// Makes the end that is at hand begin at `start`, or leaves it as it is when it begins before.
fn extend_tail<R: ReadAt>(source: &R, tail: &mut Vec<u8>, size: u64, start: u64) -> Result<(), CodecError> {
    let tail_start = size - tail.len() as u64;
    if start < tail_start {
        let mut parts = source.read_ranges(std::slice::from_ref(&(start..tail_start)))?;
        let part = parts.pop().filter(|part| part.len() as u64 == tail_start - start);
        let part = part.ok_or_else(|| CodecError::corrupt(Section::Footer, "it could not be read whole"))?;
        *tail = [&part, tail.as_slice()].concat();
    }
    Ok(())
}

fn in_tail<'a>(tail: &'a [u8], size: u64, range: &Range<u64>) -> Option<&'a [u8]> {
    let tail_start = size - tail.len() as u64;
    let start = usize::try_from(range.start.checked_sub(tail_start)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(tail_start)?).ok()?;
    tail.get(start..end)
}

/// Returns a frame's bytes out of the runs that were fetched; runs are sorted.
fn slice_of<'a>(runs: &[Range<u64>], fetched: &'a [Cow<'_, [u8]>], frame: &Frame) -> Option<&'a [u8]> {
    let at = runs.partition_point(|run| run.start <= frame.offset).checked_sub(1)?;
    let start = usize::try_from(frame.offset - runs[at].start).ok()?;
    fetched.get(at)?.get(start..start + usize::try_from(frame.len).ok()?)
}

struct Trailer {
    version: u16,
    footer_offset: u64,
    footer: Frame,
}

impl Trailer {
    fn parse(tail: &[u8], size: u64) -> Result<Trailer, CodecError> {
        let corrupt = |what: &str| CodecError::corrupt(Section::Trailer, what);
        let start = tail
            .len()
            .checked_sub(TRAILER)
            .ok_or_else(|| corrupt("it is too short to be a skiptrace index"))?;
        let bytes = &tail[start..];
        let mut cursor = Cursor::new(Section::Trailer, bytes);
        let footer_offset = u64::from_le_bytes(cursor.array()?);
        let len = u64::from(u32::from_le_bytes(cursor.array()?));
        let raw_len = u32::from_le_bytes(cursor.array()?) as usize;
        let checksum = u64::from_le_bytes(cursor.array()?);
        let version = u16::from_le_bytes(cursor.array()?);
        let readable_from = u16::from_le_bytes(cursor.array()?);
        let _zero: [u8; 4] = cursor.array()?;
        if u64::from_le_bytes(cursor.array()?) != xxh3_64(&bytes[..TRAILER - 8]) {
            return Err(corrupt(
                "its checksum does not match: the file is cut, damaged, or no skiptrace index",
            ));
        }
        if readable_from > FORMAT_VERSION {
            return Err(CodecError::TooNew { found: readable_from, supported: FORMAT_VERSION });
        }
        if version < OLDEST_FORMAT_VERSION {
            return Err(CodecError::TooOld { found: version, supported: OLDEST_FORMAT_VERSION });
        }
        if footer_offset.checked_add(len) != Some(size - TRAILER as u64)
            || footer_offset < HEADER.len() as u64
        {
            return Err(corrupt("the file has another size than when it was written"));
        }
        Ok(Trailer {
            version,
            footer_offset,
            footer: Frame { offset: footer_offset, len, raw_len, checksum },
        })
    }
}

/// Returns the frames of the sections that this version knows, by the sections' codes.
fn parse_footer(footer: &[u8], trailer: &Trailer) -> Result<Vec<Vec<Frame>>, CodecError> {
    let footer_offset = trailer.footer_offset;
    let mut cursor = Cursor::new(Section::Footer, footer);
    let mut sections: Vec<Vec<Frame>> = vec![Vec::new(); Section::Trailer.code() as usize];
    let mut known = [false; Section::Trailer as usize];
    let mut offset = HEADER.len() as u64;
    while !cursor.is_at_end() {
        let code = cursor.u8()?;
        let required = cursor.u8()?;
        let n_frames = cursor.count()?;
        let mut frames = Vec::new();
        for _ in 0..n_frames {
            let len = cursor.varint()?;
            let raw_len = cursor.varint()? as usize;
            let checksum = u64::from_le_bytes(cursor.array()?);
            frames.push(Frame { offset, len, raw_len, checksum });
            offset = offset
                .checked_add(len)
                .filter(|end| *end <= footer_offset)
                .ok_or_else(|| CodecError::corrupt(Section::Footer, "a frame reaches beyond the frames"))?;
        }
        match Section::FRAMED.into_iter().find(|section| section.code() == code) {
            Some(section) if !std::mem::replace(&mut known[code as usize], true) => {
                sections[section.code() as usize] = frames;
            }
            Some(section) => {
                return Err(cursor.corrupt(&format!("section {section} is there twice")));
            }
            // A section that a newer version added, and that can do without being read.
            None if required == 0 => {}
            None => {
                let found = trailer.version.max(FORMAT_VERSION + 1);
                return Err(CodecError::TooNew { found, supported: FORMAT_VERSION });
            }
        }
    }
    if offset != footer_offset {
        return Err(CodecError::corrupt(Section::Footer, "there are bytes that belong to no frame"));
    }
    let is_missing = |section: &Section| !known[section.code() as usize] && !section.is_optional();
    match Section::FRAMED.into_iter().find(is_missing) {
        Some(missing) => Err(CodecError::corrupt(missing, "it is missing")),
        None => Ok(sections),
    }
}

fn unpack(
    section: Section,
    decompressor: &mut Decompressor<'_>,
    bytes: &[u8],
    frame: &Frame,
) -> Result<Vec<u8>, CodecError> {
    if xxh3_64(bytes) != frame.checksum {
        return Err(CodecError::corrupt(section, "its checksum does not match"));
    }
    if frame.raw_len > MAX_FRAME {
        return Err(CodecError::corrupt(section, "a frame announces more than the format allows"));
    }
    let damaged = |error: std::io::Error| CodecError::corrupt(section, error);
    let unpacked = if frame.raw_len <= TRUSTED_SIZE {
        decompressor.decompress(bytes, frame.raw_len).map_err(damaged)?
    } else {
        use std::io::Read;
        let mut unpacked = Vec::new();
        let decoder = zstd::stream::Decoder::with_buffer(bytes).map_err(damaged)?;
        decoder.take(frame.raw_len as u64 + 1).read_to_end(&mut unpacked).map_err(damaged)?;
        unpacked
    };
    if unpacked.len() != frame.raw_len {
        return Err(CodecError::corrupt(section, "a frame has another size than it announces"));
    }
    Ok(unpacked)
}

/// What a section of a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionSize {
    /// The section.
    pub section: Section,
    /// How many frames it has.
    pub frames: usize,
    /// How many bytes they take in the file.
    pub bytes: u64,
    /// How many bytes they unpack to.
    pub unpacked: u64,
}

impl<R: ReadAt> Container<R> {
    pub(super) fn sizes(&self) -> Vec<SectionSize> {
        let size = |section: Section| {
            let frames = &self.sections[section.code() as usize];
            SectionSize {
                section,
                frames: frames.len(),
                bytes: frames.iter().map(|frame| frame.len).sum(),
                unpacked: frames.iter().map(|frame| frame.raw_len as u64).sum(),
            }
        };
        let there = |size: &SectionSize| size.frames > 0 || !size.section.is_optional();
        Section::FRAMED.into_iter().map(size).filter(there).collect()
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

/// Returns what each section of a file takes, in the order of the file.
pub fn section_sizes(source: impl ReadAt) -> Result<Vec<SectionSize>, CodecError> {
    Ok(Container::open(source)?.sizes())
}
