//! The recorder: exact under threads, windowed, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cutover_domain::metrics::{
    Descriptor, Labels, ProcessIdentity, Sketch, Snapshot, Window, standard,
};
use cutover_ports::clock::FixedClock;
use cutover_ports::metrics::{Limits, MetricsReader, MetricsSink, Moment, Recorder};

const ROWS: Descriptor = Descriptor::counter("rows_total", "Rows.", &["source"]);
const TOOK: Descriptor = Descriptor::timer("took_seconds", "Time taken.", &["source"]);
const OPEN: Descriptor = Descriptor::gauge("open", "Open files.", &["source"]);

const MINUTE: Duration = Duration::from_secs(60);

fn recorder_with(limits: Limits) -> (Recorder, Moment) {
    let start = Moment::now();
    let clock = Arc::new(FixedClock::at("2026-01-01T12:00:00Z".parse().unwrap()));
    (
        Recorder::with(ProcessIdentity::new("test", "1"), clock, start, limits),
        start,
    )
}

fn recorder() -> (Recorder, Moment) {
    recorder_with(Limits::default())
}

fn rows(snapshot: &Snapshot, source: &str) -> Option<u64> {
    let labels = Labels::from_iter([("source", source)]);
    snapshot
        .counters
        .get(ROWS.name)?
        .series
        .get(&labels)
        .copied()
}

fn took(snapshot: &Snapshot, source: &str) -> Sketch {
    snapshot.timers[TOOK.name].series[&Labels::from_iter([("source", source)])].clone()
}

#[test]
fn the_same_labels_count_together_and_others_apart() {
    let (recorder, _) = recorder();
    recorder.counter(&ROWS, &["csv"]).increment(1);
    recorder.counter(&ROWS, &["csv"]).increment(2);
    recorder.counter(&ROWS, &["json"]).increment(4);
    let snapshot = recorder.snapshot(Window::SinceStart);
    assert_eq!(
        (rows(&snapshot, "csv"), rows(&snapshot, "json")),
        (Some(3), Some(4))
    );
}

#[test]
fn a_series_is_there_before_its_first_event_and_a_gauge_is_not() {
    let (recorder, _) = recorder();
    let _handles = (
        recorder.counter(&ROWS, &["csv"]),
        recorder.timer(&TOOK, &["csv"]),
        recorder.gauge(&OPEN, &["csv"]),
    );
    let snapshot = recorder.snapshot(Window::LastHour);
    assert_eq!(rows(&snapshot, "csv"), Some(0));
    assert_eq!(took(&snapshot, "csv").summary().mean, None);
    assert!(!snapshot.gauges.contains_key(OPEN.name), "0 would be a lie");
}

#[test]
fn threads_count_exactly_while_slots_end_and_readers_read() {
    const THREADS: u64 = 12;
    const ROUNDS: u64 = 20_000;
    let (recorder, start) = recorder();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let snapshot = recorder.snapshot_at(Window::SinceStart, start.plus(MINUTE * 7));
                let now = (
                    rows(&snapshot, "csv").unwrap_or(0),
                    snapshot
                        .timers
                        .get(TOOK.name)
                        .map_or(0, |_| took(&snapshot, "csv").count()),
                );
                assert!(now.0 >= last.0 && now.1 >= last.1, "{now:?} after {last:?}");
                last = now;
            }
        });
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let recorder = &recorder;
                scope.spawn(move || {
                    let (rows, took) = (
                        recorder.counter(&ROWS, &["csv"]),
                        recorder.timer(&TOOK, &["csv"]),
                    );
                    for round in 0..ROUNDS {
                        rows.increment(1);
                        // A slot ends every few hundred rounds, in every thread at its own time.
                        let now = start.plus(Duration::from_secs(round + thread));
                        took.observe_at(Duration::from_nanos(1 + (round * 7919) % 10_000_000), now);
                    }
                })
            })
            .collect();
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    let snapshot = recorder.snapshot(Window::SinceStart);
    assert_eq!(rows(&snapshot, "csv"), Some(THREADS * ROUNDS));
    let mut expected = Sketch::default();
    for _ in 0..THREADS {
        (0..ROUNDS).for_each(|round| expected.record_nanos(1 + (round * 7919) % 10_000_000));
    }
    assert_eq!(
        took(&snapshot, "csv"),
        expected,
        "counts, sums, squares, ends: all exact"
    );
}

