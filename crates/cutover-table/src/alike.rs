//! Two tables as two documents: for comparing them by rules that know paths.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::DataType;
use cutover_domain::tree::{Tree, TreeBuilder};

use crate::TableError;
use crate::budget::{Budget, Reader};
use crate::comparator::both;
use crate::comparison::{SchemaDifference, SchemaDifferenceKind};
use crate::error::Place;
use crate::progress::{Phase, Progress};
use crate::reconcile::{Common, Relation, has_many_digits, reconcile, shown};
use crate::source::{Batch, Column, Described, Reading, Table, Wanted, Written};
use crate::values::Values;

/// About what a value takes in a tree, besides its text.
const NODE: u64 = 16;
/// How much more nested values take in a tree than in their array.
const NESTED: u64 = 4;

/// Two tables as arrays of objects, a row each, and where their columns part.
///
/// Columns that both tables have are in the rows, with their values of one type on both sides, as
/// [`TableComparator`](crate::TableComparator) would compare them: texts of CSV are numbers where
/// all texts of the column in both tables are. Numbers keep all their digits. What only one table
/// has, or is of types between which nothing can be compared, is in [`schema`](Self::schema) alone.
/// Lists are arrays, structs and maps are objects.
///
/// ```
/// use cutover_table::{Alike, CsvDialect, Table};
///
/// let csv = |text: &str| Table::csv(text.as_bytes().to_vec(), CsvDialect::default());
/// let alike = Alike::read(csv("id,price\n1,2.50\n"), csv("price,id\n2.5,1\n"), 1 << 20)?;
/// assert_eq!(alike.old.to_json(), r#"[{"id":1,"price":2.5}]"#);
/// assert_eq!(alike.new.to_json(), r#"[{"id":1,"price":2.5}]"#);
/// assert!(alike.schema.is_empty());
/// # Ok::<(), cutover_table::Unreadable>(())
/// ```
#[derive(Debug)]
pub struct Alike {
    /// The rows of old.
    pub old: Tree,
    /// The rows of new.
    pub new: Tree,
    /// The columns that both have, by their names, in the order of old.
    pub columns: Vec<String>,
    /// Where the columns themselves part in a way that counts.
    pub schema: Vec<SchemaDifference>,
}

/// Which of two tables could not be read: at least one.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.told())]
pub struct Unreadable {
    /// Why old could not.
    pub old: Option<Box<TableError>>,
    /// Why new could not.
    pub new: Option<Box<TableError>>,
}

impl Unreadable {
    fn told(&self) -> String {
        let sides = [("old", &self.old), ("new", &self.new)];
        let sides = sides
            .into_iter()
            .filter_map(|(side, error)| Some(format!("{side}: {}", error.as_ref()?)));
        sides.collect::<Vec<_>>().join("; ")
    }
}

impl Alike {
    /// Reads both tables, each within `memory` bytes for its document.
    ///
    /// # Errors
    ///
    /// One of them, or both, cannot be read, or needs more memory.
    pub fn read(mut old: Table, mut new: Table, memory: u64) -> Result<Self, Unreadable> {
        let (described, other) = both(
            || describe(&mut old, Phase::LookAtOld, memory),
            || describe(&mut new, Phase::LookAtNew, memory),
        );
        let (old_columns, new_columns) = apart(described, other)?;
        let (pairs, schema) = pair(&old_columns, &new_columns);
        let names: Vec<Arc<str>> = pairs.iter().map(|pair| Arc::clone(&pair.name)).collect();
        let wanted = |side: fn(&Pair) -> &Wanted| -> Vec<Wanted> {
            pairs.iter().map(|pair| side(pair).clone()).collect()
        };
        let (of_old, of_new) = (wanted(|pair| &pair.old), wanted(|pair| &pair.new));
        let (read, other) = both(
            || rows(&mut old, &names, &of_old, memory),
            || rows(&mut new, &names, &of_new, memory),
        );
        let (old, new) = apart(read, other)?;
        Ok(Self {
            old,
            new,
            columns: names.iter().map(ToString::to_string).collect(),
            schema,
        })
    }

    /// Reads a table that there is no other beside.
    ///
    /// # Errors
    ///
    /// It cannot be read, or needs more memory.
    pub fn read_alone(mut table: Table, memory: u64) -> Result<Tree, TableError> {
        let columns = describe(&mut table, Phase::LookAtOld, memory)?;
        let (pairs, _) = pair(&columns, &columns);
        let names: Vec<Arc<str>> = pairs.iter().map(|pair| Arc::clone(&pair.name)).collect();
        let wanted: Vec<Wanted> = pairs.into_iter().map(|pair| pair.old).collect();
        rows(&mut table, &names, &wanted, memory)
    }
}

