//! What the sides used.

use cutover_domain::comparison::report::Report;
use maud::{Markup, html};

use super::super::figure::{
    FIGURES, Measured, change, cut, measured, spread_change, time, whereabouts,
};
use super::plot::{Bucket, Quantity, distribution, ratios};
use super::{LINE, direction, scroll};

pub(super) fn section(report: &Report) -> Markup {
    let measured = measured(report);
    let times: Vec<Bucket> = report.wall_distribution.iter().map(Bucket::from).collect();
    let peaks: Vec<Bucket> = report
        .memory_distribution
        .iter()
        .map(Bucket::from)
        .collect();
    let (old, new) = (&report.old, &report.new);
    html! {
        @if !measured.is_empty() {
            @if !times.is_empty() {
                h3 { "Distribution of time" }
                (distribution(Quantity::Time, &times, old.wall_ns.as_ref(), new.wall_ns.as_ref()))
            }
            @if let Some(found) = &report.wall_ratios {
                h3 { "Record by record" }
                (ratios(found))
            }
            // A single peak is no distribution.
            @if peaks.len() > 1 {
                h3 { "Distribution of memory" }
                (distribution(Quantity::Memory, &peaks, old.peak_memory_bytes.as_ref(),
                    new.peak_memory_bytes.as_ref()))
            }
            @for measured in &measured { (spreads(measured)) }
            @if !report.slowest.is_empty() { (slowest(report)) }
        }
    }
}

fn spreads(measured: &Measured<'_>) -> Markup {
    let Measured {
        name,
        old,
        new,
        unit,
        ..
    } = *measured;
    scroll(
        name,
        html! {
            table {
                caption { (name) }
                thead {
                    tr {
                        td {}
                        @for (figure, _) in FIGURES { th scope="col" class="number" { (figure) } }
                    }
                }
                tbody {
                    @for (side, spread) in [("old", old), ("new", new)] {
                        @if let Some(spread) = spread {
                            tr {
                                th scope="row" { i class={ "key " (side) } {} (side) }
                                @for (_, figure) in FIGURES {
                                    td class="number" { (unit(figure(spread))) }
                                }
                            }
                        }
                    }
                    @if old.is_some() && new.is_some() {
                        tr {
                            th scope="row" { "change" }
                            @for (_, figure) in FIGURES {
                                @match spread_change(old, new, figure) {
                                    Some(percent) => td class={ "number " (direction(percent)) } {
                                        (change(percent))
                                    },
                                    None => td class="number" { "–" },
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn slowest(report: &Report) -> Markup {
    let shown = |nanoseconds: Option<u64>| {
        nanoseconds.map_or_else(|| "–".to_owned(), |value| time(value as f64))
    };
    scroll(
        "Slowest",
        html! {
            table {
                caption { "Slowest" }
                thead {
                    tr {
                        th scope="col" { "Case" }
                        th scope="col" class="number" { "old" }
                        th scope="col" class="number" { "new" }
                        th scope="col" class="number" { "change" }
                    }
                }
                tbody {
                    @for slow in &report.slowest {
                        tr {
                            th scope="row" class="wrap" { (cut(&whereabouts(&slow.label, slow.unit.as_ref()), LINE)) }
                            td class="number" { (shown(slow.old_ns)) }
                            td class="number" { (shown(slow.new_ns)) }
                            @match slow.wall_percent {
                                Some(percent) => td class={ "number " (direction(percent)) } {
                                    (change(percent))
                                },
                                None => td class="number" { "–" },
                            }
                        }
                    }
                }
            }
        },
    )
}
