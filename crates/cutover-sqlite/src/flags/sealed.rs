//! JSON texts with their checksums.

use cutover_domain::flags::{ChangeRecord, Revision};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

/// A text as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) text: String,
    pub(super) checksum: String,
}

/// Why a stored text cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("its checksum does not match: somebody changed it by hand, or the disk did")]
    WrongChecksum,
    #[error("it is no record: {0}")]
    NotARecord(#[from] serde_json::Error),
    #[error("it is the record of revision {0}")]
    OfAnotherRevision(Revision),
}

impl Sealed {
    pub(super) fn new(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(value)?;
        let checksum = checksum(&text);
        Ok(Self { text, checksum })
    }

    /// Whether the text is as it was written.
    pub(super) fn is_whole(&self) -> bool {
        self.checksum == checksum(&self.text)
    }

    /// The record of a revision.
    pub(super) fn record(&self, revision: Revision) -> Result<ChangeRecord, Broken> {
        if !self.is_whole() {
            return Err(Broken::WrongChecksum);
        }
        let record: ChangeRecord = serde_json::from_str(&self.text)?;
        if record.revision != revision {
            return Err(Broken::OfAnotherRevision(record.revision));
        }
        Ok(record)
    }
}

fn checksum(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}
