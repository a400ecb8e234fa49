//! Bytes on their way in: unpacked, as text, and never too many for one record.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{Position, Stopped, Why};

/// No test's record is larger; what it printed is a part of it.
pub(super) const RECORD: usize = 64 << 20;

/// How much is read at once, and how much there is to see of a file before it is read.
pub(super) const BUFFER: usize = 64 << 10;

/// What begins a file of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Returns what is in a file, unpacked where it is packed.
pub(super) fn unpack<'a>(input: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut input = BufReader::with_capacity(BUFFER, Whole::new(input));
    Ok(match input.fill_buf()?.starts_with(&GZIP) {
        true => Box::new(BufReader::with_capacity(BUFFER, Whole::new(MultiGzDecoder::new(input)))),
        false => Box::new(input),
    })
}

/// Fills every buffer that it is handed, so that the first look at a file does not depend on how it arrives.
struct Whole<R> {
    inner: R,
    /// What comes after what was given out.
    error: Option<io::Error>,
}

impl<R> Whole<R> {
    fn new(inner: R) -> Whole<R> {
        Whole { inner, error: None }
    }
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && self.error.is_none() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.error = Some(error),
            }
        }
        match self.error.take_if(|_| filled == 0) {
            Some(error) => Err(error),
            None => Ok(filled),
        }
    }
}

/// Passes on bytes, counts those since the last record, and stops where there are too many.
#[derive(Debug)]
pub(super) struct Metered<R> {
    inner: R,
    since: usize,
    is_over: bool,
}

impl<R> Metered<R> {
    pub(super) fn new(inner: R) -> Metered<R> {
        Metered { inner, since: 0, is_over: false }
    }

    /// Says that a record has ended.
    pub(super) fn reset(&mut self) {
        self.since = 0;
    }

    /// Returns whether a record was too large.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    fn count(&mut self, n: usize) -> io::Result<()> {
        self.since = self.since.saturating_add(n);
        self.is_over |= self.since > RECORD;
        if self.is_over { Err(io::Error::other("a record is too large")) } else { Ok(()) }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count(n)?;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.count(0)?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        let _ = self.count(n);
        self.inner.consume(n);
    }
}

/// Makes text of bytes: what is no UTF-8 becomes U+FFFD, and what XML forbids a blank.
#[derive(Debug)]
pub(super) struct Lossy<R> {
    inner: R,
    /// Text that is ready, and how much of it was given out.
    ready: Vec<u8>,
    given: usize,
    /// The start of a character whose end is not there yet.
    rest: Vec<u8>,
}

impl<R: Read> Lossy<R> {
    pub(super) fn new(inner: R) -> Lossy<R> {
        Lossy { inner, ready: Vec::new(), given: 0, rest: Vec::new() }
    }

    /// Gets more text ready; there is none only at the end.
    fn refill(&mut self) -> io::Result<()> {
        (self.given, self.ready) = (0, Vec::with_capacity(BUFFER));
        let mut bytes = std::mem::take(&mut self.rest);
        let start = bytes.len();
        bytes.resize(start + BUFFER, 0);
        let n = loop {
            match self.inner.read(&mut bytes[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        bytes.truncate(start + n);
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match std::str::from_utf8(left) {
                Ok(_) => {
                    self.ready.extend_from_slice(left);
                    left = &[];
                }
                Err(error) => {
                    let (valid, after) = left.split_at(error.valid_up_to());
                    self.ready.extend_from_slice(valid);
                    match error.error_len() {
                        // It may go on in what is read next.
                        None if n > 0 => {
                            self.rest = after.to_vec();
                            left = &[];
                        }
                        len => {
                            self.ready.extend_from_slice("\u{fffd}".as_bytes());
                            left = &after[len.unwrap_or(after.len())..];
                        }
                    }
                }
            }
        }
        let is_forbidden = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        self.ready.iter_mut().filter(|byte| is_forbidden(byte)).for_each(|byte| *byte = b' ');
        // A few bytes may be the start of a character and nothing else.
        if self.ready.is_empty() && n > 0 { self.refill() } else { Ok(()) }
    }
}

impl<R: Read> Read for Lossy<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Lossy<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        Ok(&self.ready[self.given..])
    }

    fn consume(&mut self, n: usize) {
        self.given = (self.given + n).min(self.ready.len());
    }
}

/// Lines, one at a time.
pub(super) struct Lines<R> {
    input: Metered<R>,
    line: Vec<u8>,
    /// How many were given out.
    pub(super) n_lines: u64,
}

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Counted from one.
    pub(super) number: u64,
    /// Whether it ended as lines do.
    pub(super) is_whole: bool,
}

impl Line<'_> {
    /// Says what is wrong with an event. Of the last line, it is that there is no more of it.
    pub(super) fn stopped(&self, why: Why) -> Stopped {
        let why = if self.is_whole { why } else { Why::Truncated("inside of an event".to_owned()) };
        (Some(Position::Line(self.number)), why)
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Lines<R> {
        Lines { input: Metered::new(input), line: Vec::new(), n_lines: 0 }
    }

    /// Returns the next line.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Stopped> {
        self.line.clear();
        self.input.reset();
        let number = self.n_lines + 1;
        match self.input.read_until(b'\n', &mut self.line) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(_) if self.input.is_over() => return Err((Some(Position::Line(number)), Why::TooLarge)),
            Err(error) => return Err((Some(Position::Line(number)), Why::Io(error))),
        }
        self.n_lines = number;
        let is_whole = self.line.last() == Some(&b'\n');
        while self.line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.pop();
        }
        if let Err(error) = std::str::from_utf8(&self.line) {
            let valid = error.valid_up_to();
            let lossy = String::from_utf8_lossy(&self.line[valid..]).into_owned();
            self.line.truncate(valid);
            self.line.extend_from_slice(lossy.as_bytes());
        }
        let text = std::str::from_utf8(&self.line).expect("it was made so");
        Ok(Some(Line { text, number, is_whole }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out so many bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn what_is_no_text_becomes_text_however_it_arrives() {
        let bytes = b"a\xc3\xa9\xff\xe2\x82\xac\x00\xf0\x9f";
        for n in 1..12 {
            let mut text = String::new();
            Lossy::new(Drops(bytes, n)).read_to_string(&mut text).expect("it is text");
            assert_eq!(text, "a\u{e9}\u{fffd}\u{20ac} \u{fffd}", "{n} at a time");
        }
    }

    #[test]
    fn records_have_a_limit() {
        let mut metered = Metered::new(BufReader::new(io::repeat(b'x')));
        let mut buffer = Vec::new();
        assert!(metered.read_until(b'\n', &mut buffer).is_err());
        assert!(metered.is_over() && buffer.len() <= RECORD + BUFFER, "{}", buffer.len());
    }
}
