//! Runs one kind of recording so and so often, for counting instructions:
//!
//! ```text
//! cargo build --release --example metrics_cost
//! valgrind --tool=callgrind target/release/examples/metrics_cost counter 1000000
//! ```
//!
//! The difference between two counts, divided by the difference of the rounds, is the cost of one
//! call. The kinds are `loop` (nothing), `instant` and
//! `moment` (the clock), `fetch_add` and `array` (floors), `counter` and `timer`.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cutover_domain::metrics::{Descriptor, ProcessIdentity};
use cutover_ports::metrics::{MetricsSink, Moment, Recorder};

const COUNTED: Descriptor = Descriptor::counter("counted_total", "Counted.", &[]);
const TIMED: Descriptor = Descriptor::timer("timed_seconds", "Timed.", &[]);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let rounds: u64 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);

    let recorder = Recorder::new(ProcessIdentity::new("example", "1"));
    let counter = recorder.counter(&COUNTED, &[]);
    let timer = recorder.timer(&TIMED, &[]);
    let plain = AtomicU64::new(0);
    let array: Vec<AtomicU64> = (0..1024).map(|_| AtomicU64::new(0)).collect();
    let start = Moment::now();

    match kind.as_str() {
        "loop" => repeat(rounds, start, |_| ()),
        "instant" => repeat(rounds, start, |_| _ = black_box(Instant::now())),
        "moment" => repeat(rounds, start, |_| _ = black_box(Moment::now())),
        "fetch_add" => repeat(rounds, start, |_| {
            black_box(&plain).fetch_add(1, Ordering::Relaxed);
        }),
        "array" => repeat(rounds, start, |end| {
            log_linear(black_box(&array), start, end)
        }),
        "counter" => repeat(rounds, start, |_| black_box(&counter).increment(1)),
        "timer" => repeat(rounds, start, |end| {
            black_box(&timer).observe_between(start, end)
        }),
        other => eprintln!("no kind is called `{other}`"),
    }
}

/// Does the work with ends of durations over three powers of two, as those of one operation are.
fn repeat(rounds: u64, start: Moment, work: impl Fn(Moment)) {
    let ends: Vec<_> = (0..4096)
        .map(|step| start.plus(Duration::from_micros(500 + step)))
        .collect();
    for round in 0..rounds {
        work(black_box(ends[round as usize & 4095]));
    }
}

/// The least a histogram can do: one addition to one cell, found by shifting.
fn log_linear(cells: &[AtomicU64], start: Moment, end: Moment) {
    let nanos = end.since(start).as_nanos() as u64 | 16;
    let power = 63 - nanos.leading_zeros();
    let cell = (power << 4) as u64 + ((nanos >> (power - 4)) & 15);
    cells[cell as usize & 1023].fetch_add(1, Ordering::Relaxed);
}
