//! Figures of one column.

use std::collections::HashMap;

use super::infer::{SAMPLE, as_boolean, as_date, as_float, is_null, kind_of};
use super::table::Table;
use crate::profile::{Column, ColumnKind, Scalar, TOP_VALUES, TopValue};

pub(super) fn describe(table: &Table, index: usize) -> Column {
    let cells = table.rows.iter().map(|row| row[index].as_str());
    let kind = kind_of(cells.clone().take(SAMPLE));

    // What does not fit the kind is missing, as in the data frame that this once was.
    let fits = |cell: &&str| {
        !is_null(cell)
            && match kind {
                ColumnKind::Boolean => as_boolean(cell).is_some(),
                ColumnKind::Integer | ColumnKind::Float => as_float(cell).is_some(),
                ColumnKind::Date | ColumnKind::DateTime => as_date(cell).is_some(),
                ColumnKind::Text => true,
            }
    };
    let present: Vec<&str> = cells.filter(fits).collect();

    let mut column = Column {
        kind,
        count: present.len() as u64,
        missing: (table.rows.len() - present.len()) as u64,
        distinct: 0,
        min: None,
        max: None,
        mean: None,
        std: None,
        top: Vec::new(),
    };
    (column.distinct, column.top) = count_values(&present);
    if kind.is_numeric() {
        summarise(&mut column, &present);
    }
    if kind == ColumnKind::Date {
        let days: Vec<String> = present.iter().filter_map(|cell| as_date(cell)).collect();
        column.min = days.iter().min().cloned().map(Scalar::Text);
        column.max = days.iter().max().cloned().map(Scalar::Text);
    }
    column
}

/// How many different values, and the most frequent ones; the first seen first among equals.
fn count_values(present: &[&str]) -> (u64, Vec<TopValue>) {
    let mut counts: HashMap<&str, (u64, usize)> = HashMap::new();
    for (position, &cell) in present.iter().enumerate() {
        counts.entry(cell).or_insert((0, position)).0 += 1;
    }
    let distinct = counts.len() as u64;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, (count, position))| (std::cmp::Reverse(count), position));
    let top = counts
        .into_iter()
        .take(TOP_VALUES)
        .map(|(value, (count, _))| TopValue {
            value: value.to_owned(),
            count,
        })
        .collect();
    (distinct, top)
}

fn summarise(column: &mut Column, present: &[&str]) {
    let numbers: Vec<f64> = present.iter().filter_map(|cell| as_float(cell)).collect();
    if numbers.is_empty() {
        return;
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| number * number).sum::<f64>() / count - mean * mean;
    let scalar = |number: f64| match column.kind {
        ColumnKind::Integer if number.fract() == 0.0 => Scalar::Integer(number as i64),
        _ => Scalar::Float(round(number)),
    };
    column.min = numbers.iter().copied().reduce(f64::min).map(scalar);
    column.max = numbers.iter().copied().reduce(f64::max).map(scalar);
    column.mean = Some(round(mean));
    // Of the population; rounding may leave a hair less than zero under the root.
    column.std = Some(round(variance.max(0.0).sqrt()));
}

/// Four decimals are enough for a report.
fn round(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}
