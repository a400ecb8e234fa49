//! Counter files: what a process executed.

use super::cursor::Cursor;
use super::error::CovdataError;
use super::hash::MetaHash;
use super::strings::Strings;

const MAGIC: &[u8; 4] = b"\0cwm";
const HEADER_BYTES: usize = 32;
const FOOTER_BYTES: usize = 16;

/// A counter file whose segments are walked over when asked for.
#[derive(Debug, Clone, Copy)]
pub struct CounterFile<'a> {
    /// The hash of the meta file without which it means nothing.
    pub meta: MetaHash,
    encoding: Encoding,
    n_segments: u32,
    file: &'a [u8],
}

/// The counters of one function. There are as many as it has units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionCounters<'s> {
    /// The package, by its number in the meta file.
    pub package: u32,
    /// The function, by its number in the package.
    pub function: u32,
    /// One per unit.
    pub counters: &'s [u32],
}

/// What a segment says of the process that wrote it. Merging keeps what is equal of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// What the program was started with, its own name first. What is not UTF-8 is replaced.
    pub args: Vec<Box<str>>,
    /// The operating system.
    pub goos: Box<str>,
    /// The architecture.
    pub goarch: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Little,
    Big,
    Uleb,
}

impl Encoding {
    /// The fewest bytes that a number takes.
    fn least(self) -> usize {
        if self == Encoding::Uleb { 1 } else { 4 }
    }

    fn number(self, cursor: &mut Cursor<'_>) -> Result<u32, CovdataError> {
        match self {
            Encoding::Uleb => cursor.uleb(),
            Encoding::Little => cursor.u32(),
            Encoding::Big => cursor.array().map(u32::from_be_bytes),
        }
    }
}

