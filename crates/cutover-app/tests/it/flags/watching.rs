//! The stream of changes.

use std::sync::Arc;

use cutover_app::flags::{ApplyError, Changes, FlagService, Revised};
use cutover_domain::flags::Revision;
use cutover_ports::flags::{MemoryFlagStore, Retention};
use cutover_ports::{PortError, PortErrorKind};
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};
use cutover_testkit::wait::{LONG, within};
use pollster::block_on;

use super::odd::{OddStore, OddWatch};
use super::{change, service, service_over, set};

fn next(changes: &mut Changes) -> Option<Result<Revised, PortError>> {
    block_on(within(LONG, changes.next())).expect("a change in time")
}

fn revised(changes: &mut Changes) -> Revised {
    next(changes).unwrap().unwrap()
}

fn watch(service: &FlagService, since: u64) -> Changes {
    block_on(service.watch(Revision::new(since))).unwrap()
}

#[test]
fn it_hands_out_every_change_since_a_revision_once_and_in_order() {
    let service = service();
    for round in 0..20 {
        change(&service, "me", set("use_new_backend", round % 2 == 0));
    }
    let mut changes = watch(&service, 5);
    assert_eq!(changes.revision(), Revision::new(5));
    for revision in 6..=21 {
        let revised = revised(&mut changes);
        assert_eq!(revised.revision(), Revision::new(revision));
        assert_eq!(revised.record().unwrap().actor, "me");
        assert_eq!(revised.changes().count(), 1);
    }
    assert!(block_on(within(std::time::Duration::ZERO, changes.next())).is_none());
    change(&service, "later", set("use_new_backend", true));
    assert_eq!(revised(&mut changes).record().unwrap().actor, "later");
}

#[test]
fn records_that_are_gone_come_as_what_differs_and_then_it_goes_on() {
    let service = service();
    let mut changes = watch(&service, 1);
    for value in [true, false, true] {
        change(&service, "me", set("use_new_backend", value));
    }
    block_on(service.compact(&Retention::newest(1))).unwrap();
    let missed = revised(&mut changes);
    assert_eq!((missed.revision().number(), missed.record()), (4, None));
    let touched: Vec<_> = missed.changes().collect();
    assert_eq!(touched.len(), 1);
    assert_eq!(touched[0].before.unwrap().default, "off");
    assert_eq!(touched[0].after.unwrap().default, "on");
    change(&service, "me", set("use_new_config", true));
    assert_eq!(revised(&mut changes).revision(), Revision::new(5));
}

#[test]
fn a_revision_that_is_not_there_or_no_more_is_an_error() {
    let service = service();
    let error = block_on(service.watch(Revision::new(7))).unwrap_err();
    assert!(
        matches!(error, ApplyError::NoSuchRevision { .. }),
        "{error}"
    );
    for value in [true, false] {
        change(&service, "me", set("use_new_backend", value));
    }
    block_on(service.compact(&Retention::newest(1))).unwrap();
    let error = block_on(service.watch(Revision::new(1))).unwrap_err();
    assert!(
        matches!(error, ApplyError::HistoryTooShort { .. }),
        "{error}"
    );
}

#[test]
fn what_could_not_be_made_up_for_is_made_up_for_with_the_next_change() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let service = service_over(store.clone());
    let mut changes = watch(&service, 1);
    for value in [true, false, true] {
        change(&service, "me", set("use_new_backend", value));
    }
    block_on(service.compact(&Retention::newest(1))).unwrap();
    let loads = store.calls(Call::Load);
    store.harm(
        Call::Load,
        loads + 1,
        Fault::Fail(PortErrorKind::Unavailable),
    );
    assert!(next(&mut changes).unwrap().is_err());
    change(&service, "me", set("use_new_config", true));
    let missed = revised(&mut changes);
    assert_eq!((missed.revision().number(), missed.record()), (5, None));
    assert_eq!(missed.changes().count(), 2);
}

#[test]
fn it_ends_when_the_store_stops_telling() {
    let store = OddStore::new(MemoryFlagStore::new());
    let service = service_over(store.clone());
    store.watches([OddWatch::Ends(1)]);
    let mut changes = watch(&service, 0);
    assert_eq!(revised(&mut changes).revision(), Revision::new(1));
    assert!(next(&mut changes).is_none());
}

#[test]
fn streams_do_not_disturb_each_other() {
    let store = MemoryFlagStore::new();
    let service = Arc::new(service_over(store));
    let mut streams: Vec<_> = (0..4).map(|_| watch(&service, 1)).collect();
    drop(streams.pop());
    let writer = Arc::clone(&service);
    let writing = std::thread::spawn(move || {
        for round in 0..50 {
            change(&writer, "me", set("use_new_backend", round % 2 == 0));
        }
    });
    for changes in &mut streams {
        for revision in 2..=51 {
            assert_eq!(revised(changes).revision(), Revision::new(revision));
        }
    }
    writing.join().unwrap();
}
