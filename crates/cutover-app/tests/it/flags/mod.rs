//! What live flags, and the service that changes them, promise.

mod callbacks;
mod follower;
mod forced;
mod freshness;
mod live;
mod odd;
mod overlay;
mod people;
mod service;
mod service_model;
mod typed;
mod watching;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use cutover_app::flags::{Committed, FlagService, Keys, Live, Request, Subscription};
use cutover_domain::flags::{Change, Context, Definition, FlagDocument, FlagKey, Preset};
use cutover_ports::flags::{FlagStore, HistoryQuery, MemoryFlagStore};
use cutover_testkit::wait::LONG;
use pollster::block_on;

fn key(text: &str) -> FlagKey {
    text.parse().unwrap()
}

fn set(name: &str, value: bool) -> Change {
    Change::Set {
        key: key(name),
        value: value.into(),
    }
}

fn create(name: &str) -> Change {
    Change::Create {
        key: key(name),
        definition: Box::new(Definition::boolean()),
    }
}

fn change(service: &FlagService, actor: &str, change: Change) -> Committed {
    block_on(service.apply(&Request::by(actor).change(change))).unwrap()
}

/// A service over a store in memory, with the flags of a preset at revision 1.
fn service() -> FlagService {
    service_over(MemoryFlagStore::new())
}

fn service_over(store: impl FlagStore + 'static) -> FlagService {
    let service = FlagService::new(Arc::new(store));
    let flags = Preset::Mdm.flags();
    change(&service, "test", Change::Replace { flags });
    service
}

/// The same, with live flags that have read the store.
fn live_service() -> (Live, FlagService) {
    let live = Live::new();
    let service = service().with_live(live.clone());
    live.update(&block_on(service.document()).unwrap());
    (live, service)
}

fn default_of(service: &FlagService, name: &str) -> String {
    block_on(service.document()).unwrap().flags[&key(name)]
        .default
        .clone()
}

fn defaults() -> FlagDocument {
    let mut defaults = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    defaults.flags = Preset::Mdm.flags();
    defaults
}

fn is_on(live: &Live, name: &str) -> bool {
    live.decide(name, &Context::anonymous(), false).on
}

/// Waits for something that another thread does.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "never came: {what}");
        std::thread::yield_now();
    }
}

/// What a callback was told.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    key: String,
    revision: u64,
    actor: Option<String>,
    before: Option<Definition>,
    after: Option<Definition>,
}

/// A callback that writes down what it is told.
fn listen(live: &Live, keys: impl Into<Keys>) -> (Subscription, Receiver<Told>) {
    let (tell, told) = channel();
    let subscription = live
        .on_change(keys, move |change| {
            let _ = tell.send(Told {
                key: change.key.to_string(),
                revision: change.revision.number(),
                actor: change.record.map(|record| record.actor.clone()),
                before: change.before.cloned(),
                after: change.after.cloned(),
            });
        })
        .unwrap();
    (subscription, told)
}

fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(LONG).expect("a callback in time")
}

/// What the history says, as callbacks are told it.
fn history(service: &FlagService) -> Vec<Told> {
    let page = block_on(service.history(&HistoryQuery::newest(usize::MAX))).unwrap();
    let records = page.records.into_iter().rev();
    let told = |record: cutover_domain::flags::ChangeRecord| {
        record.changes.into_iter().map(move |change| Told {
            key: change.key.to_string(),
            revision: record.revision.number(),
            actor: Some(record.actor.clone()),
            before: change.before,
            after: change.after,
        })
    };
    records.flat_map(told).collect()
}
