use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{Metric, Performance};
use crate::comparison::bounded::Bounded;
use crate::comparison::{ComparisonRecord, Measurements};

/// So many records of an operation are kept at most.
const MOST_PAIRS: usize = 10_000;

/// At most so many counters are looked at.
const MOST_COUNTERS: usize = 32;

/// The measurements of at most 10,000 records of one operation: of more, a part that depends on
/// their names alone, so on no order. They come out in the order of their time.
#[derive(Debug)]
pub(crate) struct PairedSample {
    rows: Bounded<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    time: Timestamp,
    measured: BTreeMap<Metric, (u64, u64)>,
}

impl Default for PairedSample {
    fn default() -> Self {
        Self {
            rows: Bounded::new(MOST_PAIRS),
        }
    }
}

impl PairedSample {
    /// Adds what both sides of a record measured.
    pub(crate) fn add(&mut self, record: &ComparisonRecord) {
        let (old, new) = (&record.old.measurements, &record.new.measurements);
        let row = || Row {
            time: record.time,
            measured: measured(old, new),
        };
        let mut hash = Xxh3::new();
        hash.update(record.run.as_str().as_bytes());
        hash.update(&[0]);
        hash.update(record.id.as_str().as_bytes());
        self.rows.entry(hash.digest128(), row);
    }

    /// Every metric that both sides have.
    pub(crate) fn performances(&self, operation: &str) -> Vec<(Metric, Performance)> {
        let mut rows: Vec<(u128, &Row)> = self.rows.iter().collect();
        rows.sort_by_key(|(hash, row)| (row.time, *hash));
        let metrics: BTreeSet<&Metric> = rows
            .iter()
            .flat_map(|(_, row)| row.measured.keys())
            .collect();
        metrics
            .into_iter()
            .take(Metric::STANDARD.len() + MOST_COUNTERS)
            .map(|metric| {
                let pairs: Vec<(f64, f64)> = rows
                    .iter()
                    .filter_map(|(_, row)| row.measured.get(metric))
                    .map(|(old, new)| (*old as f64, *new as f64))
                    .collect();
                let mut seed = Xxh3::new();
                seed.update(operation.as_bytes());
                seed.update(metric.to_string().as_bytes());
                (metric.clone(), Performance::of(&pairs, seed.digest()))
            })
            .collect()
    }
}

fn measured(old: &Measurements, new: &Measurements) -> BTreeMap<Metric, (u64, u64)> {
    let counters = old
        .counters
        .keys()
        .take(MOST_COUNTERS)
        .cloned()
        .map(Metric::Counter);
    Metric::STANDARD
        .into_iter()
        .chain(counters)
        .filter_map(|metric| {
            let pair = (metric.of(old)?, metric.of(new)?);
            Some((metric, pair))
        })
        .collect()
}
