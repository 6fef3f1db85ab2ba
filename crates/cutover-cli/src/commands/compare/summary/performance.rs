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
pub(in super::super) struct Measuring {
    limits: Vec<PerformanceLimit>,
    builder: Option<ReportBuilder>,
    reasons: Reasons,
}

impl Measuring {
    pub(in super::super) fn for_limits(limits: Vec<PerformanceLimit>) -> Self {
        let all = with_standard(&limits);
        Self {
            builder: (!limits.is_empty()).then(|| ReportBuilder::new().limits(all)),
            limits,
            ..Self::default()
        }
    }

    pub(in super::super) fn add(&mut self, record: &ComparisonRecord) {
        if let Some(builder) = &mut self.builder {
            builder.record(record);
            self.reasons.add(record);
        }
    }

    pub(in super::super) fn verdicts(mut self, run: &Run) -> Vec<LimitVerdict> {
        let Some(builder) = self.builder.take() else {
            return Vec::new();
        };
        judge(&builder.finish(run.updated), &self.limits, &self.reasons)
    }
}

/// What tells why there is nothing to judge.
#[derive(Debug, Default)]
pub(in super::super) struct Reasons {
    /// Counters that were seen, on old and on new.
    counters: [BTreeSet<String>; 2],
    /// The most that a program may have used of memory, where only that is known.
    memory_below: Option<u64>,
}

impl Reasons {
    pub(in super::super) fn add(&mut self, record: &ComparisonRecord) {
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

    fn why(&self, metric: &Metric) -> String {
        let [old, new] = &self.counters;
        match (metric, self.memory_below) {
            (Metric::PeakMemory, Some(bytes)) => format!(
                "a program is smaller than the process that measures it, so that all that is known of \
                 it is that it took no more than {}",
                show_size(bytes)
            ),
            (Metric::Counter(name), _) => match (old.contains(name), new.contains(name)) {
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
            },
            _ => "it was not measured on both sides".to_owned(),
        }
    }
}

/// The verdicts on limits, for each operation that has what they are about. What no pair has on both
/// sides is as little decided as what few have.
pub(in super::super) fn judge(
    report: &Report,
    limits: &[PerformanceLimit],
    reasons: &Reasons,
) -> Vec<LimitVerdict> {
    let nothing = Performance::of(&[], 0);
    let mut judged = Vec::with_capacity(limits.len());
    for limit in limits {
        let before = judged.len();
        judged.extend(
            verdicts(report, limit).map(|(operation, verdict)| LimitVerdict {
                metric: limit.metric.clone(),
                operation: (report.operations.len() > 1).then(|| operation.to_owned()),
                verdict,
                why: None,
            }),
        );
        if judged.len() > before {
            continue;
        }
        let verdict = nothing.judge(limit.statistic, limit.at_most);
        let is_known = report
            .operations
            .iter()
            .any(|operation| operation.totals.comparisons > 0);
        judged.push(LimitVerdict {
            metric: limit.metric.clone(),
            operation: None,
            // More of the same do not help.
            verdict: Verdict {
                needed: verdict.needed.filter(|_| !is_known),
                ..verdict
            },
            why: is_known.then(|| reasons.why(&limit.metric)),
        });
    }
    judged
}

/// The usual limits, with these instead where they are of the same metric and statistic.
pub(in super::super) fn with_standard(limits: &[PerformanceLimit]) -> PerformanceLimits {
    let limits = limits.iter().cloned();
    limits.fold(PerformanceLimits::standard(), PerformanceLimits::with)
}

/// What a report says of a limit, operation by operation.
fn verdicts<'r>(
    report: &'r Report,
    limit: &PerformanceLimit,
) -> impl Iterator<Item = (&'r str, Verdict)> {
    let operations = report.operations.iter();
    operations.flat_map(move |operation| {
        let metrics = operation.performance.iter();
        let metrics = metrics.filter(|performance| performance.metric == limit.metric);
        let verdicts = metrics.flat_map(|performance| &performance.verdicts);
        let verdicts = verdicts.filter(|verdict| verdict.statistic == limit.statistic);
        verdicts.map(|verdict| (operation.operation.as_str(), *verdict))
    })
}

/// The worst of some answers.
pub(in super::super) fn worst(answers: &[Answer]) -> Option<Answer> {
    [Answer::Fail, Answer::Insufficient, Answer::Pass]
        .into_iter()
        .find(|wanted| answers.contains(wanted))
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
pub(in super::super) struct LimitVerdict {
    metric: Metric,
    /// Of which of several operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
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

    /// What is not measured on both sides, where that is why there is no answer.
    pub(in super::super) fn unmeasured(&self) -> Option<&Metric> {
        self.why.as_ref().map(|_| &self.metric)
    }

    fn said(&self) -> String {
        let Self {
            metric,
            operation,
            verdict,
            why,
        } = self;
        let of = operation
            .as_ref()
            .map_or_else(String::new, |name| format!(" of {name}"));
        match why {
            None => format!("{metric}{of} {verdict}"),
            Some(why) => format!(
                "{metric}{of} {} of at most × {}: cannot be judged: {why}",
                verdict.statistic.word(),
                verdict.at_most
            ),
        }
    }

    /// The same, to be kept with the run.
    pub(in super::super) fn judged(&self) -> JudgedLimit {
        let limit = PerformanceLimit {
            metric: self.metric.clone(),
            statistic: self.verdict.statistic,
            at_most: self.verdict.at_most,
        };
        JudgedLimit {
            limit: limit.to_string(),
            answer: self.verdict.answer,
            said: self.said(),
        }
    }
}
