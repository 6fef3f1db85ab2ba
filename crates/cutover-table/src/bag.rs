//! Which rows there are, and how often, in any order.
//!
//! Rows fall into buckets by their exact part: all columns without tolerance, and of those with one
//! whether they are null, not a number or infinite. A bucket is settled where both tables have the
//! very same rows in it, which a sum of fingerprints tells. Only the rows of the other buckets are
//! looked at again. Without tolerance they are counted off against each other; with it they are
//! matched, as many as possible.

mod buckets;
mod exact_part;
mod matching;
mod near;

use std::collections::HashSet;
use std::sync::Arc;

use crate::TableError;
use crate::budget::{Budget, Growing, Reader};
use crate::comparator::TableComparator;
use crate::comparison::{DuplicateKeys, Found, RowCounts, RowSample, TableComparison};
use crate::plan::Plan;
use crate::progress::{Phase, Watcher};
use crate::sample::Shown;
use crate::source::{Reading, Table, Wanted};
use crate::tally::Tally;
use buckets::{Buckets, Open, Side};
use exact_part::ExactPart;
use near::Candidates;

pub(crate) fn as_bag(
    settings: &TableComparator,
    plan: &Plan,
    old: &mut Table,
    new: &mut Table,
    budget: &Arc<Budget>,
    watch: &Watcher<'_>,
) -> Result<TableComparison, TableError> {
    let bag = Bag {
        settings,
        part: ExactPart::new(settings.seed, plan)?,
        shown: Shown::new(plan),
        budget,
        watch,
    };
    let mut sides = [
        (Side::Old, old, plan.of_old(), Phase::ReadOld),
        (Side::New, new, plan.of_new(), Phase::ReadNew),
    ];
    let mut buckets = Buckets::default();
    let mut growing = Growing::default();
    let mut counts = [0; 2];
    for (at, side) in sides.iter_mut().enumerate() {
        counts[at] = bag.count(side, &mut buckets, &mut growing)?;
    }
    let mut rows = RowCounts {
        old: counts[0],
        new: counts[1],
        ..RowCounts::default()
    };
    let mut open = buckets.open();
    let mut tallies = plan
        .pairs
        .iter()
        .map(|pair| Tally::new(pair, settings.samples))
        .collect::<Result<Vec<_>, _>>()?;
    let mut exact = true;
    let samples = if open.is_empty() {
        Default::default()
    } else if bag.part.near.is_empty() {
        (rows.only_old, rows.only_new) = open.excess();
        let mut samples: [Vec<RowSample>; 2] = Default::default();
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            *samples = bag.extra_rows(side, &mut open)?;
        }
        samples
    } else {
        let [old, new] = &mut sides;
        let old_rows = bag.candidates(old, &open)?;
        let new_rows = bag.candidates(new, &open)?;
        let matched = matching::run(&old_rows, &new_rows, &bag.part.tolerances);
        exact = matched.exact;
        for (column, seen) in bag.part.near.iter().zip(&matched.seen) {
            tallies[*column].add_seen(*seen);
        }
        rows.only_old = matched.only_old.len() as u64;
        rows.only_new = matched.only_new.len() as u64;
        [
            bag.rows_at(old, matched.only_old)?,
            bag.rows_at(new, matched.only_new)?,
        ]
    };
    rows.equal = rows.old - rows.only_old;
    let [only_old, only_new] = samples;
    Ok(TableComparison::new(
        settings,
        plan,
        Found {
            rows,
            columns: tallies.into_iter().map(Tally::finish).collect(),
            duplicates: DuplicateKeys::default(),
            only_old,
            only_new,
            exact,
            memory: budget.peak(),
        },
    ))
}

/// A table, which side it is, and what to read of it.
type OneSide<'a> = (Side, &'a mut Table, Vec<Wanted>, Phase);

struct Bag<'a> {
    settings: &'a TableComparator,
    part: ExactPart,
    shown: Shown,
    budget: &'a Budget,
    watch: &'a Watcher<'a>,
}

impl Bag<'_> {
    /// Puts all rows of a table into their buckets; answers how many there are.
    fn count(
        &self,
        (side, table, wanted, phase): &mut OneSide<'_>,
        buckets: &mut Buckets,
        growing: &mut Growing,
    ) -> Result<u64, TableError> {
        let name = table.name().to_owned();
        let mut rows = 0;
        for batch in table.read(wanted, Reading::First, *phase, self.watch)? {
            let batch = batch?;
            let prints = self.part.of(&batch)?;
            for (exact, near) in &prints {
                buckets.add(*side, *exact, *near);
            }
            rows += batch.rows as u64;
            let reader = Reader {
                doing: "counting rows",
                table: &name,
                row: rows,
            };
            growing.now(buckets.bytes(), self.budget, &reader)?;
        }
        Ok(rows)
    }

    /// The first rows of which the other table has fewer. The first ones have their partners.
    fn extra_rows(
        &self,
        (side, table, wanted, _): &mut OneSide<'_>,
        open: &mut Open,
    ) -> Result<Vec<RowSample>, TableError> {
        let mut samples = Vec::new();
        let mut row = 0;
        for batch in table.read(wanted, Reading::Last, Phase::Compare, self.watch)? {
            let batch = batch?;
            for (at, (exact, _)) in self.part.of(&batch)?.iter().enumerate() {
                if samples.len() == self.settings.samples {
                    return Ok(samples);
                }
                if open.is_extra(*side, *exact) {
                    samples.push(RowSample {
                        row: row + at as u64 + 1,
                        values: self.shown.of(&batch.columns, at),
                    });
                }
            }
            row += batch.rows as u64;
        }
        Ok(samples)
    }

    /// The rows of open buckets.
    fn candidates(
        &self,
        (_, table, wanted, _): &mut OneSide<'_>,
        open: &Open,
    ) -> Result<Candidates, TableError> {
        let name = table.name().to_owned();
        let mut candidates = Candidates::new(&self.part);
        let mut growing = Growing::default();
        for batch in table.read(wanted, Reading::First, Phase::Compare, self.watch)? {
            let batch = batch?;
            candidates.add(&batch, &self.part, open)?;
            let reader = Reader {
                doing: "keeping the numbers of rows that differ",
                table: &name,
                row: candidates.rows_seen(),
            };
            growing.now(candidates.bytes(), self.budget, &reader)?;
        }
        candidates.sort();
        Ok(candidates)
    }

    /// Samples of the first of some rows.
    fn rows_at(
        &self,
        (_, table, wanted, _): &mut OneSide<'_>,
        mut rows: Vec<u64>,
    ) -> Result<Vec<RowSample>, TableError> {
        rows.sort_unstable();
        rows.truncate(self.settings.samples);
        let wanted_rows: HashSet<u64> = rows.iter().copied().collect();
        let mut samples = Vec::new();
        let mut row = 0;
        for batch in table.read(wanted, Reading::Last, Phase::Compare, self.watch)? {
            if samples.len() == rows.len() {
                break;
            }
            let batch = batch?;
            let places = (0..batch.rows).filter(|at| wanted_rows.contains(&(row + *at as u64)));
            samples.extend(places.map(|at| RowSample {
                row: row + at as u64 + 1,
                values: self.shown.of(&batch.columns, at),
            }));
            row += batch.rows as u64;
        }
        Ok(samples)
    }
}
