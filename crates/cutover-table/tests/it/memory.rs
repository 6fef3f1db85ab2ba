//! What is kept, and what happens past the budget.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use cutover_table::{TableComparator, TableError};

use crate::tables::{batch, handed};

fn table(rows: i64) -> RecordBatch {
    let ids: Vec<i64> = (0..rows).collect();
    let floats = |step: f64| -> ArrayRef {
        Arc::new(
            ids.iter()
                .map(|id| Some(*id as f64 * step))
                .collect::<Float64Array>(),
        )
    };
    batch(vec![
        ("id", Arc::new(Int64Array::from(ids.clone()))),
        ("x", floats(0.5)),
        ("y", floats(0.25)),
    ])
}

/// Bytes kept for each row of old.
fn kept(comparator: &TableComparator, rows: i64) -> f64 {
    let table = table(rows);
    let found = comparator
        .compare(handed("old", &table, 8192), handed("new", &table, 8192))
        .unwrap();
    found.memory as f64 / rows as f64
}

#[test]
fn what_is_kept_for_a_row_is_what_the_documentation_says() {
    const ROWS: i64 = 200_000;
    // The batches handed over are those of the caller: 24 bytes a row of old and 24 of new.
    let keyed = kept(&TableComparator::by_key(["id"]), ROWS) - 48.0;
    assert!((20.0..40.0).contains(&keyed), "{keyed}");
    let ordered = kept(&TableComparator::by_order(), ROWS);
    assert!(ordered == 0.0, "{ordered}");
    let bag = kept(&TableComparator::as_bag(), ROWS) - 48.0;
    assert!((50.0..115.0).contains(&bag), "{bag}");
}

#[test]
fn past_the_budget_a_comparison_is_refused_with_what_to_do() {
    let table = table(100_000);
    for comparator in [TableComparator::by_key(["id"]), TableComparator::as_bag()] {
        let error = comparator
            .memory(1_000_000)
            .compare(handed("old", &table, 1000), handed("new", &table, 1000))
            .unwrap_err();
        assert!(
            matches!(
                error,
                TableError::Memory {
                    budget: 1_000_000,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("allow more"), "{error}");
    }
    let ordered = TableComparator::by_order()
        .memory(0)
        .compare(handed("old", &table, 1000), handed("new", &table, 1000));
    assert!(ordered.unwrap().equal);
}
