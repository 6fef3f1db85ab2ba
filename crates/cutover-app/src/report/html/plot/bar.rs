//! A whole, divided among parts.

use maud::{Markup, html};

use super::super::figure_of;
use super::percent;
use crate::report::figure::{count, share};

/// A part of a whole.
pub(in crate::report::html) struct Part {
    pub(in crate::report::html) colour: &'static str,
    pub(in crate::report::html) name: &'static str,
    pub(in crate::report::html) count: u64,
    /// Where the JSON report has it.
    pub(in crate::report::html) of: &'static str,
}

/// A bar divided among parts, with a legend that has all figures.
pub(in crate::report::html) fn bar(label: &str, parts: &[Part]) -> Markup {
    let total: f64 = parts.iter().map(|part| part.count as f64).sum();
    if total <= 0.0 {
        return html! {};
    }
    let shown = parts.iter().filter(|part| part.count > 0);
    // One of a million must still be seen.
    let width = |part: &Part| (part.count as f64 / total).max(0.006);
    let all: f64 = shown.clone().map(width).sum();
    let mut start = 0.0;
    let spans: Vec<(&str, f64, f64)> = shown
        .map(|part| {
            let span = (part.colour, start / all, width(part) / all);
            start += width(part);
            span
        })
        .collect();
    html! {
        figure {
            svg class="bar" width="100%" height="14" role="img" aria-label=(label) {
                @for (colour, start, width) in spans {
                    rect class=(colour) x=(percent(start)) y="0" width=(percent(width))
                        height="14" {}
                }
            }
            figcaption {
                ul class="legend" {
                    @for part in parts {
                        @if part.count > 0 || matches!(part.colour, "equal" | "different") {
                            li {
                                i class={ "key " (part.colour) } {}
                                (part.name) " "
                                strong { (figure_of(part.of, part.count, &count(part.count))) }
                                " " span class="quiet" { (share(part.count as f64 / total)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How long a part of a whole is, as a thin bar.
pub(in crate::report::html) fn meter(colour: &str, part: u64, whole: u64) -> Markup {
    let share = (part as f64 / whole.max(1) as f64).clamp(0.01, 1.0);
    html! {
        svg class="meter" width="100%" height="6" aria-hidden="true" {
            rect class="track" x="0" y="0" width="100%" height="6" {}
            rect class=(colour) x="0" y="0" width=(percent(share)) height="6" {}
        }
    }
}
