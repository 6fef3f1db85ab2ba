//! The recorder: every series of this process, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use cutover_domain::metrics::{
    Descriptor, Family, GaugeReading, GaugeReadings, Labels, ProcessIdentity, Sample, Snapshot,
    Window, standard,
};
use jiff::Timestamp;

use super::registry::{
    CounterSeries, Families, Handle, Limits, MetricRef, Registry, declared_labels, named_labels,
};
use super::samples::SeriesKey;
use super::timeline::Timeline;
use super::{Counter, Gauge, MetricsReader, MetricsSink, Moment, Timer};
use crate::clock::{Clock, SystemClock};

/// The in-memory recorder: the reference of the two ports, and what runs in production.
///
/// Memory is bounded by its [`Limits`], whatever is recorded, with no reader and no upkeep task.
/// Share it in an `Arc`.
///
/// Recording **by name** ([`count`](Self::count), [`gauge_to`](Self::gauge_to),
/// [`time`](Self::time)) is for scripts and rare events: it takes a lock, builds the labels and
/// looks the series up, some hundred times the cost of a handle.
///
/// ```
/// use std::time::Duration;
/// use cutover_domain::metrics::{ProcessIdentity, Window};
/// use cutover_ports::metrics::{MetricsReader, Recorder};
///
/// let recorder = Recorder::new(ProcessIdentity::new("script", "1"));
/// recorder.count("imports", &[("kind", "csv")], 1);
/// recorder.gauge_to("open_files", &[], 3.0);
/// recorder.time("parse", &[], Duration::from_millis(12));
///
/// let summary = recorder.snapshot(Window::SinceStart).summarize();
/// assert_eq!(summary.counters[r#"imports{kind="csv"}"#], 1);
/// assert_eq!(summary.gauges["open_files"], 3.0);
/// assert_eq!(summary.timers["parse"].max, Some(0.012));
/// assert_eq!(recorder.recent_samples(10).len(), 3);
/// ```
#[derive(Debug)]
pub struct Recorder {
    process: ProcessIdentity,
    clock: Arc<dyn Clock>,
    started: Timestamp,
    timeline: Arc<Timeline>,
    registry: RwLock<Registry>,
}

impl Recorder {
    /// A recorder of a process that starts now.
    #[must_use]
    pub fn new(process: ProcessIdentity) -> Self {
        Self::with(
            process,
            Arc::new(SystemClock),
            Moment::now(),
            Limits::default(),
        )
    }

    /// A recorder with its own clock and limits. Windows are measured from `start` by the
    /// monotonic clock; `clock` only says what the time is called.
    #[must_use]
    pub fn with(
        process: ProcessIdentity,
        clock: Arc<dyn Clock>,
        start: Moment,
        limits: Limits,
    ) -> Self {
        Self {
            process,
            started: clock.now(),
            clock,
            timeline: Arc::new(Timeline::starting(start)),
            registry: RwLock::new(Registry::new(limits)),
        }
    }

    /// Adds to a counter by name.
    pub fn count(&self, name: &str, labels: &[(&str, &str)], by: u64) {
        let (series, key) =
            self.resolve::<CounterSeries>(MetricRef::named(name), named_labels(labels));
        series.counter.increment(by);
        self.log(&key, by as f64);
    }

    /// Sets a gauge by name.
    pub fn gauge_to(&self, name: &str, labels: &[(&str, &str)], value: f64) {
        let (gauge, key) = self.resolve::<Gauge>(MetricRef::named(name), named_labels(labels));
        gauge.set(value);
        if value.is_finite() {
            self.log(&key, value);
        }
    }

    /// Collects a duration by name.
    pub fn time(&self, name: &str, labels: &[(&str, &str)], duration: Duration) {
        self.resolve::<Timer>(MetricRef::named(name), named_labels(labels))
            .0
            .observe(duration);
    }

