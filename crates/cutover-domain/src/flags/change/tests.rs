use super::*;
use crate::Stage;
use crate::flags::{Bucketing, Condition, Operator, Rollout, ValueType};

fn key(text: &str) -> FlagKey {
    text.parse().unwrap()
}

fn document() -> FlagDocument {
    let now = Timestamp::UNIX_EPOCH;
    let create = Change::Create {
        key: key("use_new_backend"),
        definition: Box::new(Definition::boolean()),
    };
    FlagDocument::empty(now)
        .apply(&[create], now)
        .unwrap()
        .document
}

fn change(document: &FlagDocument, change: Change) -> Result<Definition, ChangeError> {
    let applied = document.apply(&[change], Timestamp::UNIX_EPOCH)?;
    assert_eq!(applied.document.revision, document.revision.next());
    assert_eq!(applied.changes.len(), 1);
    Ok(applied.document.flags[&key("use_new_backend")].clone())
}

fn rollout(percentage: &str) -> Change {
    Change::Rollout {
        key: key("use_new_backend"),
        percentage: percentage.parse().unwrap(),
        variant: None,
    }
}

#[test]
fn set_replaces_the_default_and_removes_the_rollout() {
    let mut document = document();
    document = document
        .apply(&[rollout("25")], Timestamp::UNIX_EPOCH)
        .unwrap()
        .document;
    let set = Change::Set {
        key: key("use_new_backend"),
        value: true.into(),
    };
    let definition = change(&document, set).unwrap();
    assert_eq!(
        (definition.default.as_str(), definition.rollout),
        ("on", None)
    );
}

#[test]
fn set_keeps_how_units_are_bucketed() {
    let mut document = document();
    let definition = document.flags.get_mut("use_new_backend").unwrap();
    definition.rollout = Some(Rollout {
        bucketing: Bucketing::Md5,
        percentage: Percentage::from_percent(5),
        ..Rollout::default()
    });
    let set = Change::Set {
        key: key("use_new_backend"),
        value: false.into(),
    };
    let dormant = change(&document, set).unwrap().rollout.unwrap();
    assert_eq!(dormant.percentage, None);
    assert_eq!(dormant.bucketing, Bucketing::Md5);
}

#[test]
fn rollout_leaves_the_default() {
    let definition = change(&document(), rollout("12.5")).unwrap();
    assert_eq!(definition.default, "off");
    assert_eq!(definition.percentage().unwrap().thousandths(), 12_500);
}

#[test]
fn a_change_to_the_same_value_is_still_a_change() {
    let set = Change::Set {
        key: key("use_new_backend"),
        value: false.into(),
    };
    change(&document(), set).unwrap();
}

#[test]
fn an_unknown_flag_is_never_made_and_gets_a_suggestion() {
    let set = Change::Set {
        key: key("use_new_bakend"),
        value: true.into(),
    };
    let error = document().apply(&[set], Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no flag use_new_bakend; did you mean use_new_backend?"
    );
}

#[test]
fn a_boolean_flag_takes_no_other_value() {
    let set = Change::Set {
        key: key("use_new_backend"),
        value: FlagValue(7.into()),
    };
    assert!(matches!(
        change(&document(), set),
        Err(ChangeError::WrongValue { .. })
    ));
}

#[test]
fn an_open_value_becomes_a_variant_and_off_stays() {
    let mut document = document();
    let definition = Definition::with_variants(
        ValueType::Integer,
        [("off".to_owned(), ValueType::Integer.zero())].into(),
        "off",
    );
    document.flags.insert(key("use_new_backend"), definition);
    let set = Change::Set {
        key: key("use_new_backend"),
        value: FlagValue(10.into()),
    };
    let definition = change(&document, set).unwrap();
    assert_eq!(
        definition.variants[&definition.default],
        FlagValue(10.into())
    );
    assert_eq!(
        definition.variants[&definition.off],
        ValueType::Integer.zero()
    );
}

