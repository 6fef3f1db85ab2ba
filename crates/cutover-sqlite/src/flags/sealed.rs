//! Stored texts as records of a history.

use cutover_domain::flags::{ChangeRecord, Revision};

pub(super) use crate::sealed::Sealed;

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
