//! The cases of the contract, for harnesses of your own; usually called through
//! [`comparison_store_contract!`](crate::comparison_store_contract).
//!
//! Each takes a [`Fixture`] with an empty store and panics when the store breaks the promise that
//! its name states.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "each function is a test that names its promise"
)]

use std::collections::HashSet;
use std::time::Duration;

use cutover_domain::comparison::{Comparison, Judgement};
use cutover_domain::comparison::{
    ComparisonRecord, RecordId, RecordResult, Run, RunKind, RunState,
};
use cutover_ports::comparison::{
    ComparisonStore, ComparisonStoreExt, Cursor, RecordQuery, Retention, RunQuery,
};
use cutover_ports::{PortError, PortErrorKind};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{
    Fixture, any_record, any_run, at_minute, full_record, full_run, sample_record, sample_run,
};
use crate::block_on;

async fn with_run(store: &dyn ComparisonStore, id: &str, minute: i64) -> Run {
    let run = sample_run(id, minute);
    store.create_run(&run).await.unwrap();
    run
}

async fn with_records(
    store: &dyn ComparisonStore,
    run: &Run,
    minutes: std::ops::Range<i64>,
) -> Vec<ComparisonRecord> {
    let records: Vec<_> = minutes
        .map(|minute| sample_record(run, &format!("r{minute:04}"), minute))
        .collect();
    store.append(&records).await.unwrap();
    records
}

async fn all(store: &dyn ComparisonStore, query: RecordQuery) -> Vec<ComparisonRecord> {
    let mut found = Vec::new();
    let visited = store
        .visit_records(&query, &mut |record| found.push(record))
        .await
        .unwrap();
    assert_eq!(visited.unreadable, []);
    found
}

async fn ids(store: &dyn ComparisonStore, query: RecordQuery) -> Vec<String> {
    all(store, query)
        .await
        .iter()
        .map(|record| record.id.to_string())
        .collect()
}

async fn run_ids(store: &dyn ComparisonStore, mut query: RunQuery) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = store.runs(&query).await.unwrap();
        assert_eq!(page.unreadable, []);
        found.extend(page.items.iter().map(|run| run.id.to_string()));
        match page.next {
            None => return found,
            next => query.after = next,
        }
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, PortError>) -> PortErrorKind {
    result.unwrap_err().kind()
}

pub async fn an_empty_store_has_nothing(fixture: &Fixture) {
    let store = fixture.store();
    let run = sample_run("r", 0);
    assert_eq!(store.run(&run.id).await.unwrap(), None);
    assert_eq!(run_ids(&store, RunQuery::default()).await, [""; 0]);
    assert_eq!(all(&store, RecordQuery::default()).await, []);
    assert_eq!(all(&store, RecordQuery::of_run(run.id.clone())).await, []);
    assert_eq!(
        store
            .record(&run.id, &RecordId::new("x").unwrap())
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .prune(&Retention::default(), at_minute(0))
            .await
            .unwrap()
            .records,
        0
    );
}

pub async fn a_run_is_created_once(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let mut second = sample_run("r", 5);
    second.name = "another".to_owned();
    assert_eq!(
        kind(store.create_run(&second).await),
        PortErrorKind::AlreadyExists
    );
    assert_eq!(store.run(&run.id).await.unwrap(), Some(run));
}

pub async fn a_run_is_replaced_by_its_update(fixture: &Fixture) {
    let store = fixture.store();
    let mut run = with_run(&store, "r", 0).await;
    run.tally.count(RecordResult::Equal);
    run.end(RunState::Complete, at_minute(3));
    for _ in 0..2 {
        store.update_run(&run).await.unwrap();
        assert_eq!(store.run(&run.id).await.unwrap().as_ref(), Some(&run));
    }
    assert_eq!(run_ids(&store, RunQuery::default()).await, ["r"]);
}

pub async fn an_update_needs_the_run_and_leaves_its_start(fixture: &Fixture) {
    let store = fixture.store();
    let absent = sample_run("r", 0);
    assert_eq!(
        kind(store.update_run(&absent).await),
        PortErrorKind::InvalidInput
    );
    assert_eq!(store.run(&absent.id).await.unwrap(), None);
    store.create_run(&absent).await.unwrap();
    assert_eq!(
        kind(store.update_run(&sample_run("r", 1)).await),
        PortErrorKind::InvalidInput
    );
    assert_eq!(store.run(&absent.id).await.unwrap(), Some(absent));
}