#[test]
fn what_the_recorder_collects_is_what_a_sketch_records() {
    let (recorder, _) = recorder();
    let timer = recorder.timer(&TOOK, &["csv"]);
    let mut sketch = Sketch::default();
    for nanos in [
        0,
        1,
        2,
        999,
        1_000_000,
        4_294_967_296,
        3_600_000_000_000,
        3_600_000_000_001,
        u64::MAX,
    ] {
        timer.observe(Duration::from_nanos(nanos));
        sketch.record_nanos(nanos);
    }
    timer.observe(Duration::MAX);
    sketch.record(Duration::MAX);
    let read = timer.sketch();
    assert_eq!(read.summary().max, sketch.summary().max);
    assert_eq!(
        read.buckets().collect::<Vec<_>>(),
        sketch.buckets().collect::<Vec<_>>()
    );
    assert_eq!((read.count(), read.zeros()), (10, 1));
}

#[test]
fn the_last_hour_forgets_and_the_total_does_not() {
    let (recorder, start) = recorder();
    let (rows_handle, timer) = (
        recorder.counter(&ROWS, &["csv"]),
        recorder.timer(&TOOK, &["csv"]),
    );
    let expected = [(70, 2), (90, 1), (200, 1), (259, 1), (260, 0), (400, 0)];
    for minute in 0..=400 {
        let now = start.plus(MINUTE * minute);
        if [1, 30, 70, 200].contains(&minute) {
            timer.observe_at(Duration::from_secs(minute.into()), now);
            rows_handle.increment(1);
        }
        // Somebody comes by now and then, as the publisher of the process does.
        let hour = recorder.snapshot_at(Window::LastHour, now);
        if let Some((_, in_hour)) = expected.iter().find(|(at, _)| *at == minute) {
            assert_eq!(took(&hour, "csv").count(), *in_hour, "minute {minute}");
            assert_eq!(rows(&hour, "csv"), Some(*in_hour), "minute {minute}");
        }
    }
    let total = recorder.snapshot_at(Window::SinceStart, start.plus(MINUTE * 400));
    assert_eq!(
        (took(&total, "csv").count(), rows(&total, "csv")),
        (4, Some(4))
    );
    assert_eq!(took(&total, "csv").summary().max, Some(200.0));
}

#[test]
fn with_nobody_around_an_hour_never_counts_too_little() {
    let (recorder, start) = recorder();
    let rows_handle = recorder.counter(&ROWS, &["csv"]);
    recorder
        .timer(&TOOK, &["csv"])
        .observe_at(MINUTE, start.plus(MINUTE * 6));
    rows_handle.increment(5);
    let hour = recorder.snapshot_at(Window::LastHour, start.plus(MINUTE * 300));
    assert_eq!(took(&hour, "csv").count(), 0, "durations know their time");
    assert_eq!(
        rows(&hour, "csv"),
        Some(5),
        "counts may be as old as the last one who looked"
    );
    let later = recorder.snapshot_at(Window::LastHour, start.plus(MINUTE * 360));
    assert_eq!(rows(&later, "csv"), Some(0));
}

#[test]
fn a_window_says_what_it_covers() {
    let (recorder, start) = recorder();
    let window = |minute| {
        let snapshot = recorder.snapshot_at(Window::LastHour, start.plus(MINUTE * minute));
        snapshot.to.duration_since(snapshot.from).as_mins()
    };
    assert_eq!(
        (window(3), window(59), window(60), window(64)),
        (3, 59, 55, 59)
    );
}

#[test]
fn what_does_not_fit_goes_to_one_visible_series_and_is_counted() {
    let limits = Limits {
        per_metric: 3,
        ..Limits::default()
    };
    let (recorder, _) = recorder_with(limits);
    for source in 0..10 {
        recorder.counter(&ROWS, &[&source.to_string()]).increment(1);
        recorder
            .timer(&TOOK, &[&source.to_string()])
            .observe(MINUTE);
    }
    let snapshot = recorder.snapshot(Window::SinceStart);
    let series = &snapshot.counters[ROWS.name].series;
    assert_eq!((series.len(), series[&Labels::overflow()]), (4, 7));
    assert_eq!(
        snapshot.timers[TOOK.name].series[&Labels::overflow()].count(),
        7
    );
    assert_eq!(series.values().sum::<u64>(), 10, "nothing is lost");
    let summary = snapshot.summarize();
    assert_eq!(summary.counters[standard::METRICS_OVERFLOW.name], 14);
    assert_eq!(summary.gauges[standard::METRICS_SERIES.name], 8.0);
}

