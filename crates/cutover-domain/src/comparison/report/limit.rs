use serde::Serialize;

use super::{OperationReport, ReportedRun};
use crate::comparison::performance::{Answer, PerformanceLimit, Verdict};
use crate::comparison::{JudgedLimit, Run, RunId};

/// A limit of performance that somebody has set, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedLimit {
    /// The run that it was set for, and judged with when that ended; absent where it was set for
    /// the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The limit and the answer.
    #[serde(flatten)]
    pub judged: JudgedLimit,
}

/// Limits set for the report, as its operations keep them. What was not measured on both sides is not
/// decided.
pub(super) fn set_for_report(
    limits: &[PerformanceLimit],
    operations: &[OperationReport],
) -> Vec<ReportedLimit> {
    let mut reported = Vec::new();
    for limit in limits {
        let of = |operation: &OperationReport| {
            let metrics = operation.performance.iter();
            let mut metrics = metrics.filter(|found| found.metric == limit.metric);
            let verdicts = metrics.next()?.verdicts.iter();
            let mut verdicts = verdicts.filter(|found| found.statistic == limit.statistic);
            verdicts.next().copied()
        };
        let judged = |answer: Answer, said: String| ReportedLimit {
            run: None,
            judged: JudgedLimit {
                limit: limit.to_string(),
                answer,
                said,
            },
        };
        let verdicts = operations
            .iter()
            .filter_map(|operation| Some((operation, of(operation)?)));
        let before = reported.len();
        reported.extend(verdicts.map(|(operation, verdict): (_, Verdict)| {
            let of = match operations {
                [_] => String::new(),
                _ => format!(" of {}", operation.operation),
            };
            judged(verdict.answer, format!("{}{of} {verdict}", limit.metric))
        }));
        if reported.len() == before {
            let said = format!(
                "{} {} of at most × {}: cannot be judged: nothing was measured on both sides",
                limit.metric,
                limit.statistic.word(),
                limit.at_most
            );
            reported.push(judged(Answer::Insufficient, said));
        }
    }
    reported
}

/// Limits that runs were made with, as they were judged when those ended.
pub(super) fn set_for_runs<'a>(
    runs: &[ReportedRun],
    header: impl Fn(&RunId) -> Option<&'a Run>,
) -> Vec<ReportedLimit> {
    let judged = runs.iter().filter_map(|run| {
        let judged = header(&run.id)?.judged.as_ref()?;
        let limits = judged.limits.iter().cloned();
        Some(limits.map(|judged| ReportedLimit {
            run: Some(run.id.clone()),
            judged,
        }))
    });
    judged.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::performance::PerformanceLimits;
    use crate::comparison::report::ReportBuilder;
    use crate::comparison::{RunJudgement, RunKind};

    #[test]
    fn limits_of_the_report_come_before_those_of_its_runs() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let id = RunId::new("r-1").unwrap();
        let mut run = Run::new(id.clone(), "r", RunKind::Commands, now);
        let kept = JudgedLimit {
            limit: "wall:mean=1.05".to_owned(),
            answer: Answer::Pass,
            said: "as it was said then".to_owned(),
        };
        run.judged = Some(RunJudgement {
            limits: vec![kept.clone()],
            ..RunJudgement::default()
        });
        let report = |limits: PerformanceLimits| {
            let mut builder = ReportBuilder::new().limits(limits);
            builder.run(&run);
            builder.finish(now).limits
        };
        let of_run = ReportedLimit {
            run: Some(id.clone()),
            judged: kept,
        };
        assert_eq!(report(PerformanceLimits::standard()), [of_run]);

        let rows = "counters.rows=1".parse().unwrap();
        let set = report(PerformanceLimits::standard().with(rows));
        assert_eq!((set.len(), &set[0].run), (1, &None));
        assert_eq!(set[0].judged.answer, Answer::Insufficient);
        assert!(set[0].judged.said.contains("cannot be judged"), "{set:?}");
    }
}
