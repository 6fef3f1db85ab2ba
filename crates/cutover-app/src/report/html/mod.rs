//! The report as one HTML page.
//!
//! The order is that of the questions a reader has: is it the same, how much do we know, where is it
//! not, is it fast enough, what was left out.

mod mismatch;
mod noise;
mod performance;
mod plot;
mod result;
mod sources;
mod style;
mod usage;
mod value;

use std::fmt::Display;

use cutover_domain::comparison::report::{Report, ReportedRun};
use cutover_domain::comparison::{Implementation, RunState};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figure::{counted, cut, visible};

/// So many letters of a command line, a rule or a reason are shown.
const LINE: usize = 400;

/// A section: where it is, what it is called, and what it says; empty where there is nothing to say.
type Section = (&'static str, &'static str, Markup);

pub(super) fn render(report: &Report) -> String {
    let title = title(report);
    let sections: Vec<Section> = [
        ("mismatches", "Mismatches", mismatch::section(report)),
        ("noise", "Noise", noise::section(report)),
        ("performance", "Performance", performance::section(report)),
        ("usage", "Time and memory", usage::section(report)),
        ("outcomes", "How each side ended", result::outcomes(report)),
        ("hidden", "Hidden by rules", sources::hidden(report)),
        ("runs", "Runs", sources::runs(report)),
        (
            "unreadable",
            "Could not be read",
            sources::unreadable(report),
        ),
    ]
    .into_iter()
    .filter(|(_, _, body)| !body.0.is_empty())
    .collect();
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
                title { (title) ": " (report.verdict) " – comparison report" }
                style { (PreEscaped(style::SHEET)) }
            }
            body {
                a class="skip" href="#result" { "Skip to the result" }
                (header(report, &title))
                main {
                    (result::section(report))
                    nav aria-label="Sections" {
                        ul {
                            @for (id, name, _) in &sections {
                                li { a href={ "#" (id) } { (name) } }
                            }
                        }
                    }
                    @for (id, name, body) in &sections {
                        section id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { (name) }
                            (body)
                        }
                    }
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
        ([name], _) => cut(&visible(name), LINE),
        (_, [operation]) => cut(&visible(&operation.operation), LINE),
        _ => "Comparison".to_owned(),
    }
}

/// A figure with where the JSON report has it and what it is there, so that whoever reads the page
/// by program gets the same figures.
fn figure_of(pointer: &str, value: impl Display, shown: &str) -> Markup {
    html! { data data-of=(pointer) value=(value) { (shown) } }
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
                @if let Some(run) = run { " · " (state(run)) }
            }
            h1 { (title) }
            @if let Some(run) = report.runs.first() {
                dl class="sides" {
                    (side("old", &run.old))
                    (side("new", &run.new))
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

fn state(run: &ReportedRun) -> Markup {
    let class = match run.state {
        RunState::Complete => "state",
        RunState::Running => "quiet",
        RunState::Interrupted => "state caution",
    };
    html! {
        @if run.silent {
            span class="state caution" { "running?" }
        } @else {
            span class=(class) { (run.state) }
        }
    }
}

fn side(side: &str, implementation: &Implementation) -> Markup {
    html! {
        @if !implementation.description.is_empty() {
            div {
                dt { i class={ "key " (side) } {} (side) }
                dd {
                    code { (cut(&visible(&implementation.description), LINE)) }
                    @if let Some(version) = &implementation.version {
                        " " span class="quiet" { (cut(&visible(version), LINE)) }
                    }
                }
            }
        }
    }
}

/// Less is better for everything that is measured. What is below one per cent is neither: colour is
/// for what is worth a look.
fn direction(percent: f64) -> &'static str {
    match percent {
        percent if percent >= 1.0 => "more",
        percent if percent <= -1.0 => "less",
        _ => "even",
    }
}

/// A wide table scrolls by itself, by touch and by keyboard, and the page stays where it is.
fn scroll(label: &str, table: Markup) -> Markup {
    html! { div class="scroll" role="region" aria-label=(label) tabindex="0" { (table) } }
}
