//! Parquet files.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;

use super::batches::{Shape, columns};
use super::input::open;
use super::{Batches, Column, Reading, Source, Surroundings, Wanted, rows_of_batch};
use crate::TableError;
use crate::error::Place;

/// A Parquet file.
pub(super) struct Parquet {
    path: PathBuf,
    rows: Option<u64>,
}

impl Parquet {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            rows: None,
        }
    }

    /// Opens the file and reads its end, where it says what is in it.
    fn open(&self, name: &str) -> Result<(File, ArrowReaderMetadata), TableError> {
        let file = open(&self.path).map_err(|error| TableError::io(name, error))?;
        let length = file
            .metadata()
            .map_err(|error| TableError::io(name, error))?
            .len();
        let metadata = guarded(name, || {
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        })?;
        let metadata = metadata.map_err(|error| broken(name, &error))?;
        check(&metadata, length)
            .map_err(|problem| TableError::malformed(name, Place::Whole, problem))?;
        Ok((file, metadata))
    }
}

/// The reader trusts what the end of a file says of the places of its parts.
fn check(metadata: &ArrowReaderMetadata, length: u64) -> Result<(), String> {
    let metadata = metadata.metadata();
    let mut rows: i64 = 0;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(group.num_rows());
        if group.num_rows() < 0 {
            return Err("is damaged: a group of rows has a negative number of them".to_owned());
        }
        for column in group.columns() {
            let start = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            let end = u64::try_from(start)
                .ok()
                .zip(u64::try_from(column.compressed_size()).ok())
                .and_then(|(start, size)| start.checked_add(size));
            if end.is_none_or(|end| end > length) {
                return Err(format!(
                    "is damaged: it says that column {:?} lies where the file has ended",
                    column.column_path().string()
                ));
            }
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return Err(format!(
            "is damaged: it says that it has {} rows, and that its groups of rows have {rows}",
            metadata.file_metadata().num_rows()
        ));
    }
    Ok(())
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is decoding a file just now. The library that does it panics about some
/// kinds of damage; such a panic is caught and becomes a [`TableError`], and a panic hook that
/// reports bugs should keep quiet about it.
///
/// ```
/// assert!(!cutover_table::is_decoding());
/// ```
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What the library panics about is a damaged file as well.
pub(super) fn guarded<T>(name: &str, read: impl FnOnce() -> T) -> Result<T, TableError> {
    DECODING.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    DECODING.set(false);
    read.map_err(|_| TableError::malformed(name, Place::Whole, "is damaged: it cannot be decoded"))
}

fn broken(name: &str, error: &ParquetError) -> TableError {
    TableError::malformed(
        name,
        Place::Whole,
        format_args!("is no Parquet file that can be read: {error}"),
    )
}

impl Source for Parquet {
    fn describe(
        &mut self,
        around: &Surroundings,
        _: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        let (_, metadata) = self.open(&around.name)?;
        self.rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).ok();
        Ok(columns(metadata.schema()))
    }

    fn rows(&self) -> Option<u64> {
        self.rows
    }

    fn read(
        &mut self,
        wanted: &[Wanted],
        _: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError> {
        let (file, metadata) = self.open(&around.name)?;
        let metadata = with_views(metadata);
        let expected = self.rows;
        let mut projected: Vec<usize> = wanted.iter().map(|wanted| wanted.column).collect();
        projected.sort_unstable();
        projected.dedup();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), projected.iter().copied());
        let name = Arc::clone(&around.name);
        let mut reader = guarded(&name, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                .with_projection(mask)
                .with_batch_size(rows_of_batch(projected.len()))
                .build()
        })?
        .map_err(|error| broken(&name, &error))?;
        let mut shape = Shape::projected(wanted, &projected, around);
        let mut ended = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let batch =
                match guarded(&name, || reader.next()) {
                    Ok(Some(Ok(batch))) => shape.batch(&batch),
                    Ok(Some(Err(error))) => Err(TableError::arrow(&name, shape.rows(), error)),
                    Ok(None) => {
                        ended = true;
                        let rows = shape.rows();
                        return expected.filter(|expected| *expected != rows).map(|expected| {
                        Err(TableError::malformed(
                            &name,
                            Place::Whole,
                            format_args!(
                                "is damaged: it has {rows} rows and says that it has {expected}"
                            ),
                        ))
                    });
                    }
                    Err(error) => Err(error),
                };
            ended = batch.is_err();
            Some(batch)
        })))
    }
}

/// Asks for texts as views, which share the bytes of the page that they were decoded from.
fn with_views(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let fields = metadata.schema().fields().iter().map(|field| {
        let viewed = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            DataType::Dictionary(_, values) => match values.as_ref() {
                DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
                _ => return Arc::clone(field),
            },
            _ => return Arc::clone(field),
        };
        Arc::new(Field::clone(field).with_data_type(viewed))
    });
    let fields: Vec<_> = fields.collect();
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let viewed = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options);
    // Where the hint does not fit, values are converted after reading.
    viewed.unwrap_or(metadata)
}
