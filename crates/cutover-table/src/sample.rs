//! Rows that are shown.

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::cell::Cell;
use crate::comparison::RowValues;
use crate::plan::Plan;

/// The most columns of a row that are shown where it has no key.
const WIDEST: usize = 16;

/// The columns that tell a row from others: the key, or the first few.
pub(crate) struct Shown {
    columns: Vec<(usize, Arc<str>)>,
}

impl Shown {
    pub(crate) fn new(plan: &Plan) -> Self {
        let named = |at: usize| (at, Arc::clone(&plan.pairs[at].name));
        let columns = if plan.keys.is_empty() {
            (0..plan.pairs.len().min(WIDEST)).map(named).collect()
        } else {
            plan.keys.iter().copied().map(named).collect()
        };
        Self { columns }
    }

    /// The shown values of `row`; `columns` are those of the plan.
    pub(crate) fn of(&self, columns: &[ArrayRef], row: usize) -> RowValues {
        let cells = self.columns.iter().map(|(at, name)| {
            let cell = Cell::of(&columns[*at], row);
            (Arc::clone(name), cell)
        });
        RowValues(cells.collect())
    }
}
