//! The service that changes flags.

use std::sync::Arc;

use cutover_app::flags::{ApplyError, FlagService, Intent, Live, Request};
use cutover_domain::Stage;
use cutover_domain::flags::{Change, Context, Definition, Revision, State};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{HistoryQuery, MemoryFlagStore, Retention};
use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};
use pollster::block_on;

use super::odd::OddStore;
use super::{change, create, default_of, key, service, service_over, set};

#[test]
fn a_stale_expected_revision_changes_nothing_and_names_both() {
    let service = service();
    let request = Request::by("late").change(set("use_new_backend", true));
    block_on(service.apply(&request)).unwrap();
    let error = block_on(service.apply(&request.expecting(Revision::new(1)))).unwrap_err();
    assert!(error.is_conflict());
    assert!(error.to_string().contains("revision 1"), "{error}");
    assert!(error.to_string().contains("revision 2"), "{error}");
    assert_eq!(
        block_on(service.document()).unwrap().revision,
        Revision::new(2)
    );
}

#[test]
fn a_plan_changes_nothing() {
    let service = service();
    let request = Request::by("curious").change(set("use_new_backend", true));
    let plan = block_on(service.plan(&request)).unwrap();
    assert_eq!(plan.changes.len(), 1);
    assert_eq!(default_of(&service, "use_new_backend"), "off");
}

#[test]
fn undo_takes_the_last_change_of_a_flag_back_and_again_redoes_it() {
    let service = service();
    let undo = Request::by("me").intend(Intent::Undo {
        key: key("use_new_backend"),
        to: None,
    });
    block_on(service.apply(&Request::by("me").change(set("use_new_backend", true)))).unwrap();
    block_on(service.apply(&Request::by("me").change(set("use_new_config", true)))).unwrap();
    block_on(service.apply(&undo)).unwrap();
    assert_eq!(default_of(&service, "use_new_backend"), "off");
    assert_eq!(default_of(&service, "use_new_config"), "on");
    block_on(service.apply(&undo)).unwrap();
    assert_eq!(default_of(&service, "use_new_backend"), "on");
}

#[test]
fn undo_passes_over_changes_that_changed_nothing() {
    let service = service();
    for _ in 0..3 {
        block_on(service.apply(&Request::by("me").change(set("use_new_backend", true)))).unwrap();
    }
    let undo = Request::by("me").intend(Intent::Undo {
        key: key("use_new_backend"),
        to: None,
    });
    block_on(service.apply(&undo)).unwrap();
    assert_eq!(default_of(&service, "use_new_backend"), "off");
}

#[test]
fn undo_reaches_any_revision_for_one_flag_and_for_all() {
    let service = service();
    let before = block_on(service.document()).unwrap();
    for round in 0..300 {
        let value = round % 2 == 0;
        let request = Request::by("me")
            .change(set("use_new_backend", value))
            .change(set("use_new_config", value));
        block_on(service.apply(&request)).unwrap();
    }
    let one = Intent::Undo {
        key: key("use_new_backend"),
        to: Some(Revision::new(2)),
    };
    block_on(service.apply(&Request::by("me").intend(one))).unwrap();
    assert_eq!(default_of(&service, "use_new_backend"), "on");
    assert_eq!(default_of(&service, "use_new_config"), "off");
    let all = Intent::UndoAll {
        to: Revision::new(1),
    };
    let done = block_on(service.apply(&Request::by("me").intend(all))).unwrap();
    assert_eq!(done.document.flags, before.flags);
    assert_eq!(done.record.revision, Revision::new(303));
    let beyond = Intent::UndoAll {
        to: Revision::new(9999),
    };
    let error = block_on(service.apply(&Request::by("me").intend(beyond))).unwrap_err();
    assert!(matches!(error, ApplyError::NoSuchRevision { .. }));
}

#[test]
fn undoing_a_creation_removes_the_flag() {
    let service = service();
    let create = Change::Create {
        key: key("fresh"),
        definition: Box::new(Definition::boolean()),
    };
    block_on(service.apply(&Request::by("me").change(create))).unwrap();
    let undo = Intent::Undo {
        key: key("fresh"),
        to: None,
    };
    let done = block_on(service.apply(&Request::by("me").intend(undo))).unwrap();
    assert!(!done.document.flags.contains_key("fresh"));
    let never = Intent::Undo {
        key: key("never"),
        to: None,
    };
    let error = block_on(service.apply(&Request::by("me").intend(never))).unwrap_err();
    assert!(matches!(error, ApplyError::NothingToUndo(_)));
}

