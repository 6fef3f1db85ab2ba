//! Which tier decides, and what it says.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Attribute, Bucketing, Change, Context, Definition, ErrorCode, FlagDocument, Interner, Preset,
    Reason, Snapshot, State,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{decide, document, on, requiring, rolled_out};

#[test]
fn precedence_is_killed_requires_override_rollout_default() {
    let mut flag = rolled_out(Percentage::from_percent(50).unwrap(), Bucketing::Xxh3);
    flag.overrides.insert("vip".to_owned(), "off".to_owned());
    flag.overrides.insert("acme".to_owned(), "on".to_owned());
    let flags = document([
        ("master", Definition::boolean()),
        ("free", flag.clone()),
        ("bound", requiring(&["master"], flag)),
    ]);
    for (key, context, expected) in [
        (
            "free",
            Context::unit("vip").with_tenant("acme"),
            (false, Reason::TargetingMatch),
        ),
        (
            "free",
            Context::unit("x").with_tenant("acme"),
            (true, Reason::TargetingMatch),
        ),
        (
            "bound",
            Context::unit("x").with_tenant("acme"),
            (false, Reason::Disabled),
        ),
        ("master", Context::anonymous(), (false, Reason::Static)),
    ] {
        let decision = decide(&flags, key, &context);
        assert_eq!(
            (decision.on, decision.reason),
            expected,
            "{key} {context:?}"
        );
    }
    let split = decide(&flags, "free", &Context::unit("somebody"));
    assert_eq!(split.reason, Reason::Split);
    assert!(split.bucket.is_some());
}

#[test]
fn requirements_of_requirements_count_and_diamonds_stay_cheap() {
    let mut flags = vec![("base", Definition::boolean())];
    let names: Vec<&'static str> = (0..60).map(|n| &*format!("layer{n}").leak()).collect();
    for (index, name) in names.iter().enumerate() {
        let below = if index < 2 {
            vec!["base"]
        } else {
            vec![names[index - 1], names[index - 2]]
        };
        flags.push((name, requiring(&below, on())));
    }
    let off = document(flags.clone());
    let decision = decide(&off, "layer59", &Context::anonymous());
    assert_eq!((decision.on, decision.reason), (false, Reason::Disabled));
    flags[0].1 = on();
    assert!(decide(&document(flags), "layer59", &Context::anonymous()).on);
}

#[test]
fn the_ends_of_the_percentage_need_no_unit_and_the_middle_says_that_it_does() {
    let at = |percent| {
        let percentage = Percentage::from_percent(percent).unwrap();
        let flags = document([("flag", rolled_out(percentage, Bucketing::Xxh3))]);
        let decision = decide(&flags, "flag", &Context::anonymous());
        (decision.on, decision.reason, decision.error)
    };
    assert_eq!(at(0), (false, Reason::Split, None));
    assert_eq!(at(100), (true, Reason::Split, None));
    assert_eq!(
        at(50),
        (false, Reason::Error, Some(ErrorCode::TargetingKeyMissing))
    );
}

#[test]
fn units_can_be_bucketed_by_an_attribute() {
    let mut flag = rolled_out(Percentage::from_percent(50).unwrap(), Bucketing::Xxh3);
    flag.rollout.as_mut().unwrap().by = Some("account".to_owned());
    let flags = document([("flag", flag)]);
    let ask = |value| {
        let attributes = [("account", value)];
        decide(
            &flags,
            "flag",
            &Context::unit("u").with_attributes(&attributes),
        )
    };
    assert_eq!(
        ask(Attribute::Integer(-42)).bucket,
        ask(Attribute::Text("-42")).bucket
    );
    assert_eq!(
        ask(Attribute::Integer(i64::MIN)).bucket,
        ask(Attribute::Text("-9223372036854775808")).bucket
    );
    assert_eq!(
        ask(Attribute::Number(1.5)).error,
        Some(ErrorCode::InvalidContext)
    );
    let none = decide(&flags, "flag", &Context::unit("u"));
    assert_eq!(none.error, Some(ErrorCode::TargetingKeyMissing));
    assert_eq!(
        ask(Attribute::Text("")).error,
        Some(ErrorCode::TargetingKeyMissing),
        "all without an id would be one unit"
    );
}

#[test]
fn an_empty_unit_or_tenant_is_none() {
    assert_eq!(Context::unit("").unit_id(), None);
    assert_eq!(Context::anonymous().with_tenant("").tenant_id(), None);
    assert_eq!(Context::unit(" ").unit_id(), Some(" "));
}

#[test]
fn slots_outlive_the_removal_and_return_of_a_flag() {
    let mut interner = Interner::default();
    let early = interner.slot("late");
    let empty = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    let ask = |document: &FlagDocument, interner: &mut Interner| {
        Snapshot::compile(document, interner).decide(early, &Context::anonymous(), false)
    };
    assert_eq!(
        ask(&empty, &mut interner).error,
        Some(ErrorCode::FlagNotFound)
    );
    let create = Change::Create {
        key: "late".parse().unwrap(),
        definition: Box::new(on()),
    };
    let there = empty
        .apply(&[create], Timestamp::UNIX_EPOCH)
        .unwrap()
        .document;
    assert!(ask(&there, &mut interner).on);
    assert_eq!(
        ask(&empty, &mut interner).error,
        Some(ErrorCode::FlagNotFound)
    );
    assert!(ask(&there, &mut interner).on);
}

/// Stores hold it, and a file whose digest does not fit was edited by hand.
#[test]
fn the_digest_of_flags_stays_what_it_was() {
    let mut flags = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    assert_eq!(flags.digest().unwrap(), "dc7048f8f8747f561349cde127705c16");
    flags.flags = Preset::Mspbyte.flags();
    assert_eq!(flags.digest().unwrap(), "f50519663379f8acee25877ce041b72e");
}

proptest! {
    #[test]
    fn killed_wins_over_everything(unit in "[a-z]{1,8}", percentage in 0u32..=100) {
        let mut flag = rolled_out(Percentage::from_percent(percentage).unwrap(), Bucketing::Xxh3);
        flag.overrides.insert(unit.clone(), "on".to_owned());
        flag.default = "on".to_owned();
        flag.state = State::Killed;
        let decision = decide(&document([("flag", flag)]), "flag", &Context::unit(&unit));
        prop_assert_eq!((decision.on, decision.reason), (false, Reason::Disabled));
    }

    #[test]
    fn a_document_survives_json_with_its_digest(percentage in 0u32..=100_000, owner in ".*") {
        let mut flag = rolled_out(Percentage::from_thousandths(percentage).unwrap(), Bucketing::Md5);
        flag.owner = Some(owner);
        flag.unknown.insert("later".to_owned(), serde_json::json!({"z": 1.1, "a": [0.1, 1e300]}));
        let flags = document([("flag", flag)]);
        let text = serde_json::to_string_pretty(&flags).unwrap();
        let read: FlagDocument = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &flags);
        prop_assert_eq!(read.digest().unwrap(), flags.digest().unwrap());
    }
}
