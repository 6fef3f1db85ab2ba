//! `cutover metrics`, over states that a process of this machine wrote.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cutover_app::metrics::{MetricsPublisher, OperationMetrics, PUBLISH_INTERVAL};
use cutover_domain::Side;
use cutover_domain::metrics::ProcessIdentity;
use cutover_domain::metrics::standard::{CallOutcome, FallbackReason};
use cutover_file::FileStateStore;
use cutover_ports::SystemClock;
use cutover_ports::metrics::Recorder;
use cutover_testkit::json_schema::problems;
use serde_json::{Value, json};

use crate::harness::Home;

/// A process that made 100 old and 10 new calls of one operation, and still runs.
fn process(home: &Home, instance: &str) -> MetricsPublisher {
    let recorder = Arc::new(Recorder::new(ProcessIdentity::new(instance, "1")));
    let metrics = OperationMetrics::register(&recorder, "dataset.register");
    for (side, calls, errors, millis) in [(Side::Old, 100, 2, 20), (Side::New, 10, 1, 5)] {
        metrics
            .calls(side, CallOutcome::Success)
            .increment(calls - errors);
        metrics.calls(side, CallOutcome::Error).increment(errors);
        (0..calls).for_each(|_| {
            metrics
                .duration(side)
                .observe(Duration::from_millis(millis))
        });
    }
    metrics.fallbacks(FallbackReason::Error).increment(1);
    recorder.gauge_to("queue\u{1b}[31m", &[], 3.0);
    let store = Arc::new(FileStateStore::open(home.path().join("metrics")));
    MetricsPublisher::start(recorder, store, Arc::new(SystemClock), PUBLISH_INTERVAL).unwrap()
}

/// A home in which two processes ended.
fn home() -> Home {
    let home = Home::new();
    process(&home, "web-1").stop().unwrap();
    process(&home, "web-2").stop().unwrap();
    home
}

const NEW: &str = r#"{implementation="new",operation="dataset.register"}"#;