#[test]
fn writers_at_once_lose_nothing_and_leave_no_gap() {
    let service = service();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let service = service.clone();
            scope.spawn(move || {
                for round in 0..50 {
                    let request = Request::by(format!("writer-{writer}-{round}"))
                        .change(set("use_new_backend", round % 2 == 0));
                    block_on(service.apply(&request)).unwrap();
                }
            });
        }
    });
    let page = block_on(service.history(&HistoryQuery::newest(1000))).unwrap();
    let revisions: Vec<u64> = page
        .records
        .iter()
        .map(|record| record.revision.number())
        .collect();
    assert_eq!(revisions, (1..=401).rev().collect::<Vec<_>>());
    let mut actors: Vec<_> = page
        .records
        .iter()
        .map(|record| record.actor.as_str())
        .collect();
    actors.sort_unstable();
    actors.dedup();
    assert_eq!(actors.len(), 401, "every acknowledged change is there once");
}

#[test]
fn a_commit_of_unknown_outcome_is_looked_up() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let service = FlagService::new(Arc::new(store.clone()));
    store.harm(Call::Commit, 1, Fault::LoseAnswer);
    let done = change(&service, "me", create("x"));
    assert_eq!(done.document.revision, Revision::new(1));
}

#[test]
fn an_outcome_that_cannot_be_looked_up_stays_unknown() {
    let store = FaultyFlagStore::new(MemoryFlagStore::new());
    let service = FlagService::new(Arc::new(store.clone()));
    store.harm(Call::Commit, 1, Fault::LoseAnswer);
    store.harm(Call::History, 1, Fault::Fail(PortErrorKind::Unavailable));
    let error = block_on(service.apply(&Request::by("me").change(create("x")))).unwrap_err();
    let ApplyError::Store(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), PortErrorKind::OutcomeUnknown);
}

#[test]
fn a_conflict_whose_answer_was_lost_starts_again() {
    let store = MemoryFlagStore::new();
    service_over(store.clone());
    let odd = OddStore::new(store.clone());
    odd.overtake(3, move || {
        let other = FlagService::new(Arc::new(store.clone()));
        change(&other, "faster", set("use_new_config", true));
    });
    let service = FlagService::new(Arc::new(odd));
    let done = change(&service, "slower", set("use_new_backend", true));
    assert_eq!(done.record.revision, Revision::new(5));
    assert_eq!(default_of(&service, "use_new_backend"), "on");
    assert_eq!(default_of(&service, "use_new_config"), "on");
}

#[test]
fn killing_all_is_one_revision_and_one_record() {
    let service = service();
    let kill = Request::by("me")
        .because("an accident")
        .intend(Intent::KillAll);
    let done = block_on(service.apply(&kill)).unwrap();
    assert_eq!(done.record.revision, Revision::new(2));
    assert_eq!(done.record.changes.len(), done.document.flags.len());
    assert!(
        done.document
            .flags
            .values()
            .all(|flag| flag.state == State::Killed)
    );
    let undo = Intent::UndoAll {
        to: Revision::new(1),
    };
    let undone = block_on(service.apply(&Request::by("me").intend(undo))).unwrap();
    assert!(
        undone
            .document
            .flags
            .values()
            .all(|flag| flag.state == State::Enabled)
    );
}

#[test]
fn killing_all_is_refused_where_old_is_stale_unless_forced() {
    let service = service();
    let complete = Definition {
        stage: Some(Stage::Complete),
        ..Definition::boolean()
    };
    let put = Change::Put {
        key: key("moved"),
        definition: Some(Box::new(complete)),
    };
    change(&service, "me", put);
    let kill = Request::by("me").intend(Intent::KillAll);
    let error = block_on(service.apply(&kill)).unwrap_err();
    assert!(
        error.to_string().contains("moved is at stage complete"),
        "{error}"
    );
    assert_eq!(
        block_on(service.document()).unwrap().revision,
        Revision::new(2)
    );
    let kill = kill.intend(Intent::ForceKillAll);
    let done = block_on(service.apply(&kill)).unwrap();
    assert_eq!(done.document.flags["moved"].state, State::Killed);
}

#[test]
fn rolling_a_tenant_back_is_one_revision_and_touches_nobody_else() {
    let live = Live::new();
    let service = service().with_live(live.clone());
    let keys = vec![key("use_new_backend"), key("use_new_config")];
    let on = Request::by("me")
        .change(set("use_new_backend", true))
        .change(set("use_new_config", true));
    block_on(service.apply(&on)).unwrap();
    let target = "acme".to_owned();
    let done = change(&service, "support", Change::Rollback { target, keys });
    assert_eq!(done.record.revision, Revision::new(3));
    assert_eq!(done.record.changes.len(), 2);
    for name in ["use_new_backend", "use_new_config"] {
        let of = |tenant| Context::anonymous().with_tenant(tenant);
        assert!(!live.decide(name, &of("acme"), true).on, "{name}");
        assert!(live.decide(name, &of("other"), false).on, "{name}");
    }
}

