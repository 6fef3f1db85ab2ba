//! How two tables are compared.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bag::as_bag;
use crate::budget::Budget;
use crate::by_key::by_key;
use crate::by_order::by_order;
use crate::comparison::{Matching, TableComparison};
use crate::plan::Plan;
use crate::progress::{Phase, Progress, Watcher};
use crate::source::Table;
use crate::{ColumnType, TableError, Tolerance};

/// Compares tables. Cheap to make; nothing of a table stays in it.
///
/// Columns find each other by name. Rows find each other by [`by_key`](Self::by_key),
/// [`by_order`](Self::by_order) or [`as_bag`](Self::as_bag). Null equals null and NaN equals NaN.
/// Floats are compared within [`Tolerance::FLOAT`], everything else exactly.
#[derive(Clone, Debug)]
pub struct TableComparator {
    pub(crate) matching: Matching,
    pub(crate) mapped: HashMap<String, String>,
    pub(crate) ignored: Vec<String>,
    pub(crate) tolerances: HashMap<String, Tolerance>,
    pub(crate) floats: Tolerance,
    pub(crate) numbers: Option<Tolerance>,
    pub(crate) declared: HashMap<String, ColumnType>,
    pub(crate) types: Types,
    pub(crate) text: TextRule,
    pub(crate) samples: usize,
    pub(crate) memory: u64,
    pub(crate) seed: u64,
}

/// Whether a column may have another type in new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Types {
    /// What holds the same values may: 32 or 64 bits, a dictionary or plain text.
    ByValue,
    /// No.
    Strict,
}

/// What is overlooked between two texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextRule {
    pub(crate) case: bool,
    pub(crate) space: bool,
}

impl TableComparator {
    /// The bytes a comparison may keep unless it is told otherwise: 1 GiB.
    pub const MEMORY: u64 = 1 << 30;

    /// The samples of each kind and column unless told otherwise.
    pub const SAMPLES: usize = 10;

    fn new(matching: Matching) -> Self {
        Self {
            matching,
            mapped: HashMap::new(),
            ignored: Vec::new(),
            tolerances: HashMap::new(),
            floats: Tolerance::FLOAT,
            numbers: None,
            declared: HashMap::new(),
            types: Types::ByValue,
            text: TextRule::default(),
            samples: Self::SAMPLES,
            memory: Self::MEMORY,
            seed: 0,
        }
    }

    /// Rows with the same values in these columns (names in old) are partners. Keys are compared
    /// exactly, null with null too. A key that more than one row of a table has is reported and
    /// its rows are not paired.
    ///
    /// Keeps the compared columns of old, about 30 bytes for each of its rows and 4 for each row
    /// of new.
    #[must_use]
    pub fn by_key<N: Into<String>>(columns: impl IntoIterator<Item = N>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self::new(Matching::Key { columns })
    }

    /// The first row is the first one's partner, and so on. Keeps nothing but a batch of each
    /// table. One row more at the top makes all that follow differ: use a key where there is one.
    #[must_use]
    pub fn by_order() -> Self {
        Self::new(Matching::Order)
    }

    /// Which rows there are and how often, in any order: a row is either in both tables or in one.
    /// With a tolerance, rows are partners so that as many as possible have one.
    ///
    /// Keeps about 60 to 110 bytes for each different row; where rows differ, also 24 bytes and the
    /// columns with a tolerance of each row that shares all other values with one that differs.
    #[must_use]
    pub fn as_bag() -> Self {
        Self::new(Matching::Bag)
    }

    /// The column `old` is called `new` in the new table.
    #[must_use]
    pub fn map(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.mapped.insert(old.into(), new.into());
        self
    }

    /// This column is neither read nor compared, in whichever table it is.
    #[must_use]
    pub fn ignore(mut self, column: impl Into<String>) -> Self {
        self.ignored.push(column.into());
        self
    }

    /// The tolerance of one column (its name in old).
    #[must_use]
    pub fn tolerance(mut self, column: impl Into<String>, tolerance: Tolerance) -> Self {
        self.tolerances.insert(column.into(), tolerance);
        self
    }

    /// The tolerance of all numbers that have none of their own, also of integers and decimals.
    #[must_use]
    pub fn numbers(mut self, tolerance: Tolerance) -> Self {
        self.numbers = Some(tolerance);
        self
    }

    /// Floats are exact too, and the numbers of CSV are decimals.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.floats = Tolerance::EXACT;
        self
    }

    /// What a column (its name in old) is compared as, in both tables.
    #[must_use]
    pub fn compare_as(mut self, column: impl Into<String>, column_type: ColumnType) -> Self {
        self.declared.insert(column.into(), column_type);
        self
    }

    /// Any difference between the types or the order of columns counts.
    #[must_use]
    pub fn strict_schema(mut self) -> Self {
        self.types = Types::Strict;
        self
    }

    /// Texts that differ in case alone are tolerated. Keys are not.
    #[must_use]
    pub fn ignore_case(mut self) -> Self {
        self.text.case = true;
        self
    }

    /// Texts that differ in space around them alone are tolerated. Keys are not.
    #[must_use]
    pub fn ignore_space(mut self) -> Self {
        self.text.space = true;
        self
    }

    /// How many samples to keep of each kind and for each column.
    #[must_use]
    pub fn samples(mut self, limit: usize) -> Self {
        self.samples = limit;
        self
    }

    /// How many bytes may be kept. A comparison that needs more ends with
    /// [`TableError::Memory`].
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Seeds the fingerprints of keys and rows. Take a random one where tables come from
    /// somebody who may wish you harm.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Compares.
    ///
    /// # Errors
    ///
    /// A table cannot be read, the settings do not fit the tables, or the memory is not enough.
    pub fn compare(&self, old: Table, new: Table) -> Result<TableComparison, TableError> {
        self.compare_watched(old, new, |_| {})
    }

    /// Compares, and tells `watch` after every batch how far it is. Both tables may be read at
    /// the same time, by a thread each.
    ///
    /// # Errors
    ///
    /// As [`compare`](Self::compare).
    pub fn compare_watched(
        &self,
        mut old: Table,
        mut new: Table,
        watch: impl Fn(Progress) + Sync,
    ) -> Result<TableComparison, TableError> {
        let watch: &Watcher<'_> = &watch;
        let budget = Arc::new(Budget::new(self.memory));
        old.allow(&budget);
        new.allow(&budget);
        let (described, other) = both(
            || old.describe(Phase::LookAtOld, watch),
            || new.describe(Phase::LookAtNew, watch),
        );
        let plan = Plan::new(self, (&old, &described?), (&new, &other?))?;
        match &self.matching {
            Matching::Key { .. } => by_key(self, &plan, &mut old, &mut new, &budget, watch),
            Matching::Order => by_order(self, &plan, &mut old, &mut new, &budget, watch),
            Matching::Bag => as_bag(self, &plan, &mut old, &mut new, &budget, watch),
        }
    }
}

/// Does two things that have nothing to do with each other.
pub(crate) fn both<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        let first = first
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (first, second)
    })
}
