//! A package of a meta file: what the compiler wrote for it, the same in every binary that links it.

use skiptrace_engine::observation::{Position, TextRange};

use super::cursor::Cursor;
use super::error::CovdataError;
use super::hash::Algorithm;
use super::strings::Strings;

const HEADER_BYTES: usize = 44;

/// The fewest bytes that a unit takes: five small numbers.
const UNIT_BYTES: usize = 5;

/// A package that is not decoded yet.
#[derive(Debug, Clone)]
pub struct PackageBlob<'a> {
    /// Its import path, as the go tool gave it to the compiler.
    pub path: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The path of its module; empty for the standard library and outside of modules.
    pub module: &'a str,
    /// The hash of its functions and units. It changes with their places, not with what they do.
    pub hash: [u8; 16],
    bytes: &'a [u8],
    strings: Strings<'a>,
    offsets: &'a [u8],
    functions: Cursor<'a>,
}

/// A decoded package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// Its import path.
    pub path: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The path of its module.
    pub module: Box<str>,
    /// The functions in the order of their numbers.
    pub functions: Vec<Function>,
    /// The units of all functions, in the order of the functions' counters.
    pub units: Vec<Unit>,
}

/// A function, or a function literal outside of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name, for people: methods of generic types lack the type's, `init` occurs repeatedly.
    pub name: Box<str>,
    /// Import path and base name of the file, or whatever stands in its place.
    pub file: Box<str>,
    /// Where its units begin among those of the package.
    pub first_unit: u32,
    /// How many units it has, which is how many counters it has.
    pub n_units: u32,
    /// Whether it is a literal.
    pub is_literal: bool,
}

/// A stretch of text that has a counter.
///
/// Lines and columns are as they are written: from one, or zero where a `//line` directive took the column away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// Where it begins.
    pub start: Position,
    /// Where it ends; what is there is not of it.
    pub end: Position,
    /// How many statements are in it; none in an empty body.
    pub n_statements: u32,
}

impl Unit {
    /// Returns the stretch of text.
    pub fn range(&self) -> TextRange {
        TextRange { start: self.start, end: self.end }
    }
}

impl Package {
    /// Returns the units of a function.
    pub fn units_of(&self, function: &Function) -> &[Unit] {
        let start = function.first_unit as usize;
        &self.units[start..start + function.n_units as usize]
    }

    pub(super) fn hash_with(&self, algorithm: Algorithm) -> [u8; 16] {
        algorithm.hash(|feed| {
            feed(self.path.as_bytes());
            feed(self.name.as_bytes());
            feed(self.module.as_bytes());
            for function in &self.functions {
                feed(function.name.as_bytes());
                feed(function.file.as_bytes());
                for Unit { start, end, n_statements } in self.units_of(function) {
                    for number in [start.line, start.column, end.line, end.column, *n_statements] {
                        feed(&number.to_le_bytes());
                    }
                }
                feed(&u32::from(function.is_literal).to_le_bytes());
            }
        })
    }
}

impl<'a> PackageBlob<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<PackageBlob<'a>, CovdataError> {
        let mut cursor = Cursor::new(bytes, "a package's header");
        let length = cursor.u32()?;
        let (name, path, module) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let hash = cursor.array()?;
        let _unused = cursor.array::<4>()?;
        // Called the number of files, it is the number of texts, and repeated in front of them.
        let _n_texts = cursor.u32()?;
        let n_functions = cursor.u32()?;
        debug_assert_eq!(bytes.len() - cursor.n_left(), HEADER_BYTES);
        if length as usize != bytes.len() {
            return Err(CovdataError::Misplaced {
                what: "end of the package of length",
                index: length.into(),
            });
        }
        cursor.enter("a package's function table");
        let offsets = cursor.take(cursor.count(n_functions.into(), 4)? * 4)?;
        cursor.enter("a package's string table");
        let strings = Strings::read(&mut cursor)?;
        cursor.enter("a function");
        Ok(PackageBlob {
            path: strings.text(path, "a package's path")?,
            name: strings.text(name, "a package's name")?,
            module: strings.text(module, "a module's path")?,
            hash,
            bytes,
            strings,
            offsets,
            functions: cursor,
        })
    }

    /// Returns the bytes that it is made of.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns how many functions it has.
    pub fn n_functions(&self) -> usize {
        self.offsets.len() / 4
    }

    /// Decodes its functions.
    pub fn decode(&self) -> Result<Package, CovdataError> {
        let mut package = Package {
            path: self.path.into(),
            name: self.name.into(),
            module: self.module.into(),
            ..Package::default()
        };
        package.functions.reserve_exact(self.n_functions());
        let mut cursor = self.functions;
        let (offsets, _) = self.offsets.as_chunks::<4>();
        for (index, offset) in (0u64..).zip(offsets) {
            // They follow each other, so that no byte is decoded twice.
            if u32::from_le_bytes(*offset) as usize != self.bytes.len() - cursor.n_left() {
                return Err(CovdataError::Misplaced { what: "function", index });
            }
            self.decode_function(&mut cursor, &mut package)?;
        }
        match cursor.n_left() {
            0 => Ok(package),
            n_left => Err(CovdataError::Surplus { what: "a package's functions", n_bytes: n_left as u64 }),
        }
    }

    fn decode_function(&self, cursor: &mut Cursor<'a>, package: &mut Package) -> Result<(), CovdataError> {
        let n_units = cursor.uleb()?;
        let name = self.strings.text(cursor.uleb()?, "a function's name")?;
        let file = self.strings.text(cursor.uleb()?, "a function's file")?;
        // A blob is shorter than 4 GiB, so that numbers of its units fit.
        let first_unit = package.units.len() as u32;
        package.units.reserve(cursor.count(n_units.into(), UNIT_BYTES)?);
        for _ in 0..n_units {
            let start = Position { line: cursor.uleb()?, column: cursor.uleb()? };
            let end = Position { line: cursor.uleb()?, column: cursor.uleb()? };
            package.units.push(Unit { start, end, n_statements: cursor.uleb()? });
        }
        let is_literal = cursor.uleb()? != 0;
        package.functions.push(Function {
            name: name.into(),
            file: file.into(),
            first_unit,
            n_units,
            is_literal,
        });
        Ok(())
    }
}
