//! What both sides used, over the pairs in which both were measured.

use std::collections::BTreeMap;

use cutover_domain::comparison::performance::Metric;
use cutover_domain::comparison::{ComparisonRecord, percent_change};
use serde::Serialize;

use crate::commands::compare::quantity::{show_duration, show_size};
use crate::output::{printable, table};
use std::time::Duration;

/// Sums over pairs.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums(BTreeMap<Metric, Sum>);

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    old: u64,
    new: u64,
    pairs: u64,
}

impl Sums {
    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        let (old, new) = (&record.old.measurements, &record.new.measurements);
        let counters = old.counters.keys().cloned().map(Metric::Counter);
        for metric in [Metric::Wall, Metric::Cpu, Metric::PeakMemory]
            .into_iter()
            .chain(counters)
        {
            let (Some(old), Some(new)) = (metric.of(old), metric.of(new)) else {
                continue;
            };
            let with = match metric {
                Metric::PeakMemory => u64::max,
                _ => u64::saturating_add,
            };
            let sum = self.0.entry(metric).or_default();
            sum.old = with(sum.old, old);
            sum.new = with(sum.new, new);
            sum.pairs += 1;
        }
    }

    pub(super) fn figures(self) -> Figures {
        let mut figures = Figures::default();
        for (metric, sum) in self.0 {
            let figure = Figure {
                old: sum.old,
                new: sum.new,
                change_percent: percent_change(sum.old as f64, sum.new as f64),
                pairs: sum.pairs,
            };
            match metric {
                Metric::Wall => figures.wall = Some(figure),
                Metric::Cpu => figures.cpu = Some(figure),
                Metric::PeakMemory => figures.peak_memory = Some(figure),
                Metric::Allocated => {}
                Metric::Counter(name) => {
                    figures.counters.insert(name, figure);
                }
            }
        }
        figures
    }
}

/// The sums, as they are shown.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Figures {
    #[serde(rename = "wall_ns", skip_serializing_if = "Option::is_none")]
    wall: Option<Figure>,
    #[serde(rename = "cpu_ns", skip_serializing_if = "Option::is_none")]
    cpu: Option<Figure>,
    #[serde(rename = "peak_memory_bytes", skip_serializing_if = "Option::is_none")]
    peak_memory: Option<Figure>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    counters: BTreeMap<String, Figure>,
}

/// One figure: of times and counts the total, of memory the highest peak.
#[derive(Clone, Copy, Debug, Serialize)]
struct Figure {
    old: u64,
    new: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_percent: Option<f64>,
    pairs: u64,
}

impl Figures {
    pub(super) fn table(&self) -> Option<comfy_table::Table> {
        let mut figures = table(["", "old", "new", "change", "pairs"]);
        let mut add = |name: String, figure: &Figure, show: fn(u64) -> String| {
            figures.add_row([
                name,
                show(figure.old),
                show(figure.new),
                figure.change_percent.map_or_else(String::new, show_change),
                figure.pairs.to_string(),
            ]);
        };
        let time = |nanos| show_duration(Duration::from_nanos(nanos));
        for (name, figure, show) in [
            ("wall time", &self.wall, time as fn(u64) -> String),
            ("processor time", &self.cpu, time),
            ("peak memory", &self.peak_memory, show_size),
        ] {
            if let Some(figure) = figure {
                add(name.to_owned(), figure, show);
            }
        }
        for (name, figure) in &self.counters {
            add(printable(name), figure, |count| count.to_string());
        }
        (figures.row_count() > 0).then_some(figures)
    }
}

fn show_change(percent: f64) -> String {
    format!("{percent:+.1} %").replace('-', "−")
}
