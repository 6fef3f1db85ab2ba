//! JSON texts with their checksums.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

/// A text as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) text: String,
    pub(crate) checksum: String,
}

impl Sealed {
    pub(crate) fn new(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(value)?;
        let checksum = checksum(&text);
        Ok(Self { text, checksum })
    }

    /// Whether the text is as it was written.
    #[cfg(any(feature = "flags", test))]
    pub(crate) fn is_whole(&self) -> bool {
        self.checksum == checksum(&self.text)
    }
}

/// The checksum of a text as it is stored.
pub(crate) fn checksum(text: impl AsRef<[u8]>) -> String {
    format!("{:032x}", xxh3_128(text.as_ref()))
}
