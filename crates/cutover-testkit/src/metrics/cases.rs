//! The promises of a state store, each as a function that panics when it is broken.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "each is a test, which fails by panic, and whose name is what it says"
)]

use std::thread;
use std::time::Duration;

use cutover_domain::metrics::{ProcessIdentity, ProcessState};
use cutover_ports::metrics::MetricsStateStore;

use super::{noon, sample_state};

const SECOND: Duration = Duration::from_secs(1);

fn publish(store: &dyn MetricsStateStore, instance: &str, boot: &str, calls: u64) -> ProcessState {
    let state = sample_state(&ProcessIdentity::new(instance, boot), SECOND, calls);
    store.publish(&state).expect("a state is published");
    state
}

fn load(store: &dyn MetricsStateStore) -> Vec<ProcessState> {
    let loaded = store.load(noon() + SECOND).expect("the states are loaded");
    assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
    loaded.states
}

pub fn an_empty_store_has_no_states(store: &dyn MetricsStateStore) {
    assert_eq!(load(store), []);
}

pub fn a_state_is_read_as_it_was_written(store: &dyn MetricsStateStore) {
    let state = publish(store, "web", "1", 3);
    assert_eq!(load(store), [state]);
}

pub fn a_process_replaces_its_own_state(store: &dyn MetricsStateStore) {
    publish(store, "web", "1", 3);
    let later = publish(store, "web", "1", 4);
    assert_eq!(load(store), [later]);
}

pub fn runs_and_instances_are_kept_apart_in_order(store: &dyn MetricsStateStore) {
    let second = publish(store, "b", "2", 2);
    let third = publish(store, "b", "3", 3);
    let first = publish(store, "a", "9", 1);
    assert_eq!(load(store), [first, second, third]);
}

pub fn hostile_identities_are_kept_apart(store: &dyn MetricsStateStore) {
    let long = "a".repeat(10_000);
    let names = [
        "", ".", "..", "../up", "/root", "a", "A", "a-b", "b", "a\0", "é", "\n", &long,
    ];
    for instance in names {
        for boot in names {
            publish(store, instance, boot, 1);
        }
    }
    let found = load(store);
    assert_eq!(found.len(), names.len() * names.len());
    for state in found {
        let ProcessIdentity { instance, boot } = &state.process;
        assert!(names.contains(&instance.as_str()) && names.contains(&boot.as_str()));
    }
}

pub fn a_state_expires_an_hour_after_it_was_written(store: &dyn MetricsStateStore) {
    publish(store, "web", "1", 3);
    let states = |seconds| {
        store
            .load(noon() + Duration::from_secs(seconds))
            .expect("the states are loaded")
            .states
    };
    assert_eq!(
        (states(0).len(), states(3_601).len(), states(3_602).len()),
        (1, 1, 0)
    );
}

pub fn publishers_at_once_lose_nothing(store: &dyn MetricsStateStore) {
    thread::scope(|scope| {
        for process in 0..4 {
            scope.spawn(move || {
                for calls in 1..=25 {
                    publish(store, &format!("web-{process}"), "1", calls);
                    assert!(load(store).iter().any(|state| {
                        state.process.instance == format!("web-{process}")
                            && state.since_start.summarize().gauges["open"] == calls as f64
                    }));
                }
            });
        }
    });
    assert_eq!(load(store).len(), 4);
}