#[test]
fn a_new_value_leaves_what_overrides_answer_alone() {
    let mut document = document();
    let mut definition = Definition::with_variants(
        ValueType::Integer,
        [("off".to_owned(), ValueType::Integer.zero())].into(),
        "off",
    );
    definition
        .overrides
        .insert("acme".to_owned(), "value".to_owned());
    definition
        .variants
        .insert("value".to_owned(), FlagValue(51.into()));
    document.flags.insert(key("use_new_backend"), definition);
    let set = Change::Set {
        key: key("use_new_backend"),
        value: FlagValue(60.into()),
    };
    let definition = change(&document, set).unwrap();
    assert_eq!(
        definition.variants[&definition.default],
        FlagValue(60.into())
    );
    assert_eq!(
        definition.variants[&definition.overrides["acme"]],
        FlagValue(51.into())
    );
}

#[test]
fn a_value_too_deep_to_be_read_back_is_refused() {
    let nested = |depth: usize| {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let definition = Definition::with_variants(
            ValueType::Json,
            [(
                "off".to_owned(),
                FlagValue(serde_json::from_str(&text).unwrap()),
            )]
            .into(),
            "off",
        );
        let create = Change::Create {
            key: key("deep"),
            definition: Box::new(definition),
        };
        document().apply(&[create], Timestamp::UNIX_EPOCH)
    };
    assert!(nested(64).is_ok());
    assert!(matches!(nested(65), Err(ChangeError::Invalid(_))));
}

#[test]
fn a_slip_of_the_hand_in_a_field_is_refused_and_a_newer_field_is_kept() {
    let mut document = document();
    let unknown = |name: &str| [(name.to_owned(), serde_json::json!("killed"))].into();
    let definition = document.flags.get_mut("use_new_backend").unwrap();
    definition.unknown = unknown("stat");
    let problems = document.validate().unwrap_err().to_string();
    assert!(problems.contains("did you mean `state`?"), "{problems}");
    let definition = document.flags.get_mut("use_new_backend").unwrap();
    definition.unknown = unknown("approved_by");
    document.validate().unwrap();
}

#[test]
fn kill_is_refused_where_old_is_stale_unless_forced() {
    let mut document = document();
    document.flags.get_mut("use_new_backend").unwrap().stage = Some(Stage::Complete);
    let kill = Change::Kill {
        key: key("use_new_backend"),
    };
    assert!(matches!(
        change(&document, kill),
        Err(ChangeError::OldIsStale(_))
    ));
    let force = Change::ForceKill {
        key: key("use_new_backend"),
    };
    assert_eq!(change(&document, force).unwrap().state, State::Killed);
}

#[test]
fn all_problems_come_together() {
    let mut definition = Definition::boolean();
    definition.default = "maybe".to_owned();
    definition.requires = vec![key("nowhere")];
    definition
        .overrides
        .insert("acme".to_owned(), "perhaps".to_owned());
    let create = Change::Create {
        key: key("x"),
        definition: Box::new(definition),
    };
    let Err(ChangeError::Invalid(problems)) = document().apply(&[create], Timestamp::UNIX_EPOCH)
    else {
        panic!("the document is invalid");
    };
    assert_eq!(problems.0.len(), 3, "{problems}");
}

#[test]
fn a_circle_of_requirements_is_refused() {
    let requiring = |name: &str| {
        let mut definition = Definition::boolean();
        definition.requires = vec![key(name)];
        Box::new(definition)
    };
    let changes = [
        Change::Create {
            key: key("a"),
            definition: requiring("b"),
        },
        Change::Create {
            key: key("b"),
            definition: requiring("a"),
        },
    ];
    let error = document()
        .apply(&changes, Timestamp::UNIX_EPOCH)
        .unwrap_err();
    assert!(error.to_string().contains("a → b → a"), "{error}");
}

fn definition(document: &FlagDocument) -> &Definition {
    &document.flags["use_new_backend"]
}

