//! The service against a model: whatever is asked for, whatever goes wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use cutover_app::flags::{ApplyError, Committed, FlagService, Intent, Request};
use cutover_domain::flags::{
    Change, ChangeRecord, Definition, FlagDocument, FlagKey, Revision, State,
};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, HistoryQuery, MemoryFlagStore};
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore, any_change_to};
use pollster::block_on;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{create, defaults, key, set};

type Flags = BTreeMap<FlagKey, Definition>;

/// A request of one of two services, and what goes wrong meanwhile.
#[derive(Clone, Debug)]
struct Step {
    service: usize,
    wish: Wish,
    expected: Expected,
    faults: Vec<(Call, Fault)>,
}

#[derive(Clone, Debug)]
enum Wish {
    Change(Change),
    Toggle(FlagKey),
    Undo(FlagKey),
    UndoTo(FlagKey, Index),
    UndoAll(Index),
    KillAll,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Any,
    Current,
    Stale,
}

fn step() -> impl Strategy<Value = Step> {
    let flags = defaults().flags;
    let keys: Vec<_> = flags.keys().cloned().chain([key("fresh")]).collect();
    let key = move || select(keys.clone());
    let wish = prop_oneof![
        4 => any_change_to(&flags).prop_map(Wish::Change),
        2 => key().prop_map(Wish::Toggle),
        3 => key().prop_map(Wish::Undo),
        1 => (key(), any::<Index>()).prop_map(|(key, to)| Wish::UndoTo(key, to)),
        1 => any::<Index>().prop_map(Wish::UndoAll),
        1 => Just(Wish::KillAll),
    ];
    let expected = prop_oneof![
        6 => Just(Expected::Any),
        1 => Just(Expected::Current),
        1 => Just(Expected::Stale),
    ];
    let fault = prop_oneof![
        (
            select(vec![Call::Load, Call::History, Call::Commit]),
            Just(Fault::Fail(PortErrorKind::Unavailable)),
        ),
        Just((Call::Commit, Fault::LoseAnswer)),
        Just((Call::Commit, Fault::Fail(PortErrorKind::OutcomeUnknown))),
    ];
    let faults = prop_oneof![
        2 => Just(Vec::new()),
        1 => proptest::collection::vec(fault, 1..3),
    ];
    (0..2_usize, wish, expected, faults).prop_map(|(service, wish, expected, faults)| Step {
        service,
        wish,
        expected,
        faults,
    })
}

/// The flags at every revision, and who made it.
struct Model {
    states: Vec<Flags>,
    actors: Vec<String>,
}

impl Model {
    fn now(&self) -> &Flags {
        self.states.last().unwrap()
    }

    fn revision(&self) -> Revision {
        Revision::new(self.states.len() as u64 - 1)
    }

    /// What a wish makes of the flags, told without records; `None` where it is refused.
    fn wanted(&self, wish: &Wish) -> Option<Flags> {
        let mut flags = self.now().clone();
        let restore = |flags: &mut Flags, key: &FlagKey, past: &Flags| {
            match past.get(key) {
                Some(definition) => flags.insert(key.clone(), definition.clone()),
                None => flags.remove(key),
            };
        };
        match wish {
            Wish::Change(change) => return self.changed(change),
            Wish::Toggle(key) => return self.changed(&self.toggle(key)),
            Wish::Undo(key) => {
                let mut pairs = self.states.windows(2).rev();
                let past = pairs.find(|pair| pair[0].get(key) != pair[1].get(key))?;
                restore(&mut flags, key, &past[0]);
            }
            Wish::UndoTo(key, to) => {
                let past = &self.states[to.index(self.states.len())];
                if !past.contains_key(key) && !flags.contains_key(key) {
                    return None;
                }
                restore(&mut flags, key, past);
            }
            Wish::UndoAll(to) => flags = self.states[to.index(self.states.len())].clone(),
            Wish::KillAll => flags
                .values_mut()
                .for_each(|flag| flag.state = State::Killed),
        }
        Some(flags)
    }

    fn changed(&self, change: &Change) -> Option<Flags> {
        let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
        document.flags = self.now().clone();
        let applied = document.apply(std::slice::from_ref(change), document.updated_at);
        applied.ok().map(|applied| applied.document.flags)
    }

    /// Deletes a flag that is there, and creates one that is not.
    fn toggle(&self, key: &FlagKey) -> Change {
        match self.now().get(key) {
            Some(_) => Change::Delete { key: key.clone() },
            None => create(key.as_str()),
        }
    }

    fn intent(&self, wish: &Wish) -> Intent {
        let revision = |to: &Index| Revision::new(to.index(self.states.len()) as u64);
        match wish {
            Wish::Change(change) => Intent::Changes(vec![change.clone()]),
            Wish::Toggle(key) => Intent::Changes(vec![self.toggle(key)]),
            Wish::Undo(key) => Intent::Undo {
                key: key.clone(),
                to: None,
            },
            Wish::UndoTo(key, to) => Intent::Undo {
                key: key.clone(),
                to: Some(revision(to)),
            },
            Wish::UndoAll(to) => Intent::UndoAll { to: revision(to) },
            Wish::KillAll => Intent::KillAll,
        }
    }

