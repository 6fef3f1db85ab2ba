//! What came out, and of how much.

use cutover_domain::comparison::report::{Report, Verdict};
use maud::{Markup, html};

use super::super::figure::{
    change, conclusion, count, counted, cut, dropped, measured, not_compared, population, sentence,
    settled, share, visible,
};
use super::super::limit::performance;
use super::plot::{Part, bar};
use super::{LINE, direction, figure_of, scroll};

/// So many counters have a tile.
const COUNTERS: usize = 9;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="result" class={ "verdict " (report.verdict) } aria-labelledby="result-title" {
            h2 id="result-title" {
                span class="word" {
                    (match report.verdict {
                        Verdict::Equal => "Equal",
                        Verdict::Different => "Different",
                        Verdict::Unproven => "Not proven",
                    })
                }
            }
            p class="lead" {
                (sentence(&conclusion(report))) "."
                @if let Some(performance) = performance(report) { " " (sentence(&performance)) "." }
            }
            div class="shares" {
                (passed(report))
                (covered(report))
            }
            (tiles(report))
        }
    }
}

fn passed(report: &Report) -> Markup {
    let raw = &report.totals;
    let (totals, pass) = settled(report);
    // Figures of the JSON report: those but for noise are beside the others.
    let [of_pass, of_different, of_inexact] = match report.noise {
        Some(_) => [
            "/noise/pass/share",
            "/noise/totals/different",
            "/noise/totals/inexact",
        ],
        None => ["/pass/share", "/totals/different", "/totals/inexact"],
    };
    let noise = totals.equal.saturating_sub(raw.equal);
    html! {
        div {
            h3 { "Proven equal" }
            @match (pass.share, pass.interval) {
                (Some(pass), Some(interval)) => {
                    p class="figure" { strong { (figure_of(of_pass, pass, &share(pass))) } }
                    p class="quiet" {
                        "95 % interval " (share(interval.low)) " to " (share(interval.high))
                        ", for a single look"
                    }
                }
                _ => p class="figure" { strong { "–" } }
            }
            (bar("Comparisons by result", &[
                Part { colour: "equal", name: "Equal", count: raw.equal, of: "/totals/equal" },
                Part { colour: "noise", name: "Equal but for noise", count: noise, of: "" },
                Part { colour: "different", name: "Different", count: totals.different,
                    of: of_different },
                Part { colour: "inexact", name: "Inexact", count: totals.inexact,
                    of: of_inexact },
                Part { colour: "failed", name: "Failed", count: totals.failed,
                    of: "/totals/failed" },
            ]))
        }
    }
}

fn covered(report: &Report) -> Markup {
    let coverage = &report.coverage;
    html! {
        div {
            h3 { "Coverage" }
            @match coverage.share {
                Some(covered) => {
                    p class="figure" {
                        strong { (figure_of("/coverage/share", covered, &share(covered))) }
                    }
                    p class="quiet" {
                        (count(coverage.made)) " of " (count(population(report))) " compared"
                        @for part in not_compared(report) { ", " (part) }
                    }
                }
                None => {
                    p class="figure" { strong { "–" } }
                    p class="quiet" { "There was nothing to compare" }
                }
            }
            (bar("What there was to compare", &[
                Part { colour: "made", name: "Compared", count: coverage.made,
                    of: "/coverage/made" },
                Part { colour: "failed", name: "Dropped", count: dropped(report), of: "" },
                Part { colour: "sampled", name: "Sampled out", count: coverage.sampled_out,
                    of: "/coverage/sampled_out" },
                Part { colour: "inexact", name: "Not run", count: coverage.not_run,
                    of: "/coverage/not_run" },
            ]))
            @if coverage.without_record > 0 {
                p class="quiet" {
                    (count(coverage.without_record)) " of these are counted only: they have no \
                    record to read. Examples, times and memory are those of the others."
                }
            }
        }
    }
}

/// What changed from old to new, in short: the change of the means, as the table further down has
/// it, and the mean of the changes beside it.
fn tiles(report: &Report) -> Markup {
    let measured = measured(report);
    let both = measured.iter().filter_map(|measured| {
        let (means, percent) = measured.of_means()?;
        Some((measured.name, means, percent, measured.mean))
    });
    let both: Vec<_> = both.collect();
    html! {
        @if !both.is_empty() || !report.change.counters.is_empty() {
            ul class="tiles" aria-label="Change from old to new" {
                @for (name, means, percent, mean) in &both {
                    li {
                        span class="name" { (name) }
                        (big(*percent))
                        span class="quiet" { (means) " on average" }
                        @if let Some(mean) = mean {
                            span class="quiet" {
                                (change(mean.mean_percent)) " record by record, "
                                (counted(mean.records, "record", "records"))
                            }
                        }
                    }
                }
                @for (name, counter) in report.change.counters.iter().take(COUNTERS) {
                    li {
                        span class="name" { (cut(&visible(name), LINE)) }
                        (big(counter.percent))
                        span class="quiet" {
                            (count(counter.old)) " → " (count(counter.new)) " in all, "
                            (counted(counter.records, "record", "records"))
                        }
                    }
                }
            }
        }
    }
}

fn big(percent: Option<f64>) -> Markup {
    html! {
        @match percent {
            Some(percent) => strong class=(direction(percent)) { (change(percent)) },
            None => strong { "–" },
        }
    }
}

/// How each side ended, where that says something.
pub(super) fn outcomes(report: &Report) -> Markup {
    let sides = [&report.old.outcomes, &report.new.outcomes];
    let mut names: Vec<&String> = sides.iter().flat_map(|side| side.keys()).collect();
    names.sort_unstable();
    names.dedup();
    html! {
        @if !names.is_empty() {
            (scroll("How each side ended", html! {
                table {
                    caption class="apart" { "Answers by how they ended" }
                    thead {
                        tr {
                            th scope="col" { "Outcome" }
                            th scope="col" class="number" { "old" }
                            th scope="col" class="number" { "new" }
                        }
                    }
                    tbody {
                        @for name in names {
                            tr {
                                th scope="row" class="wrap" { (cut(&visible(name), LINE)) }
                                @for side in sides {
                                    td class="number" {
                                        (count(side.get(name).copied().unwrap_or(0)))
                                    }
                                }
                            }
                        }
                    }
                }
            }))
        }
    }
}
