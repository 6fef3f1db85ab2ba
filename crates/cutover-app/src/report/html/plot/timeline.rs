//! How comparisons ended in the course of time.

use cutover_domain::comparison::report::{TimelineStep, Totals};
use maud::{Markup, html};

use super::super::{scroll, time};
use super::{Drawing, HEIGHT, across, below, percent, pixels};
use crate::report::figure::count;

type Result = (&'static str, &'static str, fn(&Totals) -> u64);

/// From the bottom up: what is wrong is on top.
const RESULTS: [Result; 4] = [
    ("equal", "Equal", |totals| totals.equal),
    ("inexact", "Inexact", |totals| totals.inexact),
    ("failed", "Failed", |totals| totals.failed),
    ("different", "Different", |totals| totals.different),
];

/// Nothing is drawn of a single moment.
pub(in crate::report::html) fn timeline(steps: &[TimelineStep]) -> Markup {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return html! {};
    };
    if steps.len() < 2 {
        return html! {};
    }
    let most = steps.iter().map(|step| step.totals.comparisons).max();
    let most = most.unwrap_or(1).max(1);
    let width = 1.0 / steps.len() as f64;
    let occurs: Vec<&Result> = RESULTS
        .iter()
        .filter(|(_, _, of)| steps.iter().any(|step| of(&step.totals) > 0))
        .collect();
    let wrong = steps
        .iter()
        .filter(|step| step.totals.different > 0)
        .count();
    let label = format!(
        "How comparisons ended from {} to {}: {wrong} of {} steps have a difference",
        first.from,
        last.to,
        steps.len()
    );
    let day = |step: &TimelineStep| step.from.to_string().get(..10).map(str::to_owned);
    // Of one day the hour says more than the date.
    let one_day = day(first) == day(last);
    let moment = |time: &jiff::Timestamp| {
        let text = format!("{time:.0}").replacen('T', " ", 1);
        let text = text.trim_end_matches('Z');
        if one_day {
            text.get(11..)
        } else {
            text.get(..16)
        }
        .map(str::to_owned)
    };
    Drawing {
        label: &label,
        legend: html! {
            ul class="legend" {
                @for (colour, name, _) in &occurs {
                    li { i class={ "key " (colour) } {} (name) }
                }
            }
        },
        left: html! {
            text x="48" y="14" text-anchor="end" { (count(most)) }
            text x="48" y=(pixels(HEIGHT)) text-anchor="end" { "0" }
        },
        body: html! {
            (across("grid", 4.0))
            @for (index, step) in steps.iter().enumerate() {
                @for (colour, bottom, height) in stack(&step.totals, most) {
                    rect class=(colour) x=(percent(index as f64 * width))
                        width=(percent(width * 0.88)) y=(pixels(HEIGHT - bottom - height))
                        height=(pixels(height)) {}
                }
            }
            (across("axis", HEIGHT))
            (below(0.0, &moment(&first.from).unwrap_or_default()))
            (below(1.0, &moment(&last.to).unwrap_or_default()))
        },
        caption: html! {
            "How comparisons ended from " (time(&first.from.to_string())) " to "
            (time(&last.to.to_string())) "."
        },
        figures: scroll(
            "Course of time",
            html! {
                table {
                    caption { "How comparisons ended in the course of time" }
                    thead {
                        tr {
                            th scope="col" { "From" }
                            @for (_, name, _) in &occurs {
                                th scope="col" class="number" { (name) }
                            }
                        }
                    }
                    tbody {
                        @for step in steps.iter().filter(|step| step.totals.comparisons > 0) {
                            tr {
                                th scope="row" { (time(&step.from.to_string())) }
                                @for (_, _, of) in &occurs {
                                    td class="number" { (count(of(&step.totals))) }
                                }
                            }
                        }
                    }
                }
            },
        ),
    }
    .render()
}

/// The parts of a bar: colour, where it begins, how high it is. A single difference among a
/// million is seen.
fn stack(totals: &Totals, most: u64) -> Vec<(&'static str, f64, f64)> {
    let mut bottom = 0.0;
    let mut parts = Vec::new();
    for (colour, _, of) in RESULTS {
        let count = of(totals);
        if count > 0 {
            let height = (count as f64 / most as f64 * (HEIGHT - 12.0)).max(2.0);
            parts.push((colour, bottom, height));
            bottom += height;
        }
    }
    parts
}
