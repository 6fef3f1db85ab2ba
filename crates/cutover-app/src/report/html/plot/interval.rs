//! An interval beside its limit.

use cutover_domain::comparison::performance::Verdict;
use maud::{Markup, html};

use super::{Log, percent};

/// The interval as a line, the ratio as a dot on it, the limit as a stroke across, and 1 as a hair.
/// Its figures stand beside it.
pub(in crate::report::html) fn interval(verdict: &Verdict, low: f64, high: f64) -> Markup {
    let axis = Log::new(low.max(1e-3), high.min(1e3));
    // Room for the dot at both ends.
    let at = |ratio: f64| percent(0.02 + 0.96 * axis.at(ratio));
    let (Some(from), Some(ratio)) = (verdict.low, verdict.ratio) else {
        return html! {};
    };
    let to = verdict.high.unwrap_or(high);
    html! {
        svg class={ "interval " (verdict.answer) } width="100%" height="18" aria-hidden="true" {
            line class="one" x1=(at(1.0)) x2=(at(1.0)) y1="2" y2="16" {}
            line class="limit" x1=(at(verdict.at_most)) x2=(at(verdict.at_most)) y1="1" y2="17" {}
            line class="reach" x1=(at(from)) x2=(at(to)) y1="9" y2="9" {}
            circle cx=(at(ratio)) cy="9" r="4" {}
        }
    }
}
