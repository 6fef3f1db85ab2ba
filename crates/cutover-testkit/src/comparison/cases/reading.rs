//! Reading records: order, filters, pages.

use cutover_domain::comparison::{
    Comparison, Difference, DifferenceFilter, DifferenceKind, Judgement, PathPattern, RecordId,
    RecordResult, Run, Severity,
};
use cutover_ports::PortErrorKind;
use cutover_ports::comparison::{Cursor, RecordQuery, Retention, RunQuery};

use super::{all, ids, kind, with_records, with_run};
use crate::comparison::{Fixture, at_minute, full_record, sample_record};

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

pub async fn records_are_found_by_what_differs(fixture: &Fixture) {
    let store = fixture.store();
    let run = with_run(&store, "r", 0).await;
    let other = with_run(&store, "other", 1).await;
    let save = async |run: &Run, id: &str, differences: &[(&str, DifferenceKind, Severity)]| {
        let mut record = sample_record(run, id, 1);
        if id.starts_with('w') {
            record.operation = "sample.write".into();
        }
        let mut comparison = Comparison::same();
        for (path, kind, severity) in differences {
            comparison.equal = false;
            comparison.counts.add(*kind);
            comparison.differences.push(Difference {
                path: (*path).to_owned(),
                // As of an element that another one stands for.
                new_path: path.contains('[').then(|| path.replace('[', "[1")),
                kind: *kind,
                old: None,
                new: None,
                times: None,
                severity: *severity,
            });
        }
        record.judgement = Judgement::Compared(comparison);
        record.result = record.judgement.result();
        store.append(&[record]).await.unwrap();
    };
    use DifferenceKind::{Extra, Missing, Value};
    let error = Severity::Error;
    save(&run, "equal", &[]).await;
    save(&run, "a", &[("$.items[3].price", Value, Severity::Warning)]).await;
    save(
        &run,
        "b",
        &[("$.items[0]", Missing, error), ("$.at", Value, error)],
    )
    .await;
    save(
        &run,
        "w",
        &[("$.items[7].price.sum", Extra, Severity::Critical)],
    )
    .await;
    save(
        &run,
        "c",
        &[("$['odd name'].x", Value, error), ("$.at", Value, error)],
    )
    .await;
    save(&other, "d", &[("$.items[3].price", Value, error)]).await;
    store
        .append(&[full_record(&other, "full", 2)])
        .await
        .unwrap();

    let filter = |path: Option<&str>, kind, severity| DifferenceFilter {
        path: path.map(|path| PathPattern::new(path).unwrap()),
        kind,
        severity,
    };
    for (wanted, expected) in [
        (
            filter(Some("$.items[*].price"), None, None),
            &["d", "w", "a"][..],
        ),
        (filter(Some("$.items"), None, None), &["d", "w", "b", "a"]),
        (filter(Some("$..price"), None, None), &["d", "w", "a"]),
        (filter(Some("$.items[3]"), None, None), &["d", "a"]),
        (filter(Some("$.items[13]"), None, None), &["d", "a"]),
        (filter(Some("$.items[4]"), None, None), &[]),
        (filter(Some("$['odd name']"), None, None), &["c"]),
        (
            filter(Some("$"), None, None),
            &["full", "d", "c", "w", "b", "a"],
        ),
        (filter(Some("$.items"), Some(Missing), None), &["b"]),
        (filter(Some("$.at"), Some(Missing), None), &[]),
        (filter(None, Some(Value), None), &["d", "c", "b", "a"]),
        (filter(None, None, Some(Severity::Critical)), &["full", "w"]),
        (filter(Some("$.items"), None, Some(error)), &["d", "w", "b"]),
        (filter(Some("$.nowhere"), None, None), &[]),
        (filter(None, None, None), &["full", "d", "c", "w", "b", "a"]),
    ] {
        let query = RecordQuery::default().differing(wanted.clone());
        assert_eq!(ids(&store, query.clone()).await, expected, "{wanted:?}");
        // Page by page, too.
        let mut query = query.limit(1);
        let mut found = Vec::new();
        loop {
            let page = store.records(&query).await.unwrap();
            found.extend(page.items.iter().map(|record| record.id.to_string()));
            match page.next {
                None => break,
                next => query.after = next,
            }
        }
        assert_eq!(found, expected, "{wanted:?}");
    }
    let items = filter(Some("$.items"), None, None);
    let of_run = RecordQuery::of_run(run.id.clone()).differing(items.clone());
    assert_eq!(ids(&store, of_run.clone()).await, ["w", "b", "a"]);
    let read = RecordQuery {
        operation: Some("sample.read".into()),
        ..of_run.clone()
    };
    assert_eq!(ids(&store, read).await, ["b", "a"]);
    let equal = of_run.result(RecordResult::Equal);
    assert_eq!(ids(&store, equal).await, [""; 0]);

    // What retention removed is not found any more.
    let retention = Retention {
        max_records: Some(3),
        ..Retention::default()
    };
    store.prune(&retention, at_minute(9)).await.unwrap();
    let left = ids(&store, RecordQuery::default().differing(items)).await;
    let all = ids(&store, RecordQuery::default()).await;
    assert_eq!(all.len(), 3);
    let expected: Vec<_> = all
        .into_iter()
        .filter(|id| *id != "full" && *id != "c")
        .collect();
    assert_eq!(left, expected);
}
