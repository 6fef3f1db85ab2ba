//! What all processes and stores tell, as one.

use std::time::Duration;

use cutover_domain::metrics::{
    MetricsExport, ProcessIdentity, ProcessState, Sample, Snapshot, Window,
};
use cutover_ports::PortError;
use cutover_ports::metrics::MetricsStateStore;
use jiff::Timestamp;

/// How long a running process may be silent: several times the interval of publishing.
const SILENT_AFTER: Duration = Duration::from_secs(30);

/// What is known about a window at one time.
#[derive(Clone, Debug)]
pub struct MetricsOverview {
    /// The figures of all processes and stores together.
    pub snapshot: Snapshot,
    /// Whose figures they are.
    pub processes: Vec<ProcessStatus>,
    /// The latest samples of all processes.
    pub samples: Vec<Sample>,
    /// States that could not be read, one error each: their figures are missing.
    pub faults: Vec<PortError>,
}

/// One process, as it told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Which process.
    pub process: ProcessIdentity,
    /// When it started.
    pub started: Timestamp,
    /// When it told last.
    pub written: Timestamp,
    /// Whether it runs.
    pub liveness: Liveness,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It told lately.
    Running,
    /// It has been silent for half a minute and never said that it ends: it was killed, or hangs,
    /// or its store does.
    Silent,
    /// It ended in good order.
    Ended,
}

impl Liveness {
    /// The name used in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Silent => "silent",
            Self::Ended => "ended",
        }
    }

    fn of(state: &ProcessState, now: Timestamp) -> Self {
        match (state.finished, state.age(now) > SILENT_AFTER) {
            (true, _) => Self::Ended,
            (false, true) => Self::Silent,
            (false, false) => Self::Running,
        }
    }
}

/// Adds up what the processes told, and `facts` that stores know by themselves (flags,
/// comparisons), which are there even when no process runs.
///
/// Counters and durations of processes that ended within the hour count; their gauges do not,
/// since they show nothing that is still so.
///
/// ```
/// use cutover_app::metrics::overview;
/// use cutover_domain::metrics::{GaugeReading, Snapshot, Window, snapshot, standard};
/// use cutover_ports::metrics::MemoryStateStore;
///
/// let noon = "2026-01-01T12:00:00Z".parse()?;
/// let mut flags = Snapshot::empty(noon, noon);
/// let revision = GaugeReading { value: 7.0, at: noon };
/// flags.set_gauge(&standard::FLAG_REVISION, &[], snapshot::STORE_INSTANCE, revision);
///
/// let overview = overview(&MemoryStateStore::default(), Window::LastHour, noon, &[flags])?;
/// assert_eq!(overview.snapshot.summarize().gauges["cutover_flag_revision"], 7.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The store cannot be read at all.
pub fn overview(
    store: &dyn MetricsStateStore,
    window: Window,
    now: Timestamp,
    facts: &[Snapshot],
) -> Result<MetricsOverview, PortError> {
    let loaded = store.load(now)?;
    let mut overview = MetricsOverview {
        snapshot: Snapshot::empty(now, now),
        processes: Vec::new(),
        samples: Vec::new(),
        faults: loaded.faults,
    };
    for state in loaded.states {
        let liveness = Liveness::of(&state, now);
        let snapshot = state.snapshot(window);
        if liveness == Liveness::Running {
            overview.snapshot.merge(snapshot);
        } else {
            overview.snapshot.merge(&Snapshot {
                gauges: Default::default(),
                ..snapshot.clone()
            });
        }
        overview.samples.extend(state.recent_samples);
        overview.processes.push(ProcessStatus {
            process: state.process,
            started: state.started,
            written: state.written,
            liveness,
        });
    }
    facts
        .iter()
        .for_each(|facts| overview.snapshot.merge(facts));
    Ok(overview)
}

impl MetricsOverview {
    /// The document for files and other programs, made at `now`.
    #[must_use]
    pub fn export(self, now: Timestamp) -> MetricsExport {
        let processes = self
            .processes
            .into_iter()
            .map(|status| status.process)
            .collect();
        MetricsExport::new(now, processes, self.snapshot, self.samples)
    }
}
