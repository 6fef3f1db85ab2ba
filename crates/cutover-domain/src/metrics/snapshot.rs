//! The figures of one process at one time, and of many processes together.
//!
//! ```
//! use cutover_domain::metrics::{Snapshot, standard};
//!
//! let noon = "2026-01-01T12:00:00Z".parse()?;
//! let mut first = Snapshot::empty(noon, noon);
//! first.add_count(&standard::CALLS, &["import", "new", "success"], 2);
//! let mut second = first.clone();
//! second.merge(&first);
//! assert_eq!(
//!     second.summarize().counters[
//!         r#"cutover_calls_total{implementation="new",operation="import",outcome="success"}"#
//!     ],
//!     4,
//! );
//! # Ok::<(), jiff::Error>(())
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Descriptor, Labels, MetricsSummary, Sketch};

/// Which part of the past a snapshot covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// Everything since the process started.
    #[default]
    SinceStart,
    /// The last hour in slots of five minutes, the running one among them: 55 to 60 minutes.
    LastHour,
}

/// Every series of a process, or of several merged, over one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The start of the window.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Totals by metric.
    #[serde(default)]
    pub counters: BTreeMap<String, Family<u64>>,
    /// Latest readings by metric.
    #[serde(default)]
    pub gauges: BTreeMap<String, Family<GaugeReadings>>,
    /// Distributions by metric.
    #[serde(default)]
    pub timers: BTreeMap<String, Family<Sketch>>,
}

/// One metric: its help and its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Family<T> {
    /// One sentence for people.
    pub help: String,
    /// The values by label set.
    pub series: BTreeMap<Labels, T>,
}

/// The readings of one gauge by instance: those of two processes are two facts, and adding them
/// would be right for a queue and wrong for a revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GaugeReadings(pub BTreeMap<String, GaugeReading>);

/// What a gauge of one instance showed last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaugeReading {
    /// The value.
    pub value: f64,
    /// When it was read.
    pub at: Timestamp,
}

/// The instance name of facts that come from a store and not from a process.
pub const STORE_INSTANCE: &str = "";

impl Snapshot {
    /// A window in which nothing is known.
    #[must_use]
    pub fn empty(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            counters: BTreeMap::new(),
            gauges: BTreeMap::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Adds to a counter; adding 0 makes it visible.
    pub fn add_count(&mut self, descriptor: &Descriptor, labels: &[&str], count: u64) {
        let family = family(&mut self.counters, descriptor.name, descriptor.help);
        add(
            family
                .series
                .entry(descriptor.label_set(labels))
                .or_default(),
            count,
        );
    }

    /// Says what a gauge of `instance` shows ([`STORE_INSTANCE`] for a fact of a store). A value
    /// that is not finite is no reading.
    pub fn set_gauge(
        &mut self,
        descriptor: &Descriptor,
        labels: &[&str],
        instance: &str,
        reading: GaugeReading,
    ) {
        if reading.value.is_finite() {
            let family = family(&mut self.gauges, descriptor.name, descriptor.help);
            let readings = family
                .series
                .entry(descriptor.label_set(labels))
                .or_default();
            readings.0.insert(instance.to_owned(), reading);
        }
    }

    /// Adds a distribution.
    pub fn add_distribution(&mut self, descriptor: &Descriptor, labels: &[&str], sketch: &Sketch) {
        let family = family(&mut self.timers, descriptor.name, descriptor.help);
        family
            .series
            .entry(descriptor.label_set(labels))
            .or_default()
            .merge(sketch);
    }

    /// Adds another process: counters and distributions add up, each instance keeps its latest
    /// gauge reading, the window spans both.
    pub fn merge(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        merge_families(&mut self.counters, &other.counters, |mine, theirs| {
            add(mine, *theirs)
        });
        merge_families(&mut self.timers, &other.timers, Sketch::merge);
        merge_families(
            &mut self.gauges,
            &other.gauges,
            |mine: &mut GaugeReadings, theirs| {
                for (instance, reading) in &theirs.0 {
                    let kept = mine.0.entry(instance.clone()).or_insert(*reading);
                    if reading.at > kept.at {
                        *kept = *reading;
                    }
                }
            },
        );
    }

    /// The figures of every series. A gauge that several instances report is listed once for each,
    /// with an `instance` label.
    #[must_use]
    pub fn summarize(&self) -> MetricsSummary {
        let mut summary = MetricsSummary::default();
        for (name, labels, count) in each(&self.counters) {
            summary.counters.insert(labels.series_name(name), *count);
        }
        for (name, labels, sketch) in each(&self.timers) {
            summary
                .timers
                .insert(labels.series_name(name), sketch.summary());
        }
        for (name, labels, readings) in each(&self.gauges) {
            for (instance, reading) in &readings.0 {
                let series = if readings.0.len() > 1 {
                    labels.clone().with("instance", instance).series_name(name)
                } else {
                    labels.series_name(name)
                };
                summary.gauges.insert(series, reading.value);
            }
        }
        summary
    }
}

impl GaugeReadings {
    /// The most recent reading of any instance.
    #[must_use]
    pub fn latest(&self) -> Option<GaugeReading> {
        self.0.values().copied().max_by_key(|reading| reading.at)
    }
}

fn add(sum: &mut u64, count: u64) {
    *sum = sum.saturating_add(count);
}

fn family<'a, T>(
    families: &'a mut BTreeMap<String, Family<T>>,
    name: &str,
    help: &str,
) -> &'a mut Family<T> {
    families.entry(name.to_owned()).or_insert_with(|| Family {
        help: help.to_owned(),
        series: BTreeMap::new(),
    })
}

