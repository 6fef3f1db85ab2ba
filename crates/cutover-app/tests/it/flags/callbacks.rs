//! Callbacks on changes of flags.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{TryRecvError, channel};
use std::sync::{Arc, Mutex};

use cutover_app::flags::{FlagService, Follower, Keys, Live, Request, Source, Subscription};
use cutover_domain::flags::{Change, Context};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::MemoryFlagStore;
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};
use cutover_testkit::wait::LONG;
use pollster::block_on;

use super::{
    change, create, defaults, eventually, history, is_on, key, listen, live_service, next, service,
    service_over, set,
};

#[test]
fn every_change_comes_once_and_in_order_whoever_makes_it() {
    let store = MemoryFlagStore::new();
    let live = Live::new();
    let here = FlagService::new(Arc::new(store.clone())).with_live(live.clone());
    let elsewhere = FlagService::new(Arc::new(store.clone()));
    let (_subscription, told) = listen(&live, Keys::All);
    let _follower = Follower::start(live.clone(), Arc::new(store)).unwrap();
    eventually("the follower", || live.status().refreshed.is_some());

    change(&here, "here", create("x"));
    std::thread::scope(|scope| {
        for (who, service) in [("here", &here), ("elsewhere", &elsewhere)] {
            scope.spawn(move || {
                for round in 0..100 {
                    change(service, who, set("x", round % 2 == 0));
                }
            });
        }
    });
    let expected = history(&here);
    let heard: Vec<_> = (0..expected.len()).map(|_| next(&told)).collect();
    assert_eq!(heard, expected);
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn when_a_callback_runs_decisions_see_its_change_or_a_later_one() {
    let (live, service) = live_service();
    let flag = live.flag("use_new_backend");
    let (tell, told) = channel();
    let _subscription = live
        .on_change("use_new_backend", move |change| {
            let decision = flag.decide(&Context::anonymous());
            let _ = tell.send((change.revision, decision.revision));
        })
        .unwrap();
    for round in 0..200 {
        change(&service, "me", set("use_new_backend", round % 2 == 0));
    }
    for _ in 0..200 {
        let (told, decided) = told.recv_timeout(LONG).unwrap();
        assert!(decided >= told, "told of {told}, decided by {decided}");
    }
}

#[test]
fn a_slow_callback_delays_neither_decisions_nor_changes() {
    let (live, service) = live_service();
    let (release, released) = channel::<()>();
    let _slow = live
        .on_change(Keys::All, move |_| {
            let _ = released.recv();
        })
        .unwrap();
    let (_quick, told) = listen(&live, "use_new_backend");
    change(&service, "me", set("use_new_backend", true));
    assert!(is_on(&live, "use_new_backend"));
    change(&service, "me", set("use_new_backend", false));
    assert!(!is_on(&live, "use_new_backend"));
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
    drop(release);
    assert_eq!((next(&told).revision, next(&told).revision), (2, 3));
}

#[test]
fn a_panicking_callback_is_contained_counted_and_called_again() {
    let (live, service) = live_service();
    let _broken = live
        .on_change(Keys::All, |change| panic!("over {}", change.key))
        .unwrap();
    let (_other, told) = listen(&live, Keys::All);
    for value in [true, false] {
        change(&service, "me", set("use_new_backend", value));
    }
    assert_eq!((next(&told).revision, next(&told).revision), (2, 3));
    let callbacks = live.status().callbacks;
    assert_eq!((callbacks.panics, callbacks.subscriptions), (2, 2));
    assert_eq!(
        callbacks.last_panic.as_deref(),
        Some("over use_new_backend")
    );
}

#[test]
fn what_a_callback_holds_may_panic_when_it_is_dropped() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (live, service) = live_service();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let (grenade, slot) = (Grenade, Arc::clone(&own));
    let subscription = live.on_change(Keys::All, move |_| {
        let _held = &grenade;
        drop(slot.lock().unwrap().take());
    });
    *own.lock().unwrap() = Some(subscription.unwrap());
    let (_other, told) = listen(&live, Keys::All);
    change(&service, "me", set("use_new_backend", true));
    assert_eq!(next(&told).revision, 2);
    change(&service, "me", set("use_new_backend", false));
    assert_eq!(next(&told).revision, 3);
    eventually("the panic", || live.status().callbacks.panics == 1);
}

