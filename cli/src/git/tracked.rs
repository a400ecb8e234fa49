//! The files that git was told of.

use skiptrace_engine::id::ObjectId;

use super::mode::FileMode;
use super::raw::Side;

/// The files that git was told of, in the order of their paths; of one with conflicts several versions.
///
/// Kept as git prints them, `H 100644 <id> 0<tab>path`, each ended by a NUL: there may be very many, and of most
/// nobody asks more than the name.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    text: Vec<u8>,
    /// Where the NUL of each is. They are gone through several times, and looked for and checked once.
    ends: Vec<usize>,
}

/// A file that git was told of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    tag: u8,
    mode: &'a [u8],
    id: &'a [u8],
    pub(super) path: &'a [u8],
}

impl Tracked {
    /// Reads what `ls-files -v --stage -z` prints. The error is the first piece that it never prints.
    pub(super) fn parse(text: Vec<u8>) -> Result<Tracked, Vec<u8>> {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at).collect();
        let tracked = Tracked { text, ends };
        if let Some(odd) =
            tracked.pieces().find(|piece| !Entry::split(piece).is_some_and(|entry| entry.is_sound()))
        {
            return Err(odd.to_vec());
        }
        // What is cut off in the middle has no end.
        let end = tracked.ends.last().map_or(0, |last| last + 1);
        match &tracked.text[end..] {
            [] => Ok(tracked),
            cut => Err(cut.to_vec()),
        }
    }

    /// Returns the files.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.pieces().filter_map(Entry::split)
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }
}

impl<'a> Entry<'a> {
    /// Splits what git prints of a file, without a look at what the parts are.
    fn split(piece: &'a [u8]) -> Option<Entry<'a>> {
        let ([tag, b' ', mode @ .., b' '], rest) = piece.split_at_checked(9)? else { return None };
        let id_length = [40, 64].into_iter().find(|length| rest.get(*length) == Some(&b' '))?;
        let (id, rest) = rest.split_at(id_length);
        let [b' ', b'0'..=b'3', b'\t', path @ ..] = rest else { return None };
        Some(Entry { tag: *tag, mode, id, path })
    }

    /// Returns whether the parts are what git prints.
    fn is_sound(&self) -> bool {
        let is_path = !self.path.is_empty();
        is_path && self.mode.iter().all(u8::is_ascii_digit) && self.id.iter().all(u8::is_ascii_hexdigit)
    }

    /// Returns what git has of it.
    pub(super) fn side(&self) -> Side {
        let id: Option<ObjectId> = std::str::from_utf8(self.id).ok().and_then(|id| id.parse().ok());
        let is_known = self.id.iter().any(|digit| *digit != b'0');
        Side { mode: self.mode(), blob: id.filter(|_| is_known) }
    }

    /// Returns what git takes it for.
    pub(super) fn mode(&self) -> FileMode {
        let mode = std::str::from_utf8(self.mode).ok().and_then(FileMode::parse);
        mode.unwrap_or(FileMode::Plain)
    }

    /// Returns whether it is checked out, as far as git knows.
    pub(super) fn is_checked_out(&self) -> bool {
        !matches!(self.tag, b'S' | b's')
    }

    /// Returns whether git was told not to look at it.
    pub(super) fn is_overlooked(&self) -> bool {
        !self.is_checked_out() || self.tag.is_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_git_prints_them() {
        let id = "1".repeat(40);
        let text = format!(
            "H 100644 {id} 0\ta b\tc\0h 100755 {id} 0\td\0S 120000 {id} 0\te\0s 160000 {} 0\tf\0M 100644 {id} 2\tg\0",
            "0".repeat(64)
        );
        let tracked = Tracked::parse(text.into_bytes()).unwrap();
        let said = tracked.iter().map(|entry| {
            let (path, Side { mode, blob }) = (String::from_utf8_lossy(entry.path), entry.side());
            let known = blob.is_some();
            format!("{path}: {mode:?} {known} {} {}", entry.is_overlooked(), entry.is_checked_out())
        });
        assert_eq!(
            said.collect::<Vec<_>>(),
            [
                "a b\tc: Plain true false true",
                "d: Executable true true true",
                "e: Link true true false",
                "f: Repository false true false",
                "g: Plain true false true",
            ]
        );
        assert_eq!(Tracked::parse(Vec::new()).unwrap().iter().count(), 0);
    }

    #[test]
    fn what_git_never_prints_is_refused() {
        let id = "1".repeat(40);
        let fine = format!("H 100644 {id} 0\ta");
        assert!(Tracked::parse(format!("{fine}\0").into_bytes()).is_ok());
        for odd in [
            fine.clone(),
            format!("{fine}\0\0"),
            format!("{fine}\0{fine}"),
            format!("H 100644 {id} 0\t\0"),
            format!("H 100644 {id} 4\ta\0"),
            format!("H 100644 {} 0\ta\0", &id[1..]),
            format!("H 10064x {id} 0\ta\0"),
            format!("? a{id}{id}\0"),
            "\0".to_owned(),
        ] {
            assert!(Tracked::parse(odd.clone().into_bytes()).is_err(), "{odd:?}");
        }
    }
}