fn apart<T>(old: Result<T, TableError>, new: Result<T, TableError>) -> Result<(T, T), Unreadable> {
    match (old, new) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (old, new) => Err(Unreadable {
            old: old.err().map(Box::new),
            new: new.err().map(Box::new),
        }),
    }
}

/// The columns of a table, no two of one name.
fn describe(table: &mut Table, phase: Phase, memory: u64) -> Result<Vec<Column>, TableError> {
    table.allow(&Arc::new(Budget::new(memory)));
    let columns = table.describe(phase, &unwatched)?;
    let mut places = HashMap::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        if let Some(first) = places.insert(column.name.as_str(), at) {
            return Err(TableError::TwoColumns {
                table: table.name().to_owned(),
                column: column.name.clone(),
                first: first + 1,
                second: at + 1,
            });
        }
    }
    Ok(columns)
}

/// A column that both tables have.
struct Pair {
    name: Arc<str>,
    old: Wanted,
    new: Wanted,
}

fn pair(old: &[Column], new: &[Column]) -> (Vec<Pair>, Vec<SchemaDifference>) {
    let mut schema = Vec::new();
    let mut note = |kind, column: &str, old: Option<&Described>, new: Option<&Described>| {
        schema.push(SchemaDifference {
            kind,
            column: column.to_owned(),
            old: old.map(shown),
            new: new.map(shown),
            material: true,
        });
    };
    let of_new: HashMap<&str, usize> = new
        .iter()
        .enumerate()
        .map(|(at, column)| (column.name.as_str(), at))
        .collect();
    let mut pairs = Vec::with_capacity(old.len());
    for (at, column) in old.iter().enumerate() {
        let (name, kind) = (column.name.as_str(), &column.kind);
        let Some(other) = of_new.get(name).copied() else {
            note(SchemaDifferenceKind::OnlyOld, name, Some(kind), None);
            continue;
        };
        let other_kind = &new[other].kind;
        let common = in_common(kind, other_kind);
        match common.as_ref().map(|common| common.relation) {
            Some(Relation::Same | Relation::Widened) => {}
            Some(Relation::Changed) => {
                let changed = SchemaDifferenceKind::Type;
                note(changed, name, Some(kind), Some(other_kind));
            }
            None => {
                let apart = SchemaDifferenceKind::NotCompared;
                note(apart, name, Some(kind), Some(other_kind));
            }
        }
        let Some(Common { target, mixed, .. }) = common else {
            continue;
        };
        let wanted = |column: usize, side: &Described, other: &Described| Wanted {
            column,
            target: target.clone(),
            quoted_empty_is_text: matches!(other, Described::Typed(_)),
            written: Written::between(side, other),
            lossless: mixed && has_many_digits(side),
        };
        pairs.push(Pair {
            name: Arc::from(name),
            old: wanted(at, kind, other_kind),
            new: wanted(other, other_kind, kind),
        });
    }
    let of_old: HashSet<&str> = old.iter().map(|column| column.name.as_str()).collect();
    for column in new {
        if !of_old.contains(column.name.as_str()) {
            let kind = SchemaDifferenceKind::OnlyNew;
            note(kind, &column.name, None, Some(&column.kind));
        }
    }
    (pairs, schema)
}

/// What two columns are read as: with all digits, where it is numbers that have digits.
fn in_common(old: &Described, new: &Described) -> Option<Common> {
    let exact = reconcile(old, new, true);
    let is_text = |common: &Common| common.target == DataType::Utf8View;
    match exact {
        // Numbers with powers of ten have no digits to keep, and are numbers all the same.
        Some(exact) if is_text(&exact) => reconcile(old, new, false)
            .filter(|loose| loose.relation == exact.relation)
            .or(Some(exact)),
        exact => exact,
    }
}

