//! Where the answers part.

use cutover_domain::comparison::noise::NoiseClass;
use cutover_domain::comparison::report::{Cluster, OperationReport, Report};
use maud::{Markup, html};

use super::super::figure::{
    by_noise, count, counted, cut, place, settled_in, share, visible, whereabouts,
};
use super::plot::{meter, timeline};
use super::value::pair;
use super::{LINE, figure_of};

/// So many operations are shown, so many clusters of one, and of all together.
const OPERATIONS: usize = 100;
const CLUSTERS: usize = 50;
const ALL_CLUSTERS: usize = 500;

/// So many operations without a mismatch are named.
const NAMED: usize = 50;

pub(super) fn section(report: &Report) -> Markup {
    let (differing, equal): (Vec<_>, Vec<_>) = report
        .operations
        .iter()
        .enumerate()
        .partition(|(_, operation)| operation.totals.equal < operation.totals.comparisons);
    let more = differing.len().saturating_sub(OPERATIONS) as u64;
    let mut room = ALL_CLUSTERS;
    html! {
        @if differing.is_empty() {
            p class="quiet" { "None." }
        } @else {
            (timeline(&report.timeline))
            @if report.noise.is_some_and(|noise| noise.hidden_records > 0) {
                p class="quiet beside-plot" { "What differs by noise alone is drawn as different." }
            }
        }
        @for (place, operation) in differing.iter().take(OPERATIONS) {
            @let shown = operation.clusters.len().min(CLUSTERS).min(room);
            (of_operation(*place, operation, shown))
            ({ room -= shown; html! {} })
        }
        @if more > 0 {
            p class="quiet" {
                "And " (counted(more, "operation", "operations")) " more with mismatches: the JSON \
                report has them all."
            }
        }
        @if !equal.is_empty() && !differing.is_empty() {
            p class="quiet" {
                "Everything equal: "
                (equal
                    .iter()
                    .take(NAMED)
                    .map(|(_, operation)| cut(&visible(&operation.operation), LINE))
                    .collect::<Vec<_>>()
                    .join(", "))
                @if equal.len() > NAMED { " and " (equal.len() - NAMED) " more" }
                "."
            }
        }
    }
}

fn of_operation(place: usize, operation: &OperationReport, shown: usize) -> Markup {
    let totals = settled_in(operation);
    let noisy = totals.equal > operation.totals.equal;
    let (clusters, real) = by_noise(operation);
    let most = operation
        .clusters
        .iter()
        .map(|cluster| cluster.records)
        .max();
    let (clusters, noise) = clusters[..shown].split_at(real.min(shown));
    let of = |index: usize| format!("/operations/{place}/clusters/{index}/records");
    let more = (operation.clusters.len() - shown) as u64;
    html! {
        h3 { (cut(&visible(&operation.operation), LINE)) }
        p class="quiet" {
            (count(totals.comparisons - totals.equal)) " of " (count(totals.comparisons))
            " not proven equal"
            @if totals.comparisons > 0 {
                ", " (share(totals.equal as f64 / totals.comparisons as f64)) " pass"
            }
            @if noisy { ", but for noise" }
            @if totals.inexact > 0 { ", " (count(totals.inexact)) " of them inexact" }
        }
        @for (reason, times) in &operation.failures {
            p class="failure" {
                "Comparing failed " (counted(*times, "time", "times")) ": "
                code { (cut(&visible(reason), LINE)) }
            }
        }
        @if !clusters.is_empty() {
            div class="clusters" {
                @for (nth, (index, cluster)) in clusters.iter().enumerate() {
                    (of_cluster(cluster, &of(*index), most.unwrap_or(1), nth == 0))
                }
            }
        }
        @if !noise.is_empty() {
            p class="apart" { "Noise, which does not count" }
            div class="clusters" {
                @for (index, cluster) in noise {
                    (of_cluster(cluster, &of(*index), most.unwrap_or(1), false))
                }
            }
        }
        @if more > 0 {
            p class="quiet" {
                "And " (counted(more, "path", "paths")) " more: the JSON report has them all."
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

fn of_cluster(cluster: &Cluster, of: &str, most: u64, open: bool) -> Markup {
    let example = &cluster.example;
    let difference = &example.difference;
    let is_noise = cluster.noise == Some(NoiseClass::Noise);
    let unnamed = cluster
        .paths
        .saturating_sub(cluster.stands_for.len() as u64);
    html! {
        details open[open] {
            summary {
                span class="what" {
                    code { (place(&cluster.path)) }
                    span class="chips" {
                        span class="chip" { (cluster.kind) }
                        @if is_noise {
                            span class="chip" { "noise" }
                        } @else {
                            span class={ "chip " (cluster.severity) } { (cluster.severity) }
                        }
                        @if cluster.paths > 1 {
                            span class="chip" { (count(cluster.paths)) " paths" }
                        }
                    }
                }
                span class="much" {
                    (meter(if is_noise { "noise" } else { "different" }, cluster.records, most))
                    span {
                        (figure_of(of, cluster.records, &count(cluster.records)))
                        (if cluster.records == 1 { " record" } else { " records" })
                    }
                }
            }
            p class="quiet" {
                "Smallest of " (counted(cluster.differences, "difference", "differences")) ": "
                code { (place(&difference.path)) }
                @if let Some(new_path) = &difference.new_path {
                    ", in new " code { (place(new_path)) }
                }
                ", in "
                strong { (cut(&whereabouts(&example.label, example.unit.as_ref()), LINE)) }
                @if example.label != example.record.as_str() {
                    " (record " code { (example.record) } ")"
                }
            }
            (pair(difference.old.as_ref(), difference.new.as_ref()))
            @if let Some(times) = difference.times {
                p {
                    (counted(times.old as u64, "time", "times")) " in old, "
                    (counted(times.new as u64, "time", "times")) " in new."
                }
            }
            @if !cluster.stands_for.is_empty() {
                p class="quiet" {
                    "Stands for "
                    @for (index, path) in cluster.stands_for.iter().enumerate() {
                        @if index > 0 { ", " }
                        code { (place(path)) }
                    }
                    @if unnamed > 0 { " and " (count(unnamed)) " more" }
                    "."
                }
            }
        }
    }
}
