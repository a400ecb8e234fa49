//! The sections of one image.

use object::{
    BinaryFormat, CompressionFormat, Endianness, File, Object, ObjectKind, ObjectSection, ObjectSymbol,
};

use crate::llvm::binary::BinaryError;

use super::container::not_an_object;

/// A program, library or object for one architecture.
#[derive(Debug)]
pub struct Image<'data> {
    file: File<'data>,
    /// Its byte order.
    pub endian: Endianness,
    /// How wide its addresses are.
    pub pointer_width: PointerWidth,
    /// Whether addresses have been given out.
    pub linkage: Linkage,
    /// The build id as its profiles repeat it; empty where they have none.
    pub build_id: &'data [u8],
    /// The lists of file names: one section, or several in relocatable objects.
    pub filenames: Vec<Section<'data>>,
    /// The functions: one section, or one per COMDAT group in relocatable objects.
    pub functions: Vec<Section<'data>>,
    /// The data records that profiles repeat.
    pub data: Vec<Section<'data>>,
    /// The data records that profiles leave out.
    pub correlation: Vec<Section<'data>>,
    /// The counters.
    pub counters: Vec<Section<'data>>,
}

/// A section.
#[derive(Debug, Clone, Copy)]
pub struct Section<'data> {
    /// Its name in ELF, whatever the format.
    pub name: &'static str,
    /// Where it is in memory.
    pub address: u64,
    /// How large it is in memory.
    pub size: u64,
    /// What the file holds of it: all, or nothing where it starts out as zeros.
    pub bytes: &'data [u8],
}

/// How wide addresses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerWidth {
    /// 32 bit.
    Four,
    /// 64 bit.
    Eight,
}

/// Whether a linker has laid an image out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    /// An object for a linker: its sections have no addresses yet.
    Relocatable,
    /// A program or shared library.
    Linked,
}

#[derive(Clone, Copy)]
enum Role {
    Filenames,
    Functions,
    Data,
    Correlation,
    Counters,
}

/// The name in ELF and Mach-O, the name in COFF without its sorting suffix, and what it is.
const NAMES: [(&str, &str, Role); 5] = [
    ("__llvm_covmap", ".lcovmap", Role::Filenames),
    ("__llvm_covfun", ".lcovfun", Role::Functions),
    ("__llvm_prf_data", ".lprfd", Role::Data),
    ("__llvm_covdata", ".lcovd", Role::Correlation),
    ("__llvm_prf_cnts", ".lprfc", Role::Counters),
];

impl<'data> Image<'data> {
    /// Returns the image if anything in it was compiled with coverage.
    pub(super) fn parse(bytes: &'data [u8]) -> Result<Option<Image<'data>>, BinaryError> {
        let file = File::parse(bytes).map_err(not_an_object)?;
        let is_coff = matches!(file.format(), BinaryFormat::Coff | BinaryFormat::Pe);
        let mut sections = Vec::new();
        for section in file.sections() {
            // A name that cannot be read is none of ours: those are written by the compiler.
            let Ok(name) = section.name_bytes() else { continue };
            if let Some((name, role)) = role_of(name, is_coff) {
                sections.push((role, name, section.index()));
            }
        }
        let mut image = Image {
            endian: file.endianness(),
            pointer_width: if file.is_64() { PointerWidth::Eight } else { PointerWidth::Four },
            linkage: match file.kind() {
                ObjectKind::Relocatable => Linkage::Relocatable,
                _ => Linkage::Linked,
            },
            // Only ELF's build ids come back in profiles; Mach-O's UUIDs do not.
            build_id: match file.format() {
                BinaryFormat::Elf => file.build_id().map_err(not_an_object)?.unwrap_or_default(),
                _ => &[],
            },
            filenames: Vec::new(),
            functions: Vec::new(),
            data: Vec::new(),
            correlation: Vec::new(),
            counters: Vec::new(),
            file,
        };
        for (role, name, index) in sections {
            let section = image.section(name, index)?;
            if section.size == 0 {
                continue;
            }
            // Counters may be zeros that nobody wrote down; all else is nothing without its bytes, which are
            // missing from files that were split off for debuggers.
            if section.bytes.is_empty() && !matches!(role, Role::Counters) {
                let reason = "the file does not hold it; read the file that debug information was split from";
                return Err(BinaryError::Malformed { section: name, at: 0, reason });
            }
            match role {
                Role::Filenames => image.filenames.push(section),
                Role::Functions => image.functions.push(section),
                Role::Data => image.data.push(section),
                Role::Correlation => image.correlation.push(section),
                Role::Counters => image.counters.push(section),
            }
        }
        let has_map = !image.functions.is_empty();
        let counts = !image.counters.is_empty() || !image.data.is_empty() || !image.correlation.is_empty();
        match (has_map, counts) {
            (true, _) => Ok(Some(image)),
            (false, true) => Err(BinaryError::MapStripped),
            (false, false) => Ok(None),
        }
    }

    fn section(
        &self,
        name: &'static str,
        index: object::SectionIndex,
    ) -> Result<Section<'data>, BinaryError> {
        let section = self.file.section_by_index(index).map_err(not_an_object)?;
        let packed = section.compressed_file_range().map_err(not_an_object)?;
        if packed.format != CompressionFormat::None {
            return Err(BinaryError::Unsupported("a coverage section that the linker compressed"));
        }
        let bytes = section.data().map_err(not_an_object)?;
        Ok(Section { name, address: section.address(), size: section.size(), bytes })
    }

    /// Whether this is a program or library for Windows.
    pub fn is_linked_for_windows(&self) -> bool {
        self.file.format() == BinaryFormat::Pe
    }

    /// Returns the version of its profiles with the flags in the upper bits, if the symbol that holds it was kept.
    ///
    /// This looks through all symbols, which takes longer than all else in a large binary.
    pub fn raw_version(&self) -> Option<u64> {
        let wanted: [&[u8]; 2] = [b"__llvm_profile_raw_version", b"___llvm_profile_raw_version"];
        let is_wanted = |symbol: &object::Symbol<'data, '_>| {
            symbol.is_definition() && symbol.name_bytes().is_ok_and(|name| wanted.contains(&name))
        };
        let symbol = self.file.symbols().chain(self.file.dynamic_symbols()).find(is_wanted)?;
        let section = self.file.section_by_index(symbol.section_index()?).ok()?;
        let bytes = section.data_range(symbol.address(), 8).ok()??;
        let bytes: [u8; 8] = bytes.try_into().ok()?;
        Some(match self.endian {
            Endianness::Little => u64::from_le_bytes(bytes),
            Endianness::Big => u64::from_be_bytes(bytes),
        })
    }
}

fn role_of(name: &[u8], is_coff: bool) -> Option<(&'static str, Role)> {
    // In COFF what follows the dollar tells the linker in which order to place the parts.
    let name = if is_coff { name.split(|byte| *byte == b'$').next()? } else { name };
    let (elf, _, role) = NAMES
        .into_iter()
        .find(|(elf, coff, _)| name == if is_coff { coff.as_bytes() } else { elf.as_bytes() })?;
    Some((elf, role))
}
