//! Bytes into text: encoding and byte-order mark.

use cutover_domain::tree::Position;

use crate::error::{Problem, ReadError};

/// The byte-order mark of UTF-8, which says nothing and is skipped.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A document's text, and how many bytes stand before it.
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) skipped: usize,
}

#[cfg(any(feature = "toml", feature = "yaml"))]
impl Text<'_> {
    /// The position in the document of a byte of the text.
    pub(crate) fn position(&self, at: usize) -> Position {
        Position::of(self.text, at).moved(0, self.skipped)
    }
}

/// The text of a document.
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, ReadError> {
    for (mark, encoding) in [
        (&b"\xFF\xFE\0\0"[..], "UTF-32, little endian"),
        (b"\0\0\xFE\xFF", "UTF-32, big endian"),
        (b"\xFF\xFE", "UTF-16, little endian"),
        (b"\xFE\xFF", "UTF-16, big endian"),
    ] {
        if bytes.starts_with(mark) {
            return Err(ReadError::whole(Problem::Encoding(encoding)));
        }
    }
    let rest = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let skipped = bytes.len() - rest.len();
    match std::str::from_utf8(rest) {
        Ok(text) => Ok(Text { text, skipped }),
        Err(error) => {
            let at = error.valid_up_to();
            let readable = std::str::from_utf8(&rest[..at]).unwrap_or_default();
            Err(ReadError {
                document: None,
                position: Some(Position::of(readable, at).moved(0, skipped)),
                problem: Problem::NotUtf8(rest.get(at).copied().unwrap_or_default()),
            })
        }
    }
}
