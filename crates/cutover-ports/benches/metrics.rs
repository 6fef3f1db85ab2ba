//! Recording by handle, on one thread and on two at once, beside floors.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cutover_domain::metrics::{Descriptor, ProcessIdentity, Window};
use cutover_ports::metrics::{MetricsReader, MetricsSink, Moment, Recorder};
use divan::Bencher;

const COUNTED: Descriptor = Descriptor::counter("counted_total", "Counted.", &["operation"]);
const TIMED: Descriptor = Descriptor::timer("timed_seconds", "Timed.", &["operation"]);
const CALLS: u64 = 200_000;

fn main() {
    divan::main();
}

fn recorder() -> Recorder {
    Recorder::new(ProcessIdentity::new("bench", "1"))
}

/// Ends of durations over three powers of two, as those of one operation are.
fn ends(start: Moment) -> Vec<Moment> {
    (0..4096)
        .map(|step| start.plus(Duration::from_micros(500 + step)))
        .collect()
}

#[divan::bench(threads = [1, 2])]
fn floor_shared_fetch_add(bencher: Bencher<'_, '_>) {
    let cell = AtomicU64::new(0);
    bencher.counter(CALLS).bench(|| {
        for _ in 0..CALLS {
            black_box(&cell).fetch_add(1, Ordering::Relaxed);
        }
    });
}

#[divan::bench(threads = [1, 2])]
fn floor_shared_log_linear_array(bencher: Bencher<'_, '_>) {
    let cells: Vec<_> = (0..1024).map(|_| AtomicU64::new(0)).collect();
    let start = Moment::now();
    let ends = ends(start);
    bencher.counter(CALLS).bench(|| {
        for round in 0..CALLS as usize {
            let nanos = black_box(ends[round & 4095]).since(start).as_nanos() as u64 | 16;
            let power = 63 - nanos.leading_zeros();
            let cell = u64::from(power << 4) + ((nanos >> (power - 4)) & 15);
            cells[cell as usize & 1023].fetch_add(1, Ordering::Relaxed);
        }
    });
}

#[divan::bench(threads = [1, 2])]
fn counter_by_handle(bencher: Bencher<'_, '_>) {
    let counter = recorder().counter(&COUNTED, &["import"]);
    bencher.counter(CALLS).bench(|| {
        for _ in 0..CALLS {
            black_box(&counter).increment(1);
        }
    });
}

#[divan::bench(threads = [1, 2])]
fn timer_by_handle_clock_excluded(bencher: Bencher<'_, '_>) {
    let timer = recorder().timer(&TIMED, &["import"]);
    let start = Moment::now();
    let ends = ends(start);
    bencher.counter(CALLS).bench(|| {
        for round in 0..CALLS as usize {
            black_box(&timer).observe_between(start, black_box(ends[round & 4095]));
        }
    });
}

#[divan::bench(threads = [1, 2])]
fn timer_by_handle_with_both_clock_readings(bencher: Bencher<'_, '_>) {
    let timer = recorder().timer(&TIMED, &["import"]);
    bencher.counter(CALLS).bench(|| {
        for _ in 0..CALLS {
            black_box(&timer).start().stop();
        }
    });
}

#[divan::bench]
fn clock_instant_pair(bencher: Bencher<'_, '_>) {
    bencher.counter(CALLS).bench(|| {
        for _ in 0..CALLS {
            black_box(black_box(Instant::now()).elapsed());
        }
    });
}

#[divan::bench]
fn counter_by_name(bencher: Bencher<'_, '_>) {
    let recorder = recorder();
    bencher.bench(|| recorder.count("imports", &[("kind", "csv")], 1));
}

#[divan::bench]
fn snapshot_of_100_operations(bencher: Bencher<'_, '_>) {
    let recorder = recorder();
    for operation in 0..100 {
        let operation = format!("operation {operation}");
        recorder.counter(&COUNTED, &[&operation]).increment(1);
        recorder
            .timer(&TIMED, &[&operation])
            .observe(Duration::from_millis(2));
    }
    bencher.bench(|| recorder.snapshot(Window::LastHour));
}
