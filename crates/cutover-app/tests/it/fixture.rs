//! What the tests of operations share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cutover_app::execution::{BlockingOperation, Builder, Cutover};
use cutover_app::flags::{FlagService, Live, Request};
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId};
use cutover_domain::flags::{Change, Definition, FlagKey};
use cutover_domain::metrics::{Labels, ProcessIdentity, Window};
use cutover_ports::PortError;
use cutover_ports::comparison::{
    ComparisonCapabilities, ComparisonStore, MemoryComparisonStore, Page, Pruned, RecordQuery,
    Retention, RunQuery,
};
use cutover_ports::flags::MemoryFlagStore;
use cutover_ports::metrics::{MetricsReader, Recorder};
use jiff::Timestamp;
use pollster::block_on;
use serde::Serialize;

/// Long enough for anything that ends at all.
pub(crate) const SOON: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    NotFound,
    Broken,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it failed: {self:?}")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    pub(crate) by: &'static str,
    pub(crate) value: u32,
}

pub(crate) fn answer(by: &'static str, value: u32) -> Result<Answer, Failed> {
    Ok(Answer { by, value })
}

pub(crate) fn key(text: &str) -> FlagKey {
    text.parse().unwrap()
}

/// An application with flags, a comparison store and a recorder, all in memory.
pub(crate) struct Application {
    pub(crate) cutover: Cutover,
    pub(crate) flags: FlagService,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) comparisons: Arc<MemoryComparisonStore>,
}

impl Application {
    /// `use_new` is off; everything else is absent.
    pub(crate) fn new() -> Self {
        let comparisons = Arc::new(MemoryComparisonStore::new());
        Self::with_store(Arc::clone(&comparisons) as _, comparisons)
    }

    pub(crate) fn with_store(
        store: Arc<dyn ComparisonStore>,
        comparisons: Arc<MemoryComparisonStore>,
    ) -> Self {
        let live = Live::new();
        let flags = FlagService::new(Arc::new(MemoryFlagStore::new())).with_live(live.clone());
        let recorder = Arc::new(Recorder::new(ProcessIdentity::new("test", "1")));
        let cutover = Cutover::new(live)
            .with_comparisons(store)
            .with_metrics(Arc::clone(&recorder) as _);
        let application = Self {
            cutover,
            flags,
            recorder,
            comparisons,
        };
        application.create("use_new");
        application
    }

    pub(crate) fn create(&self, name: &str) {
        let definition = Box::new(Definition::boolean());
        self.change(Change::Create {
            key: key(name),
            definition,
        });
    }

    pub(crate) fn set(&self, name: &str, on: bool) {
        self.change(Change::Set {
            key: key(name),
            value: on.into(),
        });
    }

    pub(crate) fn change(&self, change: Change) {
        block_on(self.flags.apply(&Request::by("test").change(change))).unwrap();
    }

    /// An operation that answers `old` or `new`, whichever ran, with the input doubled.
    pub(crate) fn doubling(
        &self,
    ) -> Builder<u32, Answer, Failed, cutover_app::execution::BlockingSide<u32, Answer, Failed>>
    {
        BlockingOperation::builder("double")
            .old(|input: &u32| answer("old", input * 2))
            .new(|input: &u32| answer("new", input * 2))
            .flag("use_new")
    }

    pub(crate) fn records(&self) -> Vec<ComparisonRecord> {
        block_on(self.comparisons.records(&RecordQuery::default()))
            .unwrap()
            .items
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        block_on(self.comparisons.runs(&RunQuery::default()))
            .unwrap()
            .items
    }

    /// The count of `metric` for the operation `double` with one more label.
    pub(crate) fn count(&self, metric: &str, labels: &[(&str, &str)]) -> u64 {
        let labels: Labels = labels
            .iter()
            .copied()
            .chain([("operation", "double")])
            .collect();
        let snapshot = self.recorder.snapshot(Window::SinceStart);
        snapshot
            .counters
            .get(metric)
            .and_then(|family| family.series.get(&labels))
            .copied()
            .unwrap()
    }

    pub(crate) fn dropped(&self, reason: &str) -> u64 {
        self.count("cutover_comparisons_dropped_total", &[("reason", reason)])
    }

    pub(crate) fn fallbacks(&self, reason: &str) -> u64 {
        self.count("cutover_fallbacks_total", &[("reason", reason)])
    }
}

/// Holds up whoever passes, until it is opened. Nothing in a test waits for time.
#[derive(Clone)]
pub(crate) struct Gate {
    opened: Arc<Mutex<Receiver<()>>>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    /// A closed gate; dropping the sender opens it for everybody.
    pub(crate) fn closed() -> (Self, Sender<()>) {
        let (open, opened) = channel();
        (
            Self {
                opened: Arc::new(Mutex::new(opened)),
                passed: Arc::default(),
            },
            open,
        )
    }

    pub(crate) fn pass(&self) {
        // An error is the dropped sender: open.
        let _ = self
            .opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        self.passed.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

/// What a store does instead of its work.
#[derive(Clone)]
pub(crate) enum Fault {
    Fails,
    Panics,
    Hangs(Gate),
}

/// A comparison store that does not work.
pub(crate) struct BrokenStore(pub(crate) Fault);

impl fmt::Debug for BrokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokenStore")
    }
}

impl BrokenStore {
    fn fault(&self) -> PortError {
        match &self.0 {
            Fault::Fails => {}
            Fault::Panics => panic!("the store panics"),
            Fault::Hangs(gate) => gate.pass(),
        }
        PortError::new(cutover_ports::PortErrorKind::Full, "keep comparisons")
    }
}

#[async_trait]
impl ComparisonStore for BrokenStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        MemoryComparisonStore::new().capabilities()
    }

    async fn create_run(&self, _: &Run) -> Result<(), PortError> {
        Err(self.fault())
    }

    async fn update_run(&self, _: &Run) -> Result<(), PortError> {
        Err(self.fault())
    }

    async fn run(&self, _: &RunId) -> Result<Option<Run>, PortError> {
        Err(self.fault())
    }

    async fn runs(&self, _: &RunQuery) -> Result<Page<Run>, PortError> {
        Err(self.fault())
    }

    async fn append(&self, _: &[ComparisonRecord]) -> Result<(), PortError> {
        Err(self.fault())
    }

    async fn record(&self, _: &RunId, _: &RecordId) -> Result<Option<ComparisonRecord>, PortError> {
        Err(self.fault())
    }

    async fn records(&self, _: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        Err(self.fault())
    }

    async fn prune(&self, _: &Retention, _: Timestamp) -> Result<Pruned, PortError> {
        Err(self.fault())
    }

    async fn would_prune(&self, _: &Retention, _: Timestamp) -> Result<Pruned, PortError> {
        Err(self.fault())
    }
}
