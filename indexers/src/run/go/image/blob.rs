//! What Go writes into each program: its own version, and what the program was made of and how.

use super::GoImage;

/// What it begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Where it may begin.
const ALIGN: usize = 16;
/// How long what comes before the texts is.
const HEADER: usize = 32;
/// The flag that says that the texts follow at once, as they do since Go 1.18.
const INLINE: u8 = 2;
/// How long the marks are that the list of modules stands between.
const FRAME: usize = 16;

/// Finds and reads it in a section or segment; `None` where there is none, or none that is whole.
pub(super) fn find(data: &[u8]) -> Option<GoImage> {
    let at = memchr::memmem::find_iter(data, MAGIC).find(|at| at % ALIGN == 0)?;
    let blob = &data[at..];
    let header = blob.get(..HEADER)?;
    if header[15] & INLINE == 0 {
        // Older than all that could count what it executes in a way that is of use here.
        return Some(GoImage { go: "go1.17 or older".to_owned(), ..GoImage::default() });
    }
    let (version, rest) = text(blob.get(HEADER..)?)?;
    let (modules, _) = text(rest)?;
    let mut image = GoImage { go: lossy(version), ..GoImage::default() };
    if image.go.is_empty() {
        return None;
    }
    if modules.len() > 2 * FRAME && modules[modules.len() - FRAME - 1] == b'\n' {
        read(&lossy(&modules[FRAME..modules.len() - FRAME]), &mut image);
    }
    Some(image)
}

/// Returns a text with its length before it, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut len = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        len |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes[at + 1..].split_at_checked(usize::try_from(len).ok()?);
        }
    }
    None
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads the lines, of which each begins with what it is about. Those that nobody knows say nothing.
fn read(lines: &str, image: &mut GoImage) {
    for line in lines.lines() {
        let Some((what, rest)) = line.split_once('\t') else { continue };
        let first = || rest.split('\t').next().unwrap_or_default().to_owned();
        match what {
            "path" => image.path = Some(rest.to_owned()),
            "mod" => image.module = Some(first()).filter(|module| !module.is_empty()),
            "dep" | "=>" => image.modules.push(first()),
            "build" => image.settings.extend(setting(rest)),
            _ => {}
        }
    }
}

fn setting(text: &str) -> Option<(String, String)> {
    let (key, value) = match text.strip_prefix('"') {
        // A name in quotes holds what would end it.
        Some(_) => {
            let end = text.rfind("\"=")?;
            (text.get(1..end)?, text.get(end + 2..)?)
        }
        None => text.split_once('=')?,
    };
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Some((key.to_owned(), value.to_owned()))
}