impl<'a> CounterFile<'a> {
    /// Reads a file's header and its last footer.
    pub fn parse(file: &'a [u8]) -> Result<CounterFile<'a>, CovdataError> {
        if file.is_empty() {
            return Err(CovdataError::Empty);
        }
        let mut cursor = Cursor::new(file, "the header");
        let what = "covcounters";
        if cursor.array::<4>()? != *MAGIC {
            return Err(CovdataError::ForeignMagic { what });
        }
        let version = cursor.u32()?;
        if version != 1 {
            return Err(CovdataError::UnknownVersion { what, version });
        }
        let meta = MetaHash(cursor.array()?);
        let encoding = match (cursor.u8()?, cursor.u8()?) {
            (1, 0) => Encoding::Little,
            (1, 1) => Encoding::Big,
            (2, 0 | 1) => Encoding::Uleb,
            (1 | 2, value) => return Err(CovdataError::UnknownKind { what: "byte order", value }),
            (value, _) => return Err(CovdataError::UnknownKind { what: "counter flavor", value }),
        };
        let _padding = cursor.array::<6>()?;
        debug_assert_eq!(file.len() - cursor.n_left(), HEADER_BYTES);
        // The last footer alone says how many segments there are.
        let body = cursor.n_left().checked_sub(FOOTER_BYTES);
        cursor.enter("the last footer");
        cursor.take(body.ok_or_else(|| cursor.truncated())?)?;
        let n_segments = footer(&mut cursor)?.ok_or(CovdataError::Truncated { what: "the counters" })?;
        if n_segments == 0 {
            return Err(CovdataError::NoSegment);
        }
        Ok(CounterFile { meta, encoding, n_segments, file })
    }

    /// Hands over the counters of each function that the process executed, and returns what it was started with.
    ///
    /// `values` is room for counters, so that reading many files allocates once. A function may come repeatedly.
    pub fn read(
        &self,
        values: &mut Vec<u32>,
        mut each: impl FnMut(FunctionCounters<'_>) -> Result<(), CovdataError>,
    ) -> Result<Arguments, CovdataError> {
        let mut arguments = Arguments::default();
        let mut cursor = Cursor::new(self.file, "a segment's header");
        cursor.take(HEADER_BYTES)?;
        // However many segments the footer claims, each takes bytes.
        for index in 0..self.n_segments {
            cursor.enter("a segment's header");
            let n_functions = cursor.u64()?;
            let (strings_len, arguments_len) = (cursor.u32()?, cursor.u32()?);
            cursor.enter("a segment's texts");
            let strings = cursor.take(strings_len as usize)?;
            let strings = Strings::read(&mut Cursor::new(strings, "a segment's texts"))?;
            cursor.enter("a segment's arguments");
            let table = Cursor::new(cursor.take(arguments_len as usize)?, "a segment's arguments");
            if index == 0 {
                arguments = Arguments::read(table, &strings)?;
            }
            cursor.enter("a segment's padding");
            let at = self.file.len() - cursor.n_left();
            cursor.take(at.next_multiple_of(4) - at)?;
            cursor.enter("the counters");
            self.read_functions(&mut cursor, n_functions, values, &mut each)?;
            cursor.enter("a segment's footer");
            let number = footer(&mut cursor)?;
            // Each footer counts the segments up to its own.
            if number != Some(index + 1) {
                return Err(CovdataError::Footer { index });
            }
        }
        match cursor.n_left() {
            0 => Ok(arguments),
            n_left => Err(CovdataError::Surplus { what: "the last segment", n_bytes: n_left as u64 }),
        }
    }

    fn read_functions(
        &self,
        cursor: &mut Cursor<'_>,
        n_functions: u64,
        values: &mut Vec<u32>,
        each: &mut impl FnMut(FunctionCounters<'_>) -> Result<(), CovdataError>,
    ) -> Result<(), CovdataError> {
        let encoding = self.encoding;
        let n_functions = cursor.count(n_functions, 3 * encoding.least())?;
        for _ in 0..n_functions {
            let n_counters = encoding.number(cursor)?;
            let package = encoding.number(cursor)?;
            let function = encoding.number(cursor)?;
            let n_counters = cursor.count(n_counters.into(), encoding.least())?;
            values.clear();
            values.reserve(n_counters);
            for _ in 0..n_counters {
                values.push(encoding.number(cursor)?);
            }
            each(FunctionCounters { package, function, counters: values })?;
        }
        Ok(())
    }
}

/// Reads a footer; `None` when there is something else.
fn footer(cursor: &mut Cursor<'_>) -> Result<Option<u32>, CovdataError> {
    let magic = cursor.array::<4>()?;
    let _padding = cursor.u32()?;
    let n_segments = cursor.u32()?;
    let _padding = cursor.u32()?;
    Ok((magic == *MAGIC).then_some(n_segments))
}

impl Arguments {
    fn read(mut table: Cursor<'_>, strings: &Strings<'_>) -> Result<Arguments, CovdataError> {
        let mut arguments = Arguments::default();
        let mut numbered: Vec<(usize, Box<str>)> = Vec::new();
        let n_pairs = table.uleb()?;
        for _ in 0..table.count(n_pairs.into(), 2)? {
            let key = strings.bytes(table.uleb()?, "an argument's key")?;
            let value = strings.bytes(table.uleb()?, "an argument's value")?;
            let value = || String::from_utf8_lossy(value).into();
            match key {
                b"GOOS" => arguments.goos = value(),
                b"GOARCH" => arguments.goarch = value(),
                _ => {
                    let number =
                        key.strip_prefix(b"argv").and_then(|number| std::str::from_utf8(number).ok());
                    if let Some(number) = number.and_then(|number| number.parse().ok()) {
                        numbered.push((number, value()));
                    }
                }
            }
        }
        // The table is sorted by key, in which `argv10` precedes `argv2`.
        numbered.sort_by_key(|(number, _)| *number);
        arguments.args = numbered.into_iter().map(|(_, value)| value).collect();
        Ok(arguments)
    }
}