pub async fn runs_come_newest_first(fixture: &Fixture) {
    let store = fixture.store();
    for (id, minute) in [("b", 2), ("z", 1), ("a", 3), ("c", 2)] {
        with_run(&store, id, minute).await;
    }
    assert_eq!(
        run_ids(&store, RunQuery::default()).await,
        ["a", "c", "b", "z"]
    );
}

pub async fn runs_are_filtered(fixture: &Fixture) {
    let store = fixture.store();
    for (id, minute) in [("a", 1), ("b", 2), ("c", 3)] {
        let mut run = sample_run(id, minute);
        if id == "b" {
            run.kind = RunKind::Operation;
            run.name = "other".to_owned();
        }
        store.create_run(&run).await.unwrap();
    }
    let query = RunQuery::default;
    let name = Some("other".to_owned());
    assert_eq!(run_ids(&store, RunQuery { name, ..query() }).await, ["b"]);
    let kind = Some(RunKind::Commands);
    assert_eq!(
        run_ids(&store, RunQuery { kind, ..query() }).await,
        ["c", "a"]
    );
    let since = Some(at_minute(2));
    assert_eq!(
        run_ids(&store, RunQuery { since, ..query() }).await,
        ["c", "b"]
    );
}

pub async fn pages_of_runs_meet_each_once(fixture: &Fixture) {
    let store = fixture.store();
    for minute in 0..7 {
        // Two runs a minute: the start alone does not sort them.
        with_run(&store, &format!("r{minute}"), minute / 2).await;
    }
    for limit in [1, 2, 3, 7, 8] {
        let found = run_ids(&store, RunQuery::default().limit(limit)).await;
        assert_eq!(
            found,
            ["r6", "r5", "r4", "r3", "r2", "r1", "r0"],
            "{limit} a page"
        );
    }
}

pub async fn records_come_in_reverse_order_of_saving(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    // Neither ids nor times are in the order of saving.
    for (id, minute) in [("m", 5), ("z", 1), ("a", 9)] {
        store
            .append(&[sample_record(&run, id, minute)])
            .await
            .unwrap();
    }
    let batch = [sample_record(&run, "y", 2), sample_record(&run, "b", 1)];
    store.append(&batch).await.unwrap();
    assert_eq!(
        ids(&store, RecordQuery::of_run(run.id)).await,
        ["b", "y", "a", "z", "m"]
    );
}

pub async fn records_of_newer_runs_come_first(fixture: &Fixture) {
    let store = fixture.store();
    let newer = with_run(&store, "newer", 9).await;
    let older = with_run(&store, "older", 1).await;
    for (run, id) in [
        (&newer, "n1"),
        (&older, "o1"),
        (&newer, "n2"),
        (&older, "o2"),
    ] {
        store.append(&[sample_record(run, id, 20)]).await.unwrap();
    }
    for limit in [1, 3, 4, 100] {
        let found = ids(&store, RecordQuery::default().limit(limit)).await;
        assert_eq!(found, ["n2", "n1", "o2", "o1"], "{limit} a page");
    }
}

pub async fn records_are_filtered(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let other = with_run(&store, "other", 1).await;
    for minute in 0..6 {
        let mut record = sample_record(&run, &format!("m{minute}"), minute);
        if minute % 2 == 1 {
            record.operation = "sample.write".into();
        }
        if minute == 3 {
            record.judgement = Judgement::Failed("no".to_owned());
            record.result = record.judgement.result();
        }
        store.append(&[record]).await.unwrap();
    }
    store
        .append(&[sample_record(&other, "m5", 5)])
        .await
        .unwrap();

    let of_run = || RecordQuery::of_run(run.id.clone());
    let query = RecordQuery {
        operation: Some("sample.write".into()),
        ..of_run()
    };
    assert_eq!(ids(&store, query).await, ["m5", "m3", "m1"]);
    assert_eq!(
        ids(&store, of_run().result(RecordResult::Failed)).await,
        ["m3"]
    );
    assert_eq!(
        ids(&store, of_run().result(RecordResult::Different)).await,
        [""; 0]
    );
    let query = RecordQuery {
        since: Some(at_minute(2)),
        until: Some(at_minute(4)),
        ..of_run()
    };
    assert_eq!(ids(&store, query).await, ["m3", "m2"]);
    let id = Some(RecordId::new("m5").unwrap());
    let found = all(
        &store,
        RecordQuery {
            id,
            ..RecordQuery::default()
        },
    )
    .await;
    assert_eq!(
        found.iter().map(|record| &record.run).collect::<Vec<_>>(),
        [&other.id, &run.id]
    );
    assert_eq!(
        ids(&store, RecordQuery::of_operation("sample.read"))
            .await
            .len(),
        4
    );
}

