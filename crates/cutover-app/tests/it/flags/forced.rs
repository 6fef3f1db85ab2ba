//! What tests of applications force flags to answer.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cutover_app::execution::{BlockingOperation, Cutover};
use cutover_app::flags::{ForcedFlags, Live};
use cutover_domain::Stage;
use cutover_domain::flags::{
    Change, Context, Definition, ErrorCode, FlagDocument, FlagValue, Reason, State,
};
use proptest::prelude::*;

use super::{change, defaults, is_on, key, service, set};

fn document(flags: impl IntoIterator<Item = (&'static str, Definition)>) -> FlagDocument {
    let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    let flags = flags.into_iter();
    document.flags = flags.map(|(name, flag)| (key(name), flag)).collect();
    document.validate().unwrap();
    document
}

#[test]
fn a_forced_flag_answers_so_to_everybody_whatever_is_stored() {
    let boolean = Definition::boolean;
    let killed = Definition {
        state: State::Killed,
        ..boolean()
    };
    let overridden = Definition {
        overrides: [("acme".to_owned(), "off".to_owned())].into(),
        ..boolean()
    };
    let requiring = Definition {
        requires: vec![key("plain")],
        ..boolean()
    };
    let live = Live::with_defaults(&document([
        ("plain", boolean()),
        ("killed", killed),
        ("overridden", overridden),
        ("requiring", requiring),
    ]));
    let acme = Context::unit("iris").with_tenant("acme");
    for name in ["plain", "killed", "overridden", "requiring", "not_there"] {
        let handle = live.flag(name);
        live.with_flag(name, true, || {
            let decision = handle.decide(&acme);
            assert_eq!(
                (decision.on, decision.reason),
                (true, Reason::Static),
                "{name}"
            );
        });
        assert!(!handle.is_on(&acme), "{name}");
    }
}

#[test]
fn flags_that_require_a_forced_one_follow_it() {
    let requiring = Definition {
        requires: vec![key("master")],
        default: "on".to_owned(),
        ..Definition::boolean()
    };
    let master = Definition::boolean();
    let live = Live::with_defaults(&document([("master", master), ("part", requiring)]));
    assert!(!is_on(&live, "part"));
    live.with_flag("master", true, || assert!(is_on(&live, "part")));
}

#[test]
fn values_are_those_of_the_flag_names_of_its_variants_or_anything() {
    let variants = [("small", 10), ("large", 100)];
    let variants = variants.map(|(name, size)| (name.to_owned(), FlagValue::from(size)));
    let size = Definition {
        stage: Some(Stage::Shadow),
        ..Definition::with_variants(
            cutover_domain::flags::ValueType::Integer,
            variants.into(),
            "small",
        )
    };
    let live = Live::with_defaults(&document([("size", size)]));
    let answer = || {
        live.with_evaluation("size", &Context::anonymous(), |answer| {
            answer.map(|answer| (answer.value.to_string(), answer.variant.to_owned()))
        })
    };
    let cases: [(FlagValue, &str, &str); 4] = [
        (100.into(), "100", "large"),
        ("large".into(), "100", "large"),
        (7.into(), "7", "forced"),
        ("seven".into(), "seven", "forced"),
    ];
    for (value, shown, variant) in cases {
        live.with_flag("size", value, || {
            assert_eq!(answer(), Ok((shown.to_owned(), variant.to_owned())));
        });
    }
    assert_eq!(answer(), Ok(("10".to_owned(), "small".to_owned())));
    live.with_flag("size", true, || {
        let decision = live.decide("size", &Context::anonymous(), false);
        assert_eq!((decision.on, decision.stage), (true, Some(Stage::Shadow)));
    });
}

#[test]
fn it_ends_with_its_scope_also_by_panic() {
    let live = Live::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        live.with_flag("x", true, || {
            assert!(is_on(&live, "x"));
            panic!("a test that fails");
        });
    }));
    assert!(panicked.is_err());
    let gone = live.decide("x", &Context::anonymous(), false);
    assert_eq!(gone.error, Some(ErrorCode::FlagNotFound));
    assert!(live.status().forced.is_empty());
}

#[test]
fn what_is_stored_meanwhile_is_masked_and_then_appears() {
    let live = Live::new();
    let service = service().with_live(live.clone());
    live.with_flag("use_new_backend", false, || {
        change(&service, "me", set("use_new_backend", true));
        assert!(!is_on(&live, "use_new_backend"));
        assert_eq!(live.status().forced, [key("use_new_backend")]);
        let name = key("use_new_config");
        change(&service, "me", Change::Kill { key: name });
    });
    assert!(is_on(&live, "use_new_backend"));
    let killed = live.decide("use_new_config", &Context::anonymous(), false);
    assert_eq!(killed.reason, Reason::Disabled);
}

