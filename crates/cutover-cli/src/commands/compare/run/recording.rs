//! A run being saved: each record at once, the header now and then.

use std::time::{Duration, Instant};

use cutover_domain::comparison::{ComparisonRecord, Run, RunState};
use cutover_ports::comparison::ComparisonStore;
use pollster::block_on;

use crate::commands::compare::summary::{Summary, Summing};
use crate::context::Context;
use crate::exit::Failure;

/// How often the header of a run says that it is alive and how far it is.
const HEARTBEAT: Duration = Duration::from_secs(1);

pub(super) struct Recording<'a> {
    context: &'a Context,
    store: &'a dyn ComparisonStore,
    pub(super) run: Run,
    summing: Summing,
    heartbeat: Instant,
}

impl<'a> Recording<'a> {
    pub(super) fn begin(
        context: &'a Context,
        store: &'a dyn ComparisonStore,
        run: Run,
    ) -> Result<Self, Failure> {
        block_on(store.create_run(&run))?;
        Ok(Self {
            context,
            store,
            run,
            summing: Summing::default(),
            heartbeat: Instant::now(),
        })
    }

    pub(super) fn add(&mut self, record: &ComparisonRecord) -> Result<(), Failure> {
        block_on(self.store.append(std::slice::from_ref(record)))?;
        self.summing.add(record);
        self.run.tally.count(record.result);
        if self.heartbeat.elapsed() >= HEARTBEAT {
            self.run.updated = self.context.now();
            block_on(self.store.update_run(&self.run))?;
            self.heartbeat = Instant::now();
        }
        Ok(())
    }

    /// How many cases differ so far.
    pub(super) fn different(&self) -> u64 {
        self.summing.different()
    }

    pub(super) fn end(mut self, state: RunState, cases: u64) -> Result<Summary, Failure> {
        self.run.end(state, self.context.now());
        block_on(self.store.update_run(&self.run))?;
        Ok(self.summing.summary(&self.run, Some(cases)))
    }
}
