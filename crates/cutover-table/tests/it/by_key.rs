//! Rows by key: what is said of them.

use cutover_table::{Cell, TableComparator, TableError, Tolerance};

use crate::tables::{batch, counts, csv_error, csvs, different, handed};

#[test]
fn what_differs_is_shown_with_its_key_and_both_rows() {
    let old = "id,name,price\n1,apple,1.50\n2,pear,2\n3,plum,\n";
    let new = "id,name,price\n3,plum,4\n1,apple,1.75\n4,fig,3\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    assert!(!found.equal && found.exact);
    assert_eq!(counts(&found), [0, 2, 1, 1]);
    let price = &found.columns[2];
    assert_eq!((price.different, price.nulls), (2, 1));
    assert_eq!((price.largest, price.mean), (Some(0.25), Some(0.25)));
    let shown: Vec<_> = price
        .samples
        .iter()
        .map(|sample| {
            (
                sample.key.0[0].1.clone(),
                (sample.old_row, sample.new_row),
                sample.old.clone(),
                sample.new.clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Cell::Integer(3), (3, 1), Cell::Null, Cell::Number(4.0)),
            (
                Cell::Integer(1),
                (1, 2),
                Cell::Number(1.5),
                Cell::Number(1.75)
            ),
        ]
    );
    assert_eq!(found.only_old[0].values.0[0].1, Cell::Integer(2));
    assert_eq!(
        (found.only_new[0].row, &found.only_new[0].values.0[0].1),
        (3, &Cell::Integer(4))
    );
}

#[test]
fn ids_keep_their_zeros() {
    let found = csvs(
        &TableComparator::by_key(["id"]),
        "id,x\n007,1\n7,2\n",
        "id,x\n7,2\n007,1\n",
    );
    assert!(found.equal, "{found:?}");
    assert_eq!(found.columns[0].compared_as, "text");
    // Also where only one side has such an id.
    let found = csvs(
        &TableComparator::by_key(["id"]),
        "id,x\n007,1\n",
        "id,x\n7,1\n",
    );
    assert_eq!(counts(&found), [0, 0, 1, 1]);
}

#[test]
fn a_key_of_several_columns_is_all_of_them() {
    let old = "a,b,x\n1,2,x\n1,3,y\n,3,z\n";
    let new = "a,b,x\n,3,z\n1,3,y\n2,1,x\n";
    let found = csvs(&TableComparator::by_key(["b", "a"]), old, new);
    assert_eq!(counts(&found), [2, 0, 1, 1]);
    let names: Vec<_> = found.only_old[0]
        .values
        .0
        .iter()
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(names, ["b", "a"]);
}

#[test]
fn rows_of_a_key_that_is_not_unique_are_never_paired() {
    let old = "id,x\n1,a\n1,b\n2,a\n3,a\n3,a\n";
    let new = "id,x\n1,b\n1,a\n2,a\n2,b\n3,a\n3,b\n4,c\n4,c\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(counts(&found), [0, 0, 0, 0]);
    let duplicates = &found.duplicates;
    // Those of key 1 are the very same rows in another order.
    assert_eq!((duplicates.groups, duplicates.different), (4, 3));
    let groups: Vec<_> = duplicates
        .samples
        .iter()
        .map(|group| (group.key.0[0].1.clone(), group.old, group.new, group.same))
        .collect();
    assert_eq!(
        groups,
        [
            (Cell::Integer(2), 1, 2, false),
            (Cell::Integer(3), 2, 2, false),
            (Cell::Integer(4), 0, 2, false),
            (Cell::Integer(1), 2, 2, true),
        ]
    );
    assert_eq!((found.rows.duplicate_old, found.rows.duplicate_new), (5, 8));
}

#[test]
fn floats_are_compared_as_pandas_does_and_what_that_hid_is_counted() {
    let old = "id,x\n1,1.0\n2,100.0\n3,0.5\n";
    let new = "id,x\n1,1.000001\n2,100.1\n3,0.5\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    let x = &found.columns[1];
    assert_eq!((x.different, x.tolerated), (1, 1));
    assert!(
        x.largest_tolerated
            .is_some_and(|largest| (largest - 1e-6).abs() < 1e-12)
    );
    assert!(
        x.largest
            .is_some_and(|largest| (largest - 0.1).abs() < 1e-12)
    );

    let exact = csvs(&TableComparator::by_key(["id"]).exact(), old, new);
    assert_eq!(
        (exact.columns[1].different, exact.columns[1].tolerated),
        (2, 0)
    );
    assert_eq!(exact.columns[1].compared_as, "decimal");
    let wide = TableComparator::by_key(["id"]).tolerance("x", Tolerance::absolute(0.2));
    assert!(csvs(&wide, old, new).equal);
}

#[test]
fn integers_are_exact_unless_asked() {
    let old = "id,n\n1,9007199254740993\n";
    let new = "id,n\n1,9007199254740992\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(
        (found.columns[1].different, found.columns[1].largest),
        (1, Some(1.0))
    );
    let wide = TableComparator::by_key(["id"]).numbers(Tolerance::absolute(1.0));
    assert!(csvs(&wide, old, new).equal);
}

#[test]
fn texts_may_differ_in_case_and_space_where_that_is_asked_and_keys_never() {
    let old = "id,name\na,  Anna\nb,Bert\n";
    let new = "id,name\na,anna\nB,BERT\n";
    let comparator = TableComparator::by_key(["id"]).ignore_case().ignore_space();
    let found = csvs(&comparator, old, new);
    assert_eq!(counts(&found), [1, 0, 1, 1]);
    assert_eq!(found.columns[1].tolerated, 1);
}

#[test]
fn shuffled_rows_are_compared_as_well_as_ordered_ones() {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};
    const ROWS: i64 = 20_000;
    let table = |order: &dyn Fn(i64) -> i64| {
        let keys: Vec<i64> = (0..ROWS).map(order).collect();
        let names = keys
            .iter()
            .map(|key| format!("a name that is long enough {key}"));
        let names: StringArray = names.map(Some).collect();
        batch(vec![
            ("id", Arc::new(Int64Array::from(keys.clone()))),
            ("name", Arc::new(names)),
            (
                "n",
                Arc::new(keys.iter().map(|key| Some(key * 3)).collect::<Int64Array>()),
            ),
        ])
    };
    let old = table(&|row| row);
    // 7919 is prime to 20,000: every row is met once.
    let new = table(&|row| (row * 7919) % ROWS);
    let comparator = TableComparator::by_key(["id"]);
    let found = comparator
        .compare(handed("old", &old, 1000), handed("new", &new, 777))
        .unwrap();
    assert!(found.equal, "{found:?}");
    assert_eq!(found.rows.equal, ROWS as u64);
}

#[test]
fn a_key_column_that_is_not_there_is_named_with_those_that_are() {
    let error = csv_error(&TableComparator::by_key(["no"]), "id,x\n", "id,x\n");
    assert!(matches!(error, TableError::NoSuchColumn { .. }));
    assert_eq!(
        error.to_string(),
        r#"old.csv has no column "no"; its columns are "id", "x""#
    );
}

#[test]
fn samples_are_limited_and_counts_are_not() {
    let rows = |step: i64| {
        let rows = (0..100).map(|id| format!("{id},{}\n", id * step));
        format!("id,x\n{}", rows.collect::<String>())
    };
    let comparator = TableComparator::by_key(["id"]).samples(3);
    let found = csvs(&comparator, &rows(1), &rows(2));
    assert_eq!(different(&found), [("x", 99)]);
    assert_eq!(found.columns[1].samples.len(), 3);
}
