//! The thread that keeps live flags fresh.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use cutover_app::flags::{FlagService, Follower, Keys, Live, Request, Source};
use cutover_domain::flags::Revision;
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{MemoryFlagStore, Retention};
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};
use cutover_testkit::wait::LONG;
use pollster::block_on;

use super::odd::{OddStore, OddWatch};
use super::{
    change, create, defaults, eventually, history, is_on, listen, next, service_over, set,
};

const DOWN: Fault = Fault::Fail(PortErrorKind::Unavailable);

fn ends(follower: Follower) {
    let (ended, end) = channel();
    std::thread::spawn(move || {
        drop(follower);
        ended.send(()).unwrap();
    });
    end.recv_timeout(LONG).expect("the follower ends");
}

#[test]
fn it_brings_changes_made_elsewhere_and_ends_when_dropped() {
    let store = MemoryFlagStore::new();
    let live = Live::new();
    let follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    assert!(live.status().is_followed);
    let elsewhere = FlagService::new(Arc::new(store));
    let request = Request::by("other")
        .change(create("x"))
        .change(set("x", true));
    block_on(elsewhere.apply(&request)).unwrap();
    eventually("the change", || is_on(&live, "x"));
    ends(follower);
    assert!(!live.status().is_followed);
}

#[test]
fn without_a_store_embedded_defaults_hold_until_it_appears() {
    for fault in [DOWN, Fault::Panic] {
        let store = FaultyFlagStore::new(MemoryFlagStore::new());
        let elsewhere = service_over(store.clone());
        change(&elsewhere, "other", set("use_new_backend", true));
        store.harm_from_now_on(Call::Load, fault);
        store.harm_from_now_on(Call::Watch, fault);
        let live = Live::with_defaults(&defaults());
        let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
        eventually("the trouble", || live.status().trouble.is_some());
        assert_eq!(live.status().source, Source::Defaults);
        assert!(is_on(&live, "auto_fallback") && !is_on(&live, "use_new_backend"));
        store.heal();
        eventually("the store", || is_on(&live, "use_new_backend"));
        assert_eq!(live.status().source, Source::Store);
        eventually("the end of the trouble", || live.status().trouble.is_none());
    }
}

#[test]
fn a_store_that_is_empty_is_no_trouble() {
    let live = Live::with_defaults(&defaults());
    let store = MemoryFlagStore::new();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the first look", || live.status().refreshed.is_some());
    let status = live.status();
    assert_eq!((status.source, status.trouble), (Source::Defaults, None));
    assert!(is_on(&live, "auto_fallback"));
    change(&FlagService::new(Arc::new(store)), "me", create("x"));
    eventually("the first revision", || {
        live.status().source == Source::Store
    });
    assert!(
        !is_on(&live, "auto_fallback"),
        "the store's flags are all there is"
    );
}

/// Live flags that follow `store`, which cannot be watched for the time being, at revision 1.
fn following_unwatched(store: &FaultyFlagStore<MemoryFlagStore>) -> (Live, Follower) {
    store.harm_from_now_on(Call::Watch, DOWN);
    let live = Live::new();
    let follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the store", || live.status().source == Source::Store);
    eventually("the trouble", || live.status().trouble.is_some());
    (live, follower)
}

#[test]
fn what_could_not_be_watched_comes_with_its_records() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    let (live, _follower) = following_unwatched(&store);
    let since = live.status().trouble.unwrap().since;
    let (_subscription, told) = listen(&live, Keys::All);
    for value in [true, false, true] {
        change(&elsewhere, "other", set("use_new_backend", value));
    }
    eventually("the newest flags", || {
        live.status().revision == Revision::new(4)
    });
    assert!(is_on(&live, "use_new_backend"), "they are in force before");
    assert_eq!(live.status().trouble.unwrap().since, since);
    store.heal();
    let heard: Vec<_> = (0..3).map(|_| next(&told)).collect();
    let all = history(&elsewhere);
    assert_eq!(heard, all[all.len() - 3..]);
    eventually("the end of the trouble", || live.status().trouble.is_none());
}

#[test]
fn what_the_history_has_forgotten_comes_as_what_differs() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    let (live, _follower) = following_unwatched(&store);
    let (_subscription, told) = listen(&live, Keys::All);
    for value in [true, false, true] {
        change(&elsewhere, "other", set("use_new_backend", value));
    }
    block_on(elsewhere.compact(&Retention::newest(1))).unwrap();
    store.heal();
    let heard = next(&told);
    assert_eq!((heard.key.as_str(), heard.revision), ("use_new_backend", 4));
    assert_eq!(heard.actor, None);
    assert_eq!(heard.before.unwrap().default, "off");
    assert_eq!(heard.after.unwrap().default, "on");
}

#[test]
fn watches_that_end_or_cannot_start_are_begun_again_and_lose_nothing() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    let live = Live::new();
    let odd = OddStore::new(store.clone());
    odd.watches([OddWatch::Ends(0), OddWatch::Ends(1), OddWatch::Ends(2)]);
    store.harm(Call::Watch, 2, Fault::Panic);
    store.harm(Call::Watch, 4, DOWN);
    let _follower = Follower::start(live.clone(), Arc::new(odd)).unwrap();
    eventually("the store", || live.status().source == Source::Store);
    let (_subscription, told) = listen(&live, Keys::All);
    for round in 0..10 {
        change(&elsewhere, "other", set("use_new_backend", round % 2 == 0));
    }
    let heard: Vec<_> = (0..10).map(|_| next(&told)).collect();
    let all = history(&elsewhere);
    assert_eq!(heard, all[all.len() - 10..]);
}

