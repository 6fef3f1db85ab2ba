//! What must not be kept is kept nowhere, and no verdict depends on it.

use cutover_domain::comparison::{
    ComparisonRecord, Judgement, Outcome, RecordId, RecordLimits, RedactAction, Redaction,
    RedactionRules, Rules, RunId, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::strategy::{pair, records, tree, value};
use super::{compare, lines};

/// A text that no answer has by chance.
const MARKER: &str = "m4rk3r";

/// The paths that are redacted in the laws below.
const PATHS: [&str; 6] = ["$..a", "$.b[*].c", "$[1:]", "$..c[0]", "$.d", "$[-1].name"];

fn rules(paths: &[&str], action: RedactAction) -> RedactionRules {
    paths
        .iter()
        .fold(RedactionRules::new().salt("s"), |rules, path| {
            rules.path(*path, action)
        })
}

fn rule_sets() -> [Rules; 4] {
    [
        Rules::new(),
        Rules::new().unordered_everywhere().absolute(0.5),
        Rules::new().key("$", ["id"]).key("$..b", ["a"]),
        Rules::new().key("$", ["kind"]).limit(3).sample_bytes(20),
    ]
}

/// Puts the marker into every leaf and name at or below what the paths choose.
fn marked(value: &Value, chosen: &Redaction, number: &mut u32) -> Value {
    // What a path chooses is what redacting by it changes.
    fn inside(value: &Value, number: &mut u32) -> Value {
        *number += 1;
        match value {
            Value::Array(items) => items.iter().map(|item| inside(item, number)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (format!("{name}{MARKER}"), inside(member, number)))
                .collect(),
            leaf => Value::from(format!("{MARKER}{leaf}{}", *number % 7)),
        }
    }
    fn walk(value: &Value, kept: &Value, number: &mut u32) -> Value {
        if *kept == json!("[redacted]") {
            return inside(value, number);
        }
        match (value, kept) {
            (Value::Array(items), Value::Array(kept)) => items
                .iter()
                .zip(kept)
                .map(|(item, kept)| walk(item, kept, number))
                .collect(),
            (Value::Object(members), Value::Object(kept)) => members
                .iter()
                .map(|(name, member)| (name.clone(), walk(member, &kept[name], number)))
                .collect(),
            (leaf, _) => leaf.clone(),
        }
    }
    let kept: Value = serde_json::from_str(&chosen.tree(&tree(value)).tree.to_json()).unwrap();
    walk(value, &kept, number)
}

fn paths() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&PATHS[..], 1..=PATHS.len())
}

fn action() -> impl Strategy<Value = RedactAction> {
    prop::sample::select(&[RedactAction::Mask, RedactAction::Hash, RedactAction::Drop][..])
}

/// Answers with the marker wherever it must not be kept.
fn marked_pair() -> impl Strategy<Value = (Value, Value, Vec<&'static str>)> {
    (prop_oneof![pair(), records()], paths()).prop_map(|((old, new), paths)| {
        let chosen = rules(&paths, RedactAction::Mask).build().unwrap();
        let old = marked(&old, &chosen, &mut 0);
        let new = marked(&new, &chosen, &mut 3);
        (old, new, paths)
    })
}