    /// [`MetricsReader::snapshot`] at a moment of the monotonic clock, for tests and replays.
    #[must_use]
    pub fn snapshot_at(&self, window: Window, now: Moment) -> Snapshot {
        let elapsed = self.timeline.elapsed(now);
        let slot = Timeline::slot_of(elapsed);
        self.timeline.notice(slot);
        let to = self.clock.now();
        let from = match window {
            Window::SinceStart => self.started,
            Window::LastHour => {
                let length = Duration::from_nanos(elapsed - Timeline::start_of_hour(slot));
                to.saturating_sub(length).unwrap_or(Timestamp::MIN)
            }
        };
        let before = match window {
            Window::SinceStart => Vec::new(),
            Window::LastHour => self.timeline.counts_before_hour(slot),
        };

        let registry = self.read();
        let mut snapshot = Snapshot::empty(from.min(to), to);
        snapshot.counters = families(&registry.counters, |series| {
            let before = before.get(series.place).copied().unwrap_or(0);
            Some(series.counter.value().saturating_sub(before))
        });
        snapshot.gauges = families(&registry.gauges, |gauge| {
            let reading = GaugeReading {
                value: gauge.value()?,
                at: to,
            };
            Some(GaugeReadings(
                [(self.process.instance.clone(), reading)].into(),
            ))
        });
        snapshot.timers = families(&registry.timers, |timer| Some(timer.read(window, now)));
        self.add_own(&mut snapshot, &registry, to);
        snapshot
    }

    /// What the recorder says about itself and its process.
    fn add_own(&self, snapshot: &mut Snapshot, registry: &Registry, at: Timestamp) {
        let started = self.started.as_nanosecond() as f64 / 1e9;
        for (descriptor, value) in [
            (&standard::METRICS_SERIES, registry.len() as f64),
            (&standard::PROCESS_START_TIME, started),
        ] {
            let reading = GaugeReading { value, at };
            snapshot.set_gauge(descriptor, &[], &self.process.instance, reading);
        }
        snapshot.add_count(&standard::METRICS_OVERFLOW, &[], registry.overflows);
    }

    fn resolve<H: Handle>(&self, metric: MetricRef<'_>, labels: Labels) -> (H, Arc<SeriesKey>) {
        if let Some(found) = self.read().find(metric, &labels) {
            return found;
        }
        let mut registry = self
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        registry.find_or_create(metric, labels, &self.timeline)
    }

    fn log(&self, series: &Arc<SeriesKey>, value: f64) {
        self.timeline
            .samples
            .push(series, value, self.timeline.elapsed(Moment::now()));
    }

    fn read(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn families<H, T>(
    families: &Families<H>,
    read: impl Fn(&H) -> Option<T>,
) -> BTreeMap<String, Family<T>> {
    let family = |(name, family): (&String, &super::registry::FamilySeries<H>)| {
        let series: BTreeMap<_, _> = family
            .series
            .iter()
            .filter_map(|(labels, (handle, _))| Some((labels.clone(), read(handle)?)))
            .collect();
        (!series.is_empty()).then(|| {
            (
                name.clone(),
                Family {
                    help: family.help.clone(),
                    series,
                },
            )
        })
    };
    families.by_name.iter().filter_map(family).collect()
}

impl MetricsSink for Recorder {
    fn counter(&self, descriptor: &Descriptor, labels: &[&str]) -> Counter {
        let labels = declared_labels(descriptor, labels);
        self.resolve::<CounterSeries>(MetricRef::declared(descriptor), labels)
            .0
            .counter
    }

    fn gauge(&self, descriptor: &Descriptor, labels: &[&str]) -> Gauge {
        let labels = declared_labels(descriptor, labels);
        self.resolve::<Gauge>(MetricRef::declared(descriptor), labels)
            .0
    }

    fn timer(&self, descriptor: &Descriptor, labels: &[&str]) -> Timer {
        let labels = declared_labels(descriptor, labels);
        self.resolve::<Timer>(MetricRef::declared(descriptor), labels)
            .0
    }
}

impl MetricsReader for Recorder {
    fn process(&self) -> &ProcessIdentity {
        &self.process
    }

    fn started(&self) -> Timestamp {
        self.started
    }

    fn snapshot(&self, window: Window) -> Snapshot {
        self.snapshot_at(window, Moment::now())
    }

    fn recent_samples(&self, limit: usize) -> Vec<Sample> {
        let elapsed = self.timeline.elapsed(Moment::now());
        let now = self.clock.now();
        let samples = self.timeline.samples.latest(limit, elapsed);
        let sample = |raw: super::samples::RawSample| Sample {
            name: raw.series.name.clone(),
            labels: raw.series.labels.clone(),
            value: raw.value,
            timestamp: now
                .saturating_sub(Duration::from_nanos(elapsed.saturating_sub(raw.elapsed)))
                .unwrap_or(Timestamp::MIN),
        };
        samples.into_iter().map(sample).collect()
    }
}
