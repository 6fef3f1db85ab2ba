//! Operations, publishing, and the overview of all processes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cutover_app::metrics::{Liveness, MetricsPublisher, OperationMetrics, overview};
use cutover_domain::Side;
use cutover_domain::metrics::standard::{
    self, CallOutcome, ComparisonResult, DropReason, FallbackReason,
};
use cutover_domain::metrics::{
    GaugeReading, ProcessIdentity, ProcessState, Snapshot, Window, snapshot::STORE_INSTANCE,
};
use cutover_ports::clock::FixedClock;
use cutover_ports::metrics::{
    LoadedStates, MemoryStateStore, MetricsReader, MetricsStateStore, Recorder,
};
use cutover_ports::{Clock, PortError, PortErrorKind};
use cutover_testkit::metrics::{noon, sample_state};
use jiff::Timestamp;

const HOUR: Duration = Duration::from_secs(3600);

fn recorder() -> Recorder {
    Recorder::new(ProcessIdentity::new("web", "1"))
}

#[test]
fn every_counter_of_an_operation_exists_before_its_first_event() {
    let recorder = recorder();
    let _metrics = OperationMetrics::register(&recorder, "import");
    let snapshot = recorder.snapshot(Window::SinceStart);
    let series = |name: &str| {
        snapshot.counters[name]
            .series
            .values()
            .copied()
            .collect::<Vec<_>>()
    };
    assert_eq!(series(standard::CALLS.name), [0; 8]);
    assert_eq!(
        series(standard::FALLBACKS.name),
        [0; FallbackReason::ALL.len()]
    );
    assert_eq!(
        series(standard::COMPARISONS.name),
        [0; ComparisonResult::ALL.len()]
    );
    assert_eq!(
        series(standard::COMPARISONS_DROPPED.name),
        [0; DropReason::ALL.len()]
    );
    assert_eq!(series(standard::COMPARISON_DIFFERENCES.name), [0; 8]);
    let gauges: Vec<_> = snapshot.gauges.keys().map(String::as_str).collect();
    assert!(gauges.contains(&standard::BREAKER_OPEN.name));
    assert!(
        !gauges.contains(&standard::COMPARISON_LAST_MISMATCH.name),
        "there was none"
    );
}