#[test]
fn a_flood_of_names_neither_displaces_nor_keeps_out_what_is_declared() {
    let (recorder, _) = recorder();
    let early = recorder.counter(&ROWS, &["early"]);
    for user in 0..20_000 {
        recorder.count("by_user", &[("user", &user.to_string())], 1);
        recorder.count(&format!("user_{user}"), &[], 1);
        recorder.gauge_to(&format!("user_{user}"), &[], 1.0);
        recorder.time(&format!("user_{user}"), &[], MINUTE);
    }
    early.increment(1);
    recorder.counter(&ROWS, &["late"]).increment(1);
    let snapshot = recorder.snapshot(Window::SinceStart);
    assert_eq!(
        (rows(&snapshot, "early"), rows(&snapshot, "late")),
        (Some(1), Some(1))
    );
    let summary = snapshot.summarize();
    assert!(summary.gauges[standard::METRICS_SERIES.name] <= 1_010.0);
    assert_eq!(
        summary.counters.values().sum::<u64>() - summary.counters[standard::METRICS_OVERFLOW.name],
        40_002
    );
    assert_eq!(
        summary
            .timers
            .values()
            .map(|timer| timer.count)
            .sum::<u64>(),
        20_000
    );
    assert!(
        summary
            .counters
            .contains_key(r#"cutover_overflow_total{overflow="true"}"#)
    );
}

#[test]
fn label_values_are_cut_at_a_character_and_never_split_a_series() {
    let (recorder, _) = recorder();
    let endless = "é".repeat(1_000_000);
    recorder
        .counter(&ROWS, &[&endless, "one too many"])
        .increment(1);
    recorder.counter(&ROWS, &[]).increment(1);
    let snapshot = recorder.snapshot(Window::SinceStart);
    assert_eq!(
        (rows(&snapshot, &"é".repeat(128)), rows(&snapshot, "")),
        (Some(1), Some(1))
    );
}

#[test]
fn the_sample_log_keeps_ten_thousand_points_of_one_hour() {
    let (recorder, start) = recorder();
    for _ in 0..10_050 {
        recorder.count("clicks", &[("page", "start")], 2);
    }
    let samples = recorder.recent_samples(usize::MAX);
    assert_eq!(samples.len(), 10_000);
    assert_eq!(
        (
            samples[0].name.as_str(),
            samples[0].labels.get("page"),
            samples[0].value
        ),
        ("clicks", Some("start"), 2.0)
    );
    assert_eq!(recorder.recent_samples(3).len(), 3);

    recorder
        .timer(&TOOK, &["csv"])
        .observe_at(MINUTE, start.plus(MINUTE * 180));
    let samples = recorder.recent_samples(usize::MAX);
    assert_eq!(samples.len(), 1, "the others are older than an hour");
    assert_eq!(
        (samples[0].name.as_str(), samples[0].value),
        (TOOK.name, 60.0)
    );
}

#[test]
fn a_busy_timer_logs_ten_samples_a_second() {
    let (recorder, start) = recorder();
    let timer = recorder.timer(&TOOK, &["csv"]);
    for millisecond in 0..1_000 {
        timer.observe_at(MINUTE, start.plus(Duration::from_millis(millisecond)));
    }
    assert_eq!(recorder.recent_samples(usize::MAX).len(), 10);
}

/// Ten million values over the whole range and 28 hours, with nobody reading: the memory of the
/// process stays where the structure bounds it, and every value is counted.
#[test]
fn ten_million_records_stay_within_bounds() {
    const RECORDS: u64 = 10_000_000;
    let (recorder, start) = recorder();
    let before = resident_bytes();
    thread::scope(|scope| {
        for thread in 0..2_u64 {
            let timers: Vec<_> = (0..20)
                .map(|n| recorder.timer(&TOOK, &[&n.to_string()]))
                .collect();
            scope.spawn(move || {
                for round in 0..RECORDS / 2 {
                    let random = (round * 2 + thread).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    let now = start.plus(Duration::from_millis(round * 20));
                    let nanos = (random >> 20) >> (random % 44);
                    timers[(random % 20) as usize].observe_at(Duration::from_nanos(nanos), now);
                }
            });
        }
    });
    let summary = recorder.snapshot(Window::SinceStart).summarize();
    assert_eq!(
        summary
            .timers
            .values()
            .map(|timer| timer.count)
            .sum::<u64>(),
        RECORDS
    );
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        // 20 timers at their stated maximum of 230 kB, the log, and room for the allocator.
        assert!(
            after.saturating_sub(before) < 16 << 20,
            "from {before} to {after} bytes"
        );
    }
}

/// The memory of this process, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
