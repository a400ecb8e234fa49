//! Tables of texts.

use super::cursor::Cursor;
use super::error::CovdataError;

/// The texts that the rest of a part refers to by number.
#[derive(Debug, Clone)]
pub(super) struct Strings<'a> {
    texts: Vec<&'a [u8]>,
}

impl<'a> Strings<'a> {
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Strings<'a>, CovdataError> {
        let n_texts = cursor.uleb()?;
        let mut texts = Vec::with_capacity(cursor.count(n_texts.into(), 1)?);
        for _ in 0..n_texts {
            let len = cursor.uleb()?;
            texts.push(cursor.take(cursor.count(len.into(), 1)?)?);
        }
        Ok(Strings { texts })
    }

    /// Returns a text that may be anything, such as what a program was started with.
    pub(super) fn bytes(&self, index: u32, what: &'static str) -> Result<&'a [u8], CovdataError> {
        let text = usize::try_from(index).ok().and_then(|index| self.texts.get(index));
        text.copied().ok_or(CovdataError::TextIndex { what, index, n_texts: self.texts.len() })
    }

    /// Returns a text that names something.
    pub(super) fn text(&self, index: u32, what: &'static str) -> Result<&'a str, CovdataError> {
        // Replacing what is no UTF-8 would make up the name of another file.
        std::str::from_utf8(self.bytes(index, what)?).map_err(|_| CovdataError::Text { what })
    }
}
