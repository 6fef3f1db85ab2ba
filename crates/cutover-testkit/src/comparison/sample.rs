use std::time::Duration;

use cutover_domain::comparison::noise::NoiseSample;
use cutover_domain::comparison::{
    Answer, Comparison, ComparisonRecord, Counts, Difference, DifferenceKind, Implementation,
    Judgement, Measurements, RecordId, RecordedInput, RecordedUnit, RuleHit, Run, RunId, RunKind,
    RunProcess, Severity, SeverityCounts, SideOutcome, SideRecord, Times, Undecided,
};
use cutover_domain::tree::Tree;
use cutover_domain::{Side, Stage};
use jiff::{SignedDuration, Timestamp};

/// So many minutes after the first of January 2026.
#[must_use]
pub fn at_minute(minute: i64) -> Timestamp {
    let start = Timestamp::from_second(1_767_225_600).unwrap_or_default();
    start
        .saturating_add(SignedDuration::from_mins(minute))
        .unwrap_or(Timestamp::MAX)
}

/// A plain run that starts at a minute.
///
/// # Panics
///
/// When `id` is not an id.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "test data is checked where it is written"
)]
pub fn sample_run(id: &str, minute: i64) -> Run {
    let id = RunId::new(id).expect("a run id");
    Run::new(id, "sample", RunKind::Commands, at_minute(minute))
}

/// A plain record of equal answers.
///
/// # Panics
///
/// When `id` is not an id.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "test data is checked where it is written"
)]
pub fn sample_record(run: &Run, id: &str, minute: i64) -> ComparisonRecord {
    let side = SideRecord::new(SideOutcome::Ok);
    ComparisonRecord::new(
        run.id.clone(),
        RecordId::new(id).expect("a record id"),
        "sample.read",
        at_minute(minute),
        side.clone(),
        side,
        Judgement::Compared(Comparison::same()),
    )
}

/// Text that breaks naive quoting, escaping and line splitting.
const HOSTILE: &str = "<script>\"'&\\\u{0}\u{7f}\r\n\u{2028}\u{202e} {\"a\":1} é 日本 🦀 ../../etc";

/// A run with every field in use.
#[must_use]
pub fn full_run(id: &str, minute: i64) -> Run {
    let mut run = sample_run(id, minute);
    run.name = HOSTILE.to_owned();
    run.kind = RunKind::Operation;
    run.old = Implementation::new(HOSTILE);
    run.new = Implementation {
        description: "new".to_owned(),
        version: Some("2.0".to_owned()),
    };
    run.options = serde_json::json!({"unordered": ["$.items"], "abs": 1e-9, "deep": {"a": null}});
    run.process = Some(RunProcess {
        system: HOSTILE.to_owned(),
        id: u32::MAX,
        started: u64::MAX,
    });
    run.expected_cases = Some(u64::MAX);
    run.tally.equal = 17;
    run.tally.drop_one(HOSTILE);
    run.tally.sampled_out = u64::MAX;
    run.unknown.insert(
        "of_a_newer_version".to_owned(),
        serde_json::json!([1, {"x": "y"}]),
    );
    run
}

/// A record with every field in use.
#[must_use]
pub fn full_record(run: &Run, id: &str, minute: i64) -> ComparisonRecord {
    let mut record = sample_record(run, id, minute);
    let json = |text: &str| Tree::from_json(text).ok();
    let mut counts = Counts::default();
    counts.add(DifferenceKind::Repetition);
    counts.add(DifferenceKind::Missing);
    let difference = Difference {
        path: "$.a[0]['\u{2028}']".to_owned(),
        new_path: Some("$.a[1]".to_owned()),
        kind: DifferenceKind::Repetition,
        old: json("36893488147419103232"),
        new: json("[null,1.50,{\"x\":1e400}]"),
        times: Some(Times { old: 1, new: 2 }),
        severity: Severity::Critical,
    };
    let judgement = Judgement::Compared(Comparison {
        unmatched: None,
        equal: false,
        exact: false,
        inexact: vec![Undecided {
            path: "$".to_owned(),
            what: HOSTILE.to_owned(),
            elements: 3,
        }],
        counts,
        by_severity: SeverityCounts {
            critical: 1,
            ..SeverityCounts::default()
        },
        differences: vec![difference],
        truncated: true,
        hidden: vec![RuleHit {
            rule: "ignore $.etag".to_owned(),
            hidden: 4,
        }],
        places: Vec::new(),
    });
    let mut new = SideRecord::new(SideOutcome::Error {
        class: "NotFound".to_owned(),
        message: HOSTILE.to_owned(),
    });
    new.version = Some("2.0-rc.1".to_owned());
    new.answer = Answer::of_bytes(HOSTILE.as_bytes()).with_excerpt(HOSTILE, 10);
    new.messages = Some(HOSTILE.to_owned());
    new.measurements = Measurements {
        wall: Some(Duration::from_nanos(1)),
        cpu_user: Some(Duration::from_secs(2)),
        cpu_system: Some(Duration::ZERO),
        peak_memory: Some(u64::MAX),
        allocated: Some(0),
        counters: [(HOSTILE.to_owned(), 3)].into(),
    };
    let mut old = SideRecord::new(SideOutcome::Timeout {
        after: Some(Duration::from_secs(30)),
    });
    old.measurements = Measurements {
        wall: Some(Duration::from_nanos(3)),
        counters: [(HOSTILE.to_owned(), 1400)].into(),
        ..Measurements::default()
    };
    old.unknown
        .insert("later".to_owned(), serde_json::json!("x"));
    record = ComparisonRecord::new(
        record.run,
        record.id,
        HOSTILE,
        record.time,
        old,
        new,
        judgement,
    );
    record.case = Some(HOSTILE.to_owned());
    record.unit = Some(RecordedUnit::pseudonym("unit", "salt"));
    record.flag_revision = Some(u64::MAX);
    record.stage = Some(Stage::RampDown);
    record.authoritative = Some(Side::New);
    record.input_digest = Some("xxh3:00".to_owned());
    record.input =
        json("{\"stdin\":[1.50,null]}").map(|value| RecordedInput::Kept { value, redacted: 2 });
    record.comparing = Some(Duration::from_micros(7));
    if let Some(comparison) = record.judgement.comparison() {
        record.noise = Some(NoiseSample::of([comparison]));
    }
    record.unknown.insert(
        "of_a_newer_version".to_owned(),
        serde_json::json!({"x": [1.5, null]}),
    );
    record
}