pub async fn pages_of_records_meet_each_once_whatever_is_saved_meanwhile(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let second = with_run(&store, "s", 1).await;
    with_records(&store, &run, 0..10).await;
    with_records(&store, &second, 0..5).await;
    let expected = ids(&store, RecordQuery::default()).await;
    assert_eq!(expected.len(), 15);

    let mut query = RecordQuery::default().limit(4);
    let mut found = Vec::new();
    for round in 100.. {
        let page = store.records(&query).await.unwrap();
        assert!(page.items.len() <= 4);
        found.extend(page.items.iter().map(|record| record.id.to_string()));
        with_records(&store, &run, round..round + 1).await;
        with_records(&store, &second, round..round + 1).await;
        match page.next {
            None => break,
            next => query.after = next,
        }
    }
    // What was saved to the older run before the paging came to it may be met as well.
    found.retain(|id| id.as_str() < "r0100");
    assert_eq!(found, expected);
}

pub async fn a_page_holds_no_more_than_the_limit_and_at_least_one(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    with_records(&store, &run, 0..3).await;
    for (limit, size) in [(0, 1), (1, 1), (2, 2), (usize::MAX, 3)] {
        let page = store
            .records(&RecordQuery::default().limit(limit))
            .await
            .unwrap();
        assert_eq!(page.items.len(), size, "limit {limit}");
        let page = store.runs(&RunQuery::default().limit(limit)).await.unwrap();
        assert_eq!(page.items.len(), 1, "limit {limit}");
    }
}

pub async fn a_record_is_found_by_run_and_id(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let other = with_run(&store, "other", 0).await;
    for record in with_records(&store, &run, 0..3).await {
        assert_eq!(
            store.record(&run.id, &record.id).await.unwrap(),
            Some(record.clone())
        );
        assert_eq!(store.record(&other.id, &record.id).await.unwrap(), None);
    }
    assert_eq!(
        store
            .record(&run.id, &RecordId::new("r").unwrap())
            .await
            .unwrap(),
        None
    );
}

pub async fn every_field_survives(fixture: &Fixture) {
    let store = fixture.store();
    let run = full_run("r", 0);
    store.create_run(&run).await.unwrap();
    assert_eq!(store.run(&run.id).await.unwrap().as_ref(), Some(&run));
    let record = full_record(&run, "full", 1);
    store.append(std::slice::from_ref(&record)).await.unwrap();
    assert_eq!(
        all(&store, RecordQuery::default()).await,
        std::slice::from_ref(&record)
    );
    assert_eq!(
        store.record(&run.id, &record.id).await.unwrap(),
        Some(record)
    );
}

pub async fn any_record_survives(fixture: &Fixture) {
    let store = fixture.store();
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let run = any_run().new_tree(&mut runner).unwrap().current();
        if store.run(&run.id).await.unwrap().is_some() {
            continue;
        }
        store.create_run(&run).await.unwrap();
        let mut records = Vec::new();
        let mut taken = HashSet::new();
        for _ in 0..10 {
            let record = any_record(run.id.clone())
                .new_tree(&mut runner)
                .unwrap()
                .current();
            if taken.insert(record.id.clone()) {
                records.push(record);
            }
        }
        store.append(&records).await.unwrap();
        records.reverse();
        assert_eq!(store.run(&run.id).await.unwrap().as_ref(), Some(&run));
        assert_eq!(all(&store, RecordQuery::of_run(run.id)).await, records);
    }
}

