//! Which rows of a batch of new belong to which rows of old.

use crate::comparison::RowValues;
use crate::key_index::Row;
use crate::sample::Shown;
use crate::source::Batch;
use crate::tally::Rows;

use super::held::Held;

/// Pairs of rows, in the order of new.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) old: Vec<Row>,
    /// Places in the batch.
    pub(super) new: Vec<Row>,
}

/// Rows that follow each other on both sides, within one batch of old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The batch of old, and the place of the first row in it.
    pub(super) batch: usize,
    pub(super) old: usize,
    /// The place in the batch of new.
    pub(super) new: usize,
    /// The first pair of the run.
    pub(super) first: usize,
    pub(super) rows: usize,
}

/// Runs shorter than this on average cost more than gathering their rows.
const WORTH_IT: usize = 48;

impl Pairs {
    pub(super) fn push(&mut self, old: Row, new: usize) {
        self.old.push(old);
        self.new.push(new as Row);
    }

    pub(super) fn clear(&mut self) {
        self.old.clear();
        self.new.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.old.len()
    }

    /// The pairs as a few long runs; `None` where they are scattered.
    pub(super) fn runs(&self, held: &Held) -> Option<Vec<Run>> {
        let most = self.len() / WORTH_IT + 2;
        let mut runs = Vec::new();
        let mut at = 0;
        while at < self.len() {
            if runs.len() == most {
                return None;
            }
            let (batch, old) = held.find(self.old[at] as usize);
            let longest = held.left(batch, old).min(self.len() - at);
            let follows = |rows: &usize| {
                let step = *rows as Row;
                self.old[at + rows] == self.old[at] + step
                    && self.new[at + rows] == self.new[at] + step
            };
            let rows = (1..longest).take_while(follows).count() + 1;
            runs.push(Run {
                batch,
                old,
                new: self.new[at] as usize,
                first: at,
                rows,
            });
            at += rows;
        }
        Some(runs)
    }
}

/// Some of the pairs of a batch, from `first` on.
pub(super) struct Part<'a> {
    pub(super) pairs: &'a Pairs,
    pub(super) first: usize,
    pub(super) batch: &'a Batch,
    /// The first row of the batch.
    pub(super) row: usize,
    pub(super) shown: &'a Shown,
}

impl Part<'_> {
    fn new_place(&self, at: usize) -> usize {
        self.pairs.new[self.first + at] as usize
    }
}

impl Rows for Part<'_> {
    fn places(&self, at: usize) -> (u64, u64) {
        let old = u64::from(self.pairs.old[self.first + at]);
        (old + 1, (self.row + self.new_place(at)) as u64 + 1)
    }

    fn key(&self, at: usize) -> RowValues {
        self.shown.of(&self.batch.columns, self.new_place(at))
    }
}
