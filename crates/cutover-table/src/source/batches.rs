//! Arrow record batches that somebody hands over.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader, StringViewArray};
use arrow_schema::Schema;
use cutover_domain::tree::TreeBuilder;

use super::json::canonical;
use super::{Batch, Batches, Column, Described, Reading, Source, Surroundings, Wanted, Written};
use crate::TableError;
use crate::budget::Reader;
use crate::conform::{conform, lossy_in_floats};
use crate::error::Place;
use crate::footprint::Footprint;
use crate::values::Values;

/// Batches that can be had once, and are kept where they are needed again.
pub(super) struct Handed {
    reader: Box<dyn RecordBatchReader + Send>,
    kept: Vec<RecordBatch>,
    footprint: Footprint,
    rows: u64,
}

impl Handed {
    pub(super) fn new(reader: Box<dyn RecordBatchReader + Send>) -> Self {
        Self {
            reader,
            kept: Vec::new(),
            footprint: Footprint::default(),
            rows: 0,
        }
    }

    fn keep(&mut self, batch: &RecordBatch, around: &Surroundings) -> Result<(), TableError> {
        self.rows += batch.num_rows() as u64;
        let reader = Reader {
            doing: "keeping batches that are needed twice",
            table: &around.name,
            row: self.rows,
        };
        let bytes = self.footprint.of_arrays(batch.columns());
        around.budget.charge(bytes, &reader)?;
        self.kept.push(batch.clone());
        Ok(())
    }
}

impl Source for Handed {
    fn describe(
        &mut self,
        _: &Surroundings,
        _: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        Ok(columns(&self.reader.schema()))
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn read(
        &mut self,
        wanted: &[Wanted],
        reading: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError> {
        let around = around.clone();
        let mut shape = Shape::new(wanted, &around);
        let mut kept = 0;
        Ok(Box::new(std::iter::from_fn(move || {
            if let Some(batch) = self.kept.get(kept) {
                kept += 1;
                return Some(shape.batch(batch));
            }
            let batch = match self.reader.next()? {
                Ok(batch) => batch,
                Err(error) => {
                    return Some(Err(TableError::arrow(&around.name, shape.rows, error)));
                }
            };
            if reading == Reading::First {
                if let Err(error) = self.keep(&batch, &around) {
                    return Some(Err(error));
                }
                kept += 1;
            }
            Some(shape.batch(&batch))
        })))
    }
}

/// Nested values as texts of JSON.
fn as_json(array: &ArrayRef, written: Written) -> Result<ArrayRef, String> {
    let values = Values::of(array, false);
    let text = |row: usize| {
        let mut builder = TreeBuilder::new();
        let added = values.add(row, &mut builder);
        added.map_err(|error| error.to_string())?;
        let tree = builder.finish().map_err(|error| error.to_string())?;
        Ok(canonical(tree.root(), written))
    };
    let texts = (0..array.len()).map(|row| array.is_valid(row).then(|| text(row)).transpose());
    let texts: StringViewArray = texts.collect::<Result<_, String>>()?;
    Ok(Arc::new(texts))
}

/// The columns of an Arrow schema.
pub(super) fn columns(schema: &Schema) -> Vec<Column> {
    let fields = schema.fields().iter().map(|field| Column {
        name: field.name().clone(),
        kind: Described::Typed(field.data_type().clone()),
        by_value: false,
    });
    fields.collect()
}

/// Picks the wanted columns of record batches and makes them what is wanted.
pub(super) struct Shape {
    wanted: Vec<Wanted>,
    name: Arc<str>,
    rows: u64,
}

impl Shape {
    /// Columns are at their places in the table.
    pub(super) fn new(wanted: &[Wanted], around: &Surroundings) -> Self {
        Self {
            wanted: wanted.to_vec(),
            name: Arc::clone(&around.name),
            rows: 0,
        }
    }

    /// Columns are those of `projected`, in that order.
    pub(super) fn projected(wanted: &[Wanted], projected: &[usize], around: &Surroundings) -> Self {
        let mut shape = Self::new(wanted, around);
        for wanted in &mut shape.wanted {
            let place = projected.iter().position(|column| *column == wanted.column);
            wanted.column = place.unwrap_or(usize::MAX);
        }
        shape
    }

    /// Rows seen so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<Batch, TableError> {
        let mut columns = Vec::with_capacity(self.wanted.len());
        for wanted in &self.wanted {
            let Some(array) = batch.columns().get(wanted.column) else {
                return Err(TableError::malformed(
                    &self.name,
                    Place::Row(self.rows + 1),
                    "a batch does not have the columns that were announced",
                ));
            };
            let lossy = if wanted.lossless {
                lossy_in_floats(array)
            } else {
                None
            };
            if let Some(row) = lossy {
                return Err(TableError::malformed(
                    &self.name,
                    Place::Row(self.rows + 1 + row as u64),
                    format_args!(
                        "column {:?} holds numbers of more digits than the floats of the other table \
                         tell apart; compare the column as text or with a tolerance",
                        batch.schema_ref().field(wanted.column).name()
                    ),
                ));
            }
            let array = if wanted.written == Written::JsonWithoutNull {
                as_json(array, wanted.written)
            } else {
                conform(array, &wanted.target).map_err(|error| error.to_string())
            };
            let array = array.map_err(|error| {
                TableError::malformed(
                    &self.name,
                    Place::Row(self.rows + 1),
                    format_args!(
                        "column {:?} has values from here on that cannot be compared as {}: {error}",
                        batch.schema_ref().field(wanted.column).name(),
                        wanted.target
                    ),
                )
            })?;
            columns.push(array);
        }
        self.rows += batch.num_rows() as u64;
        Ok(Batch {
            columns,
            rows: batch.num_rows(),
        })
    }
}
