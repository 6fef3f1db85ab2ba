//! Parquet files.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use cutover_table::{Table, TableComparator};

use crate::tables::{batch, counts, csv, different, write_parquet};

fn rows(count: i64, changed: impl Fn(i64) -> bool) -> RecordBatch {
    let ids: Vec<i64> = (0..count).collect();
    let float = |id: &i64| *id as f64 / 4.0 + if changed(*id) { 1.0 } else { 0.0 };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(ids.clone()))),
        (
            "x",
            Arc::new(Float64Array::from_iter_values(ids.iter().map(float))),
        ),
        (
            "name",
            Arc::new(StringArray::from_iter_values(
                ids.iter().map(|id| format!("the name of number {id}")),
            )),
        ),
    ];
    batch(columns)
}

#[test]
fn files_are_compared_across_their_groups_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        folder.path().join("old.parquet"),
        folder.path().join("new.parquet"),
    );
    write_parquet(&old, &rows(50_000, |_| false), 7_000);
    write_parquet(&new, &rows(50_000, |id| id % 100 == 5), 40_000);
    let found = TableComparator::by_key(["id"])
        .compare(Table::parquet(&old), Table::parquet(&new))
        .unwrap();
    assert_eq!(counts(&found), [49_500, 500, 0, 0]);
    assert_eq!(different(&found), [("x", 500)]);
    assert_eq!(found.columns[1].mean, Some(1.0));
}

#[test]
fn a_file_and_the_same_as_csv_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let table = rows(1000, |_| false);
    write_parquet(&path, &table, 300);
    let lines = (0..1000).map(|id| format!("{id},{},the name of number {id}\n", id as f64 / 4.0));
    let text = format!("id,x,name\n{}", lines.collect::<String>());
    for comparator in [
        TableComparator::by_key(["id"]),
        TableComparator::by_order(),
        TableComparator::as_bag(),
    ] {
        let found = comparator
            .compare(Table::parquet(&path), csv("new.csv", &text))
            .unwrap();
        assert!(found.equal && found.schema.is_empty(), "{found:?}");
    }
}

#[test]
fn a_file_without_rows_is_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.parquet");
    write_parquet(&path, &rows(0, |_| false), 10);
    let comparator = TableComparator::by_key(["id"]);
    let found = comparator.compare(Table::parquet(&path), Table::parquet(&path));
    assert!(found.unwrap().equal);
}

#[test]
fn progress_reaches_all_rows_of_every_phase() {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use cutover_table::Phase;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    write_parquet(&path, &rows(1000, |_| false), 300);
    let seen = Mutex::new(BTreeMap::new());
    TableComparator::by_key(["id"])
        .compare_watched(Table::parquet(&path), Table::parquet(&path), |progress| {
            let phase = format!("{:?}", progress.phase);
            seen.lock()
                .unwrap()
                .insert(phase, (progress.rows, progress.of));
        })
        .unwrap();
    let seen = seen.into_inner().unwrap();
    for phase in [Phase::ReadOld, Phase::ReadKeys, Phase::ReadNew] {
        assert_eq!(seen[&format!("{phase:?}")], (1000, Some(1000)), "{phase:?}");
    }
}
