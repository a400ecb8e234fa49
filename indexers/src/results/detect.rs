//! What a file of results is written in, as its first bytes tell.

use std::fmt;
use std::io::BufRead;

use super::error::Why;

/// What results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JUnit's XML, in any of its dialects.
    Junit,
    /// The events of `go test -json`.
    GoTest,
    /// The events of libtest, as nextest and libtest itself write them.
    Libtest,
    /// GoogleTest's JSON.
    GtestJson,
}

impl Format {
    pub(super) const LIST: &str = "JUnit XML, `go test -json`, nextest's libtest-json, GoogleTest JSON";
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Junit => "JUnit XML",
            Format::GoTest => "go test -json",
            Format::Libtest => "libtest JSON",
            Format::GtestJson => "GoogleTest JSON",
        })
    }
}

/// Looks at the start of a file, and takes nothing of it but a byte order mark.
pub(super) fn detect(input: &mut dyn BufRead) -> Result<Format, Why> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if input.fill_buf().map_err(Why::Io)?.starts_with(MARK) {
        input.consume(MARK.len());
    }
    let start = input.fill_buf().map_err(Why::Io)?;
    let text = start.trim_ascii_start();
    if text.is_empty() {
        return Err(if start.is_empty() { Why::Empty } else { Why::Unknown });
    }
    if text[0] == b'<' {
        return Ok(Format::Junit);
    }
    // What builds and starts tests may have said something before the first event.
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let has = |line: &[u8], word: &str| memchr::memmem::find(line, word.as_bytes()).is_some();
    let of_line = |line: &[u8]| match line.first() {
        Some(b'{') if has(line, "\"Action\"") => Some(Format::GoTest),
        Some(b'{') if has(line, "\"event\"") && has(line, "\"type\"") => Some(Format::Libtest),
        _ => None,
    };
    if let Some(format) = lines.find_map(of_line) {
        return Ok(format);
    }
    if text[0] == b'{' && (has(text, "\"testsuites\"") || has(text, "\"tests\"")) {
        return Ok(Format::GtestJson);
    }
    Err(Why::Unknown)
}
