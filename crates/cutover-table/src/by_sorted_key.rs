//! Rows that have the same key, of tables that are sorted by it: a merge, which keeps nothing but a
//! batch of each.

mod sorted;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;

use crate::TableError;
use crate::budget::Budget;
use crate::comparator::TableComparator;
use crate::comparison::{
    DuplicateKeys, Found, KeyGroup, RowCounts, RowSample, RowValues, TableComparison,
};
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::mask::Mask;
use crate::plan::Plan;
use crate::progress::{Phase, Watcher};
use crate::sample::Shown;
use crate::source::{Reading, Table};
use crate::tally::{Rows, Tally};
use sorted::Sorted;

pub(crate) fn by_sorted_key(
    settings: &TableComparator,
    plan: &Plan,
    old: &mut Table,
    new: &mut Table,
    budget: &Arc<Budget>,
    watch: &Watcher<'_>,
) -> Result<TableComparison, TableError> {
    let names = (old.name().to_owned(), new.name().to_owned());
    let old = old.read(&plan.of_old(), Reading::Last, Phase::ReadOld, watch)?;
    let new = new.read(&plan.of_new(), Reading::Last, Phase::ReadNew, watch)?;
    let mut merge = Merge {
        settings,
        old: Sorted::new(plan, &names.0, old)?,
        new: Sorted::new(plan, &names.1, new)?,
        whole: Fingerprints::new(settings.seed, plan.pairs.iter().map(|pair| &pair.target))?,
        tallies: plan
            .pairs
            .iter()
            .map(|pair| Tally::new(pair, settings.samples))
            .collect::<Result<_, _>>()?,
        shown: Shown::new(plan),
        pairs: Vec::new(),
        rows: RowCounts::default(),
        duplicates: DuplicateKeys::default(),
        only_old: Vec::new(),
        only_new: Vec::new(),
    };
    merge.run()?;
    merge.rows.old = merge.old.rows_read();
    merge.rows.new = merge.new.rows_read();
    // The different ones first, each in the order of keys.
    merge.duplicates.samples.sort_by_key(|group| group.same);
    merge.duplicates.samples.truncate(settings.samples);
    Ok(TableComparison::new(
        settings,
        plan,
        Found {
            rows: merge.rows,
            columns: merge.tallies.into_iter().map(Tally::finish).collect(),
            duplicates: merge.duplicates,
            only_old: merge.only_old,
            only_new: merge.only_new,
            exact: true,
            memory: budget.peak(),
        },
    ))
}

struct Merge<'a> {
    settings: &'a TableComparator,
    old: Sorted<'a>,
    new: Sorted<'a>,
    /// Fingerprints of whole rows.
    whole: Fingerprints,
    tallies: Vec<Tally<'a>>,
    shown: Shown,
    /// Places of partners in the present batches.
    pairs: Vec<(u32, u32)>,
    rows: RowCounts,
    duplicates: DuplicateKeys,
    only_old: Vec<RowSample>,
    only_new: Vec<RowSample>,
}

/// What of the pairs is needed for samples.
struct Partners<'a> {
    pairs: &'a [(u32, u32)],
    /// The first rows of the batches.
    old: u64,
    new: u64,
    shown: &'a Shown,
    columns: &'a [ArrayRef],
}

impl Rows for Partners<'_> {
    fn places(&self, at: usize) -> (u64, u64) {
        let (old, new) = self.pairs[at];
        (self.old + u64::from(old) + 1, self.new + u64::from(new) + 1)
    }

    fn key(&self, at: usize) -> RowValues {
        self.shown.of(self.columns, self.pairs[at].0 as usize)
    }
}

