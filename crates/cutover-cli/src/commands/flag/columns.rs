//! Tables whose columns are there when they say something.

use std::io;

use crate::output::{Page, table};

/// A column about things of a kind.
pub(super) struct Column<T> {
    head: &'static str,
    /// Left out where it says nothing about any of them.
    if_any: bool,
    of: fn(&T) -> Option<String>,
}

impl<T> Column<T> {
    /// A column; `of` is what it says about one of them, if it says anything.
    pub(super) const fn new(head: &'static str, of: fn(&T) -> Option<String>) -> Self {
        let if_any = false;
        Self { head, if_any, of }
    }

    /// A column that is left out where it says nothing about any of them.
    pub(super) const fn if_any(head: &'static str, of: fn(&T) -> Option<String>) -> Self {
        let if_any = true;
        Self { head, if_any, of }
    }
}

/// Writes one row for each.
pub(super) fn write_columns<T>(
    page: &mut Page<'_>,
    columns: &[Column<T>],
    rows: &[T],
) -> io::Result<()> {
    let says =
        |column: &&Column<T>| !column.if_any || rows.iter().any(|row| (column.of)(row).is_some());
    let columns: Vec<_> = columns.iter().filter(says).collect();
    let mut lines = table(columns.iter().map(|column| column.head));
    for row in rows {
        let cells = columns.iter().map(|column| (column.of)(row));
        lines.add_row(cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned())));
    }
    page.table(lines)
}
