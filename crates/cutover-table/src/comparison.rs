//! What a comparison of two tables says.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Cell;
use crate::comparator::TableComparator;
use crate::plan::Plan;

/// How rows of old find their rows of new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Matching {
    /// By the values of these columns.
    Key {
        /// Names in old.
        columns: Vec<String>,
    },
    /// The first to the first, the second to the second.
    Order,
    /// As a bag: which rows there are and how often, in any order.
    Bag,
}

/// What differs between two tables. Counts are complete, whatever the limit of samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableComparison {
    /// Nothing differs that counts: no row, no group of duplicate keys, no material difference of
    /// the schema.
    pub equal: bool,
    /// Whether everything was decided. A bag with tolerance past its budget of work is not; what
    /// is counted as different then may have found a partner.
    pub exact: bool,
    /// How rows found each other.
    pub matching: Matching,
    /// How many rows.
    pub rows: RowCounts,
    /// Where the columns themselves part.
    pub schema: Vec<SchemaDifference>,
    /// What each compared column says, in the order of old.
    pub columns: Vec<ColumnComparison>,
    /// Keys that more than one row has.
    pub duplicates: DuplicateKeys,
    /// Rows of old without a partner, the first of them.
    pub only_old: Vec<RowSample>,
    /// Rows of new without a partner, the first of them.
    pub only_new: Vec<RowSample>,
    /// The most bytes that the comparison kept at one time, of its budget.
    pub memory: u64,
}

/// What a way of matching found.
pub(crate) struct Found {
    pub(crate) rows: RowCounts,
    pub(crate) columns: Vec<ColumnComparison>,
    pub(crate) duplicates: DuplicateKeys,
    pub(crate) only_old: Vec<RowSample>,
    pub(crate) only_new: Vec<RowSample>,
    pub(crate) exact: bool,
    pub(crate) memory: u64,
}

impl TableComparison {
    pub(crate) fn new(settings: &TableComparator, plan: &Plan, found: Found) -> Self {
        let rows = found.rows;
        let schema = plan.schema.iter().any(|difference| difference.material);
        let different = rows.different + rows.only_old + rows.only_new;
        Self {
            equal: !schema && different + found.duplicates.different == 0,
            exact: found.exact,
            matching: settings.matching.clone(),
            rows,
            schema: plan.schema.clone(),
            columns: found.columns,
            duplicates: found.duplicates,
            only_old: found.only_old,
            only_new: found.only_new,
            memory: found.memory,
        }
    }
}

/// How many rows. `old = equal + different + only_old + duplicate_old`, and new likewise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows of old.
    pub old: u64,
    /// Rows of new.
    pub new: u64,
    /// Pairs that are equal, within tolerance.
    pub equal: u64,
    /// Pairs that differ in at least one column.
    pub different: u64,
    /// Rows of old without a partner.
    pub only_old: u64,
    /// Rows of new without a partner.
    pub only_new: u64,
    /// Rows of old whose key is not unique in both tables: never paired.
    pub duplicate_old: u64,
    /// The same of new.
    pub duplicate_new: u64,
}

/// Where the columns themselves part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaDifference {
    /// What it is.
    pub kind: SchemaDifferenceKind,
    /// The column's name, in the table that has it; in old where both have it.
    pub column: String,
    /// What old has: a type, or a position from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What new has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether it makes the tables different, or is just said: another width of the same numbers,
    /// another order of the columns.
    pub material: bool,
}

/// Kinds of differences between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaDifferenceKind {
    /// Only old has the column.
    OnlyOld,
    /// Only new has it.
    OnlyNew,
    /// Both have it, with different types.
    Type,
    /// Both have it, with types between which nothing can be compared.
    NotCompared,
    /// Both have it, at different places.
    Order,
}

/// What one column says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnComparison {
    /// Its name in old.
    pub name: String,
    /// Its name in new, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Its type in old.
    pub old_type: String,
    /// Its type in new.
    pub new_type: String,
    /// What its values were compared as.
    pub compared_as: String,
    /// Whether it is part of the key.
    pub key: bool,
    /// Pairs of rows in which it differs.
    pub different: u64,
    /// Of these, pairs where one side is null.
    pub nulls: u64,
    /// Pairs that are not the same, but within tolerance or a rule about text.
    pub tolerated: u64,
    /// The largest distance of two different numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<f64>,
    /// The mean distance of different numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// The largest distance that was tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_tolerated: Option<f64>,
    /// The first different values.
    pub samples: Vec<Sample>,
}

/// Two values that differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// The key of their rows; empty where there is none.
    #[serde(skip_serializing_if = "RowValues::is_empty")]
    pub key: RowValues,
    /// The row in old, from 1.
    pub old_row: u64,
    /// The row in new, from 1.
    pub new_row: u64,
    /// What old has.
    pub old: Cell,
    /// What new has.
    pub new: Cell,
}

/// A row that is only in one table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowSample {
    /// Its place in that table, from 1.
    pub row: u64,
    /// Its key, or its first columns where there is none.
    pub values: RowValues,
}

/// Values of a row by the names of their columns; an object in JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowValues(pub Vec<(Arc<str>, Cell)>);

impl RowValues {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for RowValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in &self.0 {
            map.serialize_entry(name.as_ref(), cell)?;
        }
        map.end()
    }
}

/// Keys that more than one row of a table has. Their rows are never paired.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DuplicateKeys {
    /// How many such keys.
    pub groups: u64,
    /// Of these, keys that do not have the very same rows in both tables.
    pub different: u64,
    /// The first of them; the different ones first.
    pub samples: Vec<KeyGroup>,
}

/// The rows of one key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyGroup {
    /// The key.
    pub key: RowValues,
    /// How many rows of old have it.
    pub old: u64,
    /// How many rows of new have it.
    pub new: u64,
    /// Whether these are the very same rows, bit by bit, in any order.
    pub same: bool,
}
