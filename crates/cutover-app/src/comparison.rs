//! Comparison reports out of a store, and a store that stays within bounds.
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
//! let report = report(&store, &Selection::Run(run.id), now).await?.expect("the run is there");
//! assert_eq!(report.runs[0].name, "nightly");
//! assert_eq!(report.pass.share, None, "nothing compared is not 100 %");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod retaining;

use std::sync::Arc;

pub use retaining::RetainingStore;

use cutover_domain::comparison::report::{Report, ReportBuilder};
use cutover_domain::comparison::{RunId, RunKind};
use cutover_ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery, RunQuery};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One run.
    Run(RunId),
    /// One operation, over all runs.
    Operation(Arc<str>),
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
    let query = match selection {
        Selection::Run(id) => RecordQuery::of_run(id.clone()),
        Selection::Operation(name) => RecordQuery::of_operation(Arc::clone(name)),
    };
    let visited = store
        .visit_records(&query, &mut |record| builder.record(&record))
        .await?;
    for damage in visited.unreadable {
        builder.unreadable(damage.to_string());
    }
    let headers = match selection {
        Selection::Run(id) => add_run(store, &mut builder, id).await?,
        Selection::Operation(name) => add_runs_of(store, &mut builder, name).await?,
    };
    let something = headers || visited.records > 0;
    Ok(something.then(|| builder.finish(now)))
}

/// Adds the header of a run; whether it is there.
async fn add_run(
    store: &dyn ComparisonStore,
    builder: &mut ReportBuilder,
    id: &RunId,
) -> Result<bool, PortError> {
    let run = match store.run(id).await {
        // The records beside it may be sound.
        Err(error) if error.kind() == PortErrorKind::Corrupt => {
            builder.unreadable(error.to_string());
            return Ok(true);
        }
        run => run?,
    };
    if let Some(run) = &run {
        builder.run(run);
    }
    Ok(run.is_some())
}

/// Adds the headers of an operation's own runs; whether there are any. Other runs that met the
/// operation count more than it, so their tallies would mislead.
async fn add_runs_of(
    store: &dyn ComparisonStore,
    builder: &mut ReportBuilder,
    name: &str,
) -> Result<bool, PortError> {
    let mut query = RunQuery {
        kind: Some(RunKind::Operation),
        name: Some(name.to_owned()),
        ..RunQuery::default()
    };
    let mut any = false;
    loop {
        let page = store.runs(&query).await?;
        any |= !page.items.is_empty();
        page.items.iter().for_each(|run| builder.run(run));
        for damage in page.unreadable {
            builder.unreadable(damage.to_string());
        }
        match page.next {
            None => return Ok(any),
            next => query.after = next,
        }
    }
}
