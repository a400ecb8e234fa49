//! Section `__llvm_covmap`: lists of source files.
//!
//! ```text
//! per compilation, from a multiple of eight bytes on:
//!   zero u32 · size of the list u32 · zero u32 · version - 1 u32
//!   list: number of names · size unpacked · size packed, or zero if it is not packed (LEB128 each)
//!         zlib or plain: per name its length (LEB128) and bytes
//! ```
//!
//! A function names its list by the low 64 bits of the MD5 of the list's bytes as they stand there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use md5::{Digest, Md5};
use object::Endianness;

use crate::llvm::binary::BinaryError;
use crate::llvm::object::Section;

use super::cursor::Cursor;

/// zlib makes nothing more than this many times smaller.
const MAX_RATIO: u64 = 1032;
/// How many times larger than the section all names together may be, each joined with its folder. Real ones are
/// some ten times larger.
const MAX_GROWTH: usize = 256;
/// How large they may be in any case.
const SMALL: usize = 1 << 20;

/// The source files of an image.
#[derive(Debug, Default)]
pub(crate) struct Filenames {
    /// Every file once, in the order in which the map names them.
    pub(crate) files: Vec<Box<str>>,
    places: HashMap<Box<str>, u32>,
    lists: HashMap<u64, FileList>,
    /// How many bytes of names may still come.
    budget: usize,
}

/// The files of one compilation, by their place in [`Filenames::files`]; `None` for the compilation folder.
pub(crate) type FileList = Box<[Option<u32>]>;

impl Filenames {
    pub(crate) fn parse(sections: &[Section<'_>], endian: Endianness) -> Result<Filenames, BinaryError> {
        let mut filenames = Filenames::default();
        for section in sections {
            let growth = section.bytes.len().saturating_mul(MAX_GROWTH).saturating_add(SMALL);
            filenames.budget = filenames.budget.saturating_add(growth);
            let mut cursor = Cursor::new(section.name, 0, section.bytes);
            while !cursor.is_at_end() {
                filenames.add_compilation(&mut cursor, endian)?;
                cursor.align();
            }
        }
        Ok(filenames)
    }

    /// Returns the list that functions know by this hash.
    pub(crate) fn list(&self, hash: u64) -> Option<&FileList> {
        self.lists.get(&hash)
    }

    fn add_compilation(&mut self, cursor: &mut Cursor<'_>, endian: Endianness) -> Result<(), BinaryError> {
        let n_records = cursor.u32(endian)?;
        let size = cursor.u32(endian)?;
        let map_size = cursor.u32(endian)?;
        let version = u64::from(cursor.u32(endian)?) + 1;
        if !(4..=7).contains(&version) {
            return Err(BinaryError::MapVersion(version));
        }
        if n_records != 0 || map_size != 0 {
            return Err(cursor.damaged("functions stand where this version has none"));
        }
        let start = cursor.clone();
        let bytes = cursor.take(size as usize)?;
        let hash = hash_of(bytes);
        if self.lists.contains_key(&hash) {
            return Ok(());
        }
        let list = self.parse_list(start, bytes, version)?;
        self.lists.insert(hash, list);
        Ok(())
    }

    fn parse_list(
        &mut self,
        mut cursor: Cursor<'_>,
        bytes: &[u8],
        version: u64,
    ) -> Result<FileList, BinaryError> {
        let start = cursor.at();
        let n_names = cursor.leb()?;
        let unpacked_size = cursor.leb()?;
        let packed_size = cursor.leb()?;
        let header = cursor.at() - start;
        let body = bytes.get(header..).ok_or_else(|| cursor.damaged("it ends too early"))?;
        let names: Cow<'_, [u8]> = if packed_size == 0 {
            Cow::Borrowed(body)
        } else {
            let packed = usize::try_from(packed_size)
                .ok()
                .and_then(|size| body.get(..size))
                .ok_or_else(|| cursor.damaged("it ends too early"))?;
            let unpacked = unpack(packed, unpacked_size, self.budget)
                .ok_or_else(|| cursor.damaged("a list of file names does not unpack to its size"))?;
            Cow::Owned(unpacked)
        };
        if n_names > names.len() as u64 {
            return Err(cursor.damaged("it announces more file names than there are"));
        }
        let mut names = Cursor::new("__llvm_covmap", 0, &names);
        let mut list = Vec::new();
        let mut folder = "";
        for place in 0..n_names {
            let len = names.count(1)?;
            // A name that is changed to be readable would be of no file, and what ran in it would be lost.
            let name = std::str::from_utf8(names.take(len as usize)?)
                .map_err(|_| cursor.damaged("a file name is not UTF-8"))?;
            if version >= 6 && place == 0 {
                folder = name;
                list.push(None);
            } else {
                let joined = join(folder, name);
                let cost = joined.len() + size_of::<Option<u32>>();
                self.budget = self
                    .budget
                    .checked_sub(cost)
                    .ok_or_else(|| cursor.damaged("its file names are larger than any real ones"))?;
                list.push(Some(self.place_of(&joined)));
            }
        }
        Ok(list.into())
    }

