//! Meta files: the packages of a binary.

use super::cursor::Cursor;
use super::error::CovdataError;
use super::hash::{Algorithm, MetaHash};
use super::package::PackageBlob;
use super::strings::Strings;

const MAGIC: &[u8; 4] = b"\0cvm";
const HEADER_BYTES: usize = 56;

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Whether it ran.
    Set,
    /// How often it ran, unless goroutines race.
    Count,
    /// How often it ran.
    Atomic,
}

impl Mode {
    /// Returns the mode's name, as `-covermode` and text profiles have it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Set => "set",
            Mode::Count => "count",
            Mode::Atomic => "atomic",
        }
    }

    /// Reads [`Mode::name`].
    pub fn from_name(name: &str) -> Option<Mode> {
        [Mode::Set, Mode::Count, Mode::Atomic].into_iter().find(|mode| mode.name() == name)
    }
}

/// What has a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// Each block of statements.
    Block,
    /// Each function; its one unit is the place of its keyword.
    Function,
}

impl Granularity {
    fn name(self) -> &'static str {
        match self {
            Granularity::Block => "perblock",
            Granularity::Function => "perfunc",
        }
    }
}

/// A meta file whose packages have not been decoded yet.
#[derive(Debug, Clone)]
pub struct MetaFile<'a> {
    /// The hash that names it, and that counter files refer to.
    pub hash: MetaHash,
    /// What its counters count.
    pub mode: Mode,
    /// What has a counter.
    pub granularity: Granularity,
    /// The packages in the order of their numbers, also those without functions: all that the binary links of what
    /// `-coverpkg` matches.
    pub packages: Vec<PackageBlob<'a>>,
    algorithm: Option<Algorithm>,
}

impl<'a> MetaFile<'a> {
    /// Reads a file's header and those of its packages.
    pub fn parse(file: &'a [u8]) -> Result<MetaFile<'a>, CovdataError> {
        let (header, mut cursor) = Header::read(file)?;
        cursor.enter("the package table");
        let n_packages = cursor.count(header.n_packages, 16)?;
        let offsets = cursor.take(n_packages * 8)?;
        let lengths = cursor.take(n_packages * 8)?;
        if cursor.n_left() as u64 + u64::from(header.strings_at) != file.len() as u64 {
            return Err(CovdataError::Misplaced { what: "string table", index: 0 });
        }
        cursor.enter("the string table");
        let mut strings = Cursor::new(cursor.take(header.strings_len as usize)?, "the string table");
        Strings::read(&mut strings)?;

        let mut packages = Vec::with_capacity(n_packages);
        // Packages follow each other. What overlaps would make a small file cost more than its size.
        let mut end = (file.len() - cursor.n_left()) as u64;
        for (index, (offset, length)) in (0u64..).zip(numbers(offsets).zip(numbers(lengths))) {
            let misplaced = || CovdataError::Misplaced { what: "package", index };
            let start = Some(offset).filter(|offset| *offset >= end).ok_or_else(misplaced)?;
            end = start.checked_add(length).filter(|end| *end <= file.len() as u64).ok_or_else(misplaced)?;
            packages.push(PackageBlob::parse(&file[start as usize..end as usize])?);
        }
        if end != file.len() as u64 {
            return Err(CovdataError::Surplus { what: "the last package", n_bytes: file.len() as u64 - end });
        }
        let mut meta = MetaFile {
            hash: header.hash,
            mode: header.mode,
            granularity: header.granularity,
            packages,
            algorithm: None,
        };
        meta.algorithm = meta.find_algorithm();
        Ok(meta)
    }

    /// Checks that the packages, once decoded, are what the file's hash was made of.
    ///
    /// How that is done is no part of the format. Where the file's own hash is made in no known way, it is enough
    /// that no package's is made in a known one: then a toolchain of another time wrote the file.
    pub fn verify<'p>(
        &self,
        packages: impl Iterator<Item = (&'p PackageBlob<'a>, &'p super::Package)> + Clone,
    ) -> Result<(), CovdataError>
    where
        'a: 'p,
    {
        let hashes = |algorithm: Algorithm| {
            packages.clone().map(move |(blob, package)| package.hash_with(algorithm) == blob.hash)
        };
        let is_sound = match self.algorithm {
            Some(algorithm) => hashes(algorithm).all(|is_equal| is_equal),
            None => !Algorithm::ALL.into_iter().any(|algorithm| hashes(algorithm).any(|is_equal| is_equal)),
        };
        if is_sound { Ok(()) } else { Err(CovdataError::Hash { what: "the meta file" }) }
    }

    /// Returns how the file's hash was made of those of its packages.
    fn find_algorithm(&self) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| {
            let by_the_runtime = algorithm.hash(|feed| {
                self.packages.iter().for_each(|package| feed(&package.hash));
                feed(self.mode.name().as_bytes());
                feed(self.granularity.name().as_bytes());
            });
            let by_merging = || {
                algorithm.hash(|feed| {
                    let blobs = self.packages.iter();
                    blobs.for_each(|package| feed(&algorithm.hash(|feed| feed(package.bytes()))));
                })
            };
            self.hash.0 == by_the_runtime || self.hash.0 == by_merging()
        })
    }
}

struct Header {
    n_packages: u64,
    hash: MetaHash,
    strings_at: u32,
    strings_len: u32,
    mode: Mode,
    granularity: Granularity,
}

impl Header {
    fn read(file: &[u8]) -> Result<(Header, Cursor<'_>), CovdataError> {
        if file.is_empty() {
            return Err(CovdataError::Empty);
        }
        let mut cursor = Cursor::new(file, "the header");
        let what = "covmeta";
        if cursor.array::<4>()? != *MAGIC {
            return Err(CovdataError::ForeignMagic { what });
        }
        let version = cursor.u32()?;
        if version != 1 {
            return Err(CovdataError::UnknownVersion { what, version });
        }
        let length = cursor.u64()?;
        let header = Header {
            n_packages: cursor.u64()?,
            hash: MetaHash(cursor.array()?),
            strings_at: cursor.u32()?,
            strings_len: cursor.u32()?,
            mode: match cursor.u8()? {
                1 => Mode::Set,
                2 => Mode::Count,
                3 => Mode::Atomic,
                value => return Err(CovdataError::UnknownKind { what: "counter mode", value }),
            },
            granularity: match cursor.u8()? {
                1 => Granularity::Block,
                2 => Granularity::Function,
                value => return Err(CovdataError::UnknownKind { what: "counter granularity", value }),
            },
        };
        let _padding = cursor.array::<6>()?;
        debug_assert_eq!(file.len() - cursor.n_left(), HEADER_BYTES);
        let found = file.len() as u64;
        if length > found {
            return Err(CovdataError::Truncated { what: "the packages" });
        }
        if length < found {
            return Err(CovdataError::Surplus { what: "the meta file", n_bytes: found - length });
        }
        Ok((header, cursor))
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (numbers, _) = bytes.as_chunks::<8>();
    numbers.iter().map(|number| u64::from_le_bytes(*number))
}
