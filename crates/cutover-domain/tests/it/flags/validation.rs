//! What is refused, and that all of it is said at once.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Bound, Condition, Definition, FlagDocument, Literal, Operator, Pattern, Rollout, Rule, Weight,
};
use jiff::Timestamp;

use super::{requiring, rule, ruled};

fn problems(flags: impl IntoIterator<Item = (&'static str, Definition)>) -> Vec<String> {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.flags = flags
        .into_iter()
        .map(|(key, flag)| (key.parse().unwrap(), flag))
        .collect();
    match document.validate() {
        Ok(()) => Vec::new(),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}

/// The problems of the rules of one flag, each without the way to the flag.
fn of_rules(rules: impl IntoIterator<Item = Rule>) -> Vec<String> {
    problems([("flag", ruled(rules))])
        .into_iter()
        .map(|problem| problem.replacen("$.flags[\"flag\"].", "", 1))
        .collect()
}

fn weights(weights: &[(&str, u32)]) -> Vec<Weight> {
    let weights = weights.iter();
    weights
        .map(|(variant, weight)| Weight::new(*variant, *weight))
        .collect()
}

fn when(text: &str) -> Condition {
    text.parse().unwrap()
}

#[test]
fn every_slip_in_a_rule_is_named_with_its_place() {
    let neither = Rule {
        variant: None,
        ..rule("a exists")
    };
    let both = Rule {
        split: weights(&[("on", 1)]),
        ..rule("b exists")
    };
    let split = Rule {
        by: Some(String::new()),
        ..Rule::splitting(
            when("c exists"),
            weights(&[("on", 0), ("maybe", 0), ("on", 0)]),
        )
    };
    let unknown = |name: &str| [(name.to_owned(), serde_json::json!(1))].into();
    let misspelt = Rule {
        unknown: unknown("bucketting"),
        ..Rule::splitting(
            when("d exists"),
            [
                Weight {
                    unknown: unknown("wieght"),
                    ..Weight::new("on", 1)
                },
                Weight {
                    unknown: unknown("colour"),
                    ..Weight::new("off", 1)
                },
            ],
        )
    };
    assert_eq!(
        of_rules([
            neither.named(""),
            both.named("2"),
            split.named("x"),
            misspelt.named("x"),
            Rule::serving(when("e exists"), "perhaps"),
        ]),
        [
            "rules[0].name: a rule's name has 1 to 128 printable characters",
            "rules[0]: a rule answers with a `variant` or with a `split`; this one has neither",
            "rules[1].name: a rule's name is no number: numbers count the rules from 1",
            "rules[1]: a rule answers with a `variant` or with a `split`; this one has both",
            "rules[2].split[1].variant: there is no variant \"maybe\"; the flag has: off, on",
            "rules[2].split[2].variant: \"on\" has a weight already; one variant has one weight",
            "rules[2].split: the weights are all 0, so that nobody gets anything",
            "rules[2].by: name the context attribute that is bucketed",
            "rules[3].name: rule 3 has the name \"x\" already",
            "rules[3].split[0].wieght: there is no field `wieght`; did you mean `weight`?",
            "rules[3].bucketting: there is no field `bucketting`; did you mean `bucketing`?",
            "rules[4].variant: there is no variant \"perhaps\"; the flag has: off, on",
        ]
    );
}

#[test]
fn every_slip_in_a_condition_is_named_with_its_place() {
    let test = |operator| Condition::test("x", operator);
    let condition = Condition::All(vec![
        test(Operator::In(Vec::new())),
        Condition::Not(Box::new(Condition::Any(Vec::new()))),
        Condition::Any(vec![
            Condition::test("", Operator::Exists(true)),
            test(Operator::In(vec![
                1.into(),
                "a".into(),
                Literal::Number(1.0),
            ])),
            test(Operator::Equals(Literal::Number(f64::NAN))),
            test(Operator::Matches(Pattern::new("("))),
            test(Operator::AtMost(Bound::Version("soon".to_owned()))),
            test(Operator::AtLeast(Bound::Number(f64::INFINITY))),
        ]),
    ]);
    assert_eq!(
        of_rules([Rule::serving(condition, "on")]),
        [
            "rules[0].when.all[0].in: it never holds: it lists no value",
            "rules[0].when.all[1].not.any: it never holds: it lists no condition, and at least one \
             would have to hold",
            "rules[0].when.all[2].any[0].attribute: name the attribute that is asked",
            "rules[0].when.all[2].any[1].in[2]: it is listed already",
            "rules[0].when.all[2].any[2].equals: NaN cannot be stored as JSON",
            "rules[0].when.all[2].any[3].matches: \"(\" is not a pattern: found open group without \
             closing ')'",
            "rules[0].when.all[2].any[4].at_most: \"soon\" is not a version like 1.4.0; to compare \
             numbers, write one without quotes",
            "rules[0].when.all[2].any[5].at_least: inf cannot be stored as JSON",
        ]
    );
}

#[test]
fn a_rule_that_never_decides_is_named_with_the_reason() {
    assert_eq!(
        of_rules([
            rule(r#"plan == "pro""#),
            rule("n > 5 and n < 3"),
            rule("n > 7"),
            rule(r#"plan == "pro""#),
            rule("always"),
            rule("n > 8"),
            rule("n > 9"),
        ]),
        [
            "rules[1].when: it never matches: `n > 5` and `n < 3` exclude each other",
            "rules[3].when: it is never reached: rule 1 before it has the same condition",
            "rules[5]: it is never reached: rule 5 before it matches everybody",
            "rules[6]: it is never reached: rule 5 before it matches everybody",
        ]
    );
}

#[test]
fn a_condition_too_deep_or_too_large_is_refused() {
    let nested =
        |levels: usize| (1..levels).fold(when("x exists"), |inner, _| Condition::All(vec![inner]));
    assert_eq!(of_rules([Rule::serving(nested(32), "on")]), [""; 0]);
    assert_eq!(
        of_rules([Rule::serving(nested(33), "on")]),
        ["rules[0].when: it is nested deeper than 32 levels"]
    );
    let values = (0..10_000).map(Literal::Integer).collect();
    assert_eq!(
        of_rules([Rule::serving(
            Condition::test("x", Operator::In(values)),
            "on"
        )]),
        ["rules[0].when: it has more than 10000 tests and values; ask for a group of them instead"]
    );
}

#[test]
fn a_rollout_has_a_percentage_or_a_split() {
    let flag = |rollout| Definition {
        rollout: Some(rollout),
        ..Definition::boolean()
    };
    let both = Rollout {
        percentage: Some(Percentage::FULL),
        split: weights(&[("on", 1)]),
        ..Rollout::default()
    };
    let named = Rollout {
        variant: Some("on".to_owned()),
        split: weights(&[("maybe", 1)]),
        ..Rollout::default()
    };
    assert_eq!(
        problems([("a", flag(both)), ("b", flag(named))]),
        [
            "$.flags[\"a\"].rollout: a rollout has a `percentage` or a `split`; this one has both",
            "$.flags[\"b\"].rollout.variant: a split names its variants itself; `variant` goes with \
             a percentage",
            "$.flags[\"b\"].rollout.split[0].variant: there is no variant \"maybe\"; the flag has: \
             off, on",
        ]
    );
}

#[test]
fn a_long_chain_of_requirements_is_refused_where_it_becomes_too_long() {
    let names: Vec<&'static str> = (0..1000).map(|n| &*format!("f{n:04}").leak()).collect();
    let chain = |length: usize| {
        let first = std::iter::once((names[0], Definition::boolean()));
        let links = names[..length].windows(2);
        let links = links.map(|link| (link[1], requiring(&[link[0]], Definition::boolean())));
        problems(first.chain(links))
    };
    assert_eq!(chain(101), Vec::<String>::new());
    assert_eq!(
        chain(1000),
        [
            "$.flags[\"f0101\"].requires: it requires more than 100 flags, directly or through others"
        ]
    );
}

#[test]
fn each_circle_of_requirements_is_named_once() {
    let flag = |keys: &[&str]| requiring(keys, Definition::boolean());
    assert_eq!(
        problems([
            ("a", flag(&["b"])),
            ("b", flag(&["c"])),
            ("c", flag(&["a", "b"])),
            ("d", flag(&["a"])),
            ("e", flag(&["e"])),
        ]),
        [
            "$.flags[\"a\"].requires: the flags require each other in a circle: a → b → c → a",
            "$.flags[\"e\"].requires: the flags require each other in a circle: e → e",
        ]
    );
}

#[test]
fn of_a_newer_schema_only_that_is_said() {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.schema = 2;
    let flag = requiring(&["nowhere"], Definition::boolean());
    document.flags.insert("flag".parse().unwrap(), flag);
    assert_eq!(
        document.validate().unwrap_err().to_string(),
        "$.schema: a newer version wrote this with schema 2, and this version knows schemas up to \
         1: upgrade cutover to read it"
    );
}
