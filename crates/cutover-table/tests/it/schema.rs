//! What is said of columns.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, LargeStringArray, StringArray,
};
use cutover_table::{SchemaDifferenceKind, TableComparator, TableComparison, TableError};

use crate::tables::{batch, csv, csv_error, csvs, handed};

fn said(found: &TableComparison) -> Vec<(SchemaDifferenceKind, &str, bool)> {
    let said = found.schema.iter();
    said.map(|said| (said.kind, said.column.as_str(), said.material))
        .collect()
}

#[test]
fn columns_of_one_table_make_tables_different() {
    let found = csvs(
        &TableComparator::by_key(["id"]),
        "id,a,b\n1,2,3\n",
        "id,b,c\n1,3,4\n",
    );
    assert_eq!(
        said(&found),
        [
            (SchemaDifferenceKind::OnlyOld, "a", true),
            (SchemaDifferenceKind::OnlyNew, "c", true),
        ]
    );
    assert!(!found.equal && found.rows.equal == 1);
    let comparator = TableComparator::by_key(["id"]).ignore("a").ignore("c");
    assert!(csvs(&comparator, "id,a,b\n1,2,3\n", "id,b,c\n1,3,4\n").equal);
}

#[test]
fn a_column_may_have_another_name() {
    let comparator = TableComparator::by_key(["id"])
        .map("id", "key")
        .map("a", "z");
    let found = csvs(&comparator, "id,a\n1,2\n", "z,key\n3,1\n");
    assert_eq!(found.columns[1].new_name.as_deref(), Some("z"));
    assert_eq!(found.columns[1].different, 1);
    let error = csv_error(
        &TableComparator::by_order().map("a", "b"),
        "a,b\n1,2\n",
        "b\n1\n",
    );
    assert!(
        error.to_string().contains("two columns of old.csv"),
        "{error}"
    );
}

#[test]
fn the_order_of_columns_is_said_and_counts_where_that_is_asked() {
    let (old, new) = ("id,a,b\n1,2,3\n", "b,id,a\n3,1,2\n");
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    assert!(found.equal);
    assert_eq!(said(&found)[0], (SchemaDifferenceKind::Order, "id", false));
    assert!(!csvs(&TableComparator::by_key(["id"]).strict_schema(), old, new).equal);
}

#[test]
fn another_width_of_the_same_values_is_said_and_another_kind_counts() {
    let old: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int32Array::from(vec![1]))),
        ("f", Arc::new(Float32Array::from(vec![0.1]))),
        ("s", Arc::new(StringArray::from(vec!["x"]))),
        ("n", Arc::new(Int64Array::from(vec![7]))),
    ];
    let new: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("f", Arc::new(Float64Array::from(vec![0.1]))),
        ("s", Arc::new(LargeStringArray::from(vec!["x"]))),
        ("n", Arc::new(StringArray::from(vec!["7"]))),
    ];
    let comparator = TableComparator::by_key(["id"]);
    let tables = || {
        (
            handed("old", &batch(old.clone()), 9),
            handed("new", &batch(new.clone()), 9),
        )
    };
    let (one, other) = tables();
    let found = comparator.compare(one, other).unwrap();
    let kinds: Vec<_> = said(&found).iter().map(|said| (said.1, said.2)).collect();
    assert_eq!(
        kinds,
        [("id", false), ("f", false), ("s", false), ("n", true)]
    );
    // The text of the number is the same, and yet the tables are not.
    assert!(found.rows.equal == 1 && !found.equal);
    let (one, other) = tables();
    let comparator = comparator.ignore("n");
    assert!(comparator.compare(one, other).unwrap().equal);
    let (one, other) = tables();
    assert!(
        !comparator
            .strict_schema()
            .compare(one, other)
            .unwrap()
            .equal
    );
}

#[test]
fn a_name_that_two_columns_have_is_refused_unless_it_is_ignored() {
    let error = csv_error(&TableComparator::by_order(), "a,b,a\n1,2,3\n", "a,b\n1,2\n");
    assert!(
        matches!(
            error,
            TableError::TwoColumns {
                first: 1,
                second: 3,
                ..
            }
        ),
        "{error}"
    );
    let comparator = TableComparator::by_order().ignore("a");
    assert!(csvs(&comparator, "a,b,a\n1,2,3\n", "a,b\n1,2\n").equal);
}

#[test]
fn csv_takes_the_types_of_a_table_that_has_some() {
    let typed = batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("x", Arc::new(Float64Array::from(vec![1.0, 2.5]))),
        ("s", Arc::new(StringArray::from(vec![Some(""), None]))),
    ]);
    let text = "id,x,s\n1,1,\"\"\n2,2.5,\n";
    let comparator = TableComparator::by_key(["id"]);
    let found = comparator
        .compare(csv("old.csv", text), handed("new", &typed, 1))
        .unwrap();
    assert!(found.equal && found.schema.is_empty(), "{found:?}");
    // An id with zeros is no number: the column is compared as text, and is different.
    let found = comparator
        .compare(
            csv("old.csv", &text.replace("\n1,", "\n01,")),
            handed("new", &typed, 1),
        )
        .unwrap();
    assert_eq!(said(&found), [(SchemaDifferenceKind::Type, "id", true)]);
    assert_eq!(found.rows.only_old, 1);
}

#[test]
fn settings_that_fit_no_column_are_refused() {
    let table = "id,s\n1,x\n";
    for (comparator, part) in [
        (
            TableComparator::by_key(Vec::<String>::new()),
            "at least one column",
        ),
        (TableComparator::by_key(["id", "id"]), "twice"),
        (TableComparator::by_order().ignore("no"), "no column"),
        (TableComparator::by_order().map("no", "id"), "no column"),
        (
            TableComparator::by_order().tolerance("s", cutover_table::Tolerance::FLOAT),
            "no numbers",
        ),
        (
            TableComparator::by_order().tolerance("id", cutover_table::Tolerance::relative(2.0)),
            "less than 1",
        ),
        (
            TableComparator::by_order().ignore("id").ignore("s"),
            "no column in common",
        ),
    ] {
        let error = csv_error(&comparator, table, table).to_string();
        assert!(error.contains(part), "{error}");
    }
}
