//! The report as one HTML page.
//!
//! The order is that of the questions a reader has: is it the same, how much do we know, where is it
//! not, is it fast enough, what was left out.

mod mismatch;
mod plot;
mod style;
mod usage;

use cutover_domain::comparison::RunState;
use cutover_domain::comparison::report::Report;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figure::{change, count, counted, dropped, not_compared, population, share, visible};

pub(super) fn render(report: &Report) -> String {
    let title = title(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(style::POLICY);
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="cutover";
                link rel="icon" href="data:,";
                title { (title) " – comparison report" }
                style { (PreEscaped(style::SHEET)) }
            }
            body {
                a class="skip" href="#result" { "Skip to the result" }
                (header(report, &title))
                main {
                    (result(report))
                    (mismatch::section(report))
                    (usage::section(report))
                    (outcomes(report))
                    (hidden(report))
                    (unreadable(report))
                    (runs(report))
                }
                footer { p { "Made by cutover at " (time(&report.generated.to_string())) "." } }
            }
        }
    }
    .into_string()
}

fn title(report: &Report) -> String {
    let mut names: Vec<&str> = report.runs.iter().map(|run| run.name.as_str()).collect();
    names.dedup();
    match (&names[..], &report.operations[..]) {
        ([name], _) => visible(name),
        (_, [operation]) => visible(&operation.operation),
        _ => "Comparison".to_owned(),
    }
}

fn time(text: &str) -> Markup {
    let readable = text.replacen('T', " ", 1);
    let readable = readable
        .split_once('.')
        .map_or(readable.as_str(), |(seconds, _)| seconds);
    html! { time datetime=(text) { (readable.trim_end_matches('Z')) " UTC" } }
}

