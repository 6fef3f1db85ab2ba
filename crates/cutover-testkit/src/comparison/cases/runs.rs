//! Runs and their headers.

use cutover_domain::comparison::{
    Comparison, Judgement, RecordId, RecordResult, RunKind, RunState,
};
use cutover_ports::PortErrorKind;
use cutover_ports::comparison::{ComparisonStoreExt, RecordQuery, Retention, RunQuery};

use super::{all, kind, run_ids, with_records, with_run};
use crate::comparison::{Fixture, at_minute, sample_run};

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