proptest! {
    #[test]
    fn nothing_that_must_not_be_kept_is_kept(
        (old, new, paths) in marked_pair(),
        action in action(),
        set in 0..4_usize,
    ) {
        let rules = rule_sets()[set].clone().redact(rules(&paths, action));
        let comparator = rules.build().unwrap();
        let (old, new) = (tree(&old), tree(&new));
        for comparison in [
            comparator.compare(&old, &new),
            comparator.compare_outcomes(
                &Outcome::Ok(old.clone()),
                &Outcome::Error { class: "E".into(), message: "no".into() },
            ),
        ] {
            let judgement = Judgement::of(comparison, &RecordLimits::default());
            let stored = serde_json::to_string(&judgement).unwrap();
            prop_assert!(!stored.contains(MARKER), "{paths:?} {action:?}: {stored}");
        }
        for answer in [&old, &new] {
            let kept = comparator.redaction().tree(answer);
            prop_assert!(!kept.tree.to_json().contains(MARKER), "{}", kept.tree);
            prop_assert_eq!(kept.places == 0, kept.tree == *answer);
            // Repeating it changes nothing, but where elements that moved up are left out as well.
            if action != RedactAction::Drop {
                prop_assert_eq!(comparator.redaction().tree(&kept.tree).tree, kept.tree);
            }
        }
    }

    #[test]
    fn a_comparison_made_without_rules_can_be_redacted_afterwards(
        (old, new, paths) in marked_pair(),
        action in action(),
        set in 0..3_usize,
    ) {
        let redaction = rules(&paths, action).build().unwrap();
        let rules = rule_sets()[set].clone();
        let mut comparison = rules.build().unwrap().compare(&tree(&old), &tree(&new));
        redaction.comparison(&mut comparison);
        let stored = serde_json::to_string(&comparison).unwrap();
        prop_assert!(!stored.contains(MARKER), "{paths:?} {action:?}: {stored}");
        let once = comparison.clone();
        redaction.comparison(&mut comparison);
        if action != RedactAction::Drop {
            prop_assert_eq!(once, comparison);
        }
    }

    #[test]
    fn redacting_changes_no_verdict(
        (old, new) in pair(),
        paths in paths(),
        action in action(),
        set in 0..4_usize,
    ) {
        let plain = rule_sets()[set].clone();
        let redacting = plain.clone().redact(rules(&paths, action)).build().unwrap();
        let (old, new) = (tree(&old), tree(&new));
        let found = plain.build().unwrap().compare(&old, &new);
        let kept = redacting.compare(&old, &new);
        prop_assert_eq!(
            (found.equal, found.exact, found.counts, found.truncated, found.hidden),
            (kept.equal, kept.exact, kept.counts, kept.truncated, kept.hidden)
        );
        prop_assert_eq!(found.differences.len(), kept.differences.len());
        for (found, kept) in found.differences.iter().zip(&kept.differences) {
            prop_assert_eq!((found.kind, found.severity), (kept.kind, kept.severity));
        }
    }

    #[test]
    fn hashing_keeps_equality(left in value(), right in value()) {
        let redaction = rules(&["$"], RedactAction::Hash).build().unwrap();
        let token = |value: &Value| redaction.tree(&tree(value)).tree;
        let equal = Rules::new().build().unwrap().compare(&tree(&left), &tree(&right)).equal;
        prop_assert_eq!(token(&left) == token(&right), equal, "{} {}", left, right);
        prop_assert_eq!(token(&left), token(&left));
    }

    #[test]
    fn a_text_pattern_is_found_wherever_a_record_has_text(
        before in "[a-z \"\\\\\n]{0,20}",
        after in "[a-z \"\\\\\n]{0,20}",
        limit in 0_usize..60,
    ) {
        let secret = format!("{before}{MARKER}-12345{after}");
        let rules = RedactionRules::new().text("m4rk3r-\\d+", RedactAction::Mask);
        let redacting = Rules::new().sample_bytes(limit).redact(rules);
        let comparator = redacting.build().unwrap();
        let old = tree(&json!({"note": secret, secret.as_str(): 1}));
        let new = tree(&json!({"note": "other", "more": [secret.as_str()]}));
        let comparison = comparator.compare(&old, &new);
        let mut side = SideRecord::new(SideOutcome::Error {
            class: secret.clone(),
            message: secret.clone(),
        });
        side.messages = Some(secret.clone());
        side.answer.excerpt = Some(comparator.redaction().excerpt(&secret, limit));
        let mut record = ComparisonRecord::new(
            RunId::new("r").unwrap(),
            RecordId::new("c").unwrap(),
            "op",
            "2026-01-01T00:00:00Z".parse().unwrap(),
            side.clone(),
            SideRecord::new(SideOutcome::Panic { message: secret.clone() }),
            Judgement::of(comparison, &RecordLimits::default()),
        );
        record.case = Some(secret.clone());
        comparator.redaction().record(&mut record);
        let stored = serde_json::to_string(&record).unwrap();
        prop_assert!(!stored.contains(MARKER), "{stored}");
        record.judgement = Judgement::Failed(secret.clone());
        comparator.redaction().record(&mut record);
        prop_assert!(!serde_json::to_string(&record).unwrap().contains(MARKER));
    }
}

