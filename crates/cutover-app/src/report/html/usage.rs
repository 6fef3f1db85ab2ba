//! What the sides used.

use cutover_domain::comparison::report::Report;
use maud::{Markup, html};

use super::super::figure::{FIGURES, Measured, change, measured, spread_change, time, whereabouts};
use super::{direction, plot, scroll};

pub(super) fn section(report: &Report) -> Markup {
    let measured = measured(report);
    html! {
        @if !measured.is_empty() {
            section aria-labelledby="use-title" {
                h2 id="use-title" { "Time and memory" }
                @if !report.wall_distribution.is_empty() {
                    (plot::times(&report.wall_distribution))
                }
                @for measured in &measured {
                    (spreads(measured))
                }
                @if !report.slowest.is_empty() {
                    (slowest(report))
                }
            }
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
                            th scope="row" class="wrap" { (whereabouts(&slow.label, slow.unit.as_ref())) }
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
