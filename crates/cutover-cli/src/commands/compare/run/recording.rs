//! A run being saved: each record at once, the header now and then.

use std::time::{Duration, Instant};

use cutover_domain::comparison::{ComparisonRecord, Run, RunState};
use cutover_ports::PortErrorKind;
use cutover_ports::comparison::ComparisonStore;
use pollster::block_on;
use serde_json::{Value, json};

use crate::commands::compare::alive;
use crate::commands::compare::summary::{Summary, Summing};
use crate::context::Context;
use crate::exit::{Exit, Failure};

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
        summing: Summing,
    ) -> Result<Self, Failure> {
        block_on(store.create_run(&run))?;
        Ok(Self {
            context,
            store,
            run,
            summing,
            heartbeat: Instant::now(),
        })
    }

    /// Takes up a run with what `summing` has of its records.
    pub(super) fn resume(
        context: &'a Context,
        store: &'a dyn ComparisonStore,
        mut run: Run,
        summing: Summing,
    ) -> Result<Self, Failure> {
        let now = context.now();
        run.end(RunState::Running, now);
        run.process = alive::this_process();
        run.judged = None;
        // Figures of one run that were not measured in one go.
        let resumed = run
            .unknown
            .entry("resumed".to_owned())
            .or_insert_with(|| json!([]));
        if let Value::Array(times) = resumed {
            times.push(now.to_string().into());
        }
        block_on(store.update_run(&run))?;
        Ok(Self {
            context,
            store,
            run,
            summing,
            heartbeat: Instant::now(),
        })
    }

    pub(super) fn add(&mut self, record: &ComparisonRecord) -> Result<(), Failure> {
        block_on(self.store.append(std::slice::from_ref(record))).map_err(|error| {
            // Every pair is run once, unless two processes run them.
            match error.kind() {
                PortErrorKind::AlreadyExists => Failure::new(
                    Exit::Conflict,
                    format_args!("another process goes on with run {} too", self.run.id),
                )
                .hint("let that one end; what it did is saved"),
                _ => Failure::from(error),
            }
        })?;
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
        let summary = (self.summing).summary(self.context, self.store, &self.run, Some(cases))?;
        // It stands when records are gone.
        self.run.tally.by_noise = summary.pairs_by_noise();
        self.run.judged = Some(summary.judgement());
        block_on(self.store.update_run(&self.run))?;
        Ok(summary)
    }
}
