use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId, RunState};
use jiff::Timestamp;

use super::{
    ComparisonCapabilities, ComparisonStore, Cursor, Page, Pruned, RecordQuery, Retention,
    RunQuery, already_exists, check_batch, check_start, no_such_run,
};
use crate::{PortError, PortErrorKind};

/// Keeps everything in memory: for tests, for programs that only want a report at their end, and
/// as the reference for what every store must do.
#[derive(Debug, Default)]
pub struct MemoryComparisonStore {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    runs: BTreeMap<Position, StoredRun>,
    started: HashMap<RunId, Timestamp>,
}

/// Runs sort by start, then by id.
type Position = (Timestamp, RunId);

#[derive(Clone, Debug)]
struct StoredRun {
    header: Run,
    /// By the number under which it was saved, which is never used again.
    records: BTreeMap<u64, ComparisonRecord>,
    numbers: HashMap<RecordId, u64>,
    next_number: u64,
}

impl MemoryComparisonStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere cannot leave the state half changed: every change is checked first.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn run_mut(&mut self, id: &RunId) -> Option<&mut StoredRun> {
        let started = *self.started.get(id)?;
        self.runs.get_mut(&(started, id.clone()))
    }

    fn run(&self, id: &RunId) -> Option<&StoredRun> {
        let started = *self.started.get(id)?;
        self.runs.get(&(started, id.clone()))
    }

    /// Removes, from the front of each run, what is older than `cutoff`.
    fn remove_older(&mut self, cutoff: Timestamp) -> u64 {
        let mut removed = 0;
        for run in self.runs.values_mut() {
            while run.oldest().is_some_and(|oldest| oldest < cutoff) {
                run.remove_oldest();
                removed += 1;
            }
        }
        removed
    }

    /// Removes, from the fronts of all runs, the oldest first.
    fn remove_oldest(&mut self, count: u64) {
        let mut fronts: BinaryHeap<_> = self
            .runs
            .iter()
            .filter_map(|(position, run)| Some(Reverse((run.oldest()?, position.clone()))))
            .collect();
        for _ in 0..count {
            let Some(Reverse((_, position))) = fronts.pop() else {
                return;
            };
            let Some(run) = self.runs.get_mut(&position) else {
                continue;
            };
            run.remove_oldest();
            fronts.extend(run.oldest().map(|oldest| Reverse((oldest, position))));
        }
    }

    fn prune(&mut self, retention: &Retention, now: Timestamp) -> Pruned {
        let mut pruned = Pruned::default();
        let cutoff = retention.cutoff(now);
        if let Some(cutoff) = cutoff {
            pruned.records += self.remove_older(cutoff);
        }
        if let Some(max) = retention.max_records {
            let surplus = self.record_count().saturating_sub(max);
            self.remove_oldest(surplus);
            pruned.records += surplus;
        }
        let gone: Vec<Position> = self
            .runs
            .iter()
            .filter(|(_, run)| {
                run.header.state != RunState::Running
                    && run.records.is_empty()
                    && cutoff.is_some_and(|cutoff| run.header.updated < cutoff)
            })
            .map(|(position, _)| position.clone())
            .collect();
        pruned.runs = gone.len() as u64;
        for position in gone {
            self.runs.remove(&position);
            self.started.remove(&position.1);
        }
        pruned
    }

    fn record_count(&self) -> u64 {
        self.runs.values().map(|run| run.records.len() as u64).sum()
    }
}

impl StoredRun {
    fn oldest(&self) -> Option<Timestamp> {
        self.records
            .first_key_value()
            .map(|(_, record)| record.time)
    }

    fn remove_oldest(&mut self) {
        if let Some((_, record)) = self.records.pop_first() {
            self.numbers.remove(&record.id);
        }
    }
}

