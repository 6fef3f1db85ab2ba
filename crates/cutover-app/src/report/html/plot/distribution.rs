//! How often each value occurs on each side.

use cutover_domain::comparison::report::{MemoryBucket, Spread, TimeBucket};
use maud::{Markup, html};

use super::super::scroll;
use super::{Drawing, HEIGHT, Log, across, below, percent, pixels};
use crate::report::figure::{bytes, count, counted, time};

/// How often values in a range occur.
#[derive(Clone, Copy)]
pub(in crate::report::html) struct Bucket {
    from: u64,
    to: u64,
    old: u64,
    new: u64,
}

impl From<&TimeBucket> for Bucket {
    fn from(bucket: &TimeBucket) -> Self {
        Self {
            from: bucket.from_ns,
            to: bucket.to_ns,
            old: bucket.old,
            new: bucket.new,
        }
    }
}

impl From<&MemoryBucket> for Bucket {
    fn from(bucket: &MemoryBucket) -> Self {
        Self {
            from: bucket.from_bytes,
            to: bucket.to_bytes,
            old: bucket.old,
            new: bucket.new,
        }
    }
}

/// What is distributed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report::html) enum Quantity {
    Time,
    Memory,
}

impl Quantity {
    fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "peak of memory",
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            Self::Time => time(value),
            Self::Memory => bytes(value),
        }
    }

    fn ticks(self, axis: Log) -> Vec<f64> {
        match self {
            Self::Time => axis.ticks(10.0, &[&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]], 5),
            Self::Memory => axis.ticks(2.0, &[&[1.0, 1.5], &[1.0]], 5),
        }
    }
}

/// The line between old and new.
const MIDDLE: f64 = HEIGHT / 2.0;

/// Old above the line, new below it, on one axis of equal ratios, with the median of each marked.
pub(in crate::report::html) fn distribution(
    quantity: Quantity,
    buckets: &[Bucket],
    old: Option<&Spread>,
    new: Option<&Spread>,
) -> Markup {
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
        return html! {};
    };
    let axis = Log::new(first.from.max(1) as f64, last.to.max(1) as f64);
    let most = buckets
        .iter()
        .map(|bucket| bucket.old.max(bucket.new))
        .max();
    let most = most.unwrap_or(1).max(1);
    let height = |count: u64| match count {
        0 => 0.0,
        count => (count as f64 / most as f64 * (MIDDLE - 6.0)).max(1.5),
    };
    let mut ticks: Vec<(f64, String)> = quantity
        .ticks(axis)
        .into_iter()
        .map(|tick| (axis.at(tick), quantity.shown(tick)))
        .collect();
    // On a phone, labels that are closer would lie on each other.
    ticks.dedup_by(|next, kept| next.0 - kept.0 < 0.2);
    if ticks.len() < 2 {
        ticks = [first.from, last.to]
            .map(|end| (axis.at(end as f64), quantity.shown(end as f64)))
            .to_vec();
        ticks.dedup_by(|one, other| one.1 == other.1);
    }
    let medians = [("old", old, 2.0), ("new", new, MIDDLE)];
    let word = quantity.word();
    let in_words: Vec<String> = medians
        .iter()
        .filter_map(|(side, spread, _)| {
            let spread = (*spread)?;
            let [least, median, most] = [spread.min as f64, spread.median, spread.max as f64]
                .map(|value| quantity.shown(value));
            Some(format!("{side}: {least} to {most}, median {median}"))
        })
        .collect();
    let label = format!("How often each {word} occurred. {}", in_words.join("; "));
    Drawing {
        label: &label,
        legend: html! {},
        left: html! {
            text class="old" x="48" y=(pixels(MIDDLE / 2.0 + 4.0)) text-anchor="end" { "old" }
            text class="new" x="48" y=(pixels(MIDDLE * 1.5 + 4.0)) text-anchor="end" { "new" }
        },
        body: html! {
            @for (place, text) in &ticks {
                line class="grid" x1=(percent(*place)) x2=(percent(*place)) y1="0"
                    y2=(pixels(HEIGHT)) {}
                (below(*place, text))
            }
            @for bucket in buckets {
                @let start = axis.at(bucket.from as f64);
                @let width = (axis.at(bucket.to as f64) - start).max(0.004);
                @let (up, down) = (height(bucket.old), height(bucket.new));
                @if bucket.old > 0 {
                    rect class="old" x=(percent(start)) width=(percent(width))
                        y=(pixels(MIDDLE - up)) height=(pixels(up)) {}
                }
                @if bucket.new > 0 {
                    rect class="new" x=(percent(start)) width=(percent(width))
                        y=(pixels(MIDDLE)) height=(pixels(down)) {}
                }
            }
            (across("axis", MIDDLE))
            @for (side, spread, top) in medians {
                @if let Some(spread) = spread {
                    @let place = percent(axis.at(spread.median));
                    line class={ "median " (side) } x1=(place) x2=(place) y1=(pixels(top))
                        y2=(pixels(top + MIDDLE - 2.0)) {}
                }
            }
        },
        caption: html! {
            "How often each " (word) " occurred, on an axis where every bar is as many times more \
             than the one before it. The tallest is " (counted(most, "answer", "answers"))
            "; dashes are the medians."
        },
        figures: scroll(
            word,
            html! {
                table {
                    caption { "How often each " (word) " occurred" }
                    thead {
                        tr {
                            th scope="col" { "From" }
                            th scope="col" { "To" }
                            th scope="col" class="number" { "old" }
                            th scope="col" class="number" { "new" }
                        }
                    }
                    tbody {
                        @for bucket in buckets.iter().filter(|bucket| bucket.old + bucket.new > 0) {
                            tr {
                                th scope="row" { (quantity.shown(bucket.from as f64)) }
                                td { (quantity.shown(bucket.to as f64)) }
                                td class="number" { (count(bucket.old)) }
                                td class="number" { (count(bucket.new)) }
                            }
                        }
                    }
                }
            },
        ),
    }
    .render()
}
