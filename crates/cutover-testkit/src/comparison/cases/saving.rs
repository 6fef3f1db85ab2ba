//! Saving records: everything is kept, nothing is overwritten.

use std::collections::HashSet;

use cutover_domain::comparison::Judgement;
use cutover_ports::PortErrorKind;
use cutover_ports::comparison::{RecordQuery, RunQuery};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{all, ids, kind, run_ids, with_run};
use crate::comparison::{
    Fixture, any_record, any_run, full_record, full_run, sample_record, sample_run,
};

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

/// Whole, or with less in it: the verdict, all counts and what it is of are there.
pub async fn a_record_of_any_length_is_saved(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let mut long = full_record(&run, "long", 1);
    let Judgement::Compared(comparison) = &mut long.judgement else {
        unreachable!("the answers were compared")
    };
    let mut deep = comparison.differences[0].clone();
    deep.path = format!("${}", ".a".repeat(50_000));
    comparison.counts.add(deep.kind);
    comparison.differences.extend(vec![deep; 100]);
    comparison.counts.value += 99;
    let batch = [
        sample_record(&run, "before", 1),
        long.clone(),
        sample_record(&run, "after", 1),
    ];
    store.append(&batch).await.unwrap();
    let page = all(&store, RecordQuery::of_run(run.id.clone())).await;
    let [_, saved, _] = &page[..] else {
        panic!("three records were saved: {}", page.len())
    };
    assert_eq!(saved.id, long.id);
    assert_eq!(
        (
            &saved.case,
            &saved.unit,
            saved.result,
            saved.time,
            saved.flag_revision
        ),
        (
            &long.case,
            &long.unit,
            long.result,
            long.time,
            long.flag_revision
        )
    );
    assert_eq!(saved.old.measurements, long.old.measurements);
    let (found, kept) = (long.judgement.comparison(), saved.judgement.comparison());
    let (found, kept) = (found.unwrap(), kept.unwrap());
    assert_eq!(kept.counts, found.counts);
    assert_eq!((kept.equal, kept.exact), (found.equal, found.exact));
    let first = kept.differences.len();
    assert!(first > 0);
    assert_eq!(kept.differences, found.differences[..first]);
    assert!(first == found.differences.len() || kept.truncated);
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