#[test]
fn undo_brings_a_deleted_flag_back_as_it_was() {
    let service = service();
    change(&service, "me", set("use_new_backend", true));
    let before = block_on(service.document()).unwrap();
    let key = key("use_new_backend");
    change(&service, "me", Change::Delete { key: key.clone() });
    change(&service, "me", set("use_new_config", true));
    change(&service, "me", set("use_new_config", false));
    let undo = Request::by("me").intend(Intent::Undo {
        key: key.clone(),
        to: None,
    });
    let undone = block_on(service.apply(&undo)).unwrap();
    assert_eq!(undone.document.flags[&key], before.flags[&key]);
    let redone = block_on(service.apply(&undo)).unwrap();
    assert!(!redone.document.flags.contains_key("use_new_backend"));
}

#[test]
fn undo_does_not_guess_what_a_damaged_record_told() {
    let store = OddStore::new(MemoryFlagStore::new());
    let service = service_over(store.clone());
    let changes = [
        set("use_new_backend", true),
        set("use_new_config", true),
        set("use_new_backend", false),
    ];
    for request in changes {
        change(&service, "me", request);
    }
    let undo = |key_of: &str, to: Option<u64>| {
        let key = key(key_of);
        let to = to.map(Revision::new);
        block_on(service.plan(&Request::by("me").intend(Intent::Undo { key, to })))
    };
    let all = |to| {
        let to = Revision::new(to);
        block_on(service.plan(&Request::by("me").intend(Intent::UndoAll { to })))
    };
    // In the middle, at the end of the way, and at its beginning.
    for (damaged, to, is_known) in [
        (2, 3, true),
        (2, 2, true),
        (2, 1, false),
        (3, 1, false),
        (3, 2, false),
        (4, 3, false),
        (4, 1, false),
    ] {
        store.damage(damaged);
        for plan in [all(to), undo("use_new_backend", Some(to))] {
            match plan {
                Ok(_) => assert!(is_known, "{damaged} {to}"),
                Err(ApplyError::HistoryHasGap { first, last, .. }) => {
                    assert!(!is_known, "{damaged} {to}");
                    assert_eq!((first.number(), last.number()), (damaged, damaged));
                }
                Err(other) => panic!("{damaged} {to}: {other}"),
            }
        }
    }
    // The last change is lost; the one before it is not what was asked for.
    let error = undo("use_new_backend", None).unwrap_err();
    assert!(matches!(error, ApplyError::LastChangeLost(_)), "{error}");
    assert!(undo("use_new_config", None).is_ok());
    store.damage(3);
    let error = undo("use_new_config", None).unwrap_err();
    assert!(matches!(error, ApplyError::LastChangeLost(_)), "{error}");
    // What is older than the last change does not matter.
    store.damage(2);
    assert!(undo("use_new_backend", None).is_ok());
}

#[test]
fn undo_does_not_reach_behind_what_was_compacted_and_says_so() {
    let service = service();
    for value in [true, false, true] {
        change(&service, "me", set("use_new_backend", value));
    }
    let kept = block_on(service.compact(&Retention::newest(2))).unwrap();
    assert_eq!((kept.removed, kept.oldest), (2, Some(Revision::new(3))));
    let to = |number| Intent::UndoAll {
        to: Revision::new(number),
    };
    let error = block_on(service.apply(&Request::by("me").intend(to(1)))).unwrap_err();
    assert!(
        matches!(error, ApplyError::HistoryTooShort { .. }),
        "{error}"
    );
    block_on(service.apply(&Request::by("me").intend(to(3)))).unwrap();
    assert_eq!(default_of(&service, "use_new_backend"), "off");
}

#[test]
fn a_service_puts_its_own_changes_in_force_at_once() {
    let live = Live::new();
    let flag = live.flag("use_new_backend");
    let service = service().with_live(live.clone());
    block_on(service.apply(&Request::by("me").change(set("use_new_backend", true)))).unwrap();
    assert!(flag.is_on(&Context::anonymous()));
    block_on(service.apply(&Request::by("me").change(Change::Kill {
        key: key("use_new_backend"),
    })))
    .unwrap();
    assert!(!flag.is_on(&Context::anonymous()));
    assert!(!live.reader().decide(&flag, &Context::anonymous()).on);
}

#[test]
fn a_service_over_a_store_that_was_restored_puts_its_changes_in_force_again() {
    let (first, second) = (MemoryFlagStore::new(), MemoryFlagStore::new());
    let live = Live::new();
    let before = service_over(first).with_live(live.clone());
    change(&before, "me", set("use_new_backend", true));
    change(&before, "me", set("use_new_config", true));
    assert_eq!(live.status().revision, Revision::new(3));
    let after = service_over(second).with_live(live.clone());
    change(&after, "me", set("use_new_features", true));
    assert_eq!(live.status().revision, Revision::new(2));
    let on = |name| super::is_on(&live, name);
    assert!(on("use_new_features") && !on("use_new_backend"));
}
