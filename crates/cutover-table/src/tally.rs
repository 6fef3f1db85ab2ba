//! What is counted of one column.

use arrow_array::{Array, ArrayRef};

use crate::TableError;
use crate::cell::Cell;
use crate::comparison::{ColumnComparison, RowValues, Sample};
use crate::kernel::{Kernel, Seen};
use crate::mask::Mask;
use crate::plan::Pair;

/// Which rows are compared: their places, and their keys for samples.
pub(crate) trait Rows {
    /// Places in old and new of the pair at `at`, from 1.
    fn places(&self, at: usize) -> (u64, u64);
    /// The key of the pair at `at`.
    fn key(&self, at: usize) -> RowValues;
}

/// What is counted of one column.
pub(crate) struct Tally<'a> {
    pair: &'a Pair,
    kernel: Kernel,
    limit: usize,
    different: u64,
    nulls: u64,
    seen: Seen,
    samples: Vec<Sample>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(pair: &'a Pair, limit: usize) -> Result<Self, TableError> {
        Ok(Self {
            pair,
            kernel: Kernel::new(&pair.target, pair.rule)?,
            limit,
            different: 0,
            nulls: 0,
            seen: Seen::default(),
            samples: Vec::new(),
        })
    }

    /// Compares as many rows of old as of new; answers which differ.
    pub(crate) fn compare(
        &mut self,
        old: &ArrayRef,
        new: &ArrayRef,
        rows: &dyn Rows,
    ) -> Result<Mask, TableError> {
        let mask = self.kernel.compare(old, new, &mut self.seen)?;
        if mask.any() {
            self.count(&mask, old, new, rows);
        }
        Ok(mask)
    }

    fn count(&mut self, mask: &Mask, old: &ArrayRef, new: &ArrayRef, rows: &dyn Rows) {
        self.different += mask.count();
        if old.null_count() + new.null_count() > 0 {
            let null = |at: &usize| old.is_null(*at) || new.is_null(*at);
            self.nulls += mask.ones().filter(null).count() as u64;
        }
        let room = self.limit - self.samples.len();
        for at in mask.ones().take(room) {
            let (old_row, new_row) = rows.places(at);
            self.samples.push(Sample {
                key: rows.key(at),
                old_row,
                new_row,
                old: Cell::of(old, at),
                new: Cell::of(new, at),
            });
        }
    }

    /// What was seen elsewhere.
    pub(crate) fn add_seen(&mut self, seen: Seen) {
        self.seen = seen;
    }

    pub(crate) fn finish(self) -> ColumnComparison {
        let pair = self.pair;
        ColumnComparison {
            name: pair.name.to_string(),
            new_name: pair.new_name.clone(),
            old_type: pair.old_type.clone(),
            new_type: pair.new_type.clone(),
            compared_as: crate::column_type::word(&pair.target),
            key: pair.key,
            different: self.different,
            nulls: self.nulls,
            tolerated: self.seen.tolerated,
            largest: self.seen.largest,
            mean: self.seen.mean(),
            largest_tolerated: self.seen.largest_tolerated,
            samples: self.samples,
        }
    }
}
