//! Index files taken apart and put together again, by what `docs/format.md` says and without the engine.
//!
//! The engine writes no damaged file. This does: any payload in any section, under checksums that are right.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

/// The eight bytes that a file begins with.
pub const HEADER: [u8; 8] = *b"\x93SKT\r\n\x1a\n";
/// The code of a section that a file may be without, and readers must know.
pub const VARIABLES: u8 = 9;
/// The code of one that both may do without.
pub const UNKEPT: u8 = 10;
/// How long the trailer is.
pub const TRAILER: usize = 40;

/// A file with its frames unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub sections: Vec<Section>,
    pub version: u16,
    pub readable_from: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// 1 to 10: tests, files, units, sets, identifiers, rules, meta, directory, variables, unkept.
    pub code: u8,
    pub required: u8,
    pub frames: Vec<Vec<u8>>,
}

/// Where something lies in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name of the section, as errors have it.
    pub section: &'static str,
    pub range: Range<usize>,
}

/// The sections' names, by their codes.
pub const NAMES: [&str; 13] = [
    "header",
    "tests",
    "files",
    "units",
    "sets",
    "identifiers",
    "rules",
    "meta",
    "directory",
    "variables",
    "unkept",
    "footer",
    "trailer",
];

impl File {
    /// Takes a file apart. It has to be a sound one.
    pub fn parse(bytes: &[u8]) -> File {
        let (footer, version, readable_from) = footer(bytes);
        let mut frames_at = HEADER.len();
        let sections = parse_footer(&footer, |code, required, sizes| {
            let frame = |(len, raw_len): &(usize, usize)| {
                let packed = &bytes[frames_at..frames_at + len];
                frames_at += len;
                zstd::bulk::decompress(packed, *raw_len).expect("a sound frame")
            };
            Section { code, required, frames: sizes.iter().map(frame).collect() }
        });
        File { sections, version, readable_from }
    }

    /// Puts the file together, with sizes and checksums that are right.
    pub fn to_bytes(&self) -> Vec<u8> {
        let pack = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).expect("packing needs only memory");
        let mut bytes = HEADER.to_vec();
        let mut footer = Vec::new();
        for Section { code, required, frames } in &self.sections {
            footer.extend([*code, *required]);
            write_varint(&mut footer, frames.len() as u64);
            for frame in frames {
                let packed = pack(frame);
                write_varint(&mut footer, packed.len() as u64);
                write_varint(&mut footer, frame.len() as u64);
                footer.extend(xxh3_64(&packed).to_le_bytes());
                bytes.extend(packed);
            }
        }
        let packed = pack(&footer);
        let mut trailer = Vec::new();
        trailer.extend((bytes.len() as u64).to_le_bytes());
        trailer.extend((packed.len() as u32).to_le_bytes());
        trailer.extend((footer.len() as u32).to_le_bytes());
        trailer.extend(xxh3_64(&packed).to_le_bytes());
        trailer.extend(self.version.to_le_bytes());
        trailer.extend(self.readable_from.to_le_bytes());
        trailer.extend([0; 4]);
        trailer.extend(xxh3_64(&trailer).to_le_bytes());
        bytes.extend(packed);
        bytes.extend(trailer);
        bytes
    }

    /// Returns the section with that code.
    pub fn section_mut(&mut self, code: u8) -> &mut Section {
        self.sections.iter_mut().find(|section| section.code == code).expect("a section of the file")
    }
}

/// Returns where everything lies in a sound file, in order and without gaps; each frame by itself.
pub fn places(bytes: &[u8]) -> Vec<Place> {
    let (footer, ..) = footer(bytes);
    let mut places = vec![Place { section: NAMES[0], range: 0..HEADER.len() }];
    let mut at = HEADER.len();
    parse_footer(&footer, |code, _, sizes| {
        for (len, _) in sizes {
            places.push(Place { section: NAMES[usize::from(code)], range: at..at + len });
            at += len;
        }
    });
    let trailer = bytes.len() - TRAILER;
    places.push(Place { section: "footer", range: at..trailer });
    places.push(Place { section: "trailer", range: trailer..bytes.len() });
    places
}

/// Returns the footer, the version, and the oldest version that can read the file.
fn footer(bytes: &[u8]) -> (Vec<u8>, u16, u16) {
    let trailer = &bytes[bytes.len() - TRAILER..];
    let offset = u64::from_le_bytes(trailer[..8].try_into().unwrap()) as usize;
    let len = u32::from_le_bytes(trailer[8..12].try_into().unwrap()) as usize;
    let raw_len = u32::from_le_bytes(trailer[12..16].try_into().unwrap()) as usize;
    let version = u16::from_le_bytes(trailer[24..26].try_into().unwrap());
    let readable_from = u16::from_le_bytes(trailer[26..28].try_into().unwrap());
    let footer = zstd::bulk::decompress(&bytes[offset..offset + len], raw_len).expect("a sound footer");
    (footer, version, readable_from)
}

/// Calls `section` with each section's code, whether it is required, and its frames' sizes, packed and not.
fn parse_footer<T>(mut footer: &[u8], mut section: impl FnMut(u8, u8, &[(usize, usize)]) -> T) -> Vec<T> {
    let mut found = Vec::new();
    while let [code, required, rest @ ..] = footer {
        footer = rest;
        let n_frames = read_varint(&mut footer);
        let sizes: Vec<_> = (0..n_frames)
            .map(|_| {
                let sizes = (read_varint(&mut footer) as usize, read_varint(&mut footer) as usize);
                footer = &footer[8..];
                sizes
            })
            .collect();
        found.push(section(*code, *required, &sizes));
    }
    found
}

pub fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

impl File {
    /// Reads a file's payloads from bytes that a fuzzer may change: for each section the number of its frames,
    /// and each frame after its length, two bytes. What is missing is empty, but for the variables: they are not there
    /// then, as in files that are older.
    pub fn from_payloads(mut data: &[u8]) -> File {
        let mut take = |len: usize| {
            let (taken, rest) = data.split_at(len.min(data.len()));
            data = rest;
            taken
        };
        let mut sections = Vec::new();
        for code in 1..=UNKEPT {
            let n_frames = take(1).first().copied().unwrap_or(if code < VARIABLES { 1 } else { 0 });
            let mut frames = Vec::new();
            for _ in 0..n_frames {
                let len = take(2).iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
                frames.push(take(len).to_vec());
            }
            if code < VARIABLES || n_frames > 0 {
                sections.push(Section { code, required: u8::from(code != UNKEPT), frames });
            }
        }
        let version = if sections.iter().any(|section| section.code == VARIABLES) { 2 } else { 1 };
        File { sections, version, readable_from: version }
    }

    /// Writes what [`File::from_payloads`] reads.
    pub fn to_payloads(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for section in &self.sections {
            data.push(u8::try_from(section.frames.len()).expect("a sample has few frames"));
            for frame in &section.frames {
                data.extend(u16::try_from(frame.len()).expect("a sample has small frames").to_le_bytes());
                data.extend(frame);
            }
        }
        data
    }
}
