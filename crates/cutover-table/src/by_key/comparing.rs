//! Comparing batches of new with the rows of old that they belong to.

use std::collections::HashSet;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::take::take;

use super::held::Held;
use super::pairs::{Pairs, Part, Run};
use crate::TableError;
use crate::budget::Budget;
use crate::comparator::TableComparator;
use crate::comparison::{
    DuplicateKeys, Found, KeyGroup, RowCounts, RowSample, RowValues, TableComparison,
};
use crate::error::Place;
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::key_index::{KeyIndex, Partner, Row};
use crate::mask::Mask;
use crate::plan::Plan;
use crate::sample::Shown;
use crate::source::Batch;
use crate::tally::Tally;

/// A comparison under way.
pub(super) struct Comparing<'a> {
    settings: &'a TableComparator,
    plan: &'a Plan,
    /// The name of new.
    name: &'a str,
    held: &'a Held,
    index: &'a mut KeyIndex,
    /// Fingerprints of whole rows.
    whole: Fingerprints,
    tallies: Vec<Tally<'a>>,
    shown: Shown,
    rows: RowCounts,
    only_new: Vec<RowSample>,
    /// Keys that only new has, more than once: the first of them.
    groups_of_new: Vec<(Fingerprint, RowValues)>,
    pairs: Pairs,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(
        settings: &'a TableComparator,
        plan: &'a Plan,
        name: &'a str,
        held: &'a Held,
        index: &'a mut KeyIndex,
    ) -> Result<Self, TableError> {
        let tallies = plan
            .pairs
            .iter()
            .map(|pair| Tally::new(pair, settings.samples));
        let types = plan.pairs.iter().map(|pair| &pair.target);
        Ok(Self {
            settings,
            plan,
            name,
            held,
            whole: Fingerprints::new(settings.seed, types)?,
            tallies: tallies.collect::<Result<_, _>>()?,
            shown: Shown::new(plan),
            rows: RowCounts {
                old: held.rows() as u64,
                ..RowCounts::default()
            },
            index,
            only_new: Vec::new(),
            groups_of_new: Vec::new(),
            pairs: Pairs::default(),
        })
    }

    fn arrow(&self, error: ArrowError) -> TableError {
        TableError::arrow(self.name, self.rows.new, error)
    }

    /// Weighs the rows of old whose keys are not unique.
    pub(super) fn add_groups_of_old(&mut self) -> Result<(), TableError> {
        if self.index.groups().is_empty() {
            return Ok(());
        }
        for (start, batch) in self.held.batches() {
            let places: Vec<Row> = (0..batch.rows)
                .filter(|at| self.index.in_group(start + at))
                .map(|at| at as Row)
                .collect();
            let prints = self.whole_rows(batch, &places)?;
            for (at, print) in places.iter().zip(prints) {
                let key = self.index.print(start + *at as usize);
                if let Some(group) = self.index.group_mut(key) {
                    group.balance = group.balance.wrapping_add(print);
                }
            }
        }
        Ok(())
    }

    /// Fingerprints of whole rows of a batch.
    fn whole_rows(&self, batch: &Batch, places: &[Row]) -> Result<Vec<Fingerprint>, TableError> {
        let columns = self.taken(batch, places)?;
        self.whole
            .of(&columns.iter().collect::<Vec<_>>(), places.len())
    }

    fn taken(&self, batch: &Batch, places: &[Row]) -> Result<Vec<ArrayRef>, TableError> {
        let places = UInt32Array::from(places.to_vec());
        let columns = batch
            .columns
            .iter()
            .map(|column| take(column, &places, None));
        columns
            .collect::<Result<_, _>>()
            .map_err(|error| self.arrow(error))
    }

    /// Compares the next batch of new.
    pub(super) fn add_new(&mut self, batch: &Batch, keys: &Fingerprints) -> Result<(), TableError> {
        let row = self.rows.new as usize;
        if row + batch.rows > self.index.new_rows() {
            return Err(self.changed());
        }
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.clear();
        let mut grouped: Vec<Row> = Vec::new();
        for (at, partner) in self.index.partners_of(row, batch.rows).enumerate() {
            match partner {
                Partner::Row(old) => pairs.push(old, at),
                Partner::Group => grouped.push(at as Row),
                Partner::None => {
                    self.rows.only_new += 1;
                    if self.only_new.len() < self.settings.samples {
                        self.only_new.push(RowSample {
                            row: (row + at) as u64 + 1,
                            values: self.shown.of(&batch.columns, at),
                        });
                    }
                }
            }
        }
        self.add_groups_of_new(batch, &grouped, keys)?;
        match pairs.runs(self.held) {
            Some(runs) => {
                for run in runs {
                    self.compare_run(batch, &pairs, run)?;
                }
            }
            None => self.compare_scattered(batch, &pairs)?,
        }
        self.pairs = pairs;
        self.rows.new += batch.rows as u64;
        Ok(())
    }

    fn add_groups_of_new(
        &mut self,
        batch: &Batch,
        places: &[Row],
        keys: &Fingerprints,
    ) -> Result<(), TableError> {
        if places.is_empty() {
            return Ok(());
        }
        let columns = self.taken(batch, places)?;
        let key_columns: Vec<&ArrayRef> = self.plan.keys.iter().map(|at| &columns[*at]).collect();
        let keys = keys.of(&key_columns, places.len())?;
        let prints = self
            .whole
            .of(&columns.iter().collect::<Vec<_>>(), places.len())?;
        for (at, (key, print)) in keys.into_iter().zip(prints).enumerate() {
            let Some(group) = self.index.group_mut(key) else {
                return Err(self.changed());
            };
            group.balance = group.balance.wrapping_sub(print);
            let known = |(other, _): &(Fingerprint, RowValues)| *other == key;
            if group.old == 0
                && self.groups_of_new.len() < self.settings.samples
                && !self.groups_of_new.iter().any(known)
            {
                self.groups_of_new.push((key, self.shown.of(&columns, at)));
            }
        }
        Ok(())
    }

    fn compare_run(&mut self, batch: &Batch, pairs: &Pairs, run: Run) -> Result<(), TableError> {
        let part = Part {
            pairs,
            first: run.first,
            batch,
            row: self.rows.new as usize,
            shown: &self.shown,
        };
        let mut different = Mask::none(run.rows);
        for (at, tally) in self.tallies.iter_mut().enumerate() {
            let old = self.held.columns(run.batch)[at].slice(run.old, run.rows);
            let new = batch.columns[at].slice(run.new, run.rows);
            different.add(&tally.compare(&old, &new, &part)?);
        }
        self.count(&different);
        Ok(())
    }

    fn compare_scattered(&mut self, batch: &Batch, pairs: &Pairs) -> Result<(), TableError> {
        let part = Part {
            pairs,
            first: 0,
            batch,
            row: self.rows.new as usize,
            shown: &self.shown,
        };
        let whereabouts = self.held.whereabouts(&pairs.old);
        let all = pairs.len() == batch.rows;
        let places = UInt32Array::from(pairs.new.clone());
        let arrow = |error| TableError::arrow(self.name, self.rows.new, error);
        let mut different = Mask::none(pairs.len());
        for (at, tally) in self.tallies.iter_mut().enumerate() {
            let old = self.held.gather(at, &whereabouts).map_err(arrow)?;
            let new = &batch.columns[at];
            let mask = if all {
                tally.compare(&old, new, &part)?
            } else {
                let new = take(new, &places, None).map_err(arrow)?;
                tally.compare(&old, &new, &part)?
            };
            different.add(&mask);
        }
        self.count(&different);
        Ok(())
    }

    fn count(&mut self, different: &Mask) {
        let count = different.count();
        self.rows.different += count;
        self.rows.equal += different.rows() as u64 - count;
    }

    fn changed(&self) -> TableError {
        TableError::malformed(
            self.name,
            Place::Whole,
            "changed while it was compared; compare again once nobody writes to it",
        )
    }

    pub(super) fn finish(mut self, budget: &Budget) -> Result<TableComparison, TableError> {
        if self.rows.new as usize != self.index.new_rows() {
            return Err(self.changed());
        }
        let mut only_old = Vec::new();
        for row in (0..self.held.rows()).filter(|row| self.index.is_only_old(*row)) {
            self.rows.only_old += 1;
            if only_old.len() < self.settings.samples {
                only_old.push(RowSample {
                    row: row as u64 + 1,
                    values: self.values_of_old(row),
                });
            }
        }
        let duplicates = self.duplicates();
        for group in self.index.groups().values() {
            self.rows.duplicate_old += group.old;
            self.rows.duplicate_new += group.new;
        }
        let columns: Vec<_> = self.tallies.into_iter().map(Tally::finish).collect();
        // Partners have one fingerprint; that they have one key is seen here.
        if let Some(sample) = columns
            .iter()
            .find(|column| column.key && column.different > 0)
        {
            let row = sample.samples.first().map_or(0, |sample| sample.new_row);
            return Err(TableError::Collision {
                table: self.name.to_owned(),
                row,
            });
        }
        Ok(TableComparison::new(
            self.settings,
            self.plan,
            Found {
                rows: self.rows,
                columns,
                duplicates,
                only_old,
                only_new: self.only_new,
                exact: true,
                memory: budget.peak(),
            },
        ))
    }

    fn values_of_old(&self, row: usize) -> RowValues {
        let (batch, at) = self.held.find(row);
        self.shown.of(self.held.columns(batch), at)
    }

    /// Groups with the same rows on both sides last.
    fn duplicates(&self) -> DuplicateKeys {
        let groups = self.index.groups();
        let limit = self.settings.samples;
        let same = |key: &Fingerprint| {
            groups
                .get(key)
                .is_some_and(|group| group.old == group.new && group.balance == 0)
        };
        let sample = |key: &Fingerprint, values: RowValues| {
            let group = groups.get(key).copied().unwrap_or_default();
            KeyGroup {
                key: values,
                old: group.old,
                new: group.new,
                same: same(key),
            }
        };
        let mut samples: Vec<KeyGroup> = Vec::new();
        for wanted in [false, true] {
            let mut met = HashSet::new();
            if groups.is_empty() {
                break;
            }
            for row in 0..self.held.rows() {
                if samples.len() == limit {
                    break;
                }
                let key = self.index.print(row);
                if self.index.in_group(row) && same(&key) == wanted && met.insert(key) {
                    samples.push(sample(&key, self.values_of_old(row)));
                }
            }
            if !wanted {
                let room = limit - samples.len();
                let of_new = self.groups_of_new.iter().take(room);
                samples.extend(of_new.map(|(key, values)| sample(key, values.clone())));
            }
        }
        DuplicateKeys {
            groups: groups.len() as u64,
            different: groups.keys().filter(|key| !same(key)).count() as u64,
            samples,
        }
    }
}
