//! Rows that have the same key.
//!
//! Old is read and kept; then the keys of new alone, so that every key that is not unique is known
//! before the first row is compared; then new as a whole.

mod comparing;
mod held;
mod pairs;

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::TableError;
use crate::budget::{Budget, Growing, Reader};
use crate::comparator::TableComparator;
use crate::comparison::TableComparison;
use crate::error::Place;
use crate::fingerprint::Fingerprints;
use crate::key_index::{KeyIndex, MOST_ROWS};
use crate::plan::Plan;
use crate::progress::{Phase, Watcher};
use crate::source::{Reading, Table};
use comparing::Comparing;
use held::Held;

pub(crate) fn by_key(
    settings: &TableComparator,
    plan: &Plan,
    old: &mut Table,
    new: &mut Table,
    budget: &Arc<Budget>,
    watch: &Watcher<'_>,
) -> Result<TableComparison, TableError> {
    let keys = Fingerprints::new(settings.seed, plan.key_types())?;
    let mut memory = Memory {
        budget,
        index: Growing::default(),
    };
    let (held, mut index) = read_old(plan, old, &keys, &mut memory, watch)?;
    read_keys(plan, new, &keys, &mut index, &mut memory, watch)?;

    let name = new.name().to_owned();
    let mut comparing = Comparing::new(settings, plan, &name, &held, &mut index)?;
    comparing.add_groups_of_old()?;
    for batch in new.read(&plan.of_new(), Reading::Last, Phase::ReadNew, watch)? {
        comparing.add_new(&batch?, &keys)?;
    }
    comparing.finish(budget)
}

/// Who pays for what is kept.
struct Memory<'a> {
    budget: &'a Budget,
    index: Growing,
}

impl Memory<'_> {
    fn charge(
        &mut self,
        index: &KeyIndex,
        rows: u64,
        reader: &Reader<'_>,
    ) -> Result<(), TableError> {
        self.budget.charge(rows, reader)?;
        self.index.now(index.bytes(), self.budget, reader)?;
        if reader.row > MOST_ROWS {
            return Err(TableError::malformed(
                reader.table,
                Place::Whole,
                format_args!("has more than {MOST_ROWS} rows, which is the most for a key"),
            ));
        }
        Ok(())
    }
}

fn read_old(
    plan: &Plan,
    old: &mut Table,
    keys: &Fingerprints,
    memory: &mut Memory<'_>,
    watch: &Watcher<'_>,
) -> Result<(Held, KeyIndex), TableError> {
    let name = old.name().to_owned();
    let mut held = Held::default();
    let mut index = KeyIndex::default();
    for batch in old.read(&plan.of_old(), Reading::Last, Phase::ReadOld, watch)? {
        let batch = batch?;
        let columns: Vec<&ArrayRef> = plan.keys.iter().map(|at| &batch.columns[*at]).collect();
        index.add_old(&keys.of(&columns, batch.rows)?);
        let bytes = held.push(batch);
        let reader = Reader {
            doing: "keeping the rows of the old table",
            table: &name,
            row: held.rows() as u64,
        };
        memory.charge(&index, bytes, &reader)?;
    }
    Ok((held, index))
}

fn read_keys(
    plan: &Plan,
    new: &mut Table,
    keys: &Fingerprints,
    index: &mut KeyIndex,
    memory: &mut Memory<'_>,
    watch: &Watcher<'_>,
) -> Result<(), TableError> {
    let name = new.name().to_owned();
    for batch in new.read(&plan.keys_of_new(), Reading::First, Phase::ReadKeys, watch)? {
        let batch = batch?;
        let columns: Vec<&ArrayRef> = batch.columns.iter().collect();
        index.add_new(&keys.of(&columns, batch.rows)?);
        let reader = Reader {
            doing: "keeping the keys of the new table",
            table: &name,
            row: index.new_rows() as u64,
        };
        memory.charge(index, 0, &reader)?;
    }
    Ok(())
}
