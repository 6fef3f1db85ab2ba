//! What of a row is compared exactly, and what within a tolerance.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, StringViewArray, UInt8Array};
use arrow_schema::DataType;

use crate::comparator::TextRule;
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::kernel::Rule;
use crate::plan::Plan;
use crate::source::Batch;
use crate::{TableError, Tolerance};

/// Fingerprints rows: their exact part, and the rest.
pub(super) struct ExactPart {
    exact: Fingerprints,
    rest: Fingerprints,
    rules: Vec<Rule>,
    /// The columns with a tolerance, and their tolerances.
    pub(super) near: Vec<usize>,
    pub(super) tolerances: Vec<Tolerance>,
}

/// Of numbers within a tolerance, the exact part says of what kind they are.
const KIND: DataType = DataType::UInt8;

impl ExactPart {
    pub(super) fn new(seed: u64, plan: &Plan) -> Result<Self, TableError> {
        let is_near = |at: &usize| !plan.pairs[*at].rule.tolerance.is_exact();
        let near: Vec<usize> = (0..plan.pairs.len()).filter(is_near).collect();
        let types = plan.pairs.iter().map(|pair| match pair.rule.tolerance {
            Tolerance::EXACT => &pair.target,
            _ => &KIND,
        });
        Ok(Self {
            exact: Fingerprints::new(seed, types)?,
            rest: Fingerprints::new(seed, near.iter().map(|at| &plan.pairs[*at].target))?,
            rules: plan.pairs.iter().map(|pair| pair.rule).collect(),
            tolerances: near
                .iter()
                .map(|at| plan.pairs[*at].rule.tolerance)
                .collect(),
            near,
        })
    }

    /// For each row, its exact part and the rest.
    pub(super) fn of(&self, batch: &Batch) -> Result<Vec<(Fingerprint, Fingerprint)>, TableError> {
        let parts = batch.columns.iter().zip(&self.rules).map(|(column, rule)| {
            if rule.tolerance.is_exact() {
                normal(column, rule.text)
            } else {
                kinds(column)
            }
        });
        let parts: Vec<ArrayRef> = parts.collect();
        let exact = self
            .exact
            .of(&parts.iter().collect::<Vec<_>>(), batch.rows)?;
        let near: Vec<&ArrayRef> = self.near.iter().map(|at| &batch.columns[*at]).collect();
        let rest = self.rest.of(&near, batch.rows)?;
        Ok(exact.into_iter().zip(rest).collect())
    }
}

/// Texts in the one spelling of all that a rule takes for the same.
fn normal(column: &ArrayRef, rule: TextRule) -> ArrayRef {
    if rule == TextRule::default() || column.data_type() != &DataType::Utf8View {
        return Arc::clone(column);
    }
    let texts = column.as_string_view().iter().map(|text| {
        let text = text?;
        let text = if rule.space { text.trim() } else { text };
        Some(if rule.case {
            text.to_lowercase()
        } else {
            text.to_owned()
        })
    });
    Arc::new(texts.collect::<StringViewArray>())
}

/// Null, a number, not a number, or one of the infinities: none is near another.
fn kinds(column: &ArrayRef) -> ArrayRef {
    let kind = |row: usize| match column.data_type() {
        DataType::Float64 => match column.as_primitive::<Float64Type>().value(row) {
            number if number.is_nan() => 1,
            f64::INFINITY => 2,
            f64::NEG_INFINITY => 3,
            _ => 0,
        },
        _ => 0,
    };
    let kinds = (0..column.len()).map(|row| column.is_valid(row).then(|| kind(row)));
    Arc::new(kinds.collect::<UInt8Array>())
}
