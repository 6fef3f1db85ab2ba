use std::sync::Arc;

use cutover_ports::comparison::ComparisonStore;
use cutover_ports::metrics::{MetricsSink, NoMetrics};
use cutover_ports::{Clock, SystemClock};

use crate::flags::Live;

/// What the operations of one application share: its flags, where comparisons and metrics go, the
/// clock. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cutover {
    pub(super) live: Live,
    pub(super) comparisons: Option<Arc<dyn ComparisonStore>>,
    pub(super) metrics: Arc<dyn MetricsSink>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) units: Units,
    #[cfg(feature = "tokio")]
    candidates: Arc<std::sync::Mutex<Option<super::lane::CandidateRuntime>>>,
}

/// How the units of calls are written down.
#[derive(Clone, Debug)]
pub(super) enum Units {
    Pseudonyms { salt: Arc<str> },
    Raw,
}

impl Cutover {
    /// Operations over these flags, with neither metrics nor comparisons kept.
    #[must_use]
    pub fn new(live: Live) -> Self {
        Self {
            live,
            comparisons: None,
            metrics: Arc::new(NoMetrics),
            clock: Arc::new(SystemClock),
            units: Units::Pseudonyms { salt: "".into() },
            #[cfg(feature = "tokio")]
            candidates: Arc::default(),
        }
    }

    /// The same, keeping comparisons.
    #[must_use]
    pub fn with_comparisons(self, store: Arc<dyn ComparisonStore>) -> Self {
        Self {
            comparisons: Some(store),
            ..self
        }
    }

    /// The same, with metrics for somebody to read.
    #[must_use]
    pub fn with_metrics(self, metrics: Arc<dyn MetricsSink>) -> Self {
        Self { metrics, ..self }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same, with a secret that keeps the pseudonyms of units from being guessed.
    #[must_use]
    pub fn with_unit_salt(self, salt: impl Into<Arc<str>>) -> Self {
        Self {
            units: Units::Pseudonyms { salt: salt.into() },
            ..self
        }
    }

    /// The same, with the ids of units written down as they are: only where they name no person.
    #[must_use]
    pub fn with_raw_units(self) -> Self {
        Self {
            units: Units::Raw,
            ..self
        }
    }

    /// The flags.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The thread that runs asynchronous candidates, started when it is first needed.
    #[cfg(feature = "tokio")]
    pub(super) fn candidate_handle(&self) -> std::io::Result<tokio::runtime::Handle> {
        let mut candidates = self
            .candidates
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let runtime = match candidates.take() {
            Some(runtime) => runtime,
            None => super::lane::CandidateRuntime::start()?,
        };
        Ok(candidates.insert(runtime).handle().clone())
    }
}
