//! Whether new keeps the limits that were set for its performance.

use std::collections::BTreeSet;
use std::io::{self, Write};

use cutover_domain::comparison::performance::{
    Answer, Metric, Performance, PerformanceLimit, PerformanceLimits, Verdict,
};
use cutover_domain::comparison::report::{Report, ReportBuilder};
use cutover_domain::comparison::{ComparisonRecord, JudgedLimit, Run};
use serde::Serialize;
use serde_json::Value;

use super::super::quantity::show_size;
use crate::output::style::{BAD, DIM, GOOD, WARN};
use crate::output::{Page, printable};

/// The name under which a run keeps its limits.
pub(in super::super) const OPTION: &str = "at_most";

/// So many names of counters are remembered.
const COUNTERS: usize = 20;

/// Gathers measurements for limits; nothing when none was set.
#[derive(Debug, Default)]
pub(super) struct Measuring {
    limits: Vec<PerformanceLimit>,
    builder: Option<ReportBuilder>,
    /// Counters that were seen, on old and on new.
    counters: [BTreeSet<String>; 2],
    /// The most that a program may have used of memory, where only that is known.
    memory_below: Option<u64>,
}

impl Measuring {
    pub(super) fn for_limits(limits: Vec<PerformanceLimit>) -> Self {
        let all = with_standard(&limits);
        Self {
            builder: (!limits.is_empty()).then(|| ReportBuilder::new().limits(all)),
            limits,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        if let Some(builder) = &mut self.builder {
            builder.record(record);
            for (seen, side) in self.counters.iter_mut().zip([&record.old, &record.new]) {
                let counters = side.measurements.counters.keys();
                // Enough to find a name that is written otherwise.
                seen.extend(counters.take(COUNTERS).cloned());
                while seen.len() > COUNTERS {
                    seen.pop_last();
                }
                let floor = side.unknown.get("measuring_floor_bytes");
                self.memory_below = self.memory_below.max(floor.and_then(Value::as_u64));
            }
        }
    }

    /// Why there is nothing to judge.
    fn why(&self, metric: &Metric) -> Option<String> {
        let [old, new] = &self.counters;
        match metric {
            Metric::PeakMemory => self.memory_below.map(|bytes| {
                format!(
                    "the programs are smaller than the process that measures them, so that all that \
                     is known is that they took no more than {}",
                    show_size(bytes)
                )
            }),
            Metric::Counter(name) => Some(match (old.contains(name), new.contains(name)) {
                (true, false) => "only old reports this counter".to_owned(),
                (false, true) => "only new reports this counter".to_owned(),
                (true, true) => "no pair has this counter on both sides".to_owned(),
                (false, false) => {
                    let seen: Vec<&str> = old.union(new).map(String::as_str).collect();
                    if seen.is_empty() {
                        "no side reports a counter".to_owned()
                    } else {
                        format!("no side reports it, but {}", seen.join(", "))
                    }
                }
            }),
            _ => None,
        }
    }

    pub(super) fn verdicts(mut self, run: &Run) -> Vec<LimitVerdict> {
        let Some(builder) = self.builder.take() else {
            return Vec::new();
        };
        let report = builder.finish(run.updated);
        // What no pair has on both sides is as little decided as what few have.
        let nothing = Performance::of(&[], 0);
        self.limits
            .iter()
            .map(|limit| {
                let found = verdicts(&report, limit).next();
                let why = match found {
                    Some(_) => None,
                    None => self.why(&limit.metric),
                };
                let mut verdict =
                    found.unwrap_or_else(|| nothing.judge(limit.statistic, limit.at_most));
                if why.is_some() {
                    // More of the same do not help.
                    verdict.needed = None;
                }
                LimitVerdict {
                    metric: limit.metric.clone(),
                    verdict,
                    why,
                }
            })
            .collect()
    }
}

/// The usual limits, with these instead where they are of the same metric and statistic.
pub(in super::super) fn with_standard(limits: &[PerformanceLimit]) -> PerformanceLimits {
    let limits = limits.iter().cloned();
    limits.fold(PerformanceLimits::standard(), PerformanceLimits::with)
}

/// What a report says of a limit, operation by operation.
fn verdicts(report: &Report, limit: &PerformanceLimit) -> impl Iterator<Item = Verdict> {
    let operations = report.operations.iter();
    operations
        .flat_map(|operation| &operation.performance)
        .filter(move |performance| performance.metric == limit.metric)
        .flat_map(|performance| &performance.verdicts)
        .filter(move |verdict| verdict.statistic == limit.statistic)
        .copied()
}

/// Limits on what was not measured on both sides.
pub(in super::super) fn unmeasured<'a>(
    report: &Report,
    limits: &'a [PerformanceLimit],
) -> impl Iterator<Item = &'a PerformanceLimit> {
    let limits = limits.iter();
    limits.filter(move |limit| verdicts(report, limit).next().is_none())
}

/// What a report answers to limits, the worst first; none when there are no limits. What was not
/// measured is not decided.
pub(in super::super) fn answer(report: &Report, limits: &[PerformanceLimit]) -> Option<Answer> {
    let unknown = unmeasured(report, limits).map(|_| Answer::Insufficient);
    let answers = limits
        .iter()
        .flat_map(|limit| verdicts(report, limit))
        .map(|verdict| verdict.answer);
    let answers: Vec<Answer> = answers.chain(unknown).collect();
    worst(&answers)
}

/// The worst of some answers.
pub(in super::super) fn worst(answers: &[Answer]) -> Option<Answer> {
    [Answer::Fail, Answer::Insufficient, Answer::Pass]
        .into_iter()
        .find(|wanted| answers.contains(wanted))
}

/// A limit, as it is stored with a run and read back by its own parser.
pub(in super::super) fn written(limit: &PerformanceLimit) -> String {
    format!(
        "{}:{}={}",
        limit.metric,
        limit.statistic.word(),
        limit.at_most
    )
}

/// The limits that a run was started with.
pub(in super::super) fn limits_of(run: &Run) -> Vec<PerformanceLimit> {
    let written = run.options.get(OPTION).and_then(Value::as_array);
    written
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str()?.parse().ok())
        .collect()
}

/// One limit with the verdict on it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LimitVerdict {
    metric: Metric,
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    /// Why it cannot be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl LimitVerdict {
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let style = match self.verdict.answer {
            Answer::Pass => GOOD,
            Answer::Fail => BAD,
            Answer::Insufficient => WARN,
        };
        let pairs = self.verdict.pairs;
        write!(page, "{style}{}{style:#}", printable(&self.said()))?;
        match (&self.why, pairs) {
            (Some(_), _) => writeln!(page),
            (None, 1) => writeln!(page, "{DIM}, 1 pair{DIM:#}"),
            (None, pairs) => writeln!(page, "{DIM}, {pairs} pairs{DIM:#}"),
        }
    }

    fn said(&self) -> String {
        let Self {
            metric,
            verdict,
            why,
        } = self;
        match why {
            None => format!("{metric} {verdict}"),
            Some(why) => format!(
                "{metric} {} of at most × {}: cannot be judged: {why}",
                verdict.statistic.word(),
                verdict.at_most
            ),
        }
    }

    /// The same, to be kept with the run.
    pub(super) fn judged(&self) -> JudgedLimit {
        JudgedLimit {
            limit: written(&PerformanceLimit {
                metric: self.metric.clone(),
                statistic: self.verdict.statistic,
                at_most: self.verdict.at_most,
            }),
            answer: self.verdict.answer,
            said: self.said(),
        }
    }
}
