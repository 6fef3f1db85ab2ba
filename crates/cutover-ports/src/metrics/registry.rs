//! Which series there are, and how many may be.

use std::collections::BTreeMap;
use std::sync::Arc;

use cutover_domain::metrics::{Descriptor, Labels};

use super::samples::SeriesKey;
use super::timeline::Timeline;
use super::{Counter, Gauge, Timer};

/// The most bytes of a name or a label value; the rest is cut off.
const MAX_TEXT: usize = 256;

/// How many series a recorder holds. A series is never displaced by another: what comes late and
/// does not fit is counted in one overflow series of its metric, labelled `overflow="true"`.
///
/// Series declared with a [`Descriptor`] have room of their own, which series recorded by name
/// cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Series of one metric.
    pub per_metric: usize,
    /// Counters and gauges in all: about 600 bytes each, and their names and labels.
    pub counters_and_gauges: usize,
    /// Timers in all: typically 10 kB each; at most 230 kB, when each of eight threads meets
    /// every duration from a nanosecond to an hour, in each of the twelve slots of the hour.
    pub timers: usize,
    /// Of the series above, those recorded by name.
    pub by_name: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_metric: 2_000,
            counters_and_gauges: 10_000,
            timers: 2_000,
            by_name: 1_000,
        }
    }
}

/// A metric, declared or named on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetricRef<'a> {
    name: &'a str,
    help: &'a str,
    declared: bool,
}

impl<'a> MetricRef<'a> {
    pub(super) fn declared(descriptor: &'a Descriptor) -> Self {
        Self {
            name: descriptor.name,
            help: descriptor.help,
            declared: true,
        }
    }

    pub(super) fn named(name: &'a str) -> Self {
        Self {
            name: bounded(name),
            help: "Recorded by name.",
            declared: false,
        }
    }
}

/// All series of a recorder.
#[derive(Debug)]
pub(super) struct Registry {
    limits: Limits,
    by_name: usize,
    /// How often a series did not fit.
    pub(super) overflows: u64,
    pub(super) counters: Families<CounterSeries>,
    pub(super) gauges: Families<Gauge>,
    pub(super) timers: Families<Timer>,
}

/// The metrics of one kind.
#[derive(Debug)]
pub(super) struct Families<H> {
    pub(super) by_name: BTreeMap<String, FamilySeries<H>>,
    count: usize,
}

/// One metric.
#[derive(Debug)]
pub(super) struct FamilySeries<H> {
    pub(super) help: String,
    pub(super) series: BTreeMap<Labels, (H, Arc<SeriesKey>)>,
}

/// A counter and its place among the baselines of the timeline.
#[derive(Clone, Debug)]
pub(super) struct CounterSeries {
    pub(super) counter: Counter,
    pub(super) place: usize,
}

/// A handle that a registry keeps.
pub(super) trait Handle: Clone {
    /// The metric that takes what has no room even for a metric of its own.
    const OVERFLOW_METRIC: &'static str;

    fn create(timeline: &Arc<Timeline>, series: &Arc<SeriesKey>) -> Self;
    fn families(registry: &mut Registry) -> &mut Families<Self>;
    fn families_ref(registry: &Registry) -> &Families<Self>;
    fn has_room(registry: &Registry) -> bool;
}

impl Registry {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_name: 0,
            overflows: 0,
            counters: Families::default(),
            gauges: Families::default(),
            timers: Families::default(),
        }
    }

    /// How many series there are, overflow series among them.
    pub(super) fn len(&self) -> usize {
        self.counters.count + self.gauges.count + self.timers.count
    }

    /// The series that is there already.
    pub(super) fn find<H: Handle>(
        &self,
        metric: MetricRef<'_>,
        labels: &Labels,
    ) -> Option<(H, Arc<SeriesKey>)> {
        H::families_ref(self)
            .by_name
            .get(metric.name)?
            .series
            .get(labels)
            .cloned()
    }

    /// The series, made if there is room for it; else an overflow series.
    pub(super) fn find_or_create<H: Handle>(
        &mut self,
        metric: MetricRef<'_>,
        labels: Labels,
        timeline: &Arc<Timeline>,
    ) -> (H, Arc<SeriesKey>) {
        if let Some(found) = self.find(metric, &labels) {
            return found;
        }
        let families = H::families_ref(self);
        let family = families
            .by_name
            .get(metric.name)
            .map(|family| family.series.len());
        let fits_metric = family.unwrap_or(0) < self.limits.per_metric;
        let fits_names = metric.declared || self.by_name < self.limits.by_name;
        if fits_metric && fits_names && H::has_room(self) {
            self.by_name += usize::from(!metric.declared);
            return H::families(self).create(metric, labels, timeline);
        }
        self.overflows = self.overflows.saturating_add(1);
        let metric = match family {
            Some(_) => metric,
            // A flood of metric names ends here, and not in a series for each name.
            None => MetricRef {
                name: H::OVERFLOW_METRIC,
                help: OVERFLOW_HELP,
                declared: true,
            },
        };
        let labels = Labels::overflow();
        self.find(metric, &labels)
            .unwrap_or_else(|| H::families(self).create(metric, labels, timeline))
    }
}

