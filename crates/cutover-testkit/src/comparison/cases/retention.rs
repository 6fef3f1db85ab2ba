//! Retention.

use std::time::Duration;

use cutover_domain::comparison::{Run, RunState};
use cutover_ports::comparison::{ComparisonStore, Pruned, RecordQuery, Retention, RunQuery};
use jiff::Timestamp;

use super::{all, ids, run_ids, with_records, with_run};
use crate::comparison::{Fixture, at_minute};

fn ended(mut run: Run, minute: i64) -> Run {
    run.end(RunState::Complete, at_minute(minute));
    run
}

fn minutes(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(60 * count))
}

/// Removes what is not within a retention; what that would be was told before.
async fn prune(store: &dyn ComparisonStore, retention: &Retention, now: Timestamp) -> Pruned {
    let before = ids(store, RecordQuery::default()).await;
    let told = store.would_prune(retention, now).await.unwrap();
    assert_eq!(ids(store, RecordQuery::default()).await, before);
    let pruned = store.prune(retention, now).await.unwrap();
    assert_eq!(told, pruned);
    pruned
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

    let pruned = prune(&store, &retention, at_minute(13)).await;
    assert_eq!((pruned.records, pruned.runs), (3, 0));
    let left = [
        "r0009", "r0008", "r0007", "r0006", "r0005", "r0004", "r0003",
    ];
    assert_eq!(ids(&store, RecordQuery::default()).await, left);

    let pruned = prune(&store, &retention, at_minute(17)).await;
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
    assert_eq!(prune(&store, &none, at_minute(100)).await.records, 4);
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
    let pruned = prune(&store, &retention, at_minute(200)).await;
    assert_eq!(pruned.records, 100);
    let ten = pruned.bytes / 10;
    with_records(&store, &run, 0..100).await;
    let retention = Retention {
        max_bytes: Some(ten),
        ..Retention::default()
    };
    prune(&store, &retention, at_minute(200)).await;
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
    let pruned = prune(&store, &retention, at_minute(1000)).await;
    assert_eq!((pruned.records, pruned.runs), (3, 0));
    let pruned = prune(&store, &retention, at_minute(1000)).await;
    assert_eq!((pruned.records, pruned.runs), (0, 0));
    assert_eq!(run_ids(&store, RunQuery::default()).await, ["r"]);
    with_records(&store, &run, 2000..2001).await;
    assert_eq!(ids(&store, RecordQuery::default()).await, ["r2000"]);
}
