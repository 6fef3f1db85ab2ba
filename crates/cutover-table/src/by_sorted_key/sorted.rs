//! A table that is sorted by its key, row by row.

use arrow_array::ArrayRef;
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::ArrowError;

use crate::TableError;
use crate::comparison::RowSample;
use crate::error::Place;
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::plan::Plan;
use crate::sample::Shown;
use crate::source::{Batch, Batches};

/// A batch, and its keys as bytes that are ordered as they are.
struct Keyed {
    batch: Batch,
    keys: Rows,
    /// The row of the table that the batch starts with, from 0.
    start: u64,
}

/// Rows in the order of their keys. The batch after the present one is there as well, so that a row
/// knows whether the next has the same key.
pub(super) struct Sorted<'a> {
    name: &'a str,
    keys: Vec<usize>,
    converter: RowConverter,
    batches: Batches<'a>,
    present: Option<Keyed>,
    next: Option<Keyed>,
    at: usize,
    /// The key of the row before the present batch.
    before: Option<Box<[u8]>>,
    read: u64,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(
        plan: &Plan,
        name: &'a str,
        batches: Batches<'a>,
    ) -> Result<Self, TableError> {
        let fields = plan
            .key_types()
            .map(|data_type| SortField::new(data_type.clone()));
        let fields: Vec<SortField> = fields.collect();
        if !RowConverter::supports_fields(&fields) {
            return Err(TableError::Settings(
                "values of the key's types have no order".to_owned(),
            ));
        }
        let converter = RowConverter::new(fields).map_err(|error| unordered(name, error))?;
        let mut sorted = Self {
            name,
            keys: plan.keys.clone(),
            converter,
            batches,
            present: None,
            next: None,
            at: 0,
            before: None,
            read: 0,
        };
        sorted.present = sorted.fetch()?;
        sorted.next = sorted.fetch()?;
        Ok(sorted)
    }

    /// The next batch that has rows, once it is seen to be in order.
    fn fetch(&mut self) -> Result<Option<Keyed>, TableError> {
        for batch in self.batches.by_ref() {
            let batch = batch?;
            if batch.rows == 0 {
                continue;
            }
            let columns: Vec<ArrayRef> = self
                .keys
                .iter()
                .map(|at| crate::fingerprint::normal_floats(&batch.columns[*at]))
                .collect();
            let keys = self.converter.convert_columns(&columns);
            let keyed = Keyed {
                keys: keys.map_err(|error| unordered(self.name, error))?,
                start: self.read,
                batch,
            };
            self.check_order(&keyed)?;
            self.read += keyed.batch.rows as u64;
            return Ok(Some(keyed));
        }
        Ok(None)
    }

    fn check_order(&self, keyed: &Keyed) -> Result<(), TableError> {
        let last = self.next.as_ref().or(self.present.as_ref());
        let mut before = last.map(|last| last.keys.row(last.batch.rows - 1));
        for (at, key) in keyed.keys.iter().enumerate() {
            if before.is_some_and(|before| before.as_ref() > key.as_ref()) {
                return Err(TableError::malformed(
                    self.name,
                    Place::Row(keyed.start + at as u64 + 1),
                    "the key is before that of the row above, so the table is not sorted by it \
                     (null first, numbers by size, texts by their bytes)",
                ));
            }
            before = Some(key);
        }
        Ok(())
    }

    /// The key of the present row.
    pub(super) fn key(&self) -> Option<&[u8]> {
        let present = self.present.as_ref()?;
        Some(present.keys.row(self.at).data())
    }

    /// Whether no other row has the key of the present one.
    pub(super) fn is_unique(&self) -> bool {
        let Some(present) = &self.present else {
            return true;
        };
        let key = present.keys.row(self.at).data();
        let above = match self.at.checked_sub(1) {
            Some(above) => Some(present.keys.row(above).data()),
            None => self.before.as_deref(),
        };
        let below = if self.at + 1 < present.batch.rows {
            Some(present.keys.row(self.at + 1).data())
        } else {
            self.next.as_ref().map(|next| next.keys.row(0).data())
        };
        above != Some(key) && below != Some(key)
    }

    /// The place of the present row in its batch.
    pub(super) fn place(&self) -> u32 {
        self.at as u32
    }

    pub(super) fn is_last_of_batch(&self) -> bool {
        self.present
            .as_ref()
            .is_some_and(|present| self.at + 1 == present.batch.rows)
    }

    /// Goes on to the next row.
    pub(super) fn step(&mut self) -> Result<(), TableError> {
        if !self.is_last_of_batch() {
            self.at += 1;
            return Ok(());
        }
        self.before = self.key().map(Box::from);
        self.at = 0;
        self.present = self.next.take();
        if self.present.is_some() {
            self.next = self.fetch()?;
        }
        Ok(())
    }

    /// The columns of the present batch.
    pub(super) fn columns(&self) -> &[ArrayRef] {
        self.present
            .as_ref()
            .map_or(&[], |present| &present.batch.columns)
    }

    /// The row that the present batch starts with, from 0.
    pub(super) fn batch_start(&self) -> u64 {
        self.present
            .as_ref()
            .map_or(self.read, |present| present.start)
    }

    /// The present row, to be shown.
    pub(super) fn sample(&self, shown: &Shown) -> RowSample {
        RowSample {
            row: self.batch_start() + self.at as u64 + 1,
            values: shown.of(self.columns(), self.at),
        }
    }

    /// The fingerprint of the present row as a whole.
    pub(super) fn print(&self, whole: &Fingerprints) -> Result<Fingerprint, TableError> {
        let row: Vec<ArrayRef> = self
            .columns()
            .iter()
            .map(|column| column.slice(self.at, 1))
            .collect();
        let prints = whole.of(&row.iter().collect::<Vec<_>>(), 1)?;
        Ok(prints.first().copied().unwrap_or_default())
    }

    pub(super) fn rows_read(&self) -> u64 {
        self.read
    }

    pub(super) fn wrong(&self, error: ArrowError) -> TableError {
        TableError::arrow(self.name, self.batch_start(), error)
    }
}

fn unordered(name: &str, error: ArrowError) -> TableError {
    TableError::Settings(format!("the keys of {name} have no order: {error}"))
}
