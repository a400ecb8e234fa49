//! What a program's file is: whether Go built it, from what, and whether it counts what it executes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use object::read::ReadCache;
use object::{FileKind, Object, ObjectSection, ObjectSegment, ReadRef};

mod blob;

/// What a program's file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// A program that Go built.
    Go(Box<GoImage>),
    /// Something else: a program without what Go writes into each, a script.
    Other,
    /// A file that cannot be read, or is damaged: it may be anything.
    Unknown,
}

/// A program that Go built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoImage {
    /// The version of Go, as it calls itself.
    pub go: String,
    /// The import path of the main package; that of a test binary ends in `.test` unless the package is a program.
    pub path: Option<String>,
    /// The main module.
    pub module: Option<String>,
    /// The other modules that it is made of, those that stand in for them included.
    pub modules: Vec<String>,
    /// How it was built: the flags and variables that Go writes down.
    pub settings: BTreeMap<String, String>,
    /// Whether it holds what writes coverage.
    pub counts: bool,
}

impl Image {
    /// Returns what Go says of it.
    pub fn go(&self) -> Option<&GoImage> {
        match self {
            Image::Go(image) => Some(image),
            Image::Other | Image::Unknown => None,
        }
    }

    /// Returns the import path of its main package, or of the package that it tests.
    pub fn import_path(&self) -> Option<&str> {
        let path = self.go()?.path.as_deref()?;
        Some(path.strip_suffix(".test").unwrap_or(path))
    }
}

impl GoImage {
    /// Returns whether it was built with `-cover`. Go writes that down since 1.20; it is so as well where the code
    /// that writes coverage is there.
    pub fn is_covered(&self) -> bool {
        self.counts || self.settings.get("-cover").is_some_and(|value| value == "true")
    }

    /// Returns whether a module is among those that it is made of.
    pub fn has_module(&self, path: &str) -> bool {
        self.module.as_deref() == Some(path) || self.modules.iter().any(|module| module == path)
    }
}

/// What files are, remembered for as long as they stay as they are.
#[derive(Debug, Default)]
pub struct Images {
    known: Mutex<BTreeMap<Identity, Arc<Image>>>,
}

/// What tells a file from another, and from itself at another time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    path: PathBuf,
    numbers: [i64; 5],
}

impl Images {
    /// Returns what a file is.
    pub fn of(&self, path: &Path) -> Arc<Image> {
        let Some(identity) = identity(path) else { return Arc::new(Image::Unknown) };
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = lock().get(&identity) {
            return image.clone();
        }
        let image = Arc::new(read(path));
        // What was written to meanwhile is not remembered as what it was before.
        if self::identity(path).as_ref() == Some(&identity) {
            lock().insert(identity, image.clone());
        }
        image
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    let numbers = [
        metadata.dev().cast_signed(),
        metadata.ino().cast_signed(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.size().cast_signed(),
    ];
    Some(Identity { path: PathBuf::new(), numbers })
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let number = |value: u128| i64::try_from(value).unwrap_or(i64::MAX);
    let numbers = [number(modified.as_nanos()), number(metadata.len().into()), 0, 0, 0];
    Some(Identity { path: path.to_owned(), numbers })
}

/// Returns what a file is.
pub fn read(path: &Path) -> Image {
    let Ok(file) = File::open(path) else { return Image::Unknown };
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => of(&ReadCache::new(file)),
        _ => Image::Unknown,
    }
}

/// Returns what a file is that holds these bytes.
pub fn read_bytes(bytes: &[u8]) -> Image {
    of(bytes)
}

/// What programs begin with that are no scripts.
const PROGRAMS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
];
/// Sections that hold what Go writes into each program, where they have a name of their own.
const BUILD_INFO: &[&str] = &[".go.buildinfo", "__go_buildinfo"];
/// Sections that hold the names of functions.
const FUNCTIONS: &[&str] = &[".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab", ".rdata"];
/// How functions are called that write coverage: those of Go 1.20 and 1.21, and of later versions.
const WRITERS: &[&[u8]] = &[b"runtime/coverage.emitCounterData", b"internal/coverage/cfile.emitCounterData"];

fn of<'data, R: ReadRef<'data>>(data: R) -> Image {
    if FileKind::parse(data).is_err() {
        let first = data.len().and_then(|len| data.read_bytes_at(0, len.min(4)));
        // What is no program of any kind is one for somebody: a script.
        return match first {
            Ok(first) if !PROGRAMS.iter().any(|magic| first.starts_with(magic)) => Image::Other,
            _ => Image::Unknown,
        };
    }
    let Ok(file) = object::File::parse(data) else { return Image::Unknown };
    let mut image = match build_info(&file) {
        Ok(Found::Image(image)) => image,
        Ok(Found::Nothing) => return Image::Other,
        Ok(Found::Damaged) | Err(_) => return Image::Unknown,
    };
    for section in FUNCTIONS.iter().filter_map(|name| file.section_by_name(name)) {
        // Names that cannot be read may be any.
        let Ok(names) = section.data() else { return Image::Unknown };
        image.counts |= WRITERS.iter().any(|writer| memmem::find(names, writer).is_some());
    }
    Image::Go(Box::new(image))
}

/// What was found of what Go writes into each program.
enum Found {
    Image(GoImage),
    Nothing,
    Damaged,
}

/// Finds what Go writes into each program: in a section of its own, else in the first part of the file that is
/// written to while it runs. An error is a file that is damaged there.
fn build_info<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> object::Result<Found> {
    for name in BUILD_INFO {
        if let Some(section) = file.section_by_name(name) {
            return Ok(blob::find(section.data()?).map_or(Found::Damaged, Found::Image));
        }
    }
    for segment in file.segments() {
        if segment.permissions().writable() && segment.file_range().1 > 0 {
            return Ok(blob::find(segment.data()?).map_or(Found::Nothing, Found::Image));
        }
    }
    Ok(Found::Nothing)
}

#[cfg(test)]
mod tests;