fn after(changes: &[Change]) -> Result<FlagDocument, ChangeError> {
    let applied = document().apply(changes, Timestamp::UNIX_EPOCH)?;
    assert_eq!(applied.document.revision, document().revision.next());
    Ok(applied.document)
}

fn put_rule(name: &str, at: Option<usize>) -> Change {
    let when = Condition::test("plan", Operator::Equals(name.into()));
    Change::PutRule {
        key: key("use_new_backend"),
        at,
        rule: Box::new(Rule::serving(when, "on").named(name)),
    }
}

fn names(document: &FlagDocument) -> Vec<&str> {
    let rules = definition(document).rules.iter();
    rules.filter_map(|rule| rule.name.as_deref()).collect()
}

fn rule(text: &str) -> RuleRef {
    text.parse().unwrap()
}

#[test]
fn rules_are_put_moved_replaced_and_removed() {
    let move_to = |name: &str, to| Change::MoveRule {
        key: key("use_new_backend"),
        rule: rule(name),
        to,
    };
    let three = [
        put_rule("b", None),
        put_rule("c", None),
        put_rule("a", Some(1)),
    ];
    let three = after(&three).unwrap();
    assert_eq!(names(&three), ["a", "b", "c"]);
    let next = |change: Change| {
        let applied = three.apply(&[change], Timestamp::UNIX_EPOCH).unwrap();
        names(&applied.document).join("")
    };
    assert_eq!(next(move_to("a", 3)), "bca");
    assert_eq!(next(move_to("c", 1)), "cab");
    assert_eq!(next(move_to("2", 2)), "abc");
    let remove = Change::RemoveRule {
        key: key("use_new_backend"),
        rule: rule("2"),
    };
    assert_eq!(next(remove), "ac");
    let replace = Change::ReplaceRule {
        key: key("use_new_backend"),
        rule: rule("b"),
        with: Box::new(
            Rule::serving(Condition::test("x", Operator::Exists(true)), "off").named("d"),
        ),
    };
    assert_eq!(next(replace), "adc");
}

#[test]
fn a_rule_that_is_not_there_is_refused_with_those_that_are() {
    let remove = |text: &str| Change::RemoveRule {
        key: key("use_new_backend"),
        rule: rule(text),
    };
    let refusal = |change| {
        let changes = [put_rule("customers", None), change];
        after(&changes).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(remove("custmers")),
        "use_new_backend has no rule \"custmers\"; did you mean \"customers\"? It has: 1 \"customers\""
    );
    assert_eq!(
        refusal(remove("2")),
        "use_new_backend has no rule 2; it has: 1 \"customers\""
    );
    assert_eq!(
        refusal(put_rule("x", Some(3))),
        "a rule of use_new_backend cannot be number 3: the numbers are 1 to 2"
    );
    assert_eq!(
        refusal(put_rule("x", Some(0))),
        "a rule of use_new_backend cannot be number 0: the numbers are 1 to 2"
    );
}

#[test]
fn a_split_and_a_percentage_replace_each_other() {
    let split = Change::Split {
        key: key("use_new_backend"),
        weights: vec![Weight::new("on", 1), Weight::new("off", 3)],
    };
    let split_up = after(&[rollout("25"), split.clone()]).unwrap();
    let split_rollout = definition(&split_up).rollout.clone().unwrap();
    assert_eq!(
        (split_rollout.percentage, split_rollout.split.len()),
        (None, 2)
    );
    let back = after(&[split, rollout("25")]).unwrap();
    let back = definition(&back).rollout.clone().unwrap();
    assert_eq!(
        (back.percentage, back.split.len()),
        (Percentage::from_percent(25), 0)
    );
    let nobody = Change::Split {
        key: key("use_new_backend"),
        weights: Vec::new(),
    };
    assert!(matches!(after(&[nobody]), Err(ChangeError::EmptySplit(_))));
}