#[test]
fn a_callback_may_change_flags_and_order_stays() {
    let (live, service) = live_service();
    let (_before, first) = listen(&live, Keys::All);
    let inner = service.clone();
    let _changing = live
        .on_change("use_new_backend", move |_| {
            change(&inner, "callback", set("use_new_config", true));
        })
        .unwrap();
    let (_after, last) = listen(&live, Keys::All);
    change(&service, "me", set("use_new_backend", true));
    for told in [&first, &last] {
        let (one, two) = (next(told), next(told));
        assert_eq!((one.key.as_str(), one.revision), ("use_new_backend", 2));
        assert_eq!((two.key.as_str(), two.revision), ("use_new_config", 3));
        assert_eq!(two.actor.as_deref(), Some("callback"));
    }
    assert!(is_on(&live, "use_new_config"));
}

#[test]
fn a_callback_may_subscribe_and_end_itself_and_others() {
    let (live, service) = live_service();
    let (other, told) = listen(&live, Keys::All);
    let held: Arc<Mutex<Vec<Subscription>>> = Arc::default();
    let (tell, calls) = channel();
    let (slot, inner, mut other) = (Arc::clone(&held), live.clone(), Some(other));
    let own = live.on_change(Keys::All, move |change| {
        let mut held = slot.lock().unwrap();
        held.clear(); // its own
        drop(other.take());
        let again = tell.clone();
        let later = inner.on_change(Keys::All, move |change| {
            let _ = again.send(1000 + change.revision.number());
        });
        held.push(later.unwrap());
        let _ = tell.send(change.revision.number());
    });
    held.lock().unwrap().push(own.unwrap());
    for value in [true, false, true] {
        change(&service, "me", set("use_new_backend", value));
        let call = calls.recv_timeout(LONG).unwrap();
        assert_eq!(call % 1000, live.status().revision.number());
    }
    assert_eq!(next(&told).revision, 2);
    assert!(told.recv_timeout(LONG).is_err(), "its callback is gone");
}

