//! Whether new keeps the limits that were set for its performance.

use std::io::{self, Write};

use cutover_domain::comparison::performance::{
    Answer, Metric, Performance, PerformanceLimit, PerformanceLimits, Verdict,
};
use cutover_domain::comparison::report::{Report, ReportBuilder};
use cutover_domain::comparison::{ComparisonRecord, Run};
use serde::Serialize;
use serde_json::Value;

use crate::output::style::{BAD, DIM, GOOD, WARN};
use crate::output::{Page, printable};

/// The name under which a run keeps its limits.
pub(in super::super) const OPTION: &str = "at_most";

/// Gathers measurements for limits; nothing when none was set.
#[derive(Debug, Default)]
pub(super) struct Measuring {
    limits: Vec<PerformanceLimit>,
    builder: Option<ReportBuilder>,
}

impl Measuring {
    pub(super) fn for_limits(limits: Vec<PerformanceLimit>) -> Self {
        let all = with_standard(&limits);
        Self {
            builder: (!limits.is_empty()).then(|| ReportBuilder::new().limits(all)),
            limits,
        }
    }

    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        if let Some(builder) = &mut self.builder {
            builder.record(record);
        }
    }

    pub(super) fn verdicts(self, run: &Run) -> Vec<LimitVerdict> {
        let Some(builder) = self.builder else {
            return Vec::new();
        };
        let report = builder.finish(run.updated);
        // What no pair has on both sides is as little decided as what few have.
        let nothing = Performance::of(&[], 0);
        self.limits
            .iter()
            .map(|limit| LimitVerdict {
                metric: limit.metric.clone(),
                verdict: verdicts(&report, limit)
                    .next()
                    .unwrap_or_else(|| nothing.judge(limit.statistic, limit.at_most)),
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
pub(super) fn worst(answers: &[Answer]) -> Option<Answer> {
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
}

impl LimitVerdict {
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let style = match self.verdict.answer {
            Answer::Pass => GOOD,
            Answer::Fail => BAD,
            Answer::Insufficient => WARN,
        };
        let metric = printable(&self.metric.to_string());
        let pairs = self.verdict.pairs;
        writeln!(
            page,
            "{style}{metric} {}{style:#}{DIM}, {pairs} {}{DIM:#}",
            self.verdict,
            if pairs == 1 { "pair" } else { "pairs" }
        )
    }
}
