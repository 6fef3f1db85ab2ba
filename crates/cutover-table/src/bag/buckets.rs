//! How many rows each table has of each exact part.

use std::collections::HashMap;

use hashbrown::HashTable;

use crate::fingerprint::Fingerprint;

/// One of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// The rows with one exact part.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    exact: Fingerprint,
    /// The sum of what else the rows of old have, less that of new, modulo 2^128.
    balance: Fingerprint,
    old: u32,
    new: u32,
}

/// All buckets: 48 bytes each, and a byte of the table, which is between half and 7/8 full.
#[derive(Default)]
pub(super) struct Buckets(HashTable<Bucket>);

fn place(bucket: &Bucket) -> u64 {
    bucket.exact as u64
}

impl Buckets {
    pub(super) fn add(&mut self, side: Side, exact: Fingerprint, near: Fingerprint) {
        let entry = self
            .0
            .entry(exact as u64, |other| other.exact == exact, place);
        let mut bucket = entry.or_insert(Bucket {
            exact,
            balance: 0,
            old: 0,
            new: 0,
        });
        let bucket = bucket.get_mut();
        match side {
            Side::Old => {
                bucket.old += 1;
                bucket.balance = bucket.balance.wrapping_add(near);
            }
            Side::New => {
                bucket.new += 1;
                bucket.balance = bucket.balance.wrapping_sub(near);
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.allocation_size() as u64
    }

    /// The buckets in which the tables do not have the very same rows.
    pub(super) fn open(self) -> Open {
        let open = self
            .0
            .into_iter()
            .filter(|bucket| bucket.old != bucket.new || bucket.balance != 0);
        Open(
            open.map(|bucket| (bucket.exact, Rest::new(&bucket)))
                .collect(),
        )
    }
}

/// What is left of an open bucket.
#[derive(Clone, Copy, Debug)]
struct Rest {
    old: u32,
    new: u32,
    /// Rows of each side that are yet to be met and have a partner.
    partners_old: u32,
    partners_new: u32,
}

impl Rest {
    fn new(bucket: &Bucket) -> Self {
        let both = bucket.old.min(bucket.new);
        Self {
            old: bucket.old,
            new: bucket.new,
            partners_old: both,
            partners_new: both,
        }
    }
}

/// Buckets that are not settled.
#[derive(Debug, Default)]
pub(super) struct Open(HashMap<Fingerprint, Rest>);

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, exact: Fingerprint) -> bool {
        self.0.contains_key(&exact)
    }

    /// Rows of old and of new of which the other has fewer.
    pub(super) fn excess(&self) -> (u64, u64) {
        let excess = |more: u32, fewer: u32| u64::from(more.saturating_sub(fewer));
        let each = self.0.values();
        each.fold((0, 0), |(old, new), rest| {
            (
                old + excess(rest.old, rest.new),
                new + excess(rest.new, rest.old),
            )
        })
    }

    /// Whether the next row of this bucket has no partner any more.
    pub(super) fn is_extra(&mut self, side: Side, exact: Fingerprint) -> bool {
        let Some(rest) = self.0.get_mut(&exact) else {
            return false;
        };
        let partners = match side {
            Side::Old => &mut rest.partners_old,
            Side::New => &mut rest.partners_new,
        };
        let extra = *partners == 0;
        *partners = partners.saturating_sub(1);
        extra
    }
}
