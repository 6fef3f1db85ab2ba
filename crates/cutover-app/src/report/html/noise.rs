//! Where old differs from itself.

use cutover_domain::comparison::noise::{Noise, NoiseClass};
use cutover_domain::comparison::report::Report;
use maud::{Markup, html};

use super::super::figure::{count, counted, cut, not_learned, place, share, visible};
use super::{LINE, figure_of, scroll};

/// So many operations, paths of each and suggestions are shown.
const OPERATIONS: usize = 50;
const PATHS: usize = 30;

pub(super) fn section(report: &Report) -> Markup {
    let Some(totals) = &report.noise else {
        return html! {};
    };
    let noisy = report
        .operations
        .iter()
        .filter_map(|operation| Some((&operation.operation, operation.noise.as_ref()?)));
    let noisy: Vec<_> = noisy.filter(|(_, noise)| !noise.paths.is_empty()).collect();
    html! {
        p {
            "Old was compared with itself "
            (figure_of("/noise/self_pairs", totals.self_pairs,
                &counted(totals.self_pairs, "time", "times")))
            ". What it differs in from itself as often as from new is noise and does not count: "
            (counted(totals.hidden_differences, "difference", "differences")) " in "
            (counted(totals.hidden_records, "record", "records")) "."
            @if let Some(pass) = totals.pass.share {
                " But for noise " strong { (share(pass)) } " are proven equal."
            }
        }
        @for line in not_learned(report) { p class="quiet" { (line) } }
        @for (operation, noise) in noisy.iter().take(OPERATIONS) {
            @if noisy.len() > 1 { h3 { (cut(&visible(operation), LINE)) } }
            (paths(noise))
            (suggestions(noise))
        }
    }
}

fn paths(noise: &Noise) -> Markup {
    let more = noise.paths.len().saturating_sub(PATHS) as u64;
    html! {
        (scroll("Noise", html! {
            table {
                caption class="apart" { "Places where old differs from itself" }
                thead {
                    tr {
                        th scope="col" { "Path, and why" }
                        th scope="col" { "It is" }
                        th scope="col" class="number" { "Hides" }
                    }
                }
                tbody {
                    @for path in noise.paths.iter().take(PATHS) {
                        tr {
                            th scope="row" class="wrap" {
                                code { (place(&path.path)) } " "
                                span class="chip" { (path.kind) } " "
                                span class="why quiet" { (cut(&visible(&path.why), LINE)) }
                            }
                            td {
                                span class={ "chip " (class(path.class)) } { (path.class) }
                            }
                            td class="number" { (count(path.hidden_differences)) }
                        }
                    }
                }
            }
        }))
        @if more > 0 {
            p class="quiet" {
                "And " (counted(more, "path", "paths")) " more: the JSON report has them all."
            }
        }
    }
}

fn class(class: NoiseClass) -> &'static str {
    match class {
        NoiseClass::Noise => "",
        NoiseClass::Undecided => "insufficient",
        NoiseClass::Real => "fail",
    }
}

fn suggestions(noise: &Noise) -> Markup {
    let Some(rules) = noise.rules_file() else {
        return html! {};
    };
    html! {
        details class="rules" {
            summary {
                "Rules that would take it away ("
                (count(noise.suggestions.len() as u64)) "), for a person to accept"
            }
            pre tabindex="0" { code { (rules.lines().map(visible).collect::<Vec<_>>().join("\n")) } }
        }
    }
}