#[test]
fn each_handle_counts_under_its_own_labels() {
    let recorder = recorder();
    let metrics = OperationMetrics::register(&recorder, "import");
    metrics.calls(Side::New, CallOutcome::Timeout).increment(1);
    metrics.fallbacks(FallbackReason::Breaker).increment(2);
    metrics
        .comparison()
        .comparisons(ComparisonResult::Different)
        .increment(3);
    metrics.dropped(DropReason::QueueFull).increment(4);
    metrics.comparison().differences("missing").increment(5);
    metrics
        .comparison()
        .differences("a kind to come")
        .increment(6);
    metrics.duration(Side::Old).observe(HOUR);
    metrics.comparison().duration_ratio().observe_value(0.5);
    metrics.in_flight().increment();
    metrics.comparison().last_mismatch().set(7.0);
    let summary = recorder.snapshot(Window::SinceStart).summarize();
    let counted: Vec<_> = summary
        .counters
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(
        counted,
        [
            (
                r#"cutover_calls_total{implementation="new",operation="import",outcome="timeout"}"#
                    .to_owned(),
                1
            ),
            (
                r#"cutover_comparison_differences_total{kind="missing",operation="import"}"#
                    .to_owned(),
                5
            ),
            (
                r#"cutover_comparison_differences_total{kind="other",operation="import"}"#
                    .to_owned(),
                6
            ),
            (
                r#"cutover_comparisons_dropped_total{operation="import",reason="queue_full"}"#
                    .to_owned(),
                4
            ),
            (
                r#"cutover_comparisons_total{operation="import",result="different"}"#.to_owned(),
                3
            ),
            (
                r#"cutover_fallbacks_total{operation="import",reason="breaker"}"#.to_owned(),
                2
            ),
        ]
    );
    let timer = |name: &str| summary.timers[name].mean;
    assert_eq!(
        timer(r#"cutover_call_duration_seconds{implementation="old",operation="import"}"#),
        Some(3600.0)
    );
    assert_eq!(
        timer(r#"cutover_comparison_duration_ratio{operation="import"}"#),
        Some(0.5)
    );
    assert_eq!(
        summary.gauges[r#"cutover_calls_in_flight{operation="import"}"#],
        1.0
    );
}

/// A store whose trouble is chosen by the test, and that says what reached it.
#[derive(Debug, Default)]
struct TroubledStore {
    inner: MemoryStateStore,
    attempts: AtomicUsize,
    trouble: Mutex<Option<Trouble>>,
    attempted: Condvar,
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Error,
    Panic,
}

impl TroubledStore {
    fn with(trouble: Trouble) -> Arc<Self> {
        Arc::new(Self {
            trouble: Mutex::new(Some(trouble)),
            ..Self::default()
        })
    }

    /// Waits until so many attempts were made.
    fn await_attempts(&self, wanted: usize) {
        let trouble = self.trouble.lock().unwrap();
        let enough = |_: &mut Option<Trouble>| self.attempts.load(Ordering::SeqCst) < wanted;
        let (_trouble, timeout) = self
            .attempted
            .wait_timeout_while(trouble, Duration::from_secs(30), enough)
            .unwrap();
        assert!(!timeout.timed_out(), "the publisher gave up");
    }
}

impl MetricsStateStore for TroubledStore {
    fn publish(&self, state: &ProcessState) -> Result<(), PortError> {
        let trouble = *self.trouble.lock().unwrap();
        self.attempts.fetch_add(1, Ordering::SeqCst);
        self.attempted.notify_all();
        match trouble {
            None => self.inner.publish(state),
            Some(Trouble::Error) => Err(PortError::new(PortErrorKind::Full, "publish")),
            Some(Trouble::Panic) => panic!("on purpose"),
        }
    }

    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError> {
        self.inner.load(now)
    }
}

fn publisher(store: &Arc<TroubledStore>, interval: Duration) -> (Arc<Recorder>, MetricsPublisher) {
    let recorder = Arc::new(recorder());
    let clock = Arc::new(FixedClock::at(noon()));
    let publisher =
        MetricsPublisher::start(recorder.clone(), store.clone(), clock, interval).unwrap();
    (recorder, publisher)
}

#[test]
fn a_process_is_seen_at_once_and_its_last_word_is_complete() {
    let store = Arc::new(TroubledStore::default());
    let (recorder, publisher) = publisher(&store, HOUR);
    store.await_attempts(1);
    recorder.count("imports", &[], 3);
    drop(publisher);
    let states = store.load(noon()).unwrap().states;
    assert!(states[0].finished);
    assert_eq!(states[0].since_start.summarize().counters["imports"], 3);
    assert_eq!(states[0].last_hour.summarize().counters["imports"], 3);
    assert_eq!(states[0].recent_samples.len(), 1);
    assert_eq!(store.attempts.load(Ordering::SeqCst), 2);
}

#[test]
fn trouble_is_told_and_outlived() {
    for trouble in [Trouble::Error, Trouble::Panic] {
        let store = TroubledStore::with(trouble);
        let (recorder, publisher) = publisher(&store, Duration::from_millis(1));
        store.await_attempts(3);
        let error = publisher.last_error().map(|error| error.to_string());
        assert!(error.is_some(), "{trouble:?}");
        *store.trouble.lock().unwrap() = None;
        recorder.count("imports", &[], 1);
        publisher.stop().unwrap();
        assert_eq!(
            store.load(noon()).unwrap().states[0]
                .since_start
                .summarize()
                .counters["imports"],
            1
        );
    }
}

#[test]
fn a_last_word_that_cannot_be_stored_is_an_error() {
    let store = TroubledStore::with(Trouble::Panic);
    let (_, publisher) = publisher(&store, HOUR);
    let error = publisher.stop().unwrap_err().to_string();
    assert!(error.contains("the store panicked: on purpose"), "{error}");
}

#[test]
fn processes_and_stores_add_up_and_the_dead_show_no_gauges() {
    let store = MemoryStateStore::default();
    let clock = FixedClock::at(noon());
    let mut states = [("running", 1), ("silent", 2), ("ended", 4)].map(|(instance, calls)| {
        sample_state(&ProcessIdentity::new(instance, "1"), Duration::ZERO, calls)
    });
    clock.advance(Duration::from_secs(60));
    states[0].written = clock.now();
    states[2].finished = true;
    states
        .iter()
        .for_each(|state| store.publish(state).unwrap());

    let mut facts = Snapshot::empty(noon(), noon());
    let reading = GaugeReading {
        value: 9.0,
        at: noon(),
    };
    facts.set_gauge(&standard::FLAG_REVISION, &[], STORE_INSTANCE, reading);
    let overview = overview(&store, Window::SinceStart, clock.now(), &[facts]).unwrap();

    let liveness = overview
        .processes
        .iter()
        .map(|p| (p.process.instance.as_str(), p.liveness));
    assert_eq!(
        liveness.collect::<Vec<_>>(),
        [
            ("ended", Liveness::Ended),
            ("running", Liveness::Running),
            ("silent", Liveness::Silent)
        ]
    );
    let summary = overview.snapshot.summarize();
    assert_eq!(summary.counters[r#"calls{kind="\"quoted\"\n"}"#], 7);
    assert_eq!(
        (summary.timers["took"].count, summary.gauges["open"]),
        (3, 1.0)
    );
    assert_eq!(summary.gauges[standard::FLAG_REVISION.name], 9.0);

    let export = overview.export(clock.now());
    assert_eq!(
        (export.processes.len(), export.recent_samples.len()),
        (3, 9)
    );
}

#[test]
fn the_documentation_names_every_metric_with_its_type_and_labels() {
    let docs = include_str!("../../../../docs/metrics.md");
    for metric in standard::ALL {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let row = format!("| `{}` | {kind} | {} |", metric.name, labels.join(", "));
        assert!(
            docs.contains(&row.replace("|  |", "| |")),
            "docs/metrics.md has no `{row}`"
        );
    }
}