fn header(report: &Report, title: &str) -> Markup {
    let run = match &report.runs[..] {
        [run] => Some(run),
        _ => None,
    };
    html! {
        header {
            p class="eyebrow" {
                "Comparison report"
                @if let Some(run) = run {
                    " · " span class=(match run.state {
                        RunState::Complete => "state",
                        RunState::Running => "quiet",
                        RunState::Interrupted => "state caution",
                    }) { (run.state) }
                }
            }
            h1 { (title) }
            @if let Some(run) = report.runs.first() {
                dl class="sides" {
                    @for (side, implementation) in [("old", &run.old), ("new", &run.new)] {
                        @if !implementation.description.is_empty() {
                            div {
                                dt { i class={ "key " (side) } {} (side) }
                                dd {
                                    code { (visible(&implementation.description)) }
                                    @if let Some(version) = &implementation.version {
                                        " " span class="quiet" { (visible(version)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p class="quiet" {
                @match run {
                    Some(run) => {
                        "Run " code { (run.id) } ", " (time(&run.started.to_string()))
                        @match &run.finished {
                            Some(finished) => { " to " (time(&finished.to_string())) }
                            None => { ", last heard of " (time(&run.updated.to_string())) }
                        }
                    }
                    None => { (counted(report.runs.len() as u64, "run", "runs")) }
                }
            }
        }
    }
}

fn result(report: &Report) -> Markup {
    let totals = &report.totals;
    html! {
        section id="result" aria-labelledby="result-title" {
            h2 id="result-title" { "Result" }
            div class="headline" {
                @match (report.pass.share, report.pass.interval) {
                    (Some(pass), Some(interval)) => {
                        p class="figure" {
                            strong { (share(pass)) } " proven equal"
                        }
                        p class="quiet" {
                            "95 % interval " (share(interval.low)) " to " (share(interval.high))
                            ", for a single look"
                        }
                    }
                    _ => p class="figure" { strong { "Nothing" } " was compared" }
                }
            }
            (plot::bar("Comparisons by result", &[
                ("equal", "Equal", totals.equal),
                ("different", "Different", totals.different),
                ("inexact", "Inexact", totals.inexact),
                ("failed", "Failed", totals.failed),
            ]))
            h3 { "Coverage" }
            @match report.coverage.share {
                Some(covered) => p {
                    strong { (share(covered)) } " compared: "
                    (count(report.coverage.made)) " of " (count(population(report)))
                    @for part in not_compared(report) { ", " (part) }
                    "."
                },
                None => p class="quiet" { "There was nothing to compare." },
            }
            (plot::bar("What there was to compare", &[
                ("made", "Compared", report.coverage.made),
                ("failed", "Dropped", dropped(report)),
                ("sampled", "Sampled out", report.coverage.sampled_out),
                ("inexact", "Not run", report.coverage.not_run),
            ]))
            @if report.coverage.without_record > 0 {
                p class="quiet" {
                    (count(report.coverage.without_record)) " of these are counted only: they have \
                    no record to read. Examples, times and memory are those of the others."
                }
            }
            (tiles(report))
        }
    }
}

fn tiles(report: &Report) -> Markup {
    let mean = [
        ("Time", "time from call to answer", report.change.wall),
        ("Processor time", "user and kernel", report.change.cpu),
        (
            "Peak memory",
            "most held at a time",
            report.change.peak_memory,
        ),
    ];
    let any = mean.iter().any(|(_, _, mean)| mean.is_some()) || !report.change.counters.is_empty();
    html! {
        @if any {
            h3 { "Change from old to new" }
            ul class="tiles" {
                @for (name, what, mean) in mean {
                    @if let Some(mean) = mean {
                        li {
                            span class="name" { (name) }
                            strong class=(direction(mean.mean_percent)) {
                                (change(mean.mean_percent))
                            }
                            span class="quiet" {
                                "average of each record's own change, " (counted(mean.records, "record", "records")) ", " (what)
                            }
                        }
                    }
                }
                @for (name, counter) in report.change.counters.iter().take(9) {
                    li {
                        span class="name" { (visible(name)) }
                        @match counter.percent {
                            Some(percent) => {
                                strong class=(direction(percent)) { (change(percent)) }
                            }
                            None => strong { "–" }
                        }
                        span class="quiet" { (count(counter.old)) " → " (count(counter.new)) }
                    }
                }
            }
        }
    }
}

/// Less is better for everything that is measured.
fn direction(percent: f64) -> &'static str {
    match percent {
        percent if percent >= 0.05 => "more",
        percent if percent <= -0.05 => "less",
        _ => "even",
    }
}

fn outcomes(report: &Report) -> Markup {
    let mut names: Vec<&String> = report
        .old
        .outcomes
        .keys()
        .chain(report.new.outcomes.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    html! {
        @if !names.is_empty() {
            section aria-labelledby="outcomes-title" {
                h2 id="outcomes-title" { "How each side ended" }
                (scroll("How each side ended", html! {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Outcome" }
                                th scope="col" class="number" { "Old" }
                                th scope="col" class="number" { "New" }
                            }
                        }
                        tbody {
                            @for name in names {
                                tr {
                                    th scope="row" class="wrap" { (visible(name)) }
                                    @for side in [&report.old, &report.new] {
                                        td class="number" {
                                            (count(side.outcomes.get(name).copied().unwrap_or(0)))
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
}

fn hidden(report: &Report) -> Markup {
    html! {
        section aria-labelledby="hidden-title" {
            h2 id="hidden-title" { "Hidden by rules" }
            @if report.hidden.is_empty() {
                p class="quiet" { "No rule hid anything." }
            } @else {
                (scroll("Hidden by rules", html! {
                    table {
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
                                    th scope="row" class="wrap" { code { (visible(&hidden.rule)) } }
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
}

fn unreadable(report: &Report) -> Markup {
    html! {
        @if !report.unreadable.is_empty() {
            section aria-labelledby="unreadable-title" {
                h2 id="unreadable-title" { "Could not be read" }
                p { "These are stored and are not part of the report." }
                ul class="plain" {
                    @for what in report.unreadable.iter().take(50) {
                        li { code { (visible(what)) } }
                    }
                }
                @if report.unreadable.len() > 50 {
                    p class="quiet" { "And " (report.unreadable.len() - 50) " more." }
                }
            }
        }
    }
}

fn runs(report: &Report) -> Markup {
    html! {
        @if report.runs.len() > 1 {
            section aria-labelledby="runs-title" {
                h2 id="runs-title" { "Runs" }
                (scroll("Runs", html! {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Run" }
                                th scope="col" { "State" }
                                th scope="col" { "Started" }
                            }
                        }
                        tbody {
                            @for run in report.runs.iter().take(100) {
                                tr {
                                    th scope="row" class="wrap" {
                                        (visible(&run.name)) " " code class="quiet" { (run.id) }
                                    }
                                    td { (run.state) }
                                    td { (time(&run.started.to_string())) }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// A wide table scrolls by itself, by touch and by keyboard, and the page stays where it is.
fn scroll(label: &str, table: Markup) -> Markup {
    html! { div class="scroll" role="region" aria-label=(label) tabindex="0" { (table) } }
}