#[async_trait]
impl ComparisonStore for MemoryComparisonStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        ComparisonCapabilities {
            durable: false,
            shared: false,
            bounded_bytes: false,
        }
    }

    async fn create_run(&self, run: &Run) -> Result<(), PortError> {
        let state = &mut *self.state();
        if state.started.contains_key(&run.id) {
            return Err(already_exists(
                "create a run",
                format_args!("run {}", run.id),
            ));
        }
        state.started.insert(run.id.clone(), run.started);
        state.runs.insert(
            (run.started, run.id.clone()),
            StoredRun {
                header: run.clone(),
                records: BTreeMap::new(),
                numbers: HashMap::new(),
                next_number: 0,
            },
        );
        Ok(())
    }

    async fn update_run(&self, run: &Run) -> Result<(), PortError> {
        let mut state = self.state();
        let stored = state
            .run_mut(&run.id)
            .ok_or_else(|| no_such_run("update a run", &run.id))?;
        check_start(&stored.header, run)?;
        stored.header = run.clone();
        Ok(())
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        Ok(self.state().run(id).map(|run| run.header.clone()))
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
        let after = query.after.as_ref().map(read_run_cursor).transpose()?;
        let state = self.state();
        let mut page = Page::default();
        for (position, run) in state.runs.iter().rev() {
            let passed = after.as_ref().is_some_and(|after| position >= after);
            if passed || !query.matches(&run.header) {
                continue;
            }
            if page.items.len() == query.page_size() {
                page.next = page.items.last().map(write_run_cursor);
                break;
            }
            page.items.push(run.header.clone());
        }
        Ok(page)
    }

    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
        const OPERATION: &str = "append comparison records";
        let Some(id) = check_batch(records)? else {
            return Ok(());
        };
        let mut state = self.state();
        let run = state
            .run_mut(id)
            .ok_or_else(|| no_such_run(OPERATION, id))?;
        if let Some(record) = records
            .iter()
            .find(|record| run.numbers.contains_key(&record.id))
        {
            let what = format_args!("run {id}, record {}", record.id);
            return Err(already_exists(OPERATION, what));
        }
        for record in records {
            let number = run.next_number;
            run.next_number += 1;
            run.numbers.insert(record.id.clone(), number);
            run.records.insert(number, record.clone());
        }
        Ok(())
    }

    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError> {
        let state = self.state();
        let Some(run) = state.run(run) else {
            return Ok(None);
        };
        let record = run
            .numbers
            .get(id)
            .and_then(|number| run.records.get(number));
        Ok(record.cloned())
    }

    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        let after = query.after.as_ref().map(read_record_cursor).transpose()?;
        let state = self.state();
        let mut page = Page::default();
        let mut last = None;
        for (position, run) in state.runs.iter().rev() {
            if query
                .run
                .as_ref()
                .is_some_and(|wanted| *wanted != position.1)
            {
                continue;
            }
            for (number, record) in run.records.iter().rev() {
                let passed = after.as_ref().is_some_and(|(run, seen)| {
                    position > run || (position == run && number >= seen)
                });
                if passed || !query.matches(record) {
                    continue;
                }
                if page.items.len() == query.page_size() {
                    page.next =
                        last.map(|(position, number)| write_record_cursor(position, number));
                    return Ok(page);
                }
                page.items.push(record.clone());
                last = Some((position, *number));
            }
        }
        Ok(page)
    }

    async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned, PortError> {
        Ok(self.state().prune(retention, now))
    }

    async fn would_prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Pruned, PortError> {
        // The lock is not held while it is tried out on a copy.
        let mut copy = self.state().clone();
        Ok(copy.prune(retention, now))
    }
}

fn write_run_cursor(run: &Run) -> Cursor {
    Cursor::new(format!("{}/{}", run.started, run.id))
}

fn write_record_cursor((started, run): &Position, number: u64) -> Cursor {
    Cursor::new(format!("{started}/{run}/{number}"))
}

fn read_run_cursor(cursor: &Cursor) -> Result<Position, PortError> {
    let parse = |text: &str| {
        let (started, id) = text.split_once('/')?;
        Some((started.parse().ok()?, id.parse().ok()?))
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(cursor))
}

fn read_record_cursor(cursor: &Cursor) -> Result<(Position, u64), PortError> {
    let parse = |text: &str| {
        let (run, number) = text.rsplit_once('/')?;
        Some((
            read_run_cursor(&Cursor::new(run)).ok()?,
            number.parse().ok()?,
        ))
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(cursor))
}

fn bad_cursor(cursor: &Cursor) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, "read a page")
        .at(format_args!("cursor `{cursor}`"))
        .because("it is not a cursor of this store")
        .advice("start again without a cursor")
}
