//! Row by row: the first to the first, the second to the second.

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::TableError;
use crate::budget::Budget;
use crate::comparator::TableComparator;
use crate::comparison::{DuplicateKeys, Found, RowCounts, RowSample, RowValues, TableComparison};
use crate::mask::Mask;
use crate::plan::Plan;
use crate::progress::{Phase, Watcher};
use crate::sample::Shown;
use crate::source::{Batch, Batches, Reading, Table};
use crate::tally::{Rows, Tally};

/// A table as rows in order: what is left of the current batch.
struct InOrder<'a> {
    batches: Batches<'a>,
    batch: Batch,
    at: usize,
}

impl<'a> InOrder<'a> {
    fn new(batches: Batches<'a>) -> Self {
        Self {
            batches,
            batch: Batch {
                columns: Vec::new(),
                rows: 0,
            },
            at: 0,
        }
    }

    /// How many rows are there before the next batch; 0 at the end.
    fn ready(&mut self) -> Result<usize, TableError> {
        while self.at == self.batch.rows {
            match self.batches.next() {
                Some(batch) => (self.batch, self.at) = (batch?, 0),
                None => return Ok(0),
            }
        }
        Ok(self.batch.rows - self.at)
    }

    /// The next rows of a column.
    fn column(&self, at: usize, rows: usize) -> ArrayRef {
        self.batch.columns[at].slice(self.at, rows)
    }
}

/// Pairs from a row on, with the same place on both sides.
struct Places(u64);

impl Rows for Places {
    fn places(&self, at: usize) -> (u64, u64) {
        let row = self.0 + at as u64 + 1;
        (row, row)
    }

    fn key(&self, _: usize) -> RowValues {
        RowValues::default()
    }
}

pub(crate) fn by_order(
    settings: &TableComparator,
    plan: &Plan,
    old: &mut Table,
    new: &mut Table,
    budget: &Arc<Budget>,
    watch: &Watcher<'_>,
) -> Result<TableComparison, TableError> {
    let mut tallies = plan
        .pairs
        .iter()
        .map(|pair| Tally::new(pair, settings.samples))
        .collect::<Result<Vec<_>, _>>()?;
    let old = old.read(&plan.of_old(), Reading::Last, Phase::ReadOld, watch)?;
    let new = new.read(&plan.of_new(), Reading::Last, Phase::ReadNew, watch)?;
    let (mut old, mut new) = (InOrder::new(old), InOrder::new(new));
    let mut rows = RowCounts::default();
    loop {
        let length = old.ready()?.min(new.ready()?);
        if length == 0 {
            break;
        }
        let places = Places(rows.old);
        let mut different = Mask::none(length);
        for (at, tally) in tallies.iter_mut().enumerate() {
            let mask = tally.compare(&old.column(at, length), &new.column(at, length), &places)?;
            different.add(&mask);
        }
        rows.different += different.count();
        rows.old += length as u64;
        rows.new += length as u64;
        old.at += length;
        new.at += length;
    }
    rows.equal = rows.old - rows.different;
    let shown = Shown::new(plan);
    let (only_old, samples_old) = rest(&mut old, rows.old, &shown, settings.samples)?;
    let (only_new, samples_new) = rest(&mut new, rows.new, &shown, settings.samples)?;
    rows.only_old = only_old;
    rows.only_new = only_new;
    rows.old += only_old;
    rows.new += only_new;
    Ok(TableComparison::new(
        settings,
        plan,
        Found {
            rows,
            columns: tallies.into_iter().map(Tally::finish).collect(),
            duplicates: DuplicateKeys::default(),
            only_old: samples_old,
            only_new: samples_new,
            exact: true,
            memory: budget.peak(),
        },
    ))
}

/// Counts the rows that have no partner, the first of which is `row`.
fn rest(
    table: &mut InOrder<'_>,
    row: u64,
    shown: &Shown,
    limit: usize,
) -> Result<(u64, Vec<RowSample>), TableError> {
    let mut count = 0;
    let mut samples = Vec::new();
    loop {
        let ready = table.ready()?;
        if ready == 0 {
            return Ok((count, samples));
        }
        for at in 0..ready.min(limit - samples.len()) {
            samples.push(RowSample {
                row: row + samples.len() as u64 + 1,
                values: shown.of(&table.batch.columns, table.at + at),
            });
        }
        count += ready as u64;
        table.at += ready;
    }
}
