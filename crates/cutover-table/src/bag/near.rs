//! The numbers of rows that are not settled, to be matched within tolerances.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Decimal256Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::buckets::Open;
use super::exact_part::ExactPart;
use crate::fingerprint::Fingerprint;
use crate::kernel::number::{Apart, decimals, floats};
use crate::source::Batch;
use crate::{TableError, Tolerance};

/// A row of an open bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) bucket: Fingerprint,
    /// Its row in the table, from 0.
    pub(super) row: u64,
    /// Its place in the columns of numbers.
    at: u32,
}

/// The numbers of one column, all of one kind.
#[derive(Clone, Debug)]
enum Numbers {
    Floats(Vec<f64>),
    /// Whole numbers of units of `10^−scale`.
    Scaled(Vec<i128>, i8),
}

/// The rows of open buckets of one table.
pub(super) struct Candidates {
    pub(super) rows: Vec<Candidate>,
    numbers: Vec<Numbers>,
    seen: u64,
}

impl Candidates {
    pub(super) fn new(part: &ExactPart) -> Self {
        Self {
            rows: Vec::new(),
            numbers: vec![Numbers::Floats(Vec::new()); part.near.len()],
            seen: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        batch: &Batch,
        part: &ExactPart,
        open: &Open,
    ) -> Result<(), TableError> {
        for (at, (exact, _)) in part.of(batch)?.into_iter().enumerate() {
            if !open.has(exact) {
                continue;
            }
            self.rows.push(Candidate {
                bucket: exact,
                row: self.seen + at as u64,
                at: self.rows.len() as u32,
            });
            for (numbers, column) in self.numbers.iter_mut().zip(&part.near) {
                numbers.push(&batch.columns[*column], at);
            }
        }
        self.seen += batch.rows as u64;
        Ok(())
    }

    pub(super) fn rows_seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn bytes(&self) -> u64 {
        let numbers = self.numbers.iter().map(Numbers::bytes);
        (self.rows.capacity() * size_of::<Candidate>()) as u64 + numbers.sum::<u64>()
    }

    /// By bucket, then by the first column, then by row.
    pub(super) fn sort(&mut self) {
        let Self { rows, numbers, .. } = self;
        let first = &numbers[0];
        rows.sort_unstable_by(|a, b| {
            let numbers = first.order(a.at, first, b.at);
            (a.bucket.cmp(&b.bucket))
                .then(numbers)
                .then(a.row.cmp(&b.row))
        });
    }

    /// How two rows stand to each other in a column; `None` where they have the same number.
    pub(super) fn apart(
        &self,
        row: &Candidate,
        other: &Self,
        other_row: &Candidate,
        column: usize,
    ) -> Option<Apart> {
        self.numbers[column].apart(row.at, &other.numbers[column], other_row.at)
    }

    /// Whether two rows are close in a column.
    pub(super) fn is_close(
        &self,
        row: &Candidate,
        other: &Self,
        other_row: &Candidate,
        column: usize,
        tolerance: Tolerance,
    ) -> bool {
        self.apart(row, other, other_row, column)
            .is_none_or(|apart| tolerance.allows(&apart))
    }

    /// How the first numbers of two rows are ordered.
    pub(super) fn order(&self, row: &Candidate, other: &Self, other_row: &Candidate) -> Ordering {
        self.numbers[0].order(row.at, &other.numbers[0], other_row.at)
    }
}

impl Numbers {
    /// One more number. Null is any number: it only ever meets other nulls.
    fn push(&mut self, column: &ArrayRef, row: usize) {
        let null = column.is_null(row);
        let scaled = match column.data_type() {
            DataType::Int64 => (i128::from(column.as_primitive::<Int64Type>().value(row)), 0),
            DataType::UInt64 => (
                i128::from(column.as_primitive::<UInt64Type>().value(row)),
                0,
            ),
            DataType::Decimal128(_, scale) => {
                (column.as_primitive::<Decimal128Type>().value(row), *scale)
            }
            DataType::Decimal256(_, scale) => {
                let number = column.as_primitive::<Decimal256Type>().value(row);
                let nearest: f64 = number.to_string().parse().unwrap_or(f64::INFINITY);
                let float = nearest / 10f64.powi(i32::from(*scale));
                return self.push_float(if null { 0.0 } else { float });
            }
            _ => {
                let float = column.as_primitive::<Float64Type>().value(row);
                return self.push_float(if null { 0.0 } else { float });
            }
        };
        if let Self::Floats(_) = self {
            *self = Self::Scaled(Vec::new(), scaled.1);
        }
        if let Self::Scaled(numbers, _) = self {
            numbers.push(if null { 0 } else { scaled.0 });
        }
    }

    fn push_float(&mut self, number: f64) {
        if let Self::Floats(numbers) = self {
            numbers.push(number);
        }
    }

    fn bytes(&self) -> u64 {
        (match self {
            Self::Floats(numbers) => numbers.capacity() * size_of::<f64>(),
            Self::Scaled(numbers, _) => numbers.capacity() * size_of::<i128>(),
        }) as u64
    }

    fn apart(&self, at: u32, other: &Self, other_at: u32) -> Option<Apart> {
        let (at, other_at) = (at as usize, other_at as usize);
        match (self, other) {
            (Self::Floats(numbers), Self::Floats(others)) => floats(numbers[at], others[other_at]),
            (Self::Scaled(numbers, scale), Self::Scaled(others, _)) => {
                let (a, b) = (numbers[at], others[other_at]);
                if a == b { None } else { decimals(*scale)(a, b) }
            }
            // Columns that are compared have one type.
            _ => None,
        }
    }

    fn order(&self, at: u32, other: &Self, other_at: u32) -> Ordering {
        let (at, other_at) = (at as usize, other_at as usize);
        match (self, other) {
            // Zeros of both signs are one number.
            (Self::Floats(numbers), Self::Floats(others)) => {
                (numbers[at] + 0.0).total_cmp(&(others[other_at] + 0.0))
            }
            (Self::Scaled(numbers, _), Self::Scaled(others, _)) => {
                numbers[at].cmp(&others[other_at])
            }
            _ => Ordering::Equal,
        }
    }
}
