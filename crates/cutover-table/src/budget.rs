//! How much memory a comparison may take.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::TableError;

/// Bytes taken so far, of those allowed.
///
/// Counted is what grows with the tables: retained batches, indexes, what rows of open questions
/// need. What reading takes (a batch of each table, decoders) does not grow with them.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    taken: AtomicU64,
    peak: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            taken: AtomicU64::new(0),
            peak: AtomicU64::new(0),
        }
    }

    /// The most bytes taken at one time.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Takes `bytes` more; answers whether they were there.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let taken = self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(taken, Ordering::Relaxed);
        taken <= self.limit
    }

    /// Takes `bytes` more.
    ///
    /// # Errors
    ///
    /// They are not there.
    pub(crate) fn charge(&self, bytes: u64, reader: &Reader<'_>) -> Result<(), TableError> {
        if self.take(bytes) {
            Ok(())
        } else {
            Err(TableError::Memory {
                doing: reader.doing,
                table: reader.table.to_owned(),
                row: reader.row,
                budget: self.limit,
            })
        }
    }
}

/// Who asks for memory, for the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) doing: &'static str,
    pub(crate) table: &'a str,
    pub(crate) row: u64,
}

/// Follows one thing that grows: charges what is new since the last look.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    charged: u64,
}

impl Growing {
    pub(crate) fn now(
        &mut self,
        bytes: u64,
        budget: &Budget,
        reader: &Reader<'_>,
    ) -> Result<(), TableError> {
        let more = bytes.saturating_sub(self.charged);
        self.charged += more;
        budget.charge(more, reader)
    }
}