impl Merge<'_> {
    fn run(&mut self) -> Result<(), TableError> {
        loop {
            match (self.old.key(), self.new.key()) {
                (None, None) => break,
                (Some(_), None) => self.old_alone()?,
                (None, Some(_)) => self.new_alone()?,
                (Some(old), Some(new)) => match old.cmp(new) {
                    Ordering::Less => self.old_alone()?,
                    Ordering::Greater => self.new_alone()?,
                    Ordering::Equal if self.old.is_unique() && self.new.is_unique() => {
                        self.pairs.push((self.old.place(), self.new.place()));
                        self.step_old()?;
                        self.step_new()?;
                    }
                    Ordering::Equal => self.group()?,
                },
            }
        }
        self.compare_pairs()
    }

    /// Pairs are places in the present batches, so they are compared before one goes.
    fn step_old(&mut self) -> Result<(), TableError> {
        if self.old.is_last_of_batch() {
            self.compare_pairs()?;
        }
        self.old.step()
    }

    fn step_new(&mut self) -> Result<(), TableError> {
        if self.new.is_last_of_batch() {
            self.compare_pairs()?;
        }
        self.new.step()
    }

    fn old_alone(&mut self) -> Result<(), TableError> {
        if !self.old.is_unique() {
            return self.group();
        }
        self.rows.only_old += 1;
        if self.only_old.len() < self.settings.samples {
            self.only_old.push(self.old.sample(&self.shown));
        }
        self.step_old()
    }

    fn new_alone(&mut self) -> Result<(), TableError> {
        if !self.new.is_unique() {
            return self.group();
        }
        self.rows.only_new += 1;
        if self.only_new.len() < self.settings.samples {
            self.only_new.push(self.new.sample(&self.shown));
        }
        self.step_new()
    }

    /// All rows with the smaller of both keys, of which there are several.
    fn group(&mut self) -> Result<(), TableError> {
        let key = match (self.old.key(), self.new.key()) {
            (Some(old), Some(new)) => old.min(new).to_owned(),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => return Ok(()),
        };
        let mut group = KeyGroup {
            key: RowValues::default(),
            old: 0,
            new: 0,
            same: false,
        };
        let mut balance: Fingerprint = 0;
        while self.old.key() == Some(&*key) {
            if group.key.0.is_empty() {
                group.key = self.old.sample(&self.shown).values;
            }
            balance = balance.wrapping_add(self.old.print(&self.whole)?);
            group.old += 1;
            self.step_old()?;
        }
        while self.new.key() == Some(&*key) {
            if group.key.0.is_empty() {
                group.key = self.new.sample(&self.shown).values;
            }
            balance = balance.wrapping_sub(self.new.print(&self.whole)?);
            group.new += 1;
            self.step_new()?;
        }
        group.same = group.old == group.new && balance == 0;
        self.rows.duplicate_old += group.old;
        self.rows.duplicate_new += group.new;
        self.duplicates.groups += 1;
        self.duplicates.different += u64::from(!group.same);
        // As many of each kind as are shown of both.
        let known = self.duplicates.samples.iter();
        if known.filter(|known| known.same == group.same).count() < self.settings.samples {
            self.duplicates.samples.push(group);
        }
        Ok(())
    }

    fn compare_pairs(&mut self) -> Result<(), TableError> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        let places = |of: fn(&(u32, u32)) -> u32| -> UInt32Array {
            self.pairs.iter().map(of).map(Some).collect()
        };
        let (old_places, new_places) = (places(|pair| pair.0), places(|pair| pair.1));
        let partners = Partners {
            pairs: &self.pairs,
            old: self.old.batch_start(),
            new: self.new.batch_start(),
            shown: &self.shown,
            columns: self.old.columns(),
        };
        let mut different = Mask::none(self.pairs.len());
        for (at, tally) in self.tallies.iter_mut().enumerate() {
            let old = picked(&self.old, at, &old_places)?;
            let new = picked(&self.new, at, &new_places)?;
            different.add(&tally.compare(&old, &new, &partners)?);
        }
        let count = different.count();
        self.rows.different += count;
        self.rows.equal += self.pairs.len() as u64 - count;
        self.pairs.clear();
        Ok(())
    }
}

/// Some rows of a column of the present batch; a slice where they follow each other.
fn picked(side: &Sorted<'_>, column: usize, places: &UInt32Array) -> Result<ArrayRef, TableError> {
    let array = &side.columns()[column];
    let values = places.values();
    let (first, last) = (values[0], values[values.len() - 1]);
    if (last - first) as usize + 1 == values.len() {
        return Ok(array.slice(first as usize, values.len()));
    }
    take(array, places, None).map_err(|error| side.wrong(error))
}
