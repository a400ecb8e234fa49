//! Universal binaries and static archives: files that hold several.

use object::FileKind;
use object::read::archive::ArchiveFile;
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};

use crate::llvm::binary::BinaryError;

use super::sections::Image;

/// Returns the instrumented images of a file, in the order of the file.
///
/// Parts without coverage are left out, so are members of archives that are no objects: the metadata of a Rust
/// library, LLVM bitcode, import stubs. A part that has counters without a map is an error, as for a whole file.
pub fn images(bytes: &[u8]) -> Result<Vec<Image<'_>>, BinaryError> {
    let mut images = Vec::new();
    match kind_of(bytes)? {
        FileKind::MachOFat32 => {
            let fat = MachOFatFile32::parse(bytes).map_err(not_an_object)?;
            add_slices(fat.arches(), bytes, &mut images)?;
        }
        FileKind::MachOFat64 => {
            let fat = MachOFatFile64::parse(bytes).map_err(not_an_object)?;
            add_slices(fat.arches(), bytes, &mut images)?;
        }
        kind => add_part(kind, bytes, &mut images)?,
    }
    if images.is_empty() {
        return Err(BinaryError::NotInstrumented);
    }
    Ok(images)
}

fn add_slices<'data, A: FatArch>(
    slices: &[A],
    bytes: &'data [u8],
    images: &mut Vec<Image<'data>>,
) -> Result<(), BinaryError> {
    for slice in slices {
        let part = slice.data(bytes).map_err(not_an_object)?;
        add_part(kind_of(part)?, part, images)?;
    }
    Ok(())
}

/// Adds the images of an archive or of a single object.
fn add_part<'data>(
    kind: FileKind,
    bytes: &'data [u8],
    images: &mut Vec<Image<'data>>,
) -> Result<(), BinaryError> {
    if kind != FileKind::Archive {
        if !is_object(kind) {
            return Err(BinaryError::NotAnObject(format!("its kind is {kind:?}")));
        }
        images.extend(Image::parse(bytes)?);
        return Ok(());
    }
    let archive = ArchiveFile::parse(bytes).map_err(not_an_object)?;
    if archive.is_thin() {
        return Err(BinaryError::Unsupported("a thin archive, whose members are other files,"));
    }
    for member in archive.members() {
        let part = member.and_then(|member| member.data(bytes)).map_err(not_an_object)?;
        if FileKind::parse(part).is_ok_and(is_object) {
            images.extend(Image::parse(part)?);
        }
    }
    Ok(())
}

fn is_object(kind: FileKind) -> bool {
    use FileKind::{Coff, CoffBig, Elf32, Elf64, MachO32, MachO64, Pe32, Pe64};
    matches!(kind, Coff | CoffBig | Elf32 | Elf64 | MachO32 | MachO64 | Pe32 | Pe64)
}

fn kind_of(bytes: &[u8]) -> Result<FileKind, BinaryError> {
    FileKind::parse(bytes).map_err(not_an_object)
}

pub(super) fn not_an_object(error: object::Error) -> BinaryError {
    BinaryError::NotAnObject(error.to_string())
}