#[test]
fn a_variant_goes_only_when_nothing_answers_with_it_and_all_places_are_named() {
    let number = |number: i64| FlagValue(number.into());
    let level = Definition::with_variants(
        ValueType::Integer,
        [
            ("low".to_owned(), number(1)),
            ("high".to_owned(), number(9)),
        ]
        .into(),
        "low",
    );
    let put = |name: &str, value| Change::PutVariant {
        key: key("level"),
        name: name.to_owned(),
        value: number(value),
    };
    let remove = |name: &str| Change::RemoveVariant {
        key: key("level"),
        name: name.to_owned(),
    };
    let create = Change::Create {
        key: key("level"),
        definition: Box::new(level),
    };
    let unused = after(&[create.clone(), put("mid", 5), remove("high")]).unwrap();
    let left: Vec<_> = unused.flags["level"].variants.keys().collect();
    assert_eq!(left, ["low", "mid"]);
    let rule = Change::PutRule {
        key: key("level"),
        at: None,
        rule: Box::new(Rule::splitting(
            Condition::test("plan", Operator::Exists(true)),
            [Weight::new("low", 1), Weight::new("high", 1)],
        )),
    };
    let fix = Change::Override {
        key: key("level"),
        target: "acme".to_owned(),
        variant: Some("high".to_owned()),
    };
    let split = Change::Split {
        key: key("level"),
        weights: vec![Weight::new("high", 1)],
    };
    assert_eq!(
        after(&[create.clone(), rule, fix, split, remove("high")])
            .unwrap_err()
            .to_string(),
        "level still answers with \"high\" in overrides[\"acme\"], rules[0].split[1].variant, \
         rollout.split[0].variant: change that first"
    );
    assert_eq!(
        after(&[create, remove("hgh")]).unwrap_err().to_string(),
        "level has no variant \"hgh\"; did you mean \"high\"? It has: high, low"
    );
}

#[test]
fn a_required_flag_is_not_deleted_and_all_that_require_it_are_named() {
    let requiring = |name: &str| Change::Create {
        key: key(name),
        definition: Box::new(Definition {
            requires: vec![key("use_new_backend")],
            ..Definition::boolean()
        }),
    };
    let delete = |name: &str| Change::Delete { key: key(name) };
    let error = after(&[requiring("a"), requiring("b"), delete("use_new_backend")]);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("a, b require it"), "{text}");
    let all = [requiring("a"), delete("a"), delete("use_new_backend")];
    assert!(after(&all).unwrap().flags.is_empty());
    assert!(matches!(
        after(&[delete("use_new_bakend")]),
        Err(ChangeError::UnknownFlag {
            suggestion: Some(_),
            ..
        })
    ));
}

#[test]
fn a_rollback_answers_off_for_one_target_in_all_flags_or_in_none() {
    let other = Change::Create {
        key: key("other"),
        definition: Box::new(Definition {
            default: "on".to_owned(),
            ..Definition::boolean()
        }),
    };
    let roll_back = |keys: &[&str]| Change::Rollback {
        target: "acme".to_owned(),
        keys: keys.iter().map(|text| key(text)).collect(),
    };
    let back = after(&[other.clone(), roll_back(&["other", "use_new_backend"])]).unwrap();
    for flag in back.flags.values() {
        assert_eq!(flag.overrides["acme"], "off");
    }
    assert!(after(&[other, roll_back(&["other", "nowhere"])]).is_err());
}

#[test]
fn an_override_is_for_somebody() {
    for target in ["", " ", "\t\u{3000}"] {
        let fix = |variant: Option<&str>| Change::Override {
            key: key("use_new_backend"),
            target: target.to_owned(),
            variant: variant.map(str::to_owned),
        };
        assert!(matches!(
            after(&[fix(Some("on"))]),
            Err(ChangeError::NoTarget(_))
        ));
        assert!(
            after(&[fix(None)]).is_ok(),
            "one that is there can be removed"
        );
        let back = Change::Rollback {
            target: target.to_owned(),
            keys: vec![key("use_new_backend")],
        };
        assert!(matches!(after(&[back]), Err(ChangeError::NoTarget(_))));
    }
}
