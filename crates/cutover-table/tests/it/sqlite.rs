//! SQLite as a table.

use std::path::Path;

use cutover_table::{Query, Table, TableComparator};
use rusqlite::Connection;

use crate::tables::{counts, csv};

fn database(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

const PEOPLE: &str = "
    CREATE TABLE \"the people\" (id INTEGER PRIMARY KEY, name TEXT, score REAL, face BLOB, x);
    INSERT INTO \"the people\" VALUES
        (1, 'Anna', 1.5, x'00ff', 7), (2, NULL, 2.0, NULL, '7'), (3, '007', NULL, x'', NULL);
";

fn people() -> Query {
    Query::Table("the people".to_owned())
}

#[test]
fn a_table_and_a_query_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    database(&path, PEOPLE);
    let query = Query::Sql("SELECT * FROM \"the people\" ORDER BY id DESC".to_owned());
    for comparator in [
        TableComparator::by_key(["id"]),
        TableComparator::as_bag(),
        TableComparator::as_bag().exact(),
    ] {
        let found = comparator
            .compare(
                Table::sqlite(&path, people()),
                Table::sqlite(&path, query.clone()),
            )
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(found.equal, "{found:?}");
    }
    let types: Vec<_> = TableComparator::by_key(["id"])
        .compare(
            Table::sqlite(&path, people()),
            Table::sqlite(&path, people()),
        )
        .unwrap()
        .columns
        .into_iter()
        .map(|column| column.old_type)
        .collect();
    assert_eq!(types, ["Int64", "text", "Float64", "BinaryView", "json"]);
}

#[test]
fn values_that_changed_their_kind_are_different() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    database(&old, PEOPLE);
    database(&new, PEOPLE);
    database(&new, "UPDATE \"the people\" SET x = 7 WHERE id = 2; DELETE FROM \"the people\" WHERE id = 1;
                    UPDATE \"the people\" SET x = '7' WHERE id = 3; UPDATE \"the people\" SET x = 1 WHERE id = 3");
    database(
        &new,
        "INSERT INTO \"the people\" VALUES (9, 'z', 0, x'01', 'y')",
    );
    let found = TableComparator::by_key(["id"])
        .compare(Table::sqlite(&old, people()), Table::sqlite(&new, people()))
        .unwrap();
    assert_eq!(counts(&found), [0, 2, 1, 1]);
    assert_eq!(found.columns[4].different, 2);
}

#[test]
fn a_database_is_compared_with_its_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    database(&path, PEOPLE);
    let query = Query::Sql("SELECT id, name, score FROM \"the people\"".to_owned());
    let export = "id,name,score\n1,Anna,1.5\n2,,2\n3,007,\n";
    let found = TableComparator::by_key(["id"])
        .compare(Table::sqlite(&path, query), csv("export.csv", export))
        .unwrap();
    assert!(
        found.equal && found.schema_differences.is_empty(),
        "{found:?}"
    );
}

#[test]
fn only_reading_is_allowed_and_nothing_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    database(&path, PEOPLE);
    let before = std::fs::read(&path).unwrap();
    let error = |path: &Path, query: Query| {
        TableComparator::by_order()
            .compare(Table::sqlite(path, query), csv("new", "id\n1\n"))
            .unwrap_err()
            .to_string()
    };
    for sql in [
        "DELETE FROM \"the people\"",
        "PRAGMA user_version = 7",
        "ATTACH 'b.db' AS b",
    ] {
        let message = error(&path, Query::Sql(sql.to_owned()));
        assert!(
            message.contains("ask with SELECT") || message.contains("SQLite says"),
            "{message}"
        );
    }
    assert!(error(&path, Query::Sql("SELECT ?1".to_owned())).contains("parameters"));
    assert!(error(&path, Query::Table("no \"such".to_owned())).contains("no such table"));
    let gone = folder.path().join("gone.db");
    assert!(error(&gone, people()).starts_with("cannot read"));
    assert!(!gone.exists());
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, it is far too short a text for one",
    )
    .unwrap();
    assert!(
        error(&text, people()).contains("not a database"),
        "{}",
        error(&text, people())
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_large_answer_is_read_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    database(
        &path,
        "CREATE TABLE t (id INTEGER, x TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO t SELECT i, 'value ' || i FROM n;",
    );
    let query = |order: &str| Query::Sql(format!("SELECT * FROM t ORDER BY id {order}"));
    let found = TableComparator::by_key(["id"])
        .compare(
            Table::sqlite(&path, query("ASC")),
            Table::sqlite(&path, query("DESC")),
        )
        .unwrap();
    assert!(found.equal && found.rows.equal == 100_000);
}
