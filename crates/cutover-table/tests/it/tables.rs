//! Tables for tests.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator};
use arrow_schema::{Field, Schema};
use cutover_table::{CsvDialect, Table, TableComparator, TableComparison, TableError};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// A CSV document with a header.
pub(crate) fn csv(name: &str, text: &str) -> Table {
    Table::csv(text.as_bytes().to_vec(), CsvDialect::default()).named(name)
}

/// Compares two CSV documents.
pub(crate) fn csvs(comparator: &TableComparator, old: &str, new: &str) -> TableComparison {
    let compared = comparator.compare(csv("old.csv", old), csv("new.csv", new));
    compared.unwrap_or_else(|error| panic!("{error}"))
}

/// What comparing two CSV documents fails with.
pub(crate) fn csv_error(comparator: &TableComparator, old: &str, new: &str) -> TableError {
    comparator
        .compare(csv("old.csv", old), csv("new.csv", new))
        .expect_err("this should not be compared")
}

/// A batch of nullable columns.
pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(schema, arrays).unwrap()
}

/// Batches handed over, in pieces of `size` rows.
pub(crate) fn handed(name: &str, batch: &RecordBatch, size: usize) -> Table {
    let starts = (0..batch.num_rows()).step_by(size);
    let pieces: Vec<_> = starts
        .map(|start| Ok(batch.slice(start, size.min(batch.num_rows() - start))))
        .collect();
    Table::batches(name, RecordBatchIterator::new(pieces, batch.schema()))
}

/// Writes a batch as a Parquet file, in groups of `size` rows.
pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch, size: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(size))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Columns that differ, and how often.
pub(crate) fn different(comparison: &TableComparison) -> Vec<(&str, u64)> {
    let columns = comparison.columns.iter();
    columns
        .filter(|column| column.different > 0)
        .map(|column| (column.name.as_str(), column.different))
        .collect()
}

/// The numbers of rows: equal, different, only in old, only in new.
pub(crate) fn counts(comparison: &TableComparison) -> [u64; 4] {
    let rows = comparison.rows;
    [rows.equal, rows.different, rows.only_old, rows.only_new]
}
