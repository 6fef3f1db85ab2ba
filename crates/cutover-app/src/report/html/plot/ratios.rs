//! The time of new divided by that of old, record by record.

use cutover_domain::comparison::report::Ratios;
use maud::{Markup, html};

use super::super::{figure_of, scroll};
use super::{Drawing, HEIGHT, Log, across, below, percent, pixels};
use crate::report::figure::{count, ratio};

/// Round values that are close together, for ratios that are.
const FINE: &[f64] = &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// The ratios from the smallest to the largest: below the line new is faster, above it slower.
pub(in crate::report::html) fn ratios(ratios: &Ratios) -> Markup {
    let points = &ratios.points;
    let (Some(least), Some(most)) = (points.first(), points.last()) else {
        return html! {};
    };
    // Even where all is as fast as before, the axis has a width.
    let axis = Log::new(least.clamp(1e-6, 0.9), most.max(1.1));
    let y = |ratio: f64| (1.0 - axis.at(ratio)) * (HEIGHT - 8.0) + 4.0;
    let one = y(1.0);
    let width = 1.0 / points.len() as f64;
    let at = |share: f64| {
        let last = points.len() - 1;
        ratio(points[(last as f64 * share).round() as usize])
    };
    // A label that would lie on that of 1 says nothing that it does not.
    let ticks: Vec<f64> = axis
        .ticks(10.0, &[FINE, &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]], 6)
        .into_iter()
        .filter(|tick| *tick != 1.0 && (y(*tick) - one).abs() > 14.0)
        .collect();
    let (quarter, median, three) = (at(0.25), at(0.5), at(0.75));
    let label = format!(
        "The time of new divided by that of old, sorted: from {} to {}, median {median}; {} records \
         faster, {} slower",
        ratio(*least),
        ratio(*most),
        count(ratios.faster),
        count(ratios.slower)
    );
    Drawing {
        label: &label,
        legend: html! {
            ul class="legend" {
                li { i class="key faster" {} "new is faster "
                    strong { (figure_of("/wall_ratios/faster", ratios.faster, &count(ratios.faster))) } }
                li { i class="key slower" {} "new is slower "
                    strong { (figure_of("/wall_ratios/slower", ratios.slower, &count(ratios.slower))) } }
            }
        },
        left: html! {
            text x="48" y=(pixels(one + 4.0)) text-anchor="end" { "1×" }
            @for tick in &ticks {
                text x="48" y=(pixels(y(*tick) + 4.0)) text-anchor="end" {
                    (format!("{}×", short(*tick)))
                }
            }
        },
        body: html! {
            @for tick in &ticks { (across("grid", y(*tick))) }
            @for (index, point) in points.iter().enumerate() {
                @let top = y(*point).min(one);
                @let height = (y(*point) - one).abs().max(1.0);
                rect class=(if *point > 1.0 { "slower" } else { "faster" })
                    x=(percent(index as f64 * width)) width=(percent(width * 0.9))
                    y=(pixels(top)) height=(pixels(height)) {}
            }
            (across("axis", one))
            (below(0.0, "fastest"))
            (below(0.5, "median"))
            (below(1.0, "slowest"))
        },
        caption: html! {
            "The time of new divided by that of old, record by record and sorted. The median is "
            strong { (median) "×" } "; half of the records lie between " (quarter) "× and " (three)
            "×."
        },
        figures: scroll("Ratios", html! {
            table {
                caption { "New ÷ old by share of the records" }
                thead {
                    tr {
                        th scope="col" { "Share of the records" }
                        th scope="col" class="number" { "at most" }
                    }
                }
                tbody {
                    @for share in [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0] {
                        tr {
                            th scope="row" { (format!("{:.0} %", share * 100.0)) }
                            td class="number" { (at(share)) "×" }
                        }
                    }
                }
            }
        }),
    }
    .render()
}

/// A round ratio as short as it is: `0.5`, `20`.
fn short(ratio: f64) -> String {
    let digits = if ratio < 0.01 { 4 } else { 2 };
    let text = format!("{ratio:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