pub async fn nothing_is_overwritten(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let first = sample_record(&run, "same", 1);
    store.append(std::slice::from_ref(&first)).await.unwrap();
    let batch = [
        sample_record(&run, "before", 2),
        sample_record(&run, "same", 2),
        sample_record(&run, "after", 2),
    ];
    assert_eq!(
        kind(store.append(&batch).await),
        PortErrorKind::AlreadyExists
    );
    assert_eq!(
        all(&store, RecordQuery::default()).await,
        [first],
        "all or nothing of a batch"
    );
    store
        .append(&[sample_record(&run, "before", 2)])
        .await
        .unwrap();
}

pub async fn two_records_of_a_batch_cannot_share_an_id(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let batch = [
        sample_record(&run, "same", 1),
        sample_record(&run, "same", 2),
    ];
    assert_eq!(
        kind(store.append(&batch).await),
        PortErrorKind::AlreadyExists
    );
    assert_eq!(all(&store, RecordQuery::default()).await, []);
}

pub async fn one_id_may_be_in_two_runs(fixture: &Fixture) {
    let store = fixture.store();
    for id in ["a", "b"] {
        let run = with_run(&store, id, 0).await;
        store
            .append(&[sample_record(&run, "case-1", 1)])
            .await
            .unwrap();
    }
    assert_eq!(
        ids(&store, RecordQuery::default()).await,
        ["case-1", "case-1"]
    );
}

pub async fn a_batch_is_for_one_run_that_exists(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let absent = sample_run("absent", 0);
    let lost = sample_record(&absent, "lost", 1);
    let result = store.append(std::slice::from_ref(&lost)).await;
    assert_eq!(kind(result), PortErrorKind::InvalidInput);
    let mixed = [sample_record(&run, "kept", 1), lost];
    assert_eq!(
        kind(store.append(&mixed).await),
        PortErrorKind::InvalidInput
    );
    assert_eq!(all(&store, RecordQuery::default()).await, []);
    assert_eq!(store.run(&absent.id).await.unwrap(), None);
}

pub async fn an_empty_batch_changes_nothing(fixture: &Fixture) {
    let store = fixture.store();
    store.append(&[]).await.unwrap();
    assert_eq!(run_ids(&store, RunQuery::default()).await, [""; 0]);
}

pub async fn a_foreign_cursor_is_refused(fixture: &Fixture) {
    let store = fixture.store();
    with_run(&store, "r", 0).await;
    for text in [
        "",
        "nonsense",
        "../../etc/passwd",
        "2026-01-01T00:00:00Z/../x/1/1",
        "\0",
    ] {
        let after = || Some(Cursor::new(text));
        let query = RecordQuery {
            after: after(),
            ..RecordQuery::default()
        };
        assert_eq!(
            kind(store.records(&query).await),
            PortErrorKind::InvalidInput,
            "{text:?}"
        );
        let query = RunQuery {
            after: after(),
            ..RunQuery::default()
        };
        assert_eq!(
            kind(store.runs(&query).await),
            PortErrorKind::InvalidInput,
            "{text:?}"
        );
    }
}

pub async fn writers_at_once_lose_nothing(fixture: &Fixture) {
    const WRITERS: i64 = 4;
    const EACH: i64 = 50;
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, run) = (&store, &run);
            scope.spawn(move || {
                for number in 0..EACH {
                    let record = sample_record(run, &format!("w{writer}-{number:03}"), number);
                    block_on(store.append(&[record])).unwrap();
                }
            });
        }
    });
    let found = ids(&store, RecordQuery::of_run(run.id).limit(7)).await;
    assert_eq!(found.len(), usize::try_from(WRITERS * EACH).unwrap());
    for writer in 0..WRITERS {
        let prefix = format!("w{writer}-");
        let of_writer: Vec<_> = found.iter().filter(|id| id.starts_with(&prefix)).collect();
        assert!(
            of_writer.is_sorted_by(|left, right| left > right),
            "writer {writer}'s order"
        );
        assert_eq!(of_writer.len(), usize::try_from(EACH).unwrap());
    }
}

/// Does the same on four threads at once, and counts the ones that were told yes.
fn winners(attempt: impl Fn(i64) -> Result<(), PortError> + Sync) -> usize {
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|writer| {
                let attempt = &attempt;
                scope.spawn(move || attempt(writer))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.kind(), PortErrorKind::AlreadyExists, "{error}");
    }
    results.iter().filter(|result| result.is_ok()).count()
}