const OVERFLOW_HELP: &str = "What found no room in any other metric.";

impl<H> Default for Families<H> {
    fn default() -> Self {
        Self {
            by_name: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<H: Handle> Families<H> {
    fn create(
        &mut self,
        metric: MetricRef<'_>,
        labels: Labels,
        timeline: &Arc<Timeline>,
    ) -> (H, Arc<SeriesKey>) {
        let key = Arc::new(SeriesKey {
            name: metric.name.to_owned(),
            labels: labels.clone(),
        });
        let entry = (H::create(timeline, &key), key);
        let family = self
            .by_name
            .entry(metric.name.to_owned())
            .or_insert_with(|| FamilySeries {
                help: metric.help.to_owned(),
                series: BTreeMap::new(),
            });
        family.series.insert(labels, entry.clone());
        self.count += 1;
        entry
    }
}

impl Handle for CounterSeries {
    const OVERFLOW_METRIC: &'static str = "cutover_overflow_total";

    fn create(timeline: &Arc<Timeline>, _: &Arc<SeriesKey>) -> Self {
        let counter = Counter::detached();
        let place = timeline.register(counter.clone());
        Self { counter, place }
    }

    fn families(registry: &mut Registry) -> &mut Families<Self> {
        &mut registry.counters
    }

    fn families_ref(registry: &Registry) -> &Families<Self> {
        &registry.counters
    }

    fn has_room(registry: &Registry) -> bool {
        registry.counters.count + registry.gauges.count < registry.limits.counters_and_gauges
    }
}

impl Handle for Gauge {
    const OVERFLOW_METRIC: &'static str = "cutover_overflow";

    fn create(_: &Arc<Timeline>, _: &Arc<SeriesKey>) -> Self {
        Self::detached()
    }

    fn families(registry: &mut Registry) -> &mut Families<Self> {
        &mut registry.gauges
    }

    fn families_ref(registry: &Registry) -> &Families<Self> {
        &registry.gauges
    }

    fn has_room(registry: &Registry) -> bool {
        CounterSeries::has_room(registry)
    }
}

impl Handle for Timer {
    const OVERFLOW_METRIC: &'static str = "cutover_overflow_seconds";

    fn create(timeline: &Arc<Timeline>, series: &Arc<SeriesKey>) -> Self {
        Self::on(Arc::clone(timeline), Some(Arc::clone(series)))
    }

    fn families(registry: &mut Registry) -> &mut Families<Self> {
        &mut registry.timers
    }

    fn families_ref(registry: &Registry) -> &Families<Self> {
        &registry.timers
    }

    fn has_room(registry: &Registry) -> bool {
        registry.timers.count < registry.limits.timers
    }
}

/// The declared labels with these values, in order, each within bounds.
pub(super) fn declared_labels(descriptor: &Descriptor, values: &[&str]) -> Labels {
    let values: Vec<_> = values.iter().map(|value| bounded(value)).collect();
    descriptor.label_set(&values)
}

/// Labels named on the way, within bounds.
pub(super) fn named_labels(labels: &[(&str, &str)]) -> Labels {
    /// The most labels of a series recorded by name.
    const MAX_LABELS: usize = 16;
    labels
        .iter()
        .take(MAX_LABELS)
        .map(|(name, value)| (bounded(name), bounded(value)))
        .collect()
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