#[test]
fn other_threads_see_it_and_readers_and_handles() {
    let live = Live::with_defaults(&defaults());
    let handle = live.flag("use_new_backend");
    let mut reader = live.reader();
    assert!(!reader.decide(&handle, &Context::anonymous()).on);
    live.with_flag("use_new_backend", true, || {
        assert!(reader.decide(&handle, &Context::anonymous()).on);
        let (live, handle) = (live.clone(), handle.clone());
        let thread = std::thread::spawn(move || {
            handle.is_on(&Context::anonymous()) && is_on(&live, "use_new_backend")
        });
        assert!(thread.join().unwrap());
    });
    assert!(!reader.decide(&handle, &Context::anonymous()).on);
}

#[test]
fn both_sides_of_an_operation_can_be_tested() {
    let live = Live::new();
    let operation = BlockingOperation::<u32, String, std::fmt::Error>::builder("describe")
        .old(|_: &u32| Ok("old".to_owned()))
        .new(|_: &u32| Ok("new".to_owned()))
        .flag("use_new_describe")
        .build(&Cutover::new(live.clone()))
        .unwrap();
    for (side, expected) in [(false, "old"), (true, "new")] {
        live.with_flag("use_new_describe", side, || {
            let answer = operation.run(&Context::unit("iris"), 1).unwrap();
            assert_eq!(answer, expected);
        });
    }
}

#[test]
fn tests_at_once_end_their_scopes_without_disturbing_each_other() {
    let live = Live::with_defaults(&defaults());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let live = &live;
            scope.spawn(move || {
                let own = format!("flag-{worker}");
                for round in 0..50 {
                    live.with_flag(&own, round, || {
                        let read = live.typed::<i32>(&own);
                        assert_eq!(read.get(&Context::anonymous()), round);
                    });
                }
            });
        }
    });
    assert!(live.status().forced.is_empty());
}

#[test]
#[should_panic(expected = "no flag can be forced")]
fn a_name_that_no_flag_can_have_fails_the_test() {
    Live::new().with_flag("Not a flag", true, || ());
}

#[derive(Clone, Debug)]
enum Step {
    Open(Vec<(usize, i64)>),
    Close(usize),
    Store(usize, i64),
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn step() -> impl Strategy<Value = Step> {
    let flag = || (0..NAMES.len(), 0..100_i64);
    prop_oneof![
        proptest::collection::vec(flag(), 0..3).prop_map(Step::Open),
        any::<usize>().prop_map(Step::Close),
        flag().prop_map(|(name, value)| Step::Store(name, value)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_scope_opened_last_wins_in_whatever_order_they_end(
        steps in proptest::collection::vec(step(), 1..30)
    ) {
        let live = Live::new();
        let mut stored: BTreeMap<usize, i64> = BTreeMap::new();
        let mut open: Vec<(ForcedFlags, Vec<(usize, i64)>)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Open(flags) => {
                    let forced = flags.iter().map(|(name, value)| (NAMES[*name], (*value).into()));
                    open.push((live.force_flags(forced), flags));
                }
                Step::Close(which) if !open.is_empty() => {
                    let which = which % open.len();
                    drop(open.remove(which));
                }
                Step::Close(_) => {}
                Step::Store(name, value) => {
                    stored.insert(name, value);
                    let mut document = document(stored.iter().map(|(name, value)| {
                        let variants = [("it".to_owned(), (*value).into())].into();
                        let kind = cutover_domain::flags::ValueType::Integer;
                        (NAMES[*name], Definition::with_variants(kind, variants, "it"))
                    }));
                    document.revision = cutover_domain::flags::Revision::new(number as u64 + 1);
                    prop_assert!(live.update(&document));
                }
            }
            for (index, name) in NAMES.iter().enumerate() {
                let forced = open.iter().flat_map(|(_, flags)| flags).rev();
                let forced = forced.filter(|(flag, _)| *flag == index).map(|(_, value)| *value);
                let expected = forced.chain(stored.get(&index).copied()).next().unwrap_or(-1);
                let handle = live.typed::<i64>(name).with_default(-1);
                prop_assert_eq!(handle.get(&Context::anonymous()), expected);
            }
        }
    }
}