pub async fn of_two_creations_at_once_one_wins(fixture: &Fixture) {
    let store = fixture.store();
    for round in 0..10 {
        let id = format!("r{round}");
        assert_eq!(
            winners(|writer| block_on(store.create_run(&sample_run(&id, writer)))),
            1
        );
    }
    assert_eq!(run_ids(&store, RunQuery::default()).await.len(), 10);
}

pub async fn of_two_appends_of_one_id_at_once_one_wins(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    for round in 0..10 {
        let id = format!("r{round}");
        let append = |writer| block_on(store.append(&[sample_record(&run, &id, writer)]));
        assert_eq!(winners(append), 1);
    }
    assert_eq!(all(&store, RecordQuery::default()).await.len(), 10);
}

fn ended(mut run: Run, minute: i64) -> Run {
    run.end(RunState::Complete, at_minute(minute));
    run
}

fn minutes(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(60 * count))
}

pub async fn retention_by_age_removes_what_is_older(fixture: &Fixture) {
    let store = fixture.store();
    let old = with_run(&store, "old", 0).await;
    let new = with_run(&store, "new", 5).await;
    with_records(&store, &old, 0..5).await;
    with_records(&store, &new, 5..10).await;
    store.update_run(&ended(old.clone(), 5)).await.unwrap();
    store.update_run(&ended(new, 10)).await.unwrap();
    let retention = Retention {
        max_age: minutes(10),
        ..Retention::default()
    };

    let pruned = store.prune(&retention, at_minute(13)).await.unwrap();
    assert_eq!((pruned.records, pruned.runs), (3, 0));
    let left = [
        "r0009", "r0008", "r0007", "r0006", "r0005", "r0004", "r0003",
    ];
    assert_eq!(ids(&store, RecordQuery::default()).await, left);

    let pruned = store.prune(&retention, at_minute(17)).await.unwrap();
    assert_eq!((pruned.records, pruned.runs), (4, 1));
    assert_eq!(
        ids(&store, RecordQuery::default()).await,
        ["r0009", "r0008", "r0007"]
    );
    assert_eq!(
        store.run(&old.id).await.unwrap(),
        None,
        "an old run without records is gone"
    );
    // Its name is free again.
    with_run(&store, "old", 20).await;
}

pub async fn retention_by_count_keeps_the_newest(fixture: &Fixture) {
    let store = fixture.store();
    // Two runs whose records alternate in time.
    let (even, odd) = (
        with_run(&store, "even", 0).await,
        with_run(&store, "odd", 1).await,
    );
    for minute in 0..10 {
        let run = if minute % 2 == 0 { &even } else { &odd };
        with_records(&store, run, minute..minute + 1).await;
    }
    let retention = Retention {
        max_records: Some(4),
        ..Retention::default()
    };
    assert_eq!(
        store
            .prune(&retention, at_minute(100))
            .await
            .unwrap()
            .records,
        6
    );
    assert_eq!(
        ids(&store, RecordQuery::default()).await,
        ["r0009", "r0007", "r0008", "r0006"]
    );
    let none = Retention {
        max_records: Some(0),
        ..Retention::default()
    };
    assert_eq!(store.prune(&none, at_minute(100)).await.unwrap().records, 4);
    assert_eq!(all(&store, RecordQuery::default()).await, []);
    // Goes on after everything was removed, and a removed id may come again.
    with_records(&store, &even, 0..2).await;
    assert_eq!(
        ids(&store, RecordQuery::default()).await,
        ["r0001", "r0000"]
    );
}

