//! The log of recent samples: for eyes, never for statistics.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cutover_domain::metrics::{Labels, MetricsExport};

/// A timer logs at most one of its values in this time, so that a busy one neither pays for the
/// log nor drives the others out.
pub(super) const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

const MAX_SAMPLES: usize = MetricsExport::MAX_SAMPLES;
const MAX_AGE_NANOS: u64 = MetricsExport::MAX_SAMPLE_AGE.as_nanos() as u64;

/// At most 10,000 values of at most one hour, some 400 kB.
#[derive(Debug, Default)]
pub(super) struct SampleLog(Mutex<VecDeque<RawSample>>);

/// The name and labels that all samples of a series share.
#[derive(Debug, Default)]
pub(super) struct SeriesKey {
    pub(super) name: String,
    pub(super) labels: Labels,
}

/// A value as it is logged.
#[derive(Clone, Debug)]
pub(super) struct RawSample {
    pub(super) series: Arc<SeriesKey>,
    pub(super) value: f64,
    /// Nanoseconds since the start of the recorder.
    pub(super) elapsed: u64,
}

impl SampleLog {
    /// Logs a value, or leaves it when somebody else holds the log.
    pub(super) fn push(&self, series: &Arc<SeriesKey>, value: f64, elapsed: u64) {
        let Ok(mut log) = self.0.try_lock() else {
            return;
        };
        forget_old(&mut log, elapsed);
        if log.len() == MAX_SAMPLES {
            log.pop_front();
        }
        log.push_back(RawSample {
            series: Arc::clone(series),
            value,
            elapsed,
        });
    }

    /// The latest samples, oldest first, at most `limit`.
    pub(super) fn latest(&self, limit: usize, elapsed: u64) -> Vec<RawSample> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut log, elapsed);
        log.range(log.len().saturating_sub(limit)..)
            .cloned()
            .collect()
    }
}

fn forget_old(log: &mut VecDeque<RawSample>, elapsed: u64) {
    let oldest = elapsed.saturating_sub(MAX_AGE_NANOS);
    while log.front().is_some_and(|sample| sample.elapsed < oldest) {
        log.pop_front();
    }
}
