//! Rules over attributes and weighted splits.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Attribute, Bucketing, Context, Decision, Definition, ErrorCode, Reason, Rollout, Rule, Weight,
};

use super::{decide, document, requiring, rolled_out, rule, ruled};

fn ask(definition: Definition, context: &Context<'_>) -> Decision {
    decide(&document([("flag", definition)]), "flag", context)
}

fn holds(expression: &str, attributes: &[(&str, Attribute<'_>)]) -> bool {
    let context = Context::unit("iris")
        .with_tenant("acme")
        .with_attributes(attributes);
    let decision = ask(ruled([rule(expression)]), &context);
    let reason = if decision.on {
        Reason::TargetingMatch
    } else {
        Reason::Default
    };
    assert_eq!((decision.reason, decision.error), (reason, None));
    decision.on
}

#[test]
fn every_operator_asks_what_it_says() {
    use Attribute::{Boolean, Integer, List, Number, Text};
    let groups = List(&[Text("admin"), Text("staff"), Integer(7)]);
    let attributes = [
        ("plan", Text("pro")),
        ("age", Integer(42)),
        ("score", Number(0.5)),
        ("beta", Boolean(true)),
        ("version", Text("1.10.0")),
        ("build", Text("v2.0.0-rc.1+7")),
        ("empty", Text("")),
        ("groups", groups),
        ("nested", List(&[groups])),
        ("none", List(&[])),
        ("nan", Number(f64::NAN)),
    ];
    for (expression, expected) in [
        (r#"plan == "pro""#, true),
        (r#"plan == "Pro""#, false),
        (r#"plan != "pro""#, false),
        (r#"missing != "pro""#, true),
        (
            r#"unit == "iris" and targetingKey == "iris" and tenant == "acme""#,
            true,
        ),
        ("age == 42", true),
        ("age == 42.0", true),
        (r#"age == "42""#, false),
        ("score == 0.5", true),
        ("beta == true", true),
        ("beta == false", false),
        (r#"beta == "true""#, false),
        (r#"plan in ["free", "pro"]"#, true),
        (r#"age in ["pro", 42]"#, true),
        (r#"age in ["42"]"#, false),
        (r#"missing not in ["pro"]"#, true),
        (r#"plan starts_with "pr""#, true),
        (r#"plan starts_with "ro""#, false),
        (r#"plan starts_with """#, true),
        (r#"plan ends_with "ro""#, true),
        (r#"plan contains "r""#, true),
        (r#"plan contains "x""#, false),
        (r#"age starts_with "4""#, false),
        (r#"plan matches "^p.o$""#, true),
        (r#"plan matches "^r""#, false),
        (r#"age matches "4""#, false),
        ("age < 42", false),
        ("age <= 42", true),
        ("age > 41.5", true),
        ("age >= 42", true),
        ("age >= 43", false),
        ("score < 1", true),
        ("plan < 3", false),
        ("missing < 3", false),
        ("nan < 3", false),
        ("not nan < 3", true),
        ("nan exists", true),
        ("version >= 1.9.0", true),
        ("version < 1.9.0", false),
        (r#"version > "1.10""#, false),
        (r#"version <= "v1.10""#, true),
        ("build < 2.0.0", true),
        ("build > 1.99.99", true),
        ("plan >= 0.0.0", false),
        ("age >= 1.0.0", false),
        ("version >= 1", false),
        ("plan exists", true),
        ("empty exists", true),
        ("none exists", true),
        ("missing exists", false),
        ("missing not exists", true),
        ("plan not exists", false),
        (r#"groups == "staff""#, true),
        ("groups == 7", true),
        ("groups > 6", true),
        (r#"groups starts_with "ad""#, true),
        (r#"groups contains "admin""#, true),
        (r#"groups contains "adm""#, false),
        (r#"groups in ["x", "staff"]"#, true),
        (r#"groups matches "^st""#, true),
        (r#"groups == "pro""#, false),
        (r#"nested == "staff""#, false),
        (r#"nested contains "staff""#, false),
        (r#"none == "x""#, false),
        (r#"not none == "x""#, true),
        ("always", true),
        (r#"plan == "free" or age > 40"#, true),
        (r#"plan == "pro" and not age > 40"#, false),
        (r#"not (plan == "free" or age < 40)"#, true),
    ] {
        assert_eq!(holds(expression, &attributes), expected, "{expression}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let pro = |variant| Rule::serving(r#"plan == "pro""#.parse().unwrap(), variant);
    let flag = ruled([pro("off"), rule(r#"plan in ["pro", "team"]"#)]);
    let plan = |plan| {
        let attributes = [("plan", Attribute::Text(plan))];
        let decision = ask(
            flag.clone(),
            &Context::anonymous().with_attributes(&attributes),
        );
        (decision.on, decision.reason)
    };
    assert_eq!(plan("pro"), (false, Reason::TargetingMatch));
    assert_eq!(plan("team"), (true, Reason::TargetingMatch));
    assert_eq!(plan("free"), (false, Reason::Default));
}

#[test]
fn rules_stand_below_overrides_and_above_the_rollout() {
    let everybody = Percentage::FULL;
    let flag = Definition {
        rules: vec![Rule::serving("tenant exists".parse().unwrap(), "off")].into(),
        overrides: [("vip".to_owned(), "on".to_owned())].into(),
        ..rolled_out(everybody, Bucketing::Xxh3)
    };
    let flags = document([
        ("master", Definition::boolean()),
        ("bound", requiring(&["master"], flag.clone())),
        ("flag", flag),
    ]);
    let acme = Context::unit("x").with_tenant("acme");
    for (key, context, expected) in [
        ("bound", acme, (false, Reason::Disabled)),
        (
            "flag",
            Context::unit("vip").with_tenant("acme"),
            (true, Reason::TargetingMatch),
        ),
        ("flag", acme, (false, Reason::TargetingMatch)),
        ("flag", Context::unit("x"), (true, Reason::Split)),
    ] {
        let decision = decide(&flags, key, &context);
        assert_eq!(
            (decision.on, decision.reason),
            expected,
            "{key} {context:?}"
        );
    }
}

#[test]
fn a_required_flag_is_asked_with_its_rules() {
    let flags = document([
        ("master", ruled([rule(r#"plan == "pro""#)])),
        ("part", requiring(&["master"], super::on())),
    ]);
    let on = |plan| {
        let attributes = [("plan", Attribute::Text(plan))];
        decide(
            &flags,
            "part",
            &Context::anonymous().with_attributes(&attributes),
        )
        .on
    };
    assert!(on("pro"));
    assert!(!on("free"));
}

fn halves() -> [Weight; 2] {
    [Weight::new("on", 1), Weight::new("off", 1)]
}

#[test]
fn a_rule_that_splits_says_the_bucket_and_needs_a_unit() {
    let flag = ruled([Rule::splitting("tenant exists".parse().unwrap(), halves())]);
    let decision = ask(flag.clone(), &Context::unit("iris").with_tenant("acme"));
    assert_eq!(decision.reason, Reason::TargetingMatch);
    let bucket = decision.bucket.unwrap();
    assert_eq!(decision.on, bucket.thousandths() < 50_000);
    assert_eq!(bucket, Bucketing::Xxh3.bucket("flag", "iris"));
    let nobody = ask(flag, &Context::anonymous().with_tenant("acme"));
    assert_eq!(
        (nobody.on, nobody.reason, nobody.error),
        (false, Reason::Error, Some(ErrorCode::TargetingKeyMissing))
    );
}

#[test]
fn a_split_is_bucketed_by_its_own_attribute_formula_and_salt() {
    let split = Rule {
        by: Some("tenant".to_owned()),
        bucketing: Bucketing::Md5,
        salt: Some("x".to_owned()),
        ..Rule::splitting("unit exists".parse().unwrap(), halves())
    };
    let decision = ask(ruled([split]), &Context::unit("iris").with_tenant("acme"));
    assert_eq!(decision.bucket, Some(Bucketing::Md5.bucket("x", "acme")));
}

#[test]
fn a_split_that_gives_all_to_one_needs_no_unit() {
    let rollout = Rollout {
        split: vec![Weight::new("off", 0), Weight::new("on", 7)],
        ..Rollout::default()
    };
    let flag = Definition {
        rollout: Some(rollout),
        ..Definition::boolean()
    };
    let decision = ask(flag, &Context::anonymous());
    assert_eq!(
        (decision.on, decision.reason, decision.bucket),
        (true, Reason::Split, None)
    );
}

#[test]
fn variants_share_the_buckets_in_their_order() {
    let number = |number: i64| cutover_domain::flags::FlagValue(number.into());
    let names = ["a", "b", "c", "d"];
    let variants = names
        .into_iter()
        .zip(0..)
        .map(|(name, value)| (name.to_owned(), number(value)));
    let weights = [("c", 1), ("a", 0), ("d", 3), ("b", 2)];
    let split: Vec<_> = weights
        .map(|(name, weight)| Weight::new(name, weight))
        .into();
    let definition = Definition {
        rollout: Some(Rollout {
            split,
            ..Rollout::default()
        }),
        ..Definition::with_variants(
            cutover_domain::flags::ValueType::Integer,
            variants.collect(),
            "a",
        )
    };
    let flags = document([("flag", definition)]);
    let mut interner = cutover_domain::flags::Interner::default();
    let snapshot = cutover_domain::flags::Snapshot::compile(&flags, &mut interner);
    let slot = interner.slot("flag");
    for unit in 0..1_000 {
        let unit = format!("user-{unit}");
        let evaluation = snapshot.evaluate(slot, &Context::unit(&unit)).unwrap();
        let expected = match evaluation.bucket.unwrap().thousandths() {
            0..16_666 => "c",
            16_666..66_666 => "d",
            _ => "b",
        };
        assert_eq!(evaluation.variant, expected);
        assert_eq!(evaluation.reason, Reason::Split);
    }
}
