//! Source files as debug information names them: what is left where no depfile says what a binary was compiled of.
//!
//! The list is not complete, and no proof that a file is not part of a binary: what leaves no code behind, such as
//! constants, types and most macros, needs no line table. Depfiles are complete.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;
use gimli::{AttributeValue, EndianSlice, LineProgramHeader, RunTimeEndian, SectionId, Unit};
use object::{CompressionFormat, File, Object, ObjectKind, ObjectSection};
use thiserror::Error;

use super::binary::{BinaryError, map};

/// zlib makes nothing more than this many times smaller.
const MAX_RATIO: u64 = 1032;

type Slice<'data> = EndianSlice<'data, RunTimeEndian>;
type Dwarf<'data> = gimli::Dwarf<Slice<'data>>;

/// Why a file's debug information does not name its source files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DwarfError {
    /// The file cannot be read.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// There is none.
    #[error(
        "it has no debug information; compile with `-g` or `-gline-tables-only`, on macOS read the `.dSYM`'s file"
    )]
    Absent,
    /// An object that is not linked: its debug information still lacks its addresses.
    #[error("it is an object file; read the program or library that it is linked into")]
    NotLinked,
    /// The sections are compressed by other means than zlib.
    #[error(
        "its debug information is compressed in a way that is not understood; link with `--compress-debug-sections=zlib`"
    )]
    Compressed,
    /// The debug information is damaged.
    #[error("its debug information is damaged: {0}")]
    Malformed(#[from] gimli::Error),
    /// A file is in a folder that is not listed.
    #[error("its debug information is damaged: a source file is in a folder that is not listed")]
    NoFolder,
    /// A name cannot be read.
    #[error("a source file's name is not UTF-8")]
    NotUtf8,
}

/// Returns the source files that the line tables of a program or library name, sorted, each joined with its
/// compilation folder, otherwise as the compiler wrote them.
pub fn source_files(path: &Path) -> Result<Vec<String>, DwarfError> {
    source_files_in(&map(path)?)
}

/// Returns the same of a file that is in memory.
pub fn source_files_in(bytes: &[u8]) -> Result<Vec<String>, DwarfError> {
    let file = File::parse(bytes).map_err(|error| BinaryError::NotAnObject(error.to_string()))?;
    if file.kind() == ObjectKind::Relocatable {
        return Err(DwarfError::NotLinked);
    }
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let sections = gimli::DwarfSections::load(|id| section(&file, id))?;
    let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, endian));
    let mut files = BTreeSet::new();
    let mut units = dwarf.units();
    let mut is_absent = true;
    while let Some(header) = units.next()? {
        is_absent = false;
        add_unit(&dwarf, &dwarf.unit(header)?, &mut files)?;
    }
    if is_absent { Err(DwarfError::Absent) } else { Ok(files.into_iter().collect()) }
}

fn section<'data>(file: &File<'data>, id: SectionId) -> Result<Cow<'data, [u8]>, DwarfError> {
    let Some(section) = file.section_by_name(id.name()) else { return Ok(Cow::Borrowed(&[])) };
    let damaged = |error: object::Error| BinaryError::NotAnObject(error.to_string());
    let packed = section.compressed_data().map_err(damaged)?;
    match packed.format {
        CompressionFormat::None => Ok(Cow::Borrowed(packed.data)),
        CompressionFormat::Zlib => {
            let size = packed.uncompressed_size;
            if size / MAX_RATIO > packed.data.len() as u64 {
                return Err(DwarfError::Compressed);
            }
            let mut bytes = Vec::new();
            let unpacked = ZlibDecoder::new(packed.data).take(size.saturating_add(1)).read_to_end(&mut bytes);
            match unpacked {
                Ok(_) if bytes.len() as u64 == size => Ok(Cow::Owned(bytes)),
                _ => Err(DwarfError::Compressed),
            }
        }
        _ => Err(DwarfError::Compressed),
    }
}

fn add_unit(
    dwarf: &Dwarf<'_>,
    unit: &Unit<Slice<'_>>,
    files: &mut BTreeSet<String>,
) -> Result<(), DwarfError> {
    let folder = unit.comp_dir.map(text).transpose()?.unwrap_or_default();
    if let Some(name) = unit.name {
        files.insert(join(folder, text(name)?));
    }
    let Some(program) = &unit.line_program else { return Ok(()) };
    let header = program.header();
    for file in header.file_names() {
        let name = attribute(dwarf, unit, file.path_name())?;
        let of_file = match file.directory(header) {
            Some(folder) => attribute(dwarf, unit, folder)?,
            None if is_compilation_folder(header, file.directory_index()) => folder,
            None => return Err(DwarfError::NoFolder),
        };
        files.insert(join(&join(folder, of_file), name));
    }
    Ok(())
}

/// Before DWARF 5 a folder of number zero is the compilation's, whether or not that is known.
fn is_compilation_folder(header: &LineProgramHeader<Slice<'_>>, folder: u64) -> bool {
    header.version() < 5 && folder == 0
}

fn attribute<'data>(
    dwarf: &Dwarf<'data>,
    unit: &Unit<Slice<'data>>,
    value: AttributeValue<Slice<'data>>,
) -> Result<&'data str, DwarfError> {
    text(dwarf.attr_string(unit, value)?)
}

fn text(bytes: Slice<'_>) -> Result<&str, DwarfError> {
    std::str::from_utf8(bytes.slice()).map_err(|_| DwarfError::NotUtf8)
}

fn join(folder: &str, name: &str) -> String {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    if folder.is_empty() || name.starts_with(['/', '\\']) || has_drive {
        return name.to_owned();
    }
    if name.is_empty() {
        return folder.to_owned();
    }
    if folder.ends_with(['/', '\\']) { format!("{folder}{name}") } else { format!("{folder}/{name}") }
}
