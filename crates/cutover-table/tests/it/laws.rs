//! What must hold for all tables, beside a slow judge.

use cutover_table::{TableComparator, TableComparison};
use proptest::prelude::*;

use crate::oracle::{self, Row, TOLERANCE, Verdict, as_batch, rows};
use crate::tables::handed;

fn compare(comparator: &TableComparator, old: &[Row], new: &[Row]) -> TableComparison {
    // Pieces of other sizes: what follows each other in one table does not in the other.
    let (old, new) = (as_batch(old), as_batch(new));
    comparator
        .compare(handed("old", &old, 3), handed("new", &new, 4))
        .unwrap()
}

fn verdict(comparison: &TableComparison) -> Verdict {
    let rows = comparison.rows;
    let of = |name: &str| {
        let column = comparison.columns.iter().find(|column| column.name == name);
        column.map_or(0, |column| column.different)
    };
    Verdict {
        equal: rows.equal,
        different: rows.different,
        only_old: rows.only_old,
        only_new: rows.only_new,
        groups: comparison.duplicates.groups,
        different_groups: comparison.duplicates.different,
        columns: ["count", "price", "name"].map(of),
    }
}

fn by_key() -> TableComparator {
    TableComparator::by_key(["key"])
        .numbers_of("price")
        .samples(usize::MAX)
}

fn by_order() -> TableComparator {
    TableComparator::by_order()
        .ignore("key")
        .numbers_of("price")
        .samples(usize::MAX)
}

fn as_bag() -> TableComparator {
    TableComparator::as_bag()
        .numbers_of("price")
        .samples(usize::MAX)
}

/// The tolerance of the judge.
trait Judged {
    fn numbers_of(self, column: &str) -> Self;
}

impl Judged for TableComparator {
    fn numbers_of(self, column: &str) -> Self {
        self.tolerance(column, TOLERANCE)
    }
}

/// Everything is counted once, and everything that is counted is shown where there is no limit.
fn adds_up(comparison: &TableComparison) {
    let rows = comparison.rows;
    assert_eq!(
        rows.old,
        rows.equal + rows.different + rows.only_old + rows.duplicate_old
    );
    assert_eq!(
        rows.new,
        rows.equal + rows.different + rows.only_new + rows.duplicate_new
    );
    assert_eq!(comparison.only_old.len() as u64, rows.only_old);
    assert_eq!(comparison.only_new.len() as u64, rows.only_new);
    assert_eq!(
        comparison.duplicates.samples.len() as u64,
        comparison.duplicates.groups
    );
    for column in &comparison.columns {
        assert_eq!(
            column.samples.len() as u64,
            column.different,
            "{}",
            column.name
        );
        assert!(column.nulls <= column.different);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn keyed_says_what_a_slow_judge_says(old in rows(14), new in rows(14)) {
        let found = compare(&by_key(), &old, &new);
        let expected = oracle::by_key(&old, &new);
        prop_assert_eq!(verdict(&found), expected.clone());
        prop_assert_eq!(found.equal, expected.is_equal());
        adds_up(&found);
    }

    #[test]
    fn ordered_says_what_a_slow_judge_says(old in rows(14), new in rows(14)) {
        let found = compare(&by_order(), &old, &new);
        let expected = oracle::by_order(&old, &new);
        prop_assert_eq!(verdict(&found), expected.clone());
        prop_assert_eq!(found.equal, expected.is_equal());
        adds_up(&found);
    }

    #[test]
    fn a_bag_says_what_a_slow_judge_says(old in rows(14), new in rows(14)) {
        let found = compare(&as_bag(), &old, &new);
        let expected = oracle::as_bag(&old, &new);
        prop_assert_eq!(verdict(&found), expected.clone());
        prop_assert_eq!(found.equal, expected.is_equal());
        adds_up(&found);
    }

    #[test]
    fn a_bag_of_few_values_matches_as_many_as_can_be(
        old in proptest::collection::vec((0..8i32, 0..8i32), 0..12),
        new in proptest::collection::vec((0..8i32, 0..8i32), 0..12),
    ) {
        // Two columns of numbers close to many others: where greed goes wrong.
        let float = |numbers: &[(i32, i32)], part: fn(&(i32, i32)) -> i32| {
            let numbers = numbers.iter().map(|pair| f64::from(part(pair)));
            std::sync::Arc::new(numbers.collect::<arrow_array::Float64Array>())
        };
        let table = |name, numbers: &[(i32, i32)]| {
            let batch = crate::tables::batch(vec![
                ("x", float(numbers, |pair| pair.0)),
                ("y", float(numbers, |pair| pair.1)),
            ]);
            handed(name, &batch, 5)
        };
        let near = cutover_table::Tolerance::absolute(2.0);
        let found = TableComparator::as_bag()
            .numbers(near)
            .compare(table("old", &old), table("new", &new))
            .unwrap();
        let close = |old: &(i32, i32), new: &(i32, i32)| {
            (old.0 - new.0).abs() <= 2 && (old.1 - new.1).abs() <= 2
        };
        prop_assert!(found.exact);
        prop_assert_eq!(found.rows.equal, oracle::most_pairs(&old, &new, close));
    }

    #[test]
    fn a_table_equals_itself(table in rows(20)) {
        for comparator in [by_key(), by_order(), as_bag()] {
            let found = compare(&comparator, &table, &table);
            prop_assert!(found.equal && found.exact, "{:?}", found);
            prop_assert_eq!(found.rows.different, 0);
        }
    }

    #[test]
    fn the_other_way_round_says_the_mirror_image(old in rows(12), new in rows(12)) {
        for comparator in [by_key(), by_order(), as_bag()] {
            let found = compare(&comparator, &old, &new);
            let mirror = compare(&comparator, &new, &old);
            let mut expected = verdict(&found);
            std::mem::swap(&mut expected.only_old, &mut expected.only_new);
            prop_assert_eq!(verdict(&mirror), expected);
        }
    }

    #[test]
    fn the_order_of_rows_counts_for_nothing_but_order(
        old in rows(12),
        (new, shuffled) in rows(12).prop_flat_map(|rows| {
            (Just(rows.clone()), Just(rows).prop_shuffle())
        }),
    ) {
        for comparator in [by_key(), as_bag()] {
            let found = compare(&comparator, &old, &new);
            let again = compare(&comparator, &old, &shuffled);
            prop_assert_eq!(verdict(&again), verdict(&found));
        }
    }

    #[test]
    fn ignoring_a_column_never_adds_a_difference(old in rows(12), new in rows(12)) {
        for comparator in [by_key(), by_order()] {
            let found = compare(&comparator, &old, &new);
            let fewer = compare(&comparator.ignore("name"), &old, &new);
            prop_assert!(fewer.rows.different <= found.rows.different);
            prop_assert!(!found.equal || fewer.equal);
        }
    }
}
