//! Tables that are broken, or that somebody made to break what reads them.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringArray};
use cutover_table::{CsvDialect, Table, TableComparator, TableError};

use crate::tables::{batch, csv, csvs, write_parquet};

/// What reading a table as old fails with.
fn error_of(table: Table) -> TableError {
    let new = csv("new.csv", "id,name\n1,a\n");
    let comparator = TableComparator::by_key(["id"]);
    comparator.compare(table, new).expect_err("a broken table")
}

#[test]
fn broken_csv_is_refused_with_its_line() {
    for (text, expected) in [
        (&b""[..], "old.csv: is empty: it has not even a header"),
        (
            b"id,name\n1,a\n2\n",
            "old.csv:3: the row has 1 fields, the table has 2 columns",
        ),
        (
            b"id,name\n1,a,b\n",
            "old.csv:2: the row has 3 fields, the table has 2 columns",
        ),
        (
            b"id,name\n1,\"a\nb\n",
            "old.csv:2: the 2. field of the record that starts here has an opening quote and no \
             closing one",
        ),
        (
            b"id,name\n1,\"a\nb\" c\n",
            "old.csv:3: the 2. field has text behind its closing quote; double quotes that are \
             part of a field",
        ),
        (
            b"\xff\xfei\0d\0",
            "old.csv: is encoded in UTF-16; convert it to UTF-8",
        ),
        (
            b"id,na\xffme\n",
            "old.csv:1: \"na\u{fffd}me\" is not UTF-8; convert the document to UTF-8",
        ),
    ] {
        let table = Table::csv(text.to_vec(), CsvDialect::default()).named("old.csv");
        assert_eq!(error_of(table).to_string(), expected);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_line_and_column() {
    let text = b"id,name\n1,a\n2,caf\xe9\n".to_vec();
    let table = Table::csv(text, CsvDialect::default()).named("old.csv");
    assert_eq!(
        error_of(table).to_string(),
        "old.csv:3: column \"name\" holds bytes that are not UTF-8; convert the document to UTF-8"
    );
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let found = csvs(&TableComparator::by_key(["id"]), "id,name\n", "id,name");
    assert!(found.equal);
    let found = csvs(
        &TableComparator::by_key(["id"]),
        "id,name\n",
        "id,name\n7,a\n",
    );
    assert_eq!(found.rows.only_new, 1);
}

#[test]
fn a_hundred_thousand_columns_are_compared() {
    const COLUMNS: usize = 100_000;
    let table = |changed: usize| {
        let names: Vec<String> = (0..COLUMNS).map(|at| format!("c{at}")).collect();
        let row = |row: usize| {
            let cell = |at: usize| {
                if at == changed {
                    "x".to_owned()
                } else {
                    (row + at).to_string()
                }
            };
            (0..COLUMNS).map(cell).collect::<Vec<_>>().join(",")
        };
        format!("{}\n{}\n{}\n", names.join(","), row(0), row(1))
    };
    let comparator = TableComparator::by_key(["c0"]);
    let found = csvs(&comparator, &table(usize::MAX), &table(4711));
    assert_eq!(crate::tables::different(&found), [("c4711", 2)]);
}

#[test]
fn a_value_of_a_hundred_megabytes_is_compared_and_not_shown() {
    let long = "x".repeat(100 << 20);
    let old = format!("id,name\n1,{long}\n");
    let found = csvs(&TableComparator::by_key(["id"]), &old, "id,name\n1,a\n");
    let shown = found.columns[1].samples[0].old.to_string();
    assert!(shown.len() < 2000 && shown.ends_with("(104857600 bytes)"));
}

fn small_parquet(path: &Path) -> Vec<u8> {
    let names = StringArray::from(vec![Some("a"), None, Some("a longer name than its view")]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("name", Arc::new(names)),
    ];
    write_parquet(path, &batch(columns), 2);
    std::fs::read(path).unwrap()
}

/// Compares a file of these bytes with itself and a sound one. Whatever happens, it is an answer.
fn survives(path: &Path, bytes: &[u8]) -> Result<bool, TableError> {
    std::fs::write(path, bytes).unwrap();
    let sound = csv(
        "new.csv",
        "id,name\n1,a\n2,\n3,a longer name than its view\n",
    );
    let found = TableComparator::by_key(["id"]).compare(Table::parquet(path), sound);
    found.map(|found| found.equal)
}

#[test]
fn a_parquet_file_cut_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let whole = small_parquet(&path);
    assert!(survives(&path, &whole).unwrap());
    for length in 0..whole.len() {
        let error = survives(&path, &whole[..length]).unwrap_err().to_string();
        assert!(error.contains("old.parquet"), "{length}: {error}");
    }
}

#[test]
fn a_parquet_file_with_any_byte_changed_is_compared_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let whole = small_parquet(&path);
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        // Some bytes are never looked at; the others make a difference or an error.
        let _ = survives(&path, &broken);
    }
}

#[test]
fn a_file_of_another_kind_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let error = survives(&path, b"id,name\n1,a\n").unwrap_err().to_string();
    assert!(error.contains("old.parquet: is no Parquet file"), "{error}");
    let missing = error_of(Table::parquet(folder.path().join("gone.parquet"))).to_string();
    assert!(
        missing.starts_with("cannot read ") && missing.contains("gone.parquet"),
        "{missing}"
    );
}

#[cfg(unix)]
#[test]
fn what_can_be_read_once_or_has_no_end_is_refused_before_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [socket.as_path(), Path::new("/dev/zero")] {
        for table in [
            Table::csv(path, CsvDialect::default()),
            Table::parquet(path),
            Table::arrow(path),
            Table::json_lines(path),
        ] {
            let error = error_of(table).to_string();
            assert!(error.contains("a pipe or a device"), "{error}");
        }
    }
}