fn merge_families<T: Clone>(
    mine: &mut BTreeMap<String, Family<T>>,
    theirs: &BTreeMap<String, Family<T>>,
    merge: impl Fn(&mut T, &T),
) {
    for (name, theirs) in theirs {
        let mine = family(mine, name, &theirs.help);
        for (labels, value) in &theirs.series {
            match mine.series.get_mut(labels) {
                Some(sum) => merge(sum, value),
                None => drop(mine.series.insert(labels.clone(), value.clone())),
            }
        }
    }
}

fn each<T>(families: &BTreeMap<String, Family<T>>) -> impl Iterator<Item = (&str, &Labels, &T)> {
    families.iter().flat_map(|(name, family)| {
        family
            .series
            .iter()
            .map(move |(labels, value)| (name.as_str(), labels, value))
    })
}

/// The stored shape of a family: JSON has no keys that are label sets.
#[derive(Serialize, Deserialize)]
struct FamilyDocument<S> {
    #[serde(default)]
    help: String,
    series: Vec<S>,
}

#[derive(Serialize)]
struct SeriesRef<'a, T> {
    labels: &'a Labels,
    value: &'a T,
}

#[derive(Deserialize)]
struct Series<T> {
    #[serde(default)]
    labels: Labels,
    value: T,
}

impl<T: Serialize> Serialize for Family<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let series = self
            .series
            .iter()
            .map(|(labels, value)| SeriesRef { labels, value });
        FamilyDocument {
            help: self.help.clone(),
            series: series.collect(),
        }
        .serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Family<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = FamilyDocument::<Series<T>>::deserialize(deserializer)?;
        let series = document
            .series
            .into_iter()
            .map(|series| (series.labels, series.value));
        Ok(Self {
            help: document.help,
            series: series.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::standard;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn process(instance: &str, second: i64, calls: u64, queue: f64) -> Snapshot {
        let mut snapshot = Snapshot::empty(at(second), at(second + 1));
        snapshot.add_count(&standard::CALLS, &["import", "old", "success"], calls);
        let reading = GaugeReading {
            value: queue,
            at: at(second),
        };
        snapshot.set_gauge(
            &standard::COMPARISON_QUEUE_LENGTH,
            &["import"],
            instance,
            reading,
        );
        let mut sketch = Sketch::default();
        sketch.record_nanos(calls * 1_000_000);
        snapshot.add_distribution(&standard::CALL_DURATION, &["import", "old"], &sketch);
        snapshot
    }

    #[test]
    fn processes_add_up_and_gauges_stay_apart() {
        let mut both = process("a", 10, 3, 1.0);
        both.merge(&process("b", 5, 4, 2.0));
        let summary = both.summarize();
        assert_eq!(summary.counters.values().sum::<u64>(), 7);
        assert_eq!(summary.timers.values().next().unwrap().count, 2);
        assert_eq!(
            summary.gauges.into_iter().collect::<Vec<_>>(),
            [
                (
                    r#"cutover_comparison_queue_length{instance="a",operation="import"}"#.into(),
                    1.0
                ),
                (
                    r#"cutover_comparison_queue_length{instance="b",operation="import"}"#.into(),
                    2.0
                ),
            ]
        );
        assert_eq!((both.from, both.to), (at(5), at(11)));
    }

    #[test]
    fn an_instance_keeps_its_latest_reading_whatever_the_order() {
        for (first, second) in [(1, 2), (2, 1)] {
            let mut both = process("a", first, 0, first as f64);
            both.merge(&process("a", second, 0, second as f64));
            assert_eq!(
                both.summarize().gauges.into_values().collect::<Vec<_>>(),
                [2.0]
            );
        }
    }

    #[test]
    fn merging_is_order_free() {
        let parts = [
            process("a", 1, 3, 1.0),
            process("b", 2, 4, 2.0),
            process("c", 3, 5, 3.0),
        ];
        let merged = |order: [usize; 3]| {
            let mut sum = parts[order[0]].clone();
            sum.merge(&parts[order[1]]);
            sum.merge(&parts[order[2]]);
            sum
        };
        assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
    }

    #[test]
    fn json_gives_the_same_snapshot() {
        let snapshot = process("a", 1, 3, 1.0);
        let json = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
    }

    #[test]
    fn a_reading_that_is_no_number_is_no_reading() {
        assert!(process("a", 1, 3, f64::NAN).gauges.is_empty());
    }
}
