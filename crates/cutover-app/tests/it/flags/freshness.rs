//! How old the flags may be.

use std::sync::Arc;
use std::time::Duration;

use cutover_app::flags::{Follower, Live, Source};
use cutover_domain::flags::{Change, Context, Decision, Reason};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::MemoryFlagStore;
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};

use super::{change, defaults, eventually, key, service, service_over, set};

const AGE: Duration = Duration::from_millis(60);

fn decide(live: &Live, name: &str) -> Decision {
    live.decide(name, &Context::unit("iris"), false)
}

fn is_stale(live: &Live) -> bool {
    live.status().stale_since.is_some()
}

#[test]
fn flags_of_a_store_that_is_away_too_long_are_stale_and_recover_with_it() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let elsewhere = service_over(store.clone());
    let rollout = Change::Rollout {
        key: key("use_new_config"),
        percentage: "100".parse().unwrap(),
        variant: None,
    };
    change(&elsewhere, "me", rollout);
    let name = key("use_new_backend");
    change(&elsewhere, "me", Change::Kill { key: name });
    let live = Live::new();
    live.set_max_age(AGE).unwrap();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    let names = ["auto_fallback", "use_new_config", "use_new_backend"];
    let reasons = || names.map(|name| decide(&live, name).reason);
    let fresh = [Reason::Static, Reason::Split, Reason::Disabled];
    eventually("the store", || live.status().source == Source::Store);
    eventually("fresh reasons", || reasons() == fresh);
    let values = || names.map(|name| decide(&live, name).on);
    let before = values();

    store.harm_from_now_on(Call::Load, Fault::Fail(PortErrorKind::Unavailable));
    eventually("stale reasons", || reasons() == [Reason::Stale; 3]);
    assert_eq!(values(), before, "values stay");
    let status = live.status();
    assert!(status.stale_since.unwrap() >= status.refreshed.unwrap());
    eventually("the trouble", || live.status().trouble.is_some());

    store.heal();
    eventually("fresh reasons again", || reasons() == fresh);
}

#[test]
fn errors_stay_errors_when_flags_are_stale() {
    let live = Live::with_defaults(&defaults());
    live.set_max_age(Duration::ZERO).unwrap();
    eventually("staleness", || is_stale(&live));
    let decision = decide(&live, "nowhere");
    assert_eq!(decision.reason, Reason::Error);
}

#[test]
fn every_kind_of_answer_is_stale() {
    let live = Live::with_defaults(&defaults());
    live.set_max_age(Duration::ZERO).unwrap();
    eventually("staleness", || is_stale(&live));
    let anybody = Context::anonymous();
    assert_eq!(decide(&live, "auto_fallback").reason, Reason::Stale);
    live.with_evaluation("auto_fallback", &anybody, |answer| {
        assert_eq!(answer.unwrap().reason, Reason::Stale);
    });
    live.with_explanation("auto_fallback", &anybody, |told| {
        assert_eq!(told.unwrap().answer.unwrap().reason, Reason::Stale);
    });
    let handle = live.flag("auto_fallback");
    assert_eq!(
        live.reader().decide(&handle, &anybody).reason,
        Reason::Stale
    );
    let typed = live.typed::<bool>("auto_fallback");
    typed.with_answer(&anybody, |answer| {
        assert_eq!((answer.value, answer.reason), (true, Reason::Stale));
    });
}

#[test]
fn a_change_of_this_process_proves_that_flags_are_fresh() {
    let live = Live::new();
    let service = service().with_live(live.clone());
    live.set_max_age(Duration::ZERO).unwrap();
    eventually("staleness", || is_stale(&live));
    live.set_max_age(Duration::from_secs(3600)).unwrap();
    assert!(is_stale(&live), "nothing was learned of the store");
    change(&service, "me", set("use_new_backend", true));
    assert!(!is_stale(&live));
    assert_eq!(decide(&live, "use_new_backend").reason, Reason::Static);
}

#[test]
fn a_quiet_store_is_asked_again_before_flags_grow_old() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    service_over(store.clone());
    let live = Live::new();
    live.set_max_age(AGE).unwrap();
    let _follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    let loads = store.calls(Call::Load);
    eventually("looks", || store.calls(Call::Load) > loads + 5);
}