    fn request(&self, step: &Step, actor: &str) -> Request {
        let request = Request::by(actor).intend(self.intent(&step.wish));
        match step.expected {
            Expected::Any => request,
            Expected::Current => request.expecting(self.revision()),
            Expected::Stale => request.expecting(Revision::new(self.revision().number() + 7)),
        }
    }

    fn took(&mut self, flags: Flags, actor: String) {
        self.states.push(flags);
        self.actors.push(actor);
    }
}

fn records(store: &MemoryFlagStore) -> Vec<ChangeRecord> {
    let all = HistoryQuery::newest(usize::MAX);
    let page = block_on(store.history(&all)).unwrap();
    page.records.into_iter().rev().collect()
}

fn is_unknown(error: &ApplyError) -> bool {
    matches!(error, ApplyError::Store(error) if error.kind() == PortErrorKind::OutcomeUnknown)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_acknowledged_change_is_one_revision_and_nothing_else_is(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let store = MemoryFlagStore::new();
        let faulty = [(); 2].map(|()| FaultyFlagStore::new(store.clone()));
        let services = faulty.clone().map(|store| FlagService::new(Arc::new(store)));
        let mut model = Model { states: vec![Flags::new()], actors: Vec::new() };
        let flags = defaults().flags;
        let start = Request::by("start").change(Change::Replace { flags: flags.clone() });
        block_on(services[0].apply(&start)).unwrap();
        model.took(flags, "start".to_owned());

        for (number, step) in steps.iter().enumerate() {
            let actor = format!("step {number}");
            let request = model.request(step, &actor);
            let harmed = &faulty[step.service];
            for (call, fault) in &step.faults {
                harmed.harm(*call, harmed.calls(*call) + 1, *fault);
            }
            let result = block_on(services[step.service].apply(&request));
            harmed.heal();
            let wanted = model.wanted(&step.wish);
            let found = block_on(store.load()).unwrap().unwrap();
            match result {
                Ok(Committed { document, record }) => {
                    prop_assert!(!matches!(step.expected, Expected::Stale));
                    prop_assert_eq!(document.revision, model.revision().next());
                    prop_assert_eq!(record.revision, document.revision);
                    prop_assert_eq!(&record.actor, &actor);
                    prop_assert_eq!(Some(&document.flags), wanted.as_ref(), "{:?}", step);
                    prop_assert_eq!(&found, &document);
                    model.took(document.flags, actor);
                }
                Err(error) if is_unknown(&error) => {
                    prop_assert!(!step.faults.is_empty());
                    if found.revision > model.revision() {
                        prop_assert_eq!(Some(&found.flags), wanted.as_ref());
                        model.took(found.flags, actor);
                    }
                }
                Err(error) => {
                    let is_stale = matches!(step.expected, Expected::Stale);
                    let is_due = wanted.is_none() || is_stale || !step.faults.is_empty();
                    prop_assert!(is_due, "{:?}: {}", step, error);
                    if step.faults.is_empty() && is_stale {
                        prop_assert!(error.is_conflict(), "{}", error);
                    }
                }
            }
            prop_assert_eq!(found.revision, model.revision());
        }
        let records = records(&store);
        let actors: Vec<_> = records.iter().map(|record| record.actor.clone()).collect();
        prop_assert_eq!(&actors, &model.actors);
        for (index, record) in records.iter().enumerate() {
            prop_assert_eq!(record.revision, Revision::new(index as u64 + 1));
            for change in &record.changes {
                prop_assert_eq!(change.before.as_ref(), model.states[index].get(&change.key));
                prop_assert_eq!(change.after.as_ref(), model.states[index + 1].get(&change.key));
            }
        }
    }
}

#[test]
fn services_at_once_over_stores_that_lose_answers_leave_one_record_for_each_yes() {
    let store = MemoryFlagStore::new();
    super::service_over(store.clone());
    let acknowledged = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..4_usize {
            let (store, acknowledged) = (store.clone(), &acknowledged);
            scope.spawn(move || {
                let faulty = FaultyFlagStore::new(store);
                let service = FlagService::new(Arc::new(faulty.clone()));
                for round in 0..50_usize {
                    if round % 3 == 0 {
                        faulty.harm(
                            Call::Commit,
                            faulty.calls(Call::Commit) + 1,
                            Fault::LoseAnswer,
                        );
                    }
                    let actor = format!("{worker}/{round}");
                    let request =
                        Request::by(&actor).change(set("use_new_backend", round % 2 == 0));
                    let done = block_on(service.apply(&request)).unwrap();
                    acknowledged
                        .lock()
                        .unwrap()
                        .push((done.record.revision, actor));
                }
            });
        }
    });
    let mut acknowledged = acknowledged.into_inner().unwrap();
    acknowledged.sort_unstable();
    let records = records(&store);
    let stored = records
        .into_iter()
        .skip(1)
        .map(|record| (record.revision, record.actor));
    assert_eq!(acknowledged, stored.collect::<Vec<_>>());
}
