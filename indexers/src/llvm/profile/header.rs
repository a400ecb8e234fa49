//! The header of a raw profile.

use crate::llvm::layout::CounterWidth;

use super::cursor::Cursor;
use super::error::ProfileError;

/// What of the magic is the same for all machines, most significant byte first; the word size is the `r` or `R`.
const MAGIC_64: u64 = u64::from_be_bytes(*b"\xfflprofr\x81");
const MAGIC_32: u64 = u64::from_be_bytes(*b"\xfflprofR\x81");
/// No release writes version 6: it lived between LLVM 12 (5) and LLVM 13 (7) only.
const VERSIONS: [u32; 6] = [5, 7, 8, 9, 10, 11];

/// How many bytes a pointer of the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordSize {
    /// Four.
    Four,
    /// Eight.
    Eight,
}

impl WordSize {
    /// Returns the number of bytes.
    pub fn bytes(self) -> u64 {
        match self {
            WordSize::Four => 4,
            WordSize::Eight => 8,
        }
    }
}

/// Which end of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant byte.
    Little,
    /// The most significant byte.
    Big,
}

/// What the form of everything behind the header depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The version of the format: 5 (LLVM 11 and 12), 7 (13), 8 (14 to 17), 9 (18), 10 (19 to 22), 11 (23).
    pub version: u32,
    /// The size of pointers.
    pub word_size: WordSize,
    /// The order of bytes.
    pub order: ByteOrder,
}

/// The bits of the version word that say what kind of instrumentation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Variants(pub u32);

impl Variants {
    /// Counters are single bytes.
    pub const BYTE_COVERAGE: Variants = Variants(1 << 28);
    /// Debug information has what the data section would have.
    pub const DEBUG_CORRELATE: Variants = Variants(1 << 27);
    /// Those that are known: loop entries, IR, context-sensitive IR, function entries first, correlation by debug
    /// information, byte counters, function entries only, memory profile, temporal profile.
    pub const KNOWN: Variants = Variants(0x1ff << 23);

    /// Returns whether all bits of `other` are there.
    pub fn has(self, other: Variants) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The header of a raw profile, whatever its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Version, word size, byte order.
    pub shape: Shape,
    /// What kind of instrumentation it is.
    pub variants: Variants,
    /// How many bytes the binary ids have.
    pub binary_ids_bytes: u64,
    /// How many records the data section has.
    pub n_data: u64,
    /// How many bytes lie between data and counters.
    pub padding_before_counters: u64,
    /// How many counters there are.
    pub n_counters: u64,
    /// How many bytes lie behind the counters.
    pub padding_after_counters: u64,
    /// How many bytes the bitmap has.
    pub bitmap_bytes: u64,
    /// How many bytes lie behind it.
    pub padding_after_bitmap: u64,
    /// How many uniform counters (of eight bytes) there are.
    pub n_uniform_counters: u64,
    /// How many bytes lie behind them.
    pub padding_after_uniform_counters: u64,
    /// How many bytes the names have.
    pub names_bytes: u64,
    /// Where the counters were in memory: seen from the data section, before version 8 as an address.
    pub counters_delta: u64,
    /// How many virtual tables there are.
    pub n_vtables: u64,
    /// How many bytes their names have.
    pub vtable_names_bytes: u64,
}

impl Header {
    /// The most bytes that a header has.
    pub(super) const MAX_BYTES: u64 = 19 * 8;

    /// Reads the header at the beginning of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Header, ProfileError> {
        let cut = || ProfileError::Truncated { what: "the header" };
        let (word_size, order) = parse_magic(bytes)?;
        let mut cursor = Cursor::new(bytes, order);
        let _magic = cursor.u64().ok_or_else(cut)?;
        let word = cursor.u64().ok_or_else(cut)?;
        let (variants, version) = (Variants((word >> 32) as u32), word as u32);
        if !VERSIONS.contains(&version) || !Variants::KNOWN.has(variants) {
            return Err(ProfileError::UnknownVersion { version, variants: variants.0 });
        }
        let mut field = |since: u32| {
            if version < since { Some(0) } else { cursor.u64() }
        };
        let mut parse = || {
            let binary_ids_bytes = field(7)?;
            let n_data = field(0)?;
            let padding_before_counters = field(0)?;
            let n_counters = field(0)?;
            let padding_after_counters = field(0)?;
            let bitmap_bytes = field(9)?;
            let padding_after_bitmap = field(9)?;
            let n_uniform_counters = field(11)?;
            let padding_after_uniform_counters = field(11)?;
            let _uniform_counters_delta = field(11)?;
            let names_bytes = field(0)?;
            let counters_delta = field(0)?;
            let _bitmap_delta = field(9)?;
            let _names_delta = field(0)?;
            let n_vtables = field(10)?;
            let vtable_names_bytes = field(10)?;
            let _last_value_kind = field(0)?;
            Some(Header {
                shape: Shape { version, word_size, order },
                variants,
                binary_ids_bytes,
                n_data,
                padding_before_counters,
                n_counters,
                padding_after_counters,
                bitmap_bytes,
                padding_after_bitmap,
                n_uniform_counters,
                padding_after_uniform_counters,
                names_bytes,
                counters_delta,
                n_vtables,
                vtable_names_bytes,
            })
        };
        parse().ok_or_else(cut)
    }

    /// Returns how many bytes the header itself has.
    pub fn bytes(&self) -> u64 {
        8 * match self.shape.version {
            ..=6 => 10,
            7 | 8 => 11,
            9 => 14,
            10 => 16,
            _ => 19,
        }
    }

    /// Returns how wide its counters are.
    pub fn counter_width(&self) -> CounterWidth {
        if self.variants.has(Variants::BYTE_COVERAGE) { CounterWidth::One } else { CounterWidth::Eight }
    }
}

/// Tells from the magic what machine wrote it.
pub(super) fn parse_magic(bytes: &[u8]) -> Result<(WordSize, ByteOrder), ProfileError> {
    let magic = bytes.first_chunk().ok_or(ProfileError::Truncated { what: "the magic" })?;
    match (u64::from_le_bytes(*magic), u64::from_be_bytes(*magic)) {
        (MAGIC_64, _) => Ok((WordSize::Eight, ByteOrder::Little)),
        (_, MAGIC_64) => Ok((WordSize::Eight, ByteOrder::Big)),
        (MAGIC_32, _) => Ok((WordSize::Four, ByteOrder::Little)),
        (_, MAGIC_32) => Ok((WordSize::Four, ByteOrder::Big)),
        _ => Err(ProfileError::ForeignMagic),
    }
}