#[test]
fn a_store_that_hangs_does_not_keep_it_from_ending() {
    for call in [Call::Load, Call::Watch] {
        let store = FaultyFlagStore::new(MemoryFlagStore::new());
        store.harm_from_now_on(call, Fault::Hang);
        let live = Live::new();
        let follower = Follower::start(live, Arc::new(store.clone())).unwrap();
        eventually("the call", || store.calls(call) > 0);
        ends(follower);
    }
}

#[test]
fn another_store_in_the_place_of_this_one_is_taken_even_if_it_is_older() {
    let (first, second) = (MemoryFlagStore::new(), MemoryFlagStore::new());
    let before = service_over(first.clone());
    change(&before, "me", set("use_new_backend", true));
    service_over(second.clone());
    let live = Live::new();
    live.set_max_age(Duration::from_millis(30)).unwrap();
    let store = OddStore::new(first);
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the first store", || is_on(&live, "use_new_backend"));
    let (_subscription, told) = listen(&live, "use_new_backend");
    store.replace(second);
    eventually("the other store", || !is_on(&live, "use_new_backend"));
    let heard = next(&told);
    assert_eq!((heard.revision, heard.actor), (1, None));
    assert_eq!(heard.after.unwrap().default, "off");
}

#[test]
fn a_store_that_loses_everything_keeps_the_last_good_state() {
    let store = OddStore::new(MemoryFlagStore::new());
    let service = service_over(store.clone());
    change(&service, "me", set("use_new_backend", true));
    let live = Live::new();
    live.set_max_age(Duration::from_millis(30)).unwrap();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the store", || is_on(&live, "use_new_backend"));
    store.replace(MemoryFlagStore::new());
    eventually("the trouble", || live.status().trouble.is_some());
    let trouble = live.status().trouble.unwrap().text;
    assert!(trouble.contains("though it was at revision 2"), "{trouble}");
    assert!(is_on(&live, "use_new_backend"));
}

#[test]
fn a_watch_that_went_silent_is_begun_again() {
    let store = OddStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    store.watches([OddWatch::Silent]);
    let live = Live::new();
    live.set_max_age(Duration::from_millis(30)).unwrap();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the watch", || store.watches_left() == 0);
    let (_subscription, told) = listen(&live, Keys::All);
    change(&elsewhere, "other", set("use_new_backend", true));
    let heard = next(&told);
    assert_eq!((heard.revision, heard.actor.as_deref()), (2, Some("other")));
}

#[test]
fn a_store_that_cannot_be_watched_is_read_again_and_again() {
    let store = OddStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    store.watches([OddWatch::Unsupported]);
    let live = Live::new();
    live.set_max_age(Duration::from_millis(30)).unwrap();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the store", || live.status().source == Source::Store);
    let (_subscription, told) = listen(&live, Keys::All);
    change(&elsewhere, "other", set("use_new_backend", true));
    let heard = next(&told);
    assert_eq!(
        (heard.revision, heard.actor),
        (2, None),
        "records are not watched"
    );
}

#[test]
fn a_commit_of_this_process_is_told_once_whether_the_follower_was_faster_or_not() {
    let store = MemoryFlagStore::new();
    let live = Live::new();
    let here = service_over(store.clone()).with_live(live.clone());
    let _follower = Follower::start(live.clone(), Arc::new(store)).unwrap();
    eventually("the store", || live.status().source == Source::Store);
    let (_subscription, told) = listen(&live, Keys::All);
    for round in 0..100 {
        change(&here, "here", set("use_new_backend", round % 2 == 0));
        assert_eq!(is_on(&live, "use_new_backend"), round % 2 == 0);
    }
    let heard: Vec<_> = (0..100).map(|_| next(&told).revision).collect();
    assert_eq!(heard, (2..=101).collect::<Vec<_>>());
}

#[test]
fn what_a_follower_did_not_tell_before_it_ended_is_told_as_what_differs() {
    let store = OddStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    store.watches([OddWatch::Silent]);
    let live = Live::new();
    let follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    eventually("the watch", || store.watches_left() == 0);
    let (_subscription, told) = listen(&live, Keys::All);
    change(&elsewhere, "other", set("use_new_backend", true));
    // This one is in force at once, and waits for the record before it.
    let here = FlagService::new(Arc::new(store)).with_live(live.clone());
    change(&here, "here", set("use_new_config", true));
    assert!(is_on(&live, "use_new_config"));
    assert!(told.try_recv().is_err());
    ends(follower);
    let heard = [next(&told), next(&told)];
    let heard = heard.map(|told| (told.key, told.revision, told.actor));
    let expected = ["use_new_backend", "use_new_config"].map(|name| (name.to_owned(), 3, None));
    assert_eq!(heard, expected);
}
