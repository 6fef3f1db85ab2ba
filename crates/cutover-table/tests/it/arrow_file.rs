//! Arrow's own files.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use cutover_table::{Table, TableComparator};

use crate::tables::{batch, handed};

fn table() -> RecordBatch {
    batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        (
            "name",
            Arc::new(StringArray::from(vec![
                Some("a"),
                None,
                Some("a longer name"),
            ])),
        ),
    ])
}

fn write_file(path: &Path, table: &RecordBatch) {
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), &table.schema()).unwrap();
    writer.write(table).unwrap();
    writer.finish().unwrap();
}

#[test]
fn files_and_streams_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stream) = (
        folder.path().join("a.arrow"),
        folder.path().join("a.stream"),
    );
    write_file(&file, &table());
    let mut writer =
        StreamWriter::try_new(File::create(&stream).unwrap(), &table().schema()).unwrap();
    writer.write(&table()).unwrap();
    writer.write(&table().slice(0, 0)).unwrap();
    writer.finish().unwrap();
    for path in [&file, &stream] {
        for comparator in [TableComparator::by_key(["id"]), TableComparator::as_bag()] {
            let found = comparator
                .compare(Table::arrow(path), handed("new", &table(), 2))
                .unwrap_or_else(|error| panic!("{error}"));
            assert!(found.equal, "{found:?}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_or_shorter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.arrow");
    write_file(&path, &table());
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(3) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = TableComparator::by_key(["id"])
            .compare(Table::arrow(&path), handed("new", &table(), 2))
            .unwrap_err()
            .to_string();
        assert!(error.contains("old.arrow"), "{length}: {error}");
    }
}

#[test]
fn a_file_with_a_byte_changed_is_compared_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.arrow");
    write_file(&path, &table());
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(2) {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        std::fs::write(&path, &broken).unwrap();
        // Some bytes are never looked at; the others make a difference or an error.
        let _ = TableComparator::by_key(["id"])
            .compare(Table::arrow(&path), handed("new", &table(), 2));
    }
}
