//! What the flag service and live flags promise.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use cutover_app::flags::{ApplyError, FlagService, Follower, Intent, Live, Request};
use cutover_domain::flags::{
    Change, Context, Definition, ErrorCode, FlagKey, FlagValue, Preset, Revision,
};
use cutover_ports::flags::{Decide, FlagStore, HistoryQuery, MemoryFlagStore};
use cutover_ports::{PortError, PortErrorKind};
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

fn service() -> FlagService {
    let service = FlagService::new(Arc::new(MemoryFlagStore::new()));
    let start = Request::by("test").change(Change::Replace {
        flags: Preset::Mdm.flags(),
    });
    block_on(service.apply(&start)).unwrap();
    service
}

fn default_of(service: &FlagService, name: &str) -> String {
    block_on(service.document()).unwrap().flags[&key(name)]
        .default
        .clone()
}

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
    #[derive(Debug)]
    struct Vague(MemoryFlagStore);

    #[async_trait::async_trait]
    impl FlagStore for Vague {
        fn capabilities(&self) -> cutover_ports::flags::FlagCapabilities {
            self.0.capabilities()
        }
        async fn load(&self) -> Result<Option<cutover_domain::flags::FlagDocument>, PortError> {
            self.0.load().await
        }
        async fn commit(&self, commit: cutover_ports::flags::Commit) -> Result<(), PortError> {
            self.0.commit(commit).await?;
            Err(PortError::new(
                PortErrorKind::OutcomeUnknown,
                "commit flags",
            ))
        }
        async fn history(
            &self,
            query: &HistoryQuery,
        ) -> Result<cutover_ports::flags::HistoryPage, PortError> {
            self.0.history(query).await
        }
        async fn watch(
            &self,
            since: Revision,
        ) -> Result<cutover_ports::flags::FlagEvents, PortError> {
            self.0.watch(since).await
        }
        async fn compact(
            &self,
            retention: &cutover_ports::flags::Retention,
        ) -> Result<cutover_ports::flags::Compaction, PortError> {
            self.0.compact(retention).await
        }
    }

    let service = FlagService::new(Arc::new(Vague(MemoryFlagStore::new())));
    let create = Change::Create {
        key: key("x"),
        definition: Box::new(Definition::boolean()),
    };
    let done = block_on(service.apply(&Request::by("me").change(create))).unwrap();
    assert_eq!(done.document.revision, Revision::new(1));
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
fn embedded_defaults_hold_until_a_store_is_read() {
    let mut defaults = cutover_domain::flags::FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    defaults.flags = Preset::Mdm.flags();
    defaults.revision = Revision::new(99);
    let live = Live::with_defaults(&defaults);
    assert!(!live.status().from_store);
    assert!(
        live.decide("auto_fallback", &Context::anonymous(), false)
            .on
    );
    let stored = block_on(service().document()).unwrap();
    assert!(
        live.update(&stored),
        "the store wins over defaults of any revision"
    );
    assert!(live.status().from_store);
}

#[test]
fn an_older_document_does_not_replace_a_newer_one_unless_told_to() {
    let service = service();
    let live = Live::new();
    let first = block_on(service.document()).unwrap();
    block_on(service.apply(&Request::by("me").change(set("use_new_backend", true)))).unwrap();
    live.update(&block_on(service.document()).unwrap());
    assert!(!live.update(&first));
    assert_eq!(live.status().revision, Revision::new(2));
    live.reset(&first);
    assert_eq!(live.status().revision, Revision::new(1));
}

#[test]
fn a_follower_brings_changes_made_elsewhere_and_ends_when_dropped() {
    let store = MemoryFlagStore::new();
    let live = Live::new();
    let follower = Follower::start(live.clone(), Arc::new(store.clone())).unwrap();
    let elsewhere = FlagService::new(Arc::new(store));
    let create = Change::Create {
        key: key("x"),
        definition: Box::new(Definition::boolean()),
    };
    block_on(elsewhere.apply(&Request::by("other").change(create).change(set("x", true)))).unwrap();
    let flag = live.flag("x");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !flag.is_on(&Context::anonymous()) {
        assert!(
            std::time::Instant::now() < deadline,
            "the change never arrived"
        );
        std::thread::yield_now();
    }
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        drop(follower);
        ended.send(()).unwrap();
    });
    end.recv_timeout(Duration::from_secs(20))
        .expect("the follower ends");
}

#[test]
fn trouble_keeps_the_last_good_state_and_is_visible() {
    let live = Live::new();
    live.update(&block_on(service().document()).unwrap());
    live.report_trouble("flags.json:1:1: it is empty");
    assert!(
        live.decide("auto_fallback", &Context::anonymous(), false)
            .on
    );
    assert!(live.status().trouble.unwrap().contains("flags.json:1:1"));
}

#[test]
fn values_of_other_types_come_with_the_callers_default() {
    let live = Live::new();
    let default = FlagValue("blue".into());
    assert_eq!(
        live.value("colour", &Context::anonymous(), default.clone()),
        default
    );
    let decision = live.decide("colour", &Context::anonymous(), true);
    assert_eq!(
        (decision.on, decision.error),
        (true, Some(ErrorCode::FlagNotFound))
    );
    let handle: &dyn Decide = &live.flag("colour").with_default(true);
    assert!(handle.decide(&Context::anonymous()).on);
}
