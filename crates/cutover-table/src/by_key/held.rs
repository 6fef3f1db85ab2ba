//! The rows of old, kept in memory as they were read.

use arrow_array::{Array, ArrayRef};
use arrow_schema::ArrowError;
use arrow_select::interleave::interleave;

use crate::footprint::Footprint;
use crate::key_index::Row;
use crate::source::Batch;

/// Batches of one table.
#[derive(Default)]
pub(super) struct Held {
    batches: Vec<Batch>,
    /// The first row of each batch.
    starts: Vec<usize>,
    rows: usize,
    footprint: Footprint,
}

/// Where some rows are: which batches, and the place of each row among them.
pub(super) struct Whereabouts {
    batches: Vec<usize>,
    rows: Vec<(usize, usize)>,
}

impl Held {
    /// Keeps a batch; answers how many bytes that takes.
    pub(super) fn push(&mut self, batch: Batch) -> u64 {
        let bytes = self.footprint.of_arrays(&batch.columns);
        self.starts.push(self.rows);
        self.rows += batch.rows;
        self.batches.push(batch);
        bytes
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The batches, each with its first row.
    pub(super) fn batches(&self) -> impl Iterator<Item = (usize, &Batch)> {
        self.starts.iter().copied().zip(&self.batches)
    }

    /// The batch that has `row`, and its place there.
    pub(super) fn find(&self, row: usize) -> (usize, usize) {
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        (batch, row - self.starts[batch])
    }

    /// The columns of a batch.
    pub(super) fn columns(&self, batch: usize) -> &[ArrayRef] {
        &self.batches[batch].columns
    }

    /// How many rows follow `at` in `batch`, that one included.
    pub(super) fn left(&self, batch: usize, at: usize) -> usize {
        self.batches[batch].rows - at
    }

    pub(super) fn whereabouts(&self, rows: &[Row]) -> Whereabouts {
        let mut batches = Vec::new();
        let mut places = vec![usize::MAX; self.batches.len()];
        let mut last = (0, 0..0);
        let rows = rows.iter().map(|row| {
            let row = *row as usize;
            if !last.1.contains(&row) {
                let (batch, _) = self.find(row);
                let start = self.starts[batch];
                last = (batch, start..start + self.batches[batch].rows);
            }
            let (batch, range) = &last;
            if places[*batch] == usize::MAX {
                places[*batch] = batches.len();
                batches.push(*batch);
            }
            (places[*batch], row - range.start)
        });
        let rows = rows.collect();
        Whereabouts { batches, rows }
    }

    /// A column of rows that lie about.
    pub(super) fn gather(&self, column: usize, rows: &Whereabouts) -> Result<ArrayRef, ArrowError> {
        let arrays: Vec<&dyn Array> = rows
            .batches
            .iter()
            .map(|batch| self.batches[*batch].columns[column].as_ref())
            .collect();
        interleave(&arrays, &rows.rows)
    }
}
