use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cutover_domain::flags::{Change, FlagDocument};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{Commit, FlagStore, HistoryQuery};

use super::{Fixture, commit_changes, create, next_commit, revision, revisions};
use crate::block_on;

const WRITERS: usize = 4;
const COMMITS: usize = 15;

pub async fn of_commits_at_once_one_wins(fixture: &Fixture) {
    let store = fixture.store();
    commit_changes(&*store, &[create("a")], "setup").await;
    let current = store.load().await.unwrap();
    let rivals: Vec<_> = (0..WRITERS)
        .map(|rival| {
            let changes = [create(&format!("rival-{rival}"))];
            let commit = next_commit(current.as_ref(), &changes, &format!("rival-{rival}"));
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                let made = commit.document.clone();
                block_on(store.commit(commit)).map(|()| made)
            })
        })
        .collect();
    let outcomes: Vec<_> = rivals
        .into_iter()
        .map(|rival| rival.join().unwrap())
        .collect();
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let won: Vec<FlagDocument> = won.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(store.load().await.unwrap().as_ref(), won.first());
    let (expected, actual) = (1, 2);
    for lost in lost {
        let error = lost.unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
    }
    assert_eq!(revisions(&*store).await, [2, 1]);
}

pub async fn writers_at_once_lose_nothing(fixture: &Fixture) {
    let store = fixture.store();
    write_at_once(&*store, &vec![Arc::clone(&store); WRITERS]).await;
}

pub async fn writers_through_two_handles_lose_nothing(fixture: &Fixture) {
    let store = fixture.store();
    if !store.capabilities().shared {
        return;
    }
    let other = fixture
        .open_again()
        .expect("the fixture of a shared store says how to open it again");
    let handles = [
        Arc::clone(&store),
        Arc::clone(&other),
        Arc::clone(&store),
        other,
    ];
    write_at_once(&*store, &handles).await;
}

/// Every acknowledged commit is there once, and each writer's in the order it made them.
async fn write_at_once(store: &dyn FlagStore, handles: &[Arc<dyn FlagStore>]) {
    let writers: Vec<_> = handles
        .iter()
        .enumerate()
        .map(|(writer, handle)| {
            let handle = Arc::clone(handle);
            std::thread::spawn(move || {
                let commits = (0..COMMITS).map(|number| {
                    let changes = [create(&format!("w{writer}-{number}"))];
                    block_on(commit_changes(&*handle, &changes, &format!("w{writer}")))
                });
                commits.collect::<Vec<Commit>>()
            })
        })
        .collect();
    let mut made: Vec<_> = writers
        .into_iter()
        .flat_map(|writer| writer.join().unwrap())
        .map(|commit| commit.record)
        .collect();
    made.sort_unstable_by_key(|record| std::cmp::Reverse(record.revision));
    let all = HistoryQuery::newest(usize::MAX);
    let history = store.history(&all).await.unwrap().records;
    assert_eq!(history, made);
    let total = handles.len() * COMMITS;
    let numbers: BTreeSet<_> = made.iter().map(|record| record.revision.number()).collect();
    assert_eq!(numbers, (1..=total as u64).collect(), "a gap or a double");
    assert_eq!(store.load().await.unwrap().unwrap().flags.len(), total);
}

pub async fn readers_see_whole_revisions(fixture: &Fixture) {
    let store = fixture.store();
    let keys: Vec<_> = (0..20).map(|number| format!("flag-{number}")).collect();
    let changes: Vec<_> = keys.iter().map(|key| create(key)).collect();
    commit_changes(&*store, &changes, "setup").await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|reader| {
            let handle = match reader {
                0 => Arc::clone(&store),
                _ => fixture.open_again().unwrap_or_else(|| Arc::clone(&store)),
            };
            let done = Arc::clone(&done);
            std::thread::spawn(move || {
                let mut highest = 0;
                while !done.load(Ordering::Relaxed) {
                    let document = block_on(handle.load()).unwrap().unwrap();
                    let number = document.revision.number();
                    assert!(number >= highest, "{number} after {highest}");
                    highest = number;
                    // Every flag names the revision that wrote it.
                    let expected = (number > 1).then(|| number.to_string());
                    for definition in document.flags.values() {
                        assert_eq!(definition.owner, expected, "revision {number} is mixed");
                    }
                    let query = HistoryQuery::newest(2);
                    let newest = block_on(handle.history(&query)).unwrap().records;
                    assert!(newest[0].revision.number() >= number, "history is behind");
                }
            })
        })
        .collect();
    for _ in 0..COMMITS {
        let mut flags = store.load().await.unwrap().unwrap().flags;
        let next = revision(&*store).await.next();
        for definition in flags.values_mut() {
            definition.owner = Some(next.to_string());
        }
        commit_changes(&*store, &[Change::Replace { flags }], "writer").await;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
}

pub async fn handles_see_each_others_commits(fixture: &Fixture) {
    let store = fixture.store();
    if !store.capabilities().shared {
        return;
    }
    let other = fixture
        .open_again()
        .expect("the fixture of a shared store says how to open it again");
    for number in 0..3 {
        let (writer, reader) = match number % 2 {
            0 => (&store, &other),
            _ => (&other, &store),
        };
        let key = format!("flag-{number}");
        let made = commit_changes(&**writer, &[create(&key)], "alice").await;
        assert_eq!(reader.load().await.unwrap(), Some(made.document));
        let newest = reader.history(&HistoryQuery::newest(1)).await.unwrap();
        assert_eq!(newest.records, [made.record]);
    }
}
