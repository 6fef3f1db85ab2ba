use cutover_domain::flags::{Change, Revision};
use cutover_ports::flags::{FlagStore, HistoryPage, HistoryQuery};

use super::{FEW, Fixture, commit_changes, create, numbers, with_few};

pub async fn history_comes_newest_first(fixture: &Fixture) {
    let store = fixture.store();
    let mut made = Vec::new();
    for number in 0..FEW {
        let key = format!("flag-{number}");
        made.push(
            commit_changes(&*store, &[create(&key)], "alice")
                .await
                .record,
        );
    }
    made.reverse();
    let all = HistoryQuery::newest(usize::MAX);
    let page = store.history(&all).await.unwrap();
    assert_eq!((page.records, page.next), (made.clone(), None));
    let page = store.history(&HistoryQuery::newest(3)).await.unwrap();
    assert_eq!(page.records, made[..3]);
}

pub(super) async fn pages(store: &dyn FlagStore, mut query: HistoryQuery) -> Vec<u64> {
    let mut met = Vec::new();
    loop {
        let page = store.history(&query).await.unwrap();
        assert!(page.records.len() <= query.limit);
        met.extend(numbers(&page));
        match page.next {
            Some(next) => query.before = Some(next),
            None => return met,
        }
    }
}

pub async fn pages_meet_each_record_once(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let all: Vec<_> = (1..=FEW).rev().collect();
    for limit in [1, 2, 3, 5, 11, 12, 13, 1000] {
        assert_eq!(
            pages(&*store, HistoryQuery::newest(limit)).await,
            all,
            "{limit} a page"
        );
    }
}

pub async fn pages_meet_each_record_once_whatever_is_committed_meanwhile(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let first = store.history(&HistoryQuery::newest(5)).await.unwrap();
    commit_changes(&*store, &[create("meanwhile")], "bob").await;
    let rest = HistoryQuery {
        before: first.next,
        ..HistoryQuery::newest(5)
    };
    let mut met = numbers(&first);
    met.extend(pages(&*store, rest).await);
    assert_eq!(met, (1..=FEW).rev().collect::<Vec<_>>());
}

pub async fn history_is_filtered_by_flag(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let key: cutover_domain::flags::FlagKey = "flag-1".parse().unwrap();
    for _ in 0..3 {
        let kill = Change::Kill { key: key.clone() };
        let restore = Change::Restore {
            key: "flag-12".parse().unwrap(),
        };
        commit_changes(&*store, &[kill, create_other(&*store).await], "alice").await;
        commit_changes(&*store, &[restore], "alice").await;
    }
    // `flag-1` is no part of `flag-12`.
    let query = HistoryQuery::newest(100).of(key.clone());
    let page = store.history(&query).await.unwrap();
    assert_eq!(numbers(&page), [FEW + 5, FEW + 3, FEW + 1, 1]);
    assert_eq!(page.next, None);
    assert_eq!(
        pages(&*store, HistoryQuery::newest(1).of(key)).await,
        [FEW + 5, FEW + 3, FEW + 1, 1]
    );
    let unknown = HistoryQuery::newest(100).of("unknown".parse().unwrap());
    assert_eq!(
        store.history(&unknown).await.unwrap(),
        HistoryPage::default()
    );
}

async fn create_other(store: &dyn FlagStore) -> Change {
    let revision = super::revision(store).await;
    create(&format!("other-{revision}"))
}

pub async fn history_is_bounded_on_both_sides(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    for after in 0..=FEW + 1 {
        for before in 0..=FEW + 1 {
            let query = HistoryQuery {
                key: None,
                after: Some(Revision::new(after)),
                before: Some(Revision::new(before)),
                limit: 100,
            };
            let page = store.history(&query).await.unwrap();
            let between: Vec<_> = (1..=FEW)
                .rev()
                .filter(|number| *number > after && *number < before)
                .collect();
            assert_eq!(numbers(&page), between, "after {after}, before {before}");
            assert_eq!(page.next, None);
        }
    }
}

pub async fn bounds_and_the_filter_go_together(fixture: &Fixture) {
    let store = fixture.store();
    // Even revisions touch one flag, odd ones the other, and every fourth both.
    commit_changes(&*store, &[create("odd"), create("even")], "setup").await;
    for number in 2..=FEW {
        let restore = |key: &str| Change::Restore {
            key: key.parse().unwrap(),
        };
        let changes = match number % 4 {
            0 => vec![restore("odd"), restore("even")],
            2 => vec![restore("even")],
            _ => vec![restore("odd")],
        };
        commit_changes(&*store, &changes, "alice").await;
    }
    for after in [None, Some(0), Some(3), Some(4), Some(FEW)] {
        for before in [None, Some(0), Some(8), Some(9), Some(FEW), Some(100)] {
            let query = HistoryQuery {
                key: Some("even".parse().unwrap()),
                after: after.map(Revision::new),
                before: before.map(Revision::new),
                limit: 2,
            };
            let expected: Vec<_> = (1..=FEW)
                .rev()
                .filter(|number| *number == 1 || number % 2 == 0)
                .filter(|number| after.is_none_or(|after| *number > after))
                .filter(|number| before.is_none_or(|before| *number < before))
                .collect();
            let met = pages(&*store, query).await;
            assert_eq!(met, expected, "after {after:?}, before {before:?}");
        }
    }
}

pub async fn the_last_page_says_that_it_is_the_last(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    for limit in 1..=FEW + 1 {
        let query = HistoryQuery::newest(usize::try_from(limit).unwrap());
        let page = store.history(&query).await.unwrap();
        let next = (limit < FEW).then(|| Revision::new(FEW + 1 - limit));
        assert_eq!(page.next, next, "{limit} a page");
    }
}

pub async fn bounds_beyond_all_revisions_are_no_trouble(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let all: Vec<_> = (1..=FEW).rev().collect();
    let nothing = Vec::new();
    for (after, before, expected) in [
        (None, Some(u64::MAX), &all),
        (None, Some(u64::MAX / 2), &all),
        (Some(u64::MAX), None, &nothing),
        (Some(u64::MAX), Some(u64::MAX), &nothing),
        (Some(u64::MAX), Some(0), &nothing),
    ] {
        let query = HistoryQuery {
            after: after.map(Revision::new),
            before: before.map(Revision::new),
            ..HistoryQuery::newest(usize::MAX)
        };
        let page = store.history(&query).await.unwrap();
        assert_eq!(numbers(&page), *expected, "{query:?}");
    }
}

pub async fn a_limit_of_zero_is_an_empty_page(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let page = store.history(&HistoryQuery::newest(0)).await.unwrap();
    assert_eq!(page, HistoryPage::default());
}
