#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod alike;
mod bag;
mod budget;
mod by_key;
mod by_order;
mod by_sorted_key;
mod cell;
mod column_type;
mod comparator;
mod comparison;
mod conform;
mod error;
mod fingerprint;
mod footprint;
mod kernel;
mod key_index;
mod mask;
mod plan;
mod progress;
mod reconcile;
mod sample;
mod source;
mod tally;
mod tolerance;
mod values;

pub use alike::{Alike, Unreadable};
pub use cell::Cell;
pub use column_type::ColumnType;
pub use comparator::TableComparator;
pub use comparison::{
    ColumnComparison, DuplicateKeys, KeyGroup, Matching, RowCounts, RowSample, RowValues, Sample,
    SchemaDifference, SchemaDifferenceKind, TableComparison,
};
pub use error::{Place, TableError};
pub use progress::{Phase, Progress};
pub use source::{CsvDialect, Input, Table, is_decoding};
#[cfg(feature = "sqlite")]
pub use source::{Query, SqliteTable, sqlite_tables};
pub use tolerance::Tolerance;
