use std::time::Duration;

use cutover_domain::comparison::{
    Answer, Comparison, ComparisonRecord, Counts, Difference, DifferenceKind, Judgement,
    Measurements, RecordId, RecordedUnit, RuleHit, Run, RunId, RunKind, RunState, Severity,
    SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use cutover_domain::{Side, Stage};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// Records of a run, with any content that their types allow.
pub fn any_record(run: RunId) -> impl Strategy<Value = ComparisonRecord> {
    let identity = (any_record_id(), any::<String>(), any_time());
    let context = (
        option::of(any::<String>()),
        option::of(any_unit()),
        option::of(any::<u64>()),
        option::of(prop::sample::select(&Stage::ALL[..])),
        option::of(prop::sample::select(&[Side::Old, Side::New][..])),
        option::of(any::<String>()),
        option::of(any_duration()),
    );
    let content = (any_side(), any_side(), any_judgement());
    (identity, context, content).prop_map(move |(identity, context, (old, new, judgement))| {
        let (id, operation, time) = identity;
        let mut record =
            ComparisonRecord::new(run.clone(), id, operation, time, old, new, judgement);
        (
            record.case,
            record.unit,
            record.flag_revision,
            record.stage,
            record.authoritative,
            record.input_digest,
            record.comparing,
        ) = context;
        record
    })
}

/// Runs with any content that their types allow.
pub fn any_run() -> impl Strategy<Value = Run> {
    (
        any_id().prop_filter_map("an id", |id| RunId::new(id).ok()),
        any::<String>(),
        prop::sample::select(&[RunKind::Commands, RunKind::Operation][..]),
        prop::sample::select(&[RunState::Running, RunState::Complete, RunState::Interrupted][..]),
        any_time(),
        option::of(any::<u64>()),
        (any::<u64>(), btree_map(any::<String>(), any::<u64>(), 0..3)),
    )
        .prop_map(
            |(id, name, kind, state, started, expected, (equal, dropped))| {
                let mut run = Run::new(id, name, kind, started);
                run.end(state, started);
                run.expected_cases = expected;
                run.tally.equal = equal;
                run.tally.dropped = dropped;
                run
            },
        )
}

fn any_id() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_-]{0,40}"
}

fn any_record_id() -> impl Strategy<Value = RecordId> {
    any_id().prop_filter_map("an id", |id| RecordId::new(id).ok())
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000_000)
        .prop_map(|microseconds| Timestamp::from_microsecond(microseconds).unwrap_or_default())
}

fn any_duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

fn any_unit() -> impl Strategy<Value = RecordedUnit> {
    prop_oneof![
        any::<String>().prop_map(RecordedUnit::Raw),
        any::<String>().prop_map(|unit| RecordedUnit::pseudonym(&unit, "salt")),
    ]
}

fn any_side() -> impl Strategy<Value = SideRecord> {
    let outcome = prop_oneof![
        Just(SideOutcome::Ok),
        any::<(String, String)>()
            .prop_map(|(class, message)| SideOutcome::Error { class, message }),
        any::<String>().prop_map(|message| SideOutcome::Panic { message }),
        option::of(any_duration()).prop_map(|after| SideOutcome::Timeout { after }),
        any::<i32>().prop_map(|code| SideOutcome::Exit { code }),
        any::<i32>().prop_map(|number| SideOutcome::Signal { number }),
    ];
    let measurements = (
        option::of(any_duration()),
        option::of(any_duration()),
        option::of(any_duration()),
        any::<Option<u64>>(),
        any::<Option<u64>>(),
        btree_map(any::<String>(), any::<u64>(), 0..3),
    )
        .prop_map(
            |(wall, cpu_user, cpu_system, peak_memory, allocated, counters)| Measurements {
                wall,
                cpu_user,
                cpu_system,
                peak_memory,
                allocated,
                counters,
            },
        );
    let answer = any::<Option<String>>().prop_map(|text| {
        text.map_or_else(Answer::default, |text| {
            Answer::of_bytes(text.as_bytes()).with_excerpt(&text, 20)
        })
    });
    (
        outcome,
        any::<Option<String>>(),
        measurements,
        answer,
        any::<Option<String>>(),
    )
        .prop_map(|(outcome, version, measurements, answer, messages)| {
            let mut side = SideRecord::new(outcome);
            (side.version, side.measurements) = (version, measurements);
            (side.answer, side.messages) = (answer, messages);
            side
        })
}

fn any_value() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?[1-9][0-9]{20,40}(\\.[0-9]{1,30})?",
        any::<f64>()
            .prop_filter("JSON has no NaN", |value| value.is_finite())
            .prop_map(|value| format!("{value:?}")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))
    })
    .prop_filter_map("JSON", |json| Tree::from_json(&json).ok())
}

fn any_judgement() -> impl Strategy<Value = Judgement> {
    let difference = (
        any::<String>(),
        prop::sample::select(&DifferenceKind::ALL[..]),
        option::of(any_value()),
        option::of(any_value()),
    )
        .prop_map(|(path, kind, old, new)| Difference {
            path,
            new_path: None,
            kind,
            old,
            new,
            times: None,
            severity: Severity::Error,
        });
    let hidden = any::<(String, u64)>().prop_map(|(rule, hidden)| RuleHit { rule, hidden });
    let comparison = (vec(difference, 0..4), vec(hidden, 0..3), any::<bool>()).prop_map(
        |(differences, hidden, exact)| {
            let mut counts = Counts::default();
            differences
                .iter()
                .for_each(|difference| counts.add(difference.kind));
            Judgement::Compared(Comparison {
                equal: differences.is_empty() && exact,
                exact,
                counts,
                differences,
                hidden,
                ..Comparison::same()
            })
        },
    );
    prop_oneof![4 => comparison, 1 => any::<String>().prop_map(Judgement::Failed)]
}