pub async fn retention_by_bytes_keeps_the_newest(fixture: &Fixture) {
    let store = fixture.store();
    if !store.capabilities().bounded_bytes {
        println!("skipped: the store does not count bytes");
        return;
    }
    let run = with_run(&store, "r", 0).await;
    with_records(&store, &run, 0..100).await;
    let retention = Retention {
        max_bytes: Some(0),
        ..Retention::default()
    };
    let everything = Retention {
        max_bytes: Some(u64::MAX),
        ..Retention::default()
    };
    assert_eq!(
        store
            .prune(&everything, at_minute(200))
            .await
            .unwrap()
            .records,
        0
    );

    // How large one record is, is the store's affair: remove all, and learn it.
    let pruned = store.prune(&retention, at_minute(200)).await.unwrap();
    assert_eq!(pruned.records, 100);
    let ten = pruned.bytes / 10;
    with_records(&store, &run, 0..100).await;
    let retention = Retention {
        max_bytes: Some(ten),
        ..Retention::default()
    };
    store.prune(&retention, at_minute(200)).await.unwrap();
    let left = ids(&store, RecordQuery::default()).await;
    assert!(
        (8..=12).contains(&left.len()),
        "{} records left",
        left.len()
    );
    assert_eq!(left[0], "r0099");
}

pub async fn retention_leaves_running_runs_and_can_be_repeated(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    with_records(&store, &run, 0..3).await;
    let retention = Retention {
        max_age: minutes(1),
        max_records: Some(2),
        max_bytes: None,
    };
    let pruned = store.prune(&retention, at_minute(1000)).await.unwrap();
    assert_eq!((pruned.records, pruned.runs), (3, 0));
    let pruned = store.prune(&retention, at_minute(1000)).await.unwrap();
    assert_eq!((pruned.records, pruned.runs), (0, 0));
    assert_eq!(run_ids(&store, RunQuery::default()).await, ["r"]);
    with_records(&store, &run, 2000..2001).await;
    assert_eq!(ids(&store, RecordQuery::default()).await, ["r2000"]);
}

pub async fn what_was_saved_is_there_after_opening_again(fixture: &Fixture) {
    let store = fixture.store();
    let again = fixture.open_again();
    let (true, Some(_)) = (store.capabilities().durable, &again) else {
        assert!(
            !store.capabilities().durable,
            "a durable store says how to open it again"
        );
        println!("skipped: the store is not durable");
        return;
    };
    drop(again);
    let run = with_run(&store, "r", 0).await;
    let records = with_records(&store, &run, 0..3).await;
    let again = fixture.open_again().unwrap();
    assert_eq!(again.run(&run.id).await.unwrap().as_ref(), Some(&run));
    assert_eq!(all(&again, RecordQuery::default()).await.len(), 3);
    assert_eq!(
        kind(again.append(&records[..1]).await),
        PortErrorKind::AlreadyExists
    );
    with_records(&again, &run, 3..4).await;
    assert_eq!(
        ids(&again, RecordQuery::default()).await,
        ["r0003", "r0002", "r0001", "r0000"]
    );
}

pub async fn handles_see_each_other(fixture: &Fixture) {
    let left = fixture.store();
    let (true, Some(right)) = (left.capabilities().shared, fixture.open_again()) else {
        assert!(
            !left.capabilities().shared,
            "a shared store says how to open it again"
        );
        println!("skipped: the store is not shared");
        return;
    };
    let mut run = with_run(&left, "r", 0).await;
    for minute in 0..10 {
        let writer = if minute % 2 == 0 { &left } else { &right };
        with_records(writer, &run, minute..minute + 1).await;
    }
    let records = all(&left, RecordQuery::default()).await;
    assert_eq!(records.len(), 10);
    assert_eq!(all(&right, RecordQuery::default()).await, records);
    for record in &records {
        for store in [&left, &right] {
            let again = store.append(std::slice::from_ref(record)).await;
            assert_eq!(kind(again), PortErrorKind::AlreadyExists);
        }
    }
    run.tally.equal = 10;
    right.update_run(&run).await.unwrap();
    assert_eq!(left.run(&run.id).await.unwrap(), Some(run));
}

pub async fn the_latest_run_and_all_records_are_easy_to_get(fixture: &Fixture) {
    let store = fixture.store();
    assert_eq!(store.latest_run().await.unwrap(), None);
    let latest = with_run(&store, "a", 9).await;
    let earlier = with_run(&store, "b", 1).await;
    assert_eq!(store.latest_run().await.unwrap().as_ref(), Some(&latest));
    let mut records = with_records(&store, &earlier, 0..25).await;
    records.reverse();
    assert_eq!(all(&store, RecordQuery::default().limit(3)).await, records);
    let record = Judgement::Compared(Comparison::same());
    assert!(records.iter().all(|found| found.judgement == record));
}
