//! Whether new keeps the limits of time, memory and counters.

use cutover_domain::comparison::performance::{Metric, Verdict};
use cutover_domain::comparison::report::{MetricPerformance, Report};
use maud::{Markup, html};

use super::super::figure::{self, count, counted, cut, sentence, visible};
use super::super::limit::{self, kept, limits, of_records, reach};
use super::plot::{Axis, interval};
use super::{LINE, scroll};

/// So many operations, and metrics of each, are shown.
const OPERATIONS: usize = 50;
const METRICS: usize = 20;

pub(super) fn section(report: &Report) -> Markup {
    let judged = report
        .operations
        .iter()
        .filter(|operation| !operation.performance.is_empty());
    let judged: Vec<_> = judged.collect();
    let more = judged.len().saturating_sub(OPERATIONS) as u64;
    let (limits, more_limits) = limits(report);
    html! {
        @if let Some(performance) = limit::performance(report) {
            p { (sentence(&performance)) "." }
            ul {
                @for [answer, said] in &limits { li { (answer) ": " (said) } }
                @if more_limits > 0 { li { "and " (count(more_limits)) " more" } }
            }
        }
        @if !judged.is_empty() {
            @if let Some(of) = of_records(report) { p { (sentence(&of)) "." } }
            @if limits.is_empty() {
                p { "No limit was set: the usual ones are drawn for comparison." }
            }
            p class="quiet" {
                "New ÷ old over pairs of the same input, with its 95 % interval. A limit is kept \
                 when the whole interval is at or below it, and broken when the whole is above; \
                 anything else decides nothing. The dashed line is the limit, the thin one is 1."
            }
            @for operation in judged.iter().take(OPERATIONS) {
                @if judged.len() > 1 { h3 { (cut(&visible(&operation.operation), LINE)) } }
                (of_operation(&operation.performance))
            }
            @if more > 0 {
                p class="quiet" {
                    "And " (counted(more, "operation", "operations")) " more: the JSON report has \
                    them all."
                }
            }
        }
    }
}

fn of_operation(performance: &[MetricPerformance]) -> Markup {
    let shown = &performance[..performance.len().min(METRICS)];
    let verdicts = || shown.iter().flat_map(|metric| &metric.verdicts);
    let bounds = verdicts().flat_map(|verdict| {
        [
            verdict.low,
            verdict.ratio,
            verdict.high,
            Some(verdict.at_most),
        ]
    });
    let axis = Axis::around(bounds.flatten());
    scroll(
        "Performance",
        html! {
            table class="limits" {
                caption class="apart" { "Limits of new ÷ old" }
                thead {
                    tr {
                        th scope="col" { "What" }
                        th scope="col" { "Answer" }
                        th scope="col" class="number" { "new ÷ old" }
                        th scope="col" class="number" { "at most" }
                        th scope="col" class="range" { "95 % interval" (axis.labels()) }
                        th scope="col" class="number" { "Pairs" }
                    }
                }
                tbody {
                    @for metric in shown {
                        @for verdict in &metric.verdicts {
                            (row(&metric.metric, verdict, axis))
                        }
                    }
                }
            }
        },
    )
}

fn row(metric: &Metric, verdict: &Verdict, axis: Axis) -> Markup {
    let shown = |ratio: Option<f64>| {
        ratio.map_or_else(
            || "–".to_owned(),
            |ratio| format!("{}×", figure::ratio(ratio)),
        )
    };
    html! {
        tr {
            th scope="row" { (figure::metric(metric)) ", " (verdict.statistic.word()) }
            td {
                span class={ "chip " @if !verdict.usual { (verdict.answer) } } {
                    (kept(verdict))
                }
            }
            td class="number" { (shown(verdict.ratio)) }
            td class="number" { (shown(Some(verdict.at_most))) }
            td class="range" {
                (interval(verdict, axis))
                span class="quiet" {
                    (reach(verdict))
                }
            }
            td class="number" { (count(verdict.pairs)) }
        }
    }
}