/// The wanted columns of a table as an array of objects.
fn rows(
    table: &mut Table,
    names: &[Arc<str>],
    wanted: &[Wanted],
    memory: u64,
) -> Result<Tree, TableError> {
    let budget = Budget::new(memory);
    let table_name = table.name().to_owned();
    let mut builder = TreeBuilder::new();
    let mut read = 0;
    builder.begin_array();
    for batch in table.read(wanted, Reading::Last, Phase::Compare, &unwatched)? {
        let batch = batch?;
        let reader = Reader {
            doing: "reading the rows",
            table: &table_name,
            row: read + batch.rows as u64,
        };
        budget.charge(footprint(&batch), &reader)?;
        let values: Vec<Values> = batch
            .columns
            .iter()
            .zip(wanted)
            .map(|(column, wanted)| Values::of(column, wanted.written != Written::Plain))
            .collect();
        for row in 0..batch.rows {
            builder.begin_object();
            for (name, values) in names.iter().zip(&values) {
                builder.key(name);
                let added = values.add(row, &mut builder);
                added.map_err(|error| {
                    TableError::malformed(&table_name, Place::Row(read + row as u64 + 1), error)
                })?;
            }
            // No two columns have one name.
            let _ = builder.end_object();
        }
        read += batch.rows as u64;
    }
    builder.end_array();
    let built = builder.finish();
    built.map_err(|error| TableError::malformed(&table_name, Place::Whole, error))
}

/// Nobody wants to know how far it is.
fn unwatched(_: Progress) {}

/// About what the rows of a batch take in a tree.
fn footprint(batch: &Batch) -> u64 {
    let values = batch.rows as u64 * (batch.columns.len() as u64 + 1);
    let texts = batch
        .columns
        .iter()
        .filter(|column| !matches!(column.data_type(), DataType::Boolean | DataType::Int64))
        .map(|column| {
            let bytes = column.get_array_memory_size() as u64;
            if column.data_type().is_nested() {
                bytes.saturating_mul(NESTED)
            } else {
                bytes
            }
        });
    values.saturating_mul(NODE).saturating_add(texts.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CsvDialect;

    fn csv(text: &str) -> Table {
        Table::csv(text.as_bytes().to_vec(), CsvDialect::default())
    }

    fn json(old: &str, new: &str) -> (String, String, Vec<String>) {
        let alike = Alike::read(csv(old), csv(new), 1 << 20).unwrap();
        let schema = alike.schema.iter().map(|difference| {
            let [old, new] = [&difference.old, &difference.new];
            format!(
                "{:?} {} {old:?} {new:?}",
                difference.kind, difference.column
            )
        });
        (alike.old.to_json(), alike.new.to_json(), schema.collect())
    }

    #[test]
    fn texts_are_of_the_type_that_both_tables_have_for_them() {
        let (old, new, schema) = json(
            "id,price,zip,at,n\n1,2.50,007,2024-05-01,1e3\n2,1234567890.123456789,7,,2\n",
            "zip,id,price,at,n\n007,1,2.5,2024-05-01,1000\n7,2,1234567890.123456788,,2.0\n",
        );
        assert_eq!(
            old,
            r#"[{"id":1,"price":2.5,"zip":"007","at":"2024-05-01","n":1000.0},{"id":2,"price":1234567890.123456789,"zip":"7","at":null,"n":2.0}]"#
        );
        assert!(new.contains("1234567890.123456788"), "{new}");
        assert!(schema.is_empty(), "{schema:?}");
        // One text among the numbers of one table makes texts of all, also of the other table's.
        let (old, new, _) = json("n\n1\n", "n\n1\nn/a\n");
        assert_eq!(
            (&*old, &*new),
            (r#"[{"n":"1"}]"#, r#"[{"n":"1"},{"n":"n/a"}]"#)
        );
    }

    #[test]
    fn columns_of_one_table_are_named_once() {
        let (old, new, schema) = json("a,b\n1,x\n", "a,c\n1,true\n");
        assert_eq!((&*old, &*new), (r#"[{"a":1}]"#, r#"[{"a":1}]"#));
        assert_eq!(
            schema,
            [
                "OnlyOld b Some(\"text\") None",
                "OnlyNew c None Some(\"boolean\")"
            ]
        );
        let (old, ..) = json("a\n1\n", "b\n1\n");
        assert_eq!(old, "[{}]");
    }

    #[test]
    fn each_table_that_cannot_be_read_says_why() {
        let read = |old: &str, new: &str, memory| {
            let [old, new] = [csv(old).named("old.csv"), csv(new).named("new.csv")];
            Alike::read(old, new, memory).unwrap_err().to_string()
        };
        let error = read("a,b\n1\n", "a,b\n1,2\n", 1 << 20);
        assert!(
            error.starts_with("old: old.csv:2") && !error.contains("new"),
            "{error}"
        );
        let error = read("a,a\n1,2\n", "a,b\n1\n", 1 << 20);
        assert!(
            error.contains("two columns \"a\"") && error.contains("; new: "),
            "{error}"
        );
        let many = format!("a\n{}", "text\n".repeat(10_000));
        let error = read(&many, "a\nx\n", 10_000);
        assert!(
            error.starts_with("old: reading the rows needs more"),
            "{error}"
        );
    }
}