#[test]
fn a_summary_adds_processes_and_what_the_store_knows() {
    let home = home();
    home.done(&["flag", "create", "f", "--yes"]);
    home.done(&["flag", "rollout", "f", "25", "--yes"]);
    let summary = home.json(&["metrics", "summary"]);
    let states: Vec<_> = summary["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|process| {
            (
                process["instance"].as_str().unwrap(),
                process["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(states, [("web-1", "ended"), ("web-2", "ended")]);
    assert_eq!(
        summary["counters"][r#"cutover_fallbacks_total{operation="dataset.register",reason="error"}"#],
        2
    );
    assert_eq!(
        summary["counters"][r#"cutover_fallbacks_total{operation="dataset.register",reason="panic"}"#],
        0
    );
    let timer = &summary["timers"][format!("cutover_call_duration_seconds{NEW}")];
    assert_eq!(
        *timer,
        json!({"count": 20, "mean": 0.005, "median": 0.005, "stddev": 0.0, "min": 0.005, "max": 0.005, "p95": 0.005, "p99": 0.005})
    );
    let gauges = summary["gauges"].as_object().unwrap();
    assert_eq!(gauges[r#"cutover_flag_rollout_ratio{flag="f"}"#], 0.25);
    assert_eq!(gauges["cutover_flag_revision"], 2.0);
    assert!(
        !gauges.contains_key("queue\u{1b}[31m"),
        "what ended shows nothing any more"
    );
}

#[test]
fn a_running_process_is_seen_while_it_runs() {
    let home = Home::new();
    let publisher = process(&home, "web-1");
    let mut summary = home.json(&["metrics", "summary"]);
    // The first state is written by a thread, a moment after the start.
    let deadline = Instant::now() + Duration::from_secs(30);
    while summary["processes"] == json!([]) {
        assert!(Instant::now() < deadline, "{summary}");
        summary = home.json(&["metrics", "summary"]);
    }
    assert_eq!(summary["processes"][0]["state"], "running");
    assert_eq!(summary["gauges"]["queue\u{1b}[31m"], 3.0);
    let shown = home.done(&["metrics", "summary"]);
    assert!(
        !shown.contains('\u{1b}'),
        "a name does not steer the terminal: {shown}"
    );
    publisher.stop().unwrap();
}

#[test]
fn old_and_new_are_compared_per_operation() {
    let home = home();
    insta::assert_snapshot!(home.told(&["metrics", "compare"]), @r#"
    $ cutover metrics compare
    operation        figure old     new      change   ratio
    dataset.register calls  200     20
                     errors 4 (2 %) 2 (10 %) +400.0 % 5
                     mean   20 ms   5 ms     -75.0 %  0.25
                     median 20 ms   5 ms     -75.0 %  0.25
                     p95    20 ms   5 ms     -75.0 %  0.25
                     p99    20 ms   5 ms     -75.0 %  0.25
    => 0
    "#);
    let comparison = home.json(&["metrics", "compare", "dataset.register", "--since", "1h"]);
    let operation = &comparison["operations"][0];
    assert_eq!(operation["operation"], "dataset.register");
    assert_eq!(
        (&operation["old"]["calls"], &operation["new"]["errors"]),
        (&json!(200), &json!(2))
    );
    assert_eq!(operation["median"]["percent"], -75.0);
    let lines = home
        .run(&["metrics", "compare", "--format", "jsonl"])
        .lines();
    assert_eq!(
        (lines.len(), &lines[0]["operation"]),
        (1, &json!("dataset.register"))
    );
    insta::assert_snapshot!(home.told(&["metrics", "compare", "dataset.registre"]), @r#"
    $ cutover metrics compare dataset.registre
    2> error: no process has told of an operation dataset.registre
    2>   hint: did you mean dataset.register?
    => 1
    "#);
}

#[test]
fn with_no_process_it_says_so_and_answers_what_is_known() {
    let home = Home::with_flag();
    insta::assert_snapshot!(home.told(&["metrics", "summary"]), @r#"
    $ cutover metrics summary
    gauge                                value
    cutover_flag_enabled{flag="f"}       1
    cutover_flag_revision                1
    cutover_flag_rollout_ratio{flag="f"} 0
    2> no process has told its metrics in HOME/metrics within the last hour
    2> a process tells them while it holds a `MetricsPublisher`; name its home with --home DIR
    => 0
    "#);
    let empty = Home::new().json(&["metrics", "summary"]);
    assert_eq!(
        (&empty["counters"], &empty["timers"]),
        (&json!({}), &json!({}))
    );
}

#[test]
fn a_state_that_cannot_be_read_is_a_warning() {
    let home = home();
    std::fs::write(home.path().join("metrics/torn-1.json"), "{\"schema\": 1, ").unwrap();
    let answer = home.run(&["metrics", "summary", "--format", "json"]);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(answer.json()["processes"].as_array().unwrap().len(), 2);
    assert!(
        answer.err.contains("torn-1.json") && answer.err.contains("warning"),
        "{answer}"
    );
}

#[test]
fn an_export_has_its_documented_shape() {
    let home = home();
    home.done(&["flag", "create", "f", "--yes"]);
    let file = home.path().join("export.json");
    home.done(&["metrics", "export", file.to_str().unwrap()]);
    let export: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let piped = home.json(&["metrics", "export", "--to", "json", "--since", "1h", "-"]);
    assert_eq!(export["summary"]["counters"], piped["summary"]["counters"]);
    assert_eq!(export["recent_samples"].as_array().unwrap().len(), 6);

    let schema = include_str!("../../../../docs/schema/metrics-export.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    for export in [&export, &piped] {
        assert_eq!(problems(&schema, export), [""; 0]);
    }
}

#[test]
fn forms_to_come_are_not_offered() {
    let answer = Home::new().run(&["metrics", "export", "--to", "prometheus"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.err.contains("[possible values: json]"), "{answer}");
}
