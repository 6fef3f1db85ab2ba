//! How an answer came about, for people.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Attribute, Bucketing, Context, Definition, ErrorCode, Explanation, FlagDocument, Interner,
    Reason, Rule, Snapshot, State, Tier, Weight,
};

use super::{document, on, requiring, rolled_out, rule, ruled};

fn explain<R>(
    document: &FlagDocument,
    key: &str,
    context: &Context<'_>,
    read: impl FnOnce(Explanation<'_>) -> R,
) -> R {
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(document, &mut interner);
    read(snapshot.explain(interner.slot(key), context))
}

fn unmatched(document: &FlagDocument, context: &Context<'_>) -> Vec<String> {
    explain(document, "flag", context, |explanation| {
        explanation
            .unmatched
            .iter()
            .map(ToString::to_string)
            .collect()
    })
}

#[test]
fn each_rule_above_the_one_that_decides_says_why_it_did_not_match() {
    let flags = document([(
        "flag",
        ruled([
            rule(r#"plan in ["pro", "team"] and version >= 1.4.0"#).named("beta customers"),
            rule(r#"country == "PL" or country == "DE""#),
            rule(r#"not plan starts_with "f""#),
            rule(r#"not (plan == "free" and groups contains "staff")"#),
            rule(r#"age >= 18"#).named("adults"),
            rule("always"),
        ]),
    )]);
    let attributes = [
        ("plan", Attribute::Text("free")),
        (
            "groups",
            Attribute::List(&[Attribute::Text("staff"), Attribute::Integer(1)]),
        ),
        ("age", Attribute::Integer(42)),
    ];
    let context = Context::unit("iris").with_attributes(&attributes);
    assert_eq!(
        unmatched(&flags, &context),
        [
            r#"rule 1 "beta customers": `plan in ["pro", "team"]` fails: plan is "free""#,
            r#"rule 2: `country == "PL"` fails: there is no country; `country == "DE"` fails: there is no country"#,
            r#"rule 3: `not plan starts_with "f"` fails: plan is "free""#,
            r#"rule 4: `plan != "free"` fails: plan is "free"; `not groups contains "staff"` fails: groups is ["staff", 1]"#,
        ]
    );
    explain(&flags, "flag", &context, |explanation| {
        assert_eq!(
            explanation.tier,
            Tier::Rule {
                index: 4,
                name: Some("adults".to_owned())
            }
        );
        assert_eq!(explanation.tier.to_string(), r#"rule 5 "adults" matches"#);
        assert_eq!(explanation.answer.unwrap().reason, Reason::TargetingMatch);
    });
}

#[test]
fn a_split_says_what_was_hashed_also_where_the_unit_is_missing() {
    let halves = [Weight::new("on", 1), Weight::new("off", 1)];
    let split = Rule::splitting("tenant exists".parse().unwrap(), halves);
    let flags = document([("flag", ruled([split]))]);
    explain(
        &flags,
        "flag",
        &Context::unit("iris").with_tenant("acme"),
        |explanation| {
            let hashed = r#"xxh3_64("iris", seed = xxh3_64("flag"))"#;
            assert_eq!(explanation.hash_input.as_deref(), Some(hashed));
            assert!(explanation.answer.unwrap().bucket.is_some());
        },
    );
    explain(
        &flags,
        "flag",
        &Context::anonymous().with_tenant("acme"),
        |explanation| {
            assert_eq!(explanation.answer, Err(ErrorCode::TargetingKeyMissing));
            assert_eq!(
                explanation.tier,
                Tier::Rule {
                    index: 0,
                    name: None
                }
            );
            assert_eq!(explanation.hash_input, None);
        },
    );
}

#[test]
fn a_required_flag_that_is_off_says_how_it_came_to_be_off() {
    let killed = Definition {
        state: State::Killed,
        ..on()
    };
    let half = rolled_out(Percentage::from_thousandths(1).unwrap(), Bucketing::Xxh3);
    for (master, tier, unmatched) in [
        (killed, Tier::Killed, 0),
        (half, Tier::Rollout, 0),
        (ruled([rule(r#"plan == "pro""#)]), Tier::Default, 1),
    ] {
        let flags = document([
            ("master", master),
            ("middle", requiring(&["master"], on())),
            ("flag", requiring(&["middle"], on())),
        ]);
        explain(&flags, "flag", &Context::unit("iris"), |explanation| {
            assert_eq!(explanation.tier, Tier::Requires("master".parse().unwrap()));
            let required = explanation.required.unwrap();
            assert_eq!(required.tier, tier);
            assert_eq!(required.unmatched.len(), unmatched);
            assert_eq!(required.answer.unwrap().variant, "off");
        });
    }
}
