//! Plots as inline SVG.
//!
//! A drawing is as wide as the page: places along it are per cent, heights are pixels, so that text
//! is as large on a phone as on a wall. Every drawing says in words what it shows, and a table beside
//! it has the figures.

mod bar;
mod distribution;
mod interval;
mod ratios;
mod timeline;

use maud::{Markup, html};

pub(super) use bar::{Part, bar, meter};
pub(super) use distribution::{Bucket, Quantity, distribution};
pub(super) use interval::{Axis, interval};
pub(super) use ratios::ratios;
pub(super) use timeline::timeline;

/// How high a drawing is, without the labels below it.
const HEIGHT: f64 = 184.0;

/// How high the labels below it are.
const LABELS: f64 = 24.0;

/// An axis of equal ratios.
#[derive(Clone, Copy)]
struct Log {
    low: f64,
    /// The logarithm of the ratio of its ends.
    span: f64,
}

impl Log {
    fn new(low: f64, high: f64) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        Self {
            low,
            span: (high / low).ln().max(f64::MIN_POSITIVE),
        }
    }

    /// Where a value is, 0 to 1.
    fn at(self, value: f64) -> f64 {
        ((value.max(self.low) / self.low).ln() / self.span).clamp(0.0, 1.0)
    }

    /// At most so many round values in it: `steps` times powers of `base`.
    fn ticks(self, base: f64, steps: &[&[f64]], most: usize) -> Vec<f64> {
        let high = self.low * self.span.exp();
        let first = self.low.log(base).floor() as i32;
        let last = high.log(base).ceil() as i32;
        let within = |value: &f64| (self.low * 0.999_999..=high * 1.000_001).contains(value);
        let of = |steps: &[f64], stride: usize| -> Vec<f64> {
            let powers = (first..=last).filter(|power| power.rem_euclid(stride as i32) == 0);
            let values =
                powers.flat_map(|power| steps.iter().map(move |step| step * base.powi(power)));
            values.filter(within).collect()
        };
        let dense = steps.iter().map(|steps| of(steps, 1));
        let sparse = (2..=40).map(|stride| of(&[1.0], stride));
        dense
            .chain(sparse)
            .find(|ticks| ticks.len() <= most)
            .unwrap_or_default()
    }
}

/// A share as SVG takes it: `12.34%`.
fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

/// A drawing with its labels at the left, the words for who does not see it, a caption, and a table
/// of its figures to open.
struct Drawing<'a> {
    /// What it shows, in a sentence.
    label: &'a str,
    legend: Markup,
    left: Markup,
    body: Markup,
    caption: Markup,
    figures: Markup,
}

impl Drawing<'_> {
    fn render(self) -> Markup {
        let height = HEIGHT + LABELS;
        html! {
            figure class="plot" {
                (self.legend)
                div class="drawing" {
                    svg class="left" width="56" height=(height) aria-hidden="true" { (self.left) }
                    svg class="body" width="100%" height=(height) role="img" aria-label=(self.label) {
                        (self.body)
                    }
                }
                figcaption class="quiet" { (self.caption) }
                details class="figures" {
                    summary { "The figures" }
                    (self.figures)
                }
            }
        }
    }
}

/// A label below the drawing; at its ends it stays inside.
fn below(share: f64, text: &str) -> Markup {
    let anchor = match share {
        share if share < 0.06 => "start",
        share if share > 0.94 => "end",
        _ => "middle",
    };
    html! {
        text x=(percent(share)) y=(pixels(HEIGHT + 17.0)) text-anchor=(anchor) { (text) }
    }
}

/// A line across the drawing.
fn across(class: &str, y: f64) -> Markup {
    html! { line class=(class) x1="0" x2="100%" y1=(pixels(y)) y2=(pixels(y)) {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let steps: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let near = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
            }
        };
        near(
            Log::new(3.0, 60.0).ticks(10.0, &steps, 5),
            &[5.0, 10.0, 20.0, 50.0],
        );
        near(
            Log::new(1.0, 1e4).ticks(10.0, &steps, 5),
            &[1.0, 10.0, 100.0, 1e3, 1e4],
        );
        near(
            Log::new(1.0, 1e9).ticks(10.0, &steps, 5),
            &[1.0, 1e2, 1e4, 1e6, 1e8],
        );
        assert!(Log::new(7.0, 7.0).ticks(10.0, &steps, 5).is_empty());
        assert!(Log::new(1.0, u64::MAX as f64).ticks(10.0, &steps, 5).len() <= 5);
    }

    #[test]
    fn a_place_is_never_outside() {
        let log = Log::new(10.0, 1000.0);
        assert_eq!((log.at(10.0), log.at(1000.0)), (0.0, 1.0));
        assert!((log.at(100.0) - 0.5).abs() < 1e-12);
        assert_eq!((log.at(0.0), log.at(1e9)), (0.0, 1.0));
        assert_eq!(Log::new(5.0, 5.0).at(5.0), 0.0);
    }
}
