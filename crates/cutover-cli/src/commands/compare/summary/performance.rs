//! Whether new keeps the limits that were set for its performance.

use std::io::{self, Write};

use cutover_domain::comparison::performance::{
    Answer, Metric, Performance, PerformanceLimit, PerformanceLimits, Verdict,
};
use cutover_domain::comparison::report::ReportBuilder;
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
        let standard = PerformanceLimits::standard();
        let all = limits
            .iter()
            .cloned()
            .fold(standard, PerformanceLimits::with);
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
        let judged = |limit: &PerformanceLimit| {
            let of_metric = report
                .operations
                .iter()
                .flat_map(|operation| &operation.performance)
                .find(|performance| performance.metric == limit.metric)?;
            of_metric
                .verdicts
                .iter()
                .find(|verdict| verdict.statistic == limit.statistic)
                .copied()
        };
        // What no pair has on both sides is as little decided as what few have.
        let nothing = Performance::of(&[], 0);
        self.limits
            .iter()
            .map(|limit| LimitVerdict {
                metric: limit.metric.clone(),
                verdict: judged(limit)
                    .unwrap_or_else(|| nothing.judge(limit.statistic, limit.at_most)),
            })
            .collect()
    }
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
