//! An interval beside its limit.

use cutover_domain::comparison::performance::Verdict;
use maud::{Markup, html};

use super::{Log, percent};
use crate::report::figure;

/// What the axis shows at most: half to twice. What is past it ends in an arrow.
const ENDS: (f64, f64) = (0.5, 2.0);

/// An axis of ratios for several intervals, one below the other.
#[derive(Clone, Copy)]
pub(in crate::report::html) struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Wide enough for bounds and limits, and no wider than half to twice.
    pub(in crate::report::html) fn around(ratios: impl Iterator<Item = f64>) -> Self {
        let (low, high) = ratios.fold((0.9, 1.1), |(low, high), ratio: f64| {
            (f64::min(low, ratio), f64::max(high, ratio))
        });
        Self {
            low: low.max(ENDS.0),
            high: high.min(ENDS.1),
        }
    }

    /// Where a ratio is, with room for a dot at both ends.
    fn at(self, ratio: f64) -> String {
        percent(0.03 + 0.94 * Log::new(self.low, self.high).at(ratio))
    }

    /// The ends of the axis, and 1.
    pub(in crate::report::html) fn labels(self) -> Markup {
        let ends = [
            (self.low, "start", "0"),
            (1.0, "middle", ""),
            (self.high, "end", "100%"),
        ];
        html! {
            svg class="interval" width="100%" height="16" aria-hidden="true" {
                @for (ratio, anchor, x) in ends {
                    @let at = self.at(ratio);
                    text x=(if x.is_empty() { at.as_str() } else { x }) y="13" text-anchor=(anchor) {
                        (figure::ratio(ratio)) "×"
                    }
                }
            }
        }
    }
}

/// The interval as a line, the ratio as a dot on it, the limit as a stroke across, and 1 as a hair.
/// Its figures stand beside it.
pub(in crate::report::html) fn interval(verdict: &Verdict, axis: Axis) -> Markup {
    let (Some(from), Some(ratio)) = (verdict.low, verdict.ratio) else {
        return html! {};
    };
    let to = verdict.high.unwrap_or(f64::MAX);
    let at = |ratio: f64| axis.at(ratio);
    html! {
        svg class={ "interval " (verdict.answer) } width="100%" height="18" aria-hidden="true" {
            line class="one" x1=(at(1.0)) x2=(at(1.0)) y1="2" y2="16" {}
            line class="limit" x1=(at(verdict.at_most)) x2=(at(verdict.at_most)) y1="1" y2="17" {}
            line class="reach" x1=(at(from)) x2=(at(to)) y1="9" y2="9" {}
            @if (axis.low..=axis.high).contains(&ratio) {
                circle cx=(at(ratio)) cy="9" r="4" {}
            }
            @if from < axis.low { text class="past" x="0" y="13" { "◂" } }
            @if to > axis.high { text class="past" x="100%" y="13" text-anchor="end" { "▸" } }
        }
    }
}