#[test]
fn dropping_a_subscription_ends_it_and_drops_what_it_holds() {
    let (live, service) = live_service();
    let (subscription, told) = listen(&live, Keys::All);
    let (_other, heard) = listen(&live, Keys::All);
    drop(subscription);
    change(&service, "me", set("use_new_backend", true));
    assert_eq!(next(&heard).revision, 2);
    assert_eq!(told.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(live.status().callbacks.subscriptions, 1);
}

#[test]
fn subscriptions_outlive_their_live_flags_harmlessly() {
    let live = Live::new();
    let (_subscription, told) = listen(&live, Keys::All);
    drop(live);
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_key_hears_of_its_flag_alone() {
    let (live, service) = live_service();
    let (_subscription, told) = listen(&live, &key("use_new_config"));
    change(&service, "me", set("use_new_backend", true));
    change(&service, "me", set("use_new_config", true));
    let heard = next(&told);
    assert_eq!((heard.key.as_str(), heard.revision), ("use_new_config", 3));
    assert_eq!(heard.before.unwrap().default, "off");
    assert_eq!(heard.after.unwrap().default, "on");
}

#[test]
fn setting_what_is_set_is_told_too_as_it_is_recorded() {
    let (live, service) = live_service();
    let (_subscription, told) = listen(&live, Keys::All);
    change(&service, "me", set("auto_fallback", true));
    let heard = next(&told);
    assert_eq!(heard.before, heard.after);
}

#[test]
fn a_flag_that_is_deleted_has_nothing_after_it() {
    let (live, service) = live_service();
    let (_subscription, told) = listen(&live, Keys::All);
    let key = key("use_new_config");
    change(&service, "me", Change::Delete { key });
    let heard = next(&told);
    assert!(heard.before.is_some() && heard.after.is_none());
}

#[test]
fn a_store_in_the_place_of_defaults_is_told_as_what_differs() {
    let live = Live::with_defaults(&defaults());
    let (_subscription, told) = listen(&live, Keys::All);
    let service = service();
    change(&service, "me", set("use_new_backend", true));
    assert!(live.update(&block_on(service.document()).unwrap()));
    let heard = next(&told);
    assert_eq!((heard.key.as_str(), heard.revision), ("use_new_backend", 2));
    assert_eq!(heard.actor, None, "there is no record of all that");
    assert_eq!(
        told.try_recv(),
        Err(TryRecvError::Empty),
        "nothing else differs"
    );
}

#[test]
fn a_store_that_went_back_is_told_as_what_differs() {
    let (live, service) = live_service();
    let before = block_on(service.document()).unwrap();
    change(&service, "me", set("use_new_backend", true));
    let (_subscription, told) = listen(&live, Keys::All);
    live.reset(&before);
    let heard = next(&told);
    assert_eq!((heard.revision, heard.actor), (1, None));
    assert_eq!(heard.after.unwrap().default, "off");
    change(&service, "me", set("use_new_config", true));
    assert_eq!(next(&told).key, "use_new_backend", "it is on after all");
    assert_eq!(next(&told).key, "use_new_config");
}

#[test]
fn without_a_follower_the_records_of_others_come_with_the_next_own_change() {
    let store = MemoryFlagStore::new();
    let live = Live::new();
    let here = service_over(store.clone()).with_live(live.clone());
    live.update(&block_on(here.document()).unwrap());
    let elsewhere = FlagService::new(Arc::new(store));
    let (_subscription, told) = listen(&live, Keys::All);
    change(&elsewhere, "elsewhere", set("use_new_backend", true));
    change(&elsewhere, "elsewhere", set("use_new_config", true));
    change(&here, "here", set("use_new_backend", false));
    let heard: Vec<_> = (0..3).map(|_| next(&told)).collect();
    assert_eq!(heard, history(&here)[here_from(&here)..]);
}

/// Where the records after revision 1 begin.
fn here_from(service: &FlagService) -> usize {
    let all = history(service);
    all.iter().position(|told| told.revision > 1).unwrap()
}

#[test]
fn without_a_follower_and_a_history_others_come_as_what_differs() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let live = Live::new();
    let here = service_over(store.clone()).with_live(live.clone());
    live.update(&block_on(here.document()).unwrap());
    let elsewhere = FlagService::new(Arc::new(store.clone()));
    let (_subscription, told) = listen(&live, Keys::All);
    change(&elsewhere, "elsewhere", set("use_new_backend", true));
    store.harm_from_now_on(Call::History, Fault::Fail(PortErrorKind::Unavailable));
    change(&here, "here", set("use_new_config", true));
    let (others, own) = (next(&told), next(&told));
    assert_eq!(
        (others.key.as_str(), others.actor),
        ("use_new_backend", None)
    );
    assert_eq!(own.actor.as_deref(), Some("here"));
}

#[test]
fn what_a_callback_is_too_slow_for_is_told_as_one_step() {
    let (live, service) = live_service();
    let (release, released) = channel::<()>();
    let _slow = live
        .on_change(Keys::All, move |_| {
            let _ = released.recv();
        })
        .unwrap();
    let (_other, told) = listen(&live, Keys::All);
    let fill = |rounds: std::ops::Range<usize>| {
        for round in rounds {
            change(&service, "me", set("use_new_backend", round % 2 == 0));
        }
    };
    fill(0..1);
    eventually("the slow one is called", || {
        live.status().callbacks.waiting == 0
    });
    fill(1..1025);
    assert_eq!(live.status().callbacks.merged, 0);
    change(&service, "me", set("use_new_config", true));
    fill(1025..1030);
    let callbacks = live.status().callbacks;
    assert_eq!((callbacks.waiting, callbacks.merged), (1025, 6));
    drop(release);
    for revision in 2..1027 {
        assert_eq!(next(&told).revision, revision);
    }
    let merged = [next(&told), next(&told)];
    for (told, (name, default)) in merged
        .iter()
        .zip([("use_new_backend", "off"), ("use_new_config", "on")])
    {
        assert_eq!((told.key.as_str(), told.actor.as_deref()), (name, None));
        assert_eq!(told.revision, 1032);
        assert_eq!(told.after.as_ref().unwrap().default, default);
    }
    change(&service, "me", set("use_new_config", false));
    assert_eq!(next(&told).revision, 1033);
}

#[test]
fn nobody_is_told_of_what_tests_force() {
    let (live, service) = live_service();
    let (_subscription, told) = listen(&live, Keys::All);
    live.with_flag("use_new_backend", true, || {
        change(&service, "me", set("use_new_config", true));
    });
    assert_eq!(next(&told).key, "use_new_config");
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_broken_callback_poisons_nothing() {
    let (live, service) = live_service();
    let _broken = live.on_change(Keys::All, |_| panic!("always")).unwrap();
    let forced = catch_unwind(AssertUnwindSafe(|| {
        live.with_flag("use_new_backend", true, || panic!("a test fails"))
    }));
    assert!(forced.is_err());
    change(&service, "me", set("use_new_config", true));
    eventually("the panic", || live.status().callbacks.panics == 1);
    assert_eq!(live.status().source, Source::Store);
    assert!(is_on(&live, "use_new_config") && !is_on(&live, "use_new_backend"));
    let request = Request::by("me").change(set("use_new_config", false));
    block_on(service.apply(&request)).unwrap();
}
