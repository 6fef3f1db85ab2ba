//! Plots as inline SVG.
//!
//! The drawings stretch with the page and hold no text: text in them would shrink on a phone.
//! Labels and figures are HTML beside them, where a screen reader finds them as well.

use cutover_domain::comparison::report::TimeBucket;
use maud::{Markup, html};

use super::super::figure::{count, counted, share, time};

/// A bar divided among parts, with a legend that has all figures. Parts are (colour, name, count).
pub(super) fn bar(label: &str, parts: &[(&str, &str, u64)]) -> Markup {
    let total: f64 = parts.iter().map(|(_, _, count)| *count as f64).sum();
    let scale = |count: u64| count as f64 / total * 1000.0;
    let mut start = 0.0;
    let spans: Vec<(&str, f64, f64)> = parts
        .iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(colour, _, count)| {
            // One of a million must still be seen.
            let width = scale(*count).max(4.0);
            let span = (*colour, start, width);
            start += width;
            span
        })
        .collect();
    let end = start.max(1.0);
    html! {
        @if total > 0.0 {
            figure {
                svg class="bar" viewBox={ "0 0 " (number(end)) " 10" } preserveAspectRatio="none"
                    role="img" aria-label=(label) {
                    @for (colour, start, width) in spans {
                        rect class=(colour) x=(number(start)) y="0" width=(number(width))
                            height="10" {}
                    }
                }
                figcaption {
                    ul class="legend" {
                        @for (colour, name, part) in parts {
                            @if *part > 0 || *colour == "equal" || *colour == "different" {
                                li {
                                    i class={ "key " (colour) } {}
                                    (name) " " strong { (count(*part)) }
                                    " " span class="quiet" {
                                        (share(*part as f64 / total))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How long a part of a whole is, as a thin bar.
pub(super) fn meter(colour: &str, part: u64, whole: u64) -> Markup {
    let width = (part as f64 / whole.max(1) as f64 * 100.0).clamp(1.0, 100.0);
    html! {
        svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect class="track" x="0" y="0" width="100" height="4" {}
            rect class=(colour) x="0" y="0" width=(number(width)) height="4" {}
        }
    }
}

/// The distribution of times: old above the line, new below it, on one axis of equal ratios.
pub(super) fn times(buckets: &[TimeBucket]) -> Markup {
    let tallest = |side: fn(&TimeBucket) -> u64| buckets.iter().map(side).max().unwrap_or(0);
    let (old, new) = (tallest(|bucket| bucket.old), tallest(|bucket| bucket.new));
    let most = old.max(new).max(1) as f64;
    let height = |count: u64| {
        if count == 0 {
            0.0
        } else {
            (count as f64 / most * 48.0).max(1.0)
        }
    };
    let (first, last) = (buckets.first(), buckets.last());
    let middle = buckets.get(buckets.len() / 2);
    html! {
        figure {
            ul class="legend" {
                li { i class="key old" {} "old, above the line" }
                li { i class="key new" {} "new, below it" }
            }
            div class="times" {
                svg viewBox={ "0 0 " (buckets.len() * 10) " 100" } preserveAspectRatio="none"
                    role="img"
                    aria-label="Distribution of times, old above the line and new below it; the \
                                table that follows has the figures" {
                    @for (index, bucket) in buckets.iter().enumerate() {
                        @let (up, down) = (height(bucket.old), height(bucket.new));
                        rect class="old" x=(index * 10 + 1) y=(number(49.5 - up)) width="8"
                            height=(number(up)) {}
                        rect class="new" x=(index * 10 + 1) y="50.5" width="8"
                            height=(number(down)) {}
                    }
                    rect class="axis" x="0" y="49.6" width=(buckets.len() * 10) height="0.8" {}
                }
                div class="scale quiet" aria-hidden="true" {
                    @if let Some(first) = first { span { (time(first.from_ns as f64)) } }
                    @if let Some(middle) = middle { span { (time(middle.from_ns as f64)) } }
                    @if let Some(last) = last { span { (time(last.to_ns as f64)) } }
                }
            }
            figcaption class="quiet" {
                "How often each time occurred; every bar is as many times longer than the one \
                 before it. The tallest stands for "
                (counted(old.max(new), "answer", "answers")) "."
            }
        }
    }
}

fn number(value: f64) -> String {
    format!("{value:.2}")
}
