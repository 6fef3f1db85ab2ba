//! Writers and handles at the same time, and one after the other.

use cutover_ports::comparison::{RecordQuery, RunQuery};
use cutover_ports::{PortError, PortErrorKind};

use super::{all, ids, kind, run_ids, with_records, with_run};
use crate::block_on;
use crate::comparison::{Fixture, sample_record, sample_run};

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