    fn place_of(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place =
            u32::try_from(self.files.len()).expect("a name takes a byte of a section that has 32 bits");
        self.files.push(name.into());
        self.places.insert(name.into(), place);
        place
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let digest: [u8; 16] = Md5::digest(bytes).into();
    let [low @ .., _, _, _, _, _, _, _, _] = digest;
    u64::from_le_bytes(low)
}

fn unpack(packed: &[u8], size: u64, max_size: usize) -> Option<Vec<u8>> {
    let capacity = usize::try_from(size).ok().filter(|size| *size <= max_size)?;
    if size / MAX_RATIO > packed.len() as u64 {
        return None;
    }
    let mut unpacked = Vec::with_capacity(capacity);
    flate2::read::ZlibDecoder::new(packed).take(size + 1).read_to_end(&mut unpacked).ok()?;
    (unpacked.len() as u64 == size).then_some(unpacked)
}

/// Joins a name with its compilation folder, in the manner of the system that the folder is of.
fn join<'name>(folder: &str, name: &'name str) -> Cow<'name, str> {
    let bytes = name.as_bytes();
    let has_drive = bytes.get(1) == Some(&b':') && bytes[0].is_ascii_alphabetic();
    if folder.is_empty() || name.starts_with(['/', '\\']) || has_drive {
        return Cow::Borrowed(name);
    }
    if folder.ends_with(['/', '\\']) {
        return Cow::Owned(format!("{folder}{name}"));
    }
    let separator = if !folder.starts_with('/') && folder.contains('\\') { '\\' } else { '/' };
    Cow::Owned(format!("{folder}{separator}{name}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn list(names: &[&str], pack: bool) -> Vec<u8> {
        let mut plain = Vec::new();
        for name in names {
            plain.push(name.len() as u8);
            plain.extend_from_slice(name.as_bytes());
        }
        let mut bytes = vec![names.len() as u8, plain.len() as u8];
        if pack {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&plain).unwrap();
            let packed = encoder.finish().unwrap();
            bytes.push(packed.len() as u8);
            bytes.extend_from_slice(&packed);
        } else {
            bytes.push(0);
            bytes.extend_from_slice(&plain);
        }
        bytes
    }

    fn section(lists: &[&[u8]], version: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for list in lists {
            for word in [0, list.len() as u32, 0, version - 1] {
                bytes.extend_from_slice(&word.to_be_bytes());
            }
            bytes.extend_from_slice(list);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Filenames, String> {
        let section = Section { name: "__llvm_covmap", address: 0, size: bytes.len() as u64, bytes };
        Filenames::parse(&[section], Endianness::Big).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_joined_with_the_folder_of_their_compilation() {
        let first = list(&["/work", "src/a.c", "/usr/include/h.h", "../x.c"], true);
        let second = list(&["C:\\work", "a.c", "D:\\b.c", "/work/src/a.c"], false);
        let third = list(&["", "src/main.rs"], false);
        let filenames = parse(&section(&[&first, &second, &third, &first], 7)).unwrap();
        let files: Vec<&str> = filenames.files.iter().map(|file| &**file).collect();
        assert_eq!(
            files,
            ["/work/src/a.c", "/usr/include/h.h", "/work/../x.c", "C:\\work\\a.c", "D:\\b.c", "src/main.rs"]
        );
        assert_eq!(**filenames.list(hash_of(&second)).unwrap(), [None, Some(3), Some(4), Some(0)]);
    }

    #[test]
    fn before_version_6_the_first_name_is_a_file() {
        let filenames = parse(&section(&[&list(&["/work/a.c", "b.h"], false)], 4)).unwrap();
        assert_eq!(filenames.files, ["/work/a.c".into(), "b.h".into()]);
    }

    #[test]
    fn damaged_lists_are_refused() {
        let good = list(&["/w", "a.c"], false);
        assert_eq!(parse(&section(&[&good], 3)).unwrap_err(), BinaryError::MapVersion(3).to_string());
        assert_eq!(parse(&section(&[&good], 8)).unwrap_err(), BinaryError::MapVersion(8).to_string());
        let mut bytes = section(&[&good], 7);
        bytes.truncate(20);
        assert!(parse(&bytes).unwrap_err().contains("`__llvm_covmap` is damaged"));
        let mut packed = list(&["/w", "a.c"], true);
        packed[1] += 1;
        assert!(parse(&section(&[&packed], 7)).unwrap_err().contains("does not unpack"));
        packed[1] -= 2;
        assert!(parse(&section(&[&packed], 7)).unwrap_err().contains("does not unpack"));
        let mut many = good.clone();
        many[0] = 100;
        assert!(parse(&section(&[&many], 7)).unwrap_err().contains("more file names"));
        let odd = [1, 2, 0, 1, 0xFF];
        assert!(parse(&section(&[&odd], 7)).unwrap_err().contains("not UTF-8"));
    }

    #[test]
    fn a_list_that_claims_to_be_huge_costs_nothing() {
        assert_eq!(unpack(&[0x78, 0x9c, 0, 0], u64::MAX, usize::MAX), None);
        assert_eq!(unpack(&[0x78, 0x9c, 0, 0], 4000, 3999), None);
    }

    #[test]
    fn names_that_grow_beyond_all_measure_are_refused() {
        // A long folder and very many short names, which together would fill any memory.
        let mut plain = vec![0x80, 0x80, 0x04];
        plain.resize(plain.len() + (1 << 16), b'd');
        for number in 0..20_000u32 {
            plain.push(3);
            plain.extend_from_slice(&[0, 7, 14].map(|shift| (number >> shift) as u8 & 0x7F));
        }
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&plain).unwrap();
        let packed = encoder.finish().unwrap();
        let mut bytes = Vec::new();
        for mut number in [20_001, plain.len(), packed.len()] {
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        }
        bytes.extend_from_slice(&packed);
        assert!(parse(&section(&[&bytes], 7)).unwrap_err().contains("larger than any real ones"));
    }
}