#[test]
fn a_difference_shows_where_and_not_what() {
    let redact = RedactionRules::new()
        .salt("s")
        .path("$..password", RedactAction::Mask)
        .path("$.id", RedactAction::Hash)
        .path("$.trace", RedactAction::Drop)
        .path("$.sessions", RedactAction::Mask);
    let comparison = compare(
        Rules::new().redact(redact),
        r#"{"id": 1, "trace": 1, "user": {"password": "x"}, "sessions": {"tok-1": 1}, "n": 1}"#,
        r#"{"id": 2, "trace": 2, "user": {"password": "y"}, "sessions": {"tok-2": 1}, "n": 2}"#,
    );
    let shown = lines(&comparison);
    assert_eq!(shown[0].split("[hash:").count(), 3, "{}", shown[0]);
    assert_eq!(
        shown[1..],
        [
            "$.trace: value",
            r#"$.user.password: value "[redacted]" → "[redacted]""#,
            r#"$.sessions['[redacted]']: missing "[redacted]""#,
            r#"$.sessions['[redacted]']: extra "[redacted]""#,
            "$.n: value 1 → 2",
        ]
    );
}

#[test]
fn a_subtree_is_shown_without_what_is_redacted_inside_it() {
    let redact = RedactionRules::new().secrets();
    let comparison = compare(
        Rules::new().key("$.users", ["id"]).redact(redact),
        r#"{"users": [{"id": 1, "apiKey": "k", "name": "a"}]}"#,
        r#"{"users": []}"#,
    );
    assert_eq!(
        lines(&comparison),
        [r#"$.users[0]: missing {"id":1,"apiKey":"[redacted]","name":"a"}"#]
    );
}

#[test]
fn a_place_that_nobody_can_tell_is_masked() {
    let redaction = rules(&["$.a"], RedactAction::Mask).build().unwrap();
    let mut comparison = compare(Rules::new(), r#"{"x": 1}"#, r#"{"x": 2}"#);
    comparison.differences[0].path = "row 7, column price".to_owned();
    redaction.comparison(&mut comparison);
    assert_eq!(
        lines(&comparison),
        [r#"row 7, column price: value "[redacted]" → "[redacted]""#]
    );
}

#[test]
fn names_that_become_alike_are_told_apart() {
    let redaction = RedactionRules::new()
        .text("k-\\d", RedactAction::Mask)
        .build()
        .unwrap();
    let kept = redaction.tree(&Tree::from_json(r#"{"k-1": 1, "k-2": 2}"#).unwrap());
    assert_eq!(kept.tree.to_json(), r#"{"[redacted]":1,"[redacted] 2":2}"#);
    assert_eq!(kept.places, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_line_of_a_private_key_survives(
        before in "[a-z0-9 :=\"',>|#é-]{0,12}",
        after in "[a-z0-9 \"',;\\\\]{0,4}",
        label in "([A-Z0-9]{1,9} ){0,2}",
        body in vec("[A-Za-z0-9+/]{30,64}", 1..6),
        is_cut_off in any::<bool>(),
    ) {
        // Behind an option a whole word is a secret, the line after it too.
        prop_assume!(!before.contains("-u"));
        let edge = |word: &str| format!("{before}-----{word} {label}PRIVATE KEY-----{after}");
        let mut text = vec!["first line".to_owned(), edge("BEGIN")];
        text.extend(body.iter().map(|line| format!("{before}{line}{after}")));
        if !is_cut_off {
            text.extend([edge("END"), "last line".to_owned()]);
        }
        let redaction = RedactionRules::new().secrets().build().unwrap();
        let lines = Tree::from_serialize(&text).unwrap();
        let other: Vec<String> = (0..text.len()).map(|line| format!("other {line}")).collect();
        let rules = Rules::new().redact(RedactionRules::new().secrets());
        let comparison = rules.build().unwrap();
        let comparison = comparison.compare(&lines, &Tree::from_serialize(&other).unwrap());
        prop_assert_eq!(comparison.differences.len(), text.len());
        for kept in [
            redaction.text(&text.join("\n")).into_owned(),
            redaction.text(&text.join("\\n")).into_owned(),
            redaction.tree(&lines).tree.to_json(),
            serde_json::to_string(&comparison).unwrap(),
        ] {
            prop_assert!(kept.contains("first line"), "{}", kept);
            prop_assert!(is_cut_off || kept.contains("last line"), "{}", kept);
            prop_assert!(body.iter().all(|line| !kept.contains(line.as_str())), "{}", kept);
        }
    }
}
