//! What the report was made from, and what rules left out of it.

use cutover_domain::comparison::report::Report;
use maud::{Markup, html};

use super::super::figure::{count, counted, cut, share, visible};
use super::{LINE, scroll, state, time};

/// So many runs, and so much of what cannot be read, are listed.
const LISTED: usize = 100;

pub(super) fn hidden(report: &Report) -> Markup {
    html! {
        @if report.hidden.is_empty() {
            p class="quiet" { "No rule hid anything." }
        } @else {
            (scroll("Hidden by rules", html! {
                table {
                    caption class="apart" { "Places in which a rule hid a difference" }
                    thead {
                        tr {
                            th scope="col" { "Rule" }
                            th scope="col" class="number" { "Places" }
                            th scope="col" class="number" { "Records" }
                        }
                    }
                    tbody {
                        @for hidden in &report.hidden {
                            tr {
                                th scope="row" class="wrap" {
                                    code { (cut(&visible(&hidden.rule), LINE)) }
                                }
                                td class="number" { (count(hidden.places)) }
                                td class="number" { (count(hidden.records)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

pub(super) fn runs(report: &Report) -> Markup {
    let more = report.runs.len().saturating_sub(LISTED) as u64;
    html! {
        @if report.runs.len() > 1 {
            (scroll("Runs", html! {
                table {
                    caption class="apart" { "The runs, newest first" }
                    thead {
                        tr {
                            th scope="col" { "Run" }
                            th scope="col" { "Started" }
                            th scope="col" { "State" }
                            th scope="col" class="number" { "Compared" }
                            th scope="col" class="number" { "Not equal" }
                            th scope="col" class="number" { "Pass" }
                        }
                    }
                    tbody {
                        @for run in report.runs.iter().take(LISTED) {
                            tr {
                                th scope="row" class="wrap" {
                                    (cut(&visible(&run.name), LINE)) " "
                                    code class="quiet" { (run.id) }
                                }
                                td class="even" { (time(&run.started.to_string())) }
                                td { (state(run)) }
                                td class="number" { (count(run.totals.comparisons)) }
                                td class="number" {
                                    (count(run.totals.comparisons - run.totals.equal))
                                }
                                td class="number" {
                                    (run.totals.pass().share.map_or_else(|| "–".to_owned(), share))
                                }
                            }
                        }
                    }
                }
            }))
            @if more > 0 {
                p class="quiet" { "And " (counted(more, "run", "runs")) " before them." }
            }
        }
    }
}

pub(super) fn unreadable(report: &Report) -> Markup {
    let unlisted = report.unreadable.len().saturating_sub(LISTED) as u64;
    let more = unlisted + report.unreadable_left_out;
    html! {
        @if !report.unreadable.is_empty() {
            p { "These are stored and are not part of the report." }
            ul class="plain" {
                @for what in report.unreadable.iter().take(LISTED) {
                    li { code { (cut(&visible(what), LINE)) } }
                }
            }
            @if more > 0 { p class="quiet" { "And " (count(more)) " more." } }
        }
    }
}
