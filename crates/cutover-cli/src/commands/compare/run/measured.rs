//! What a run tells `cutover metrics` while it goes on, and for an hour after.

use std::sync::Arc;

use cutover_app::metrics::{ComparisonMetrics, MetricsPublisher, PUBLISH_INTERVAL};
use cutover_domain::comparison::{ComparisonRecord, Run};
use cutover_domain::metrics::ProcessIdentity;
use cutover_file::FileStateStore;
use cutover_ports::SystemClock;
use cutover_ports::metrics::Recorder;

use crate::context::Context;

/// The metrics of a run. Telling them is no part of comparing: where it fails, the run goes on.
pub(super) struct Measured {
    metrics: ComparisonMetrics,
    publisher: Option<MetricsPublisher>,
}

impl Measured {
    pub(super) fn begin(context: &Context, run: &Run) -> Self {
        let process = ProcessIdentity::new("compare-run", run.id.as_str());
        let recorder = Arc::new(Recorder::new(process));
        let metrics = ComparisonMetrics::register(&*recorder, &run.name);
        let store = Arc::new(FileStateStore::open(context.place.metrics_folder()));
        let publisher =
            MetricsPublisher::start(recorder, store, Arc::new(SystemClock), PUBLISH_INTERVAL);
        Self {
            metrics,
            publisher: publisher.ok(),
        }
    }

    pub(super) fn see(&self, record: &ComparisonRecord) {
        self.metrics.compared(record);
        if let Some(sample) = &record.noise {
            self.metrics.compared_with_itself(sample);
        }
    }

    /// Publishes the last figures. Where they cannot be, that is in the log.
    pub(super) fn end(self) {
        drop(self.publisher);
    }
}
