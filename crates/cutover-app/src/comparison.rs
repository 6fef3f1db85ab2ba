//! Comparisons out of a store: read, and added up to a report.
//!
//! ```
//! use cutover_app::comparison::{Selection, report};
//! use cutover_domain::comparison::{Run, RunId, RunKind};
//! use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore};
//!
//! # pollster::block_on(async {
//! let store = MemoryComparisonStore::new();
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let run = Run::new(RunId::new("nightly-1")?, "nightly", RunKind::Commands, now);
//! store.create_run(&run).await?;
//!
//! let report = report(&store, &Selection::of_run(run.id), now).await?.expect("the run is there");
//! assert_eq!(report.runs[0].name, "nightly");
//! assert_eq!(report.pass.share, None, "nothing compared is not 100 %");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

use std::sync::Arc;

use cutover_domain::comparison::report::{Report, ReportBuilder};
use cutover_domain::comparison::{ComparisonRecord, Run, RunId, RunKind};
use cutover_ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery, RunQuery};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

/// What to read: everything in the store, unless one of these says less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these runs; all when there are none.
    pub runs: Vec<RunId>,
    /// Only records of this operation. Headers are read of its own runs alone: other runs that met
    /// it count more than it, so their tallies would mislead.
    pub operation: Option<Arc<str>>,
    /// Only runs that started at this time or later, as a whole.
    pub since: Option<Timestamp>,
}

impl Selection {
    /// One run.
    #[must_use]
    pub fn of_run(run: RunId) -> Self {
        Self {
            runs: vec![run],
            ..Self::default()
        }
    }

    /// One operation, over all runs.
    #[must_use]
    pub fn of_operation(name: impl Into<Arc<str>>) -> Self {
        Self {
            operation: Some(name.into()),
            ..Self::default()
        }
    }

    /// Whether the header of a run belongs to it.
    fn has(&self, run: &Run) -> bool {
        let name = self.operation.as_deref();
        (self.since.is_none_or(|since| run.started >= since))
            && name.is_none_or(|name| run.kind == RunKind::Operation && run.name == name)
    }
}

/// Takes what is read.
pub trait Sink: Send {
    /// A run's header; all of them come before the first record.
    fn run(&mut self, run: &Run);
    /// A record. Those of a run come one after the other.
    fn record(&mut self, record: &ComparisonRecord);
    /// Something that is stored and cannot be read.
    fn unreadable(&mut self, what: String);
}

/// Both take it.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn run(&mut self, run: &Run) {
        self.0.run(run);
        self.1.run(run);
    }

    fn record(&mut self, record: &ComparisonRecord) {
        self.0.record(record);
        self.1.record(record);
    }

    fn unreadable(&mut self, what: String) {
        self.0.unreadable(what.clone());
        self.1.unreadable(what);
    }
}

impl Sink for ReportBuilder {
    fn run(&mut self, run: &Run) {
        Self::run(self, run);
    }

    fn record(&mut self, record: &ComparisonRecord) {
        Self::record(self, record);
    }

    fn unreadable(&mut self, what: String) {
        Self::unreadable(self, what);
    }
}

/// Reads what is selected and adds it up; `None` when the store has nothing of it. Memory is
/// bounded: see [`ReportBuilder`].
///
/// # Errors
///
/// The store cannot be read. Single records that cannot be read are named in the report.
pub async fn report(
    store: &dyn ComparisonStore,
    selection: &Selection,
    now: Timestamp,
) -> Result<Option<Report>, PortError> {
    let mut builder = ReportBuilder::new();
    let something = read(store, selection, &mut builder).await?;
    Ok(something.then(|| builder.finish(now)))
}

/// Shows everything that is selected to `sink`, record by record, the newest run first and in it
/// the newest record; whether there was anything.
///
/// # Errors
///
/// The store cannot be read. What cannot be read by itself is given to the sink.
pub async fn read(
    store: &dyn ComparisonStore,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<bool, PortError> {
    let (headers, runs) = read_headers(store, selection, sink).await?;
    let by_run = !selection.runs.is_empty() || selection.since.is_some();
    let queries: Vec<RecordQuery> = if by_run {
        let of_runs = runs.into_iter().map(RecordQuery::of_run);
        let operation = &selection.operation;
        of_runs
            .map(|query| RecordQuery {
                operation: operation.clone(),
                ..query
            })
            .collect()
    } else {
        vec![RecordQuery {
            operation: selection.operation.clone(),
            ..RecordQuery::default()
        }]
    };
    let mut records = 0;
    for query in queries {
        let visited = store
            .visit_records(&query, &mut |record| sink.record(&record))
            .await?;
        records += visited.records;
        for damage in visited.unreadable {
            sink.unreadable(damage.to_string());
        }
    }
    Ok(headers || records > 0)
}

/// Shows the headers that are selected to `sink`; whether there were any, and the runs to read.
async fn read_headers(
    store: &dyn ComparisonStore,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(bool, Vec<RunId>), PortError> {
    if selection.runs.is_empty() {
        return read_all_headers(store, selection, sink).await;
    }
    let (mut any, mut runs) = (false, Vec::new());
    for id in &selection.runs {
        match store.run(id).await {
            Ok(Some(run)) => {
                if selection.has(&run) {
                    sink.run(&run);
                    any = true;
                }
                if selection.since.is_none_or(|since| run.started >= since) {
                    runs.push(run.id);
                }
            }
            Ok(None) => {}
            // The records beside it may be sound.
            Err(error) if error.kind() == PortErrorKind::Corrupt => {
                sink.unreadable(error.to_string());
                any = true;
                runs.push(id.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((any, runs))
}

async fn read_all_headers(
    store: &dyn ComparisonStore,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(bool, Vec<RunId>), PortError> {
    let mut query = RunQuery {
        since: selection.since,
        ..RunQuery::default()
    };
    let (mut any, mut runs) = (false, Vec::new());
    loop {
        let page = store.runs(&query).await?;
        for run in page.items {
            if selection.has(&run) {
                sink.run(&run);
                any = true;
            }
            runs.push(run.id);
        }
        for damage in page.unreadable {
            sink.unreadable(damage.to_string());
        }
        match page.next {
            None => return Ok((any, runs)),
            next => query.after = next,
        }
    }
}
