//! Where the answers part.

use cutover_domain::comparison::report::{Cluster, OperationReport, Report};
use cutover_domain::tree::Tree;
use maud::{Markup, html};

use super::super::figure::{count, counted, share, visible, whereabouts};
use super::plot;

/// So many clusters of an operation are shown.
const CLUSTERS: usize = 50;

pub(super) fn section(report: &Report) -> Markup {
    let differing: Vec<&OperationReport> = report
        .operations
        .iter()
        .filter(|operation| operation.totals.equal < operation.totals.comparisons)
        .collect();
    html! {
        section aria-labelledby="mismatch-title" {
            h2 id="mismatch-title" { "Mismatches" }
            @if differing.is_empty() {
                p class="quiet" { "None." }
            }
            @for operation in &differing {
                (of_operation(operation))
            }
            @if report.operations.len() > differing.len() && !differing.is_empty() {
                p class="quiet" {
                    "Everything equal: "
                    (report
                        .operations
                        .iter()
                        .filter(|operation| operation.totals.equal == operation.totals.comparisons)
                        .map(|operation| visible(&operation.operation))
                        .collect::<Vec<_>>()
                        .join(", "))
                    "."
                }
            }
        }
    }
}

fn of_operation(operation: &OperationReport) -> Markup {
    let totals = &operation.totals;
    let most = operation
        .clusters
        .iter()
        .map(|cluster| cluster.records)
        .max()
        .unwrap_or(1);
    let more = operation.clusters.len().saturating_sub(CLUSTERS);
    html! {
        h3 { (visible(&operation.operation)) }
        p class="quiet" {
            (count(totals.comparisons - totals.equal)) " of " (count(totals.comparisons))
            " not proven equal"
            @if let Some(pass) = operation.pass.share { " – " (share(pass)) " pass" }
            @if totals.inexact > 0 { ", " (count(totals.inexact)) " of them inexact" }
        }
        @for (reason, times) in &operation.failures {
            p class="failure" {
                "Comparing failed " (counted(*times, "time", "times")) ": "
                code { (visible(reason)) }
            }
        }
        div class="clusters" {
            @for (index, cluster) in operation.clusters.iter().take(CLUSTERS).enumerate() {
                (of_cluster(cluster, most, index == 0))
            }
        }
        @if more > 0 {
            p class="quiet" {
                "And " (counted(more as u64, "more path", "more paths"))
                ": the JSON report has them all."
            }
        }
        @if operation.unclustered > 0 {
            p class="quiet" {
                "And " (counted(operation.unclustered, "difference", "differences"))
                " more, too many to keep with their records or to list."
            }
        }
    }
}

fn of_cluster(cluster: &Cluster, most: u64, open: bool) -> Markup {
    let example = &cluster.example;
    let difference = &example.difference;
    html! {
        details open[open] {
            summary {
                span class="what" {
                    code { (visible(&cluster.path)) }
                    span class="chips" {
                        span class="chip" { (cluster.kind) }
                        span class={ "chip " (cluster.severity) } { (cluster.severity) }
                    }
                }
                span class="much" {
                    (plot::meter("different", cluster.records, most))
                    span { (counted(cluster.records, "record", "records")) }
                }
            }
            p class="quiet" {
                "Smallest of " (counted(cluster.differences, "difference", "differences")) ": "
                code { (visible(&difference.path)) }
                @if let Some(new_path) = &difference.new_path {
                    ", in new " code { (visible(new_path)) }
                }
                ", in " strong { (whereabouts(&example.label, example.unit.as_ref())) }
                @if example.label != example.record.as_str() {
                    " (record " code { (example.record) } ")"
                }
            }
            div class="pair" {
                (value("old", difference.old.as_ref()))
                (value("new", difference.new.as_ref()))
            }
            @if let Some(times) = difference.times {
                p {
                    (counted(times.old as u64, "time", "times")) " in old, "
                    (counted(times.new as u64, "time", "times")) " in new."
                }
            }
        }
    }
}

fn value(side: &str, value: Option<&Tree>) -> Markup {
    html! {
        div {
            span class="side" { i class={ "key " (side) } {} (side) }
            @match value {
                Some(value) => pre { code { (visible(&value.to_json())) } }
                None => p class="quiet nothing" { "nothing" }
            }
        }
    }
}
