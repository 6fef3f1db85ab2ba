//! Hostile input: whatever somebody writes into a document, a condition or an expression, nothing
//! panics, what is accepted holds what it promises, and what is refused says where.
//!
//! Each kind of input is made in two ways: valid input with bytes or words changed, which reaches
//! deep, and input out of the vocabulary alone, which reaches wide.

use cutover_domain::flags::{Condition, FlagDocument, Interner, Problems, Rule, Snapshot};
use cutover_testkit::flags::{Subject, any_condition, any_flags, any_subject};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::ruled;

/// A change of a text: where, what is taken out, and what is put in.
#[derive(Clone, Debug)]
struct Slip {
    at: Index,
    remove: usize,
    insert: Vec<u8>,
}

fn any_slips() -> impl Strategy<Value = Vec<Slip>> {
    let words: Vec<Vec<u8>> = [
        "",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "0",
        "-",
        "1e999",
        "null",
        "true",
        "\\u0000",
        "\"rules\":",
        "\"when\":",
        "\"split\":[",
        "\"percentage\":101",
        "\"weight\":-1",
        "\"all\":",
        "\"not\":",
        "(",
        ")",
        " and ",
        " or ",
        " not ",
        " in ",
        "==",
        ">=",
        "1.4.0",
        "`",
        "'",
    ]
    .map(|word| word.as_bytes().to_vec())
    .into();
    let insert = prop_oneof![select(words), vec(any::<u8>(), 0..4)];
    let slip = (any::<Index>(), 0..6_usize, insert);
    vec(
        slip.prop_map(|(at, remove, insert)| Slip { at, remove, insert }),
        0..4,
    )
}

fn slipped(text: &str, slips: &[Slip]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for slip in slips {
        let at = slip.at.index(bytes.len() + 1);
        let end = (at + slip.remove).min(bytes.len());
        bytes.splice(at..end, slip.insert.iter().copied());
    }
    bytes
}

/// Values that a field may not have been made for.
fn any_misfit() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        select(vec![
            "", "on", "off", "xxh3", "unit", "(", "1.4.0", "12.5", "killed"
        ])
        .prop_map(Value::from),
        Just(json!({"attribute": "x", "exists": true})),
        Just(json!({"all": []})),
        Just(json!([{"variant": "on", "weight": 1}])),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((any_word(), inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The vocabulary of documents, and what is nearly of it.
fn any_word() -> impl Strategy<Value = String> {
    let words = vec![
        "schema",
        "flags",
        "variants",
        "off",
        "default",
        "type",
        "state",
        "requires",
        "overrides",
        "rules",
        "rule",
        "rollout",
        "percentage",
        "split",
        "variant",
        "weight",
        "wieght",
        "by",
        "bucketing",
        "salt",
        "name",
        "when",
        "all",
        "any",
        "not",
        "attribute",
        "equals",
        "equal",
        "in",
        "starts_with",
        "matches",
        "less_than",
        "at_least",
        "exists",
        "x",
    ];
    select(words).prop_map(str::to_owned)
}

/// Puts a misfit in some place of a value, or takes what is there away, or renames it.
fn misfitted(value: &mut Value, mut way: Vec<Index>, misfit: &Value, rename: Option<&str>) {
    let Some(step) = way.pop() else {
        *value = misfit.clone();
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let index = step.index(items.len());
            misfitted(&mut items[index], way, misfit, rename);
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members
                .keys()
                .nth(step.index(members.len()))
                .unwrap()
                .clone();
            match rename {
                Some(word) if way.is_empty() => {
                    if let Some(member) = members.remove(&name) {
                        members.insert(word.to_owned(), member);
                    }
                }
                _ => misfitted(&mut members[&name], way, misfit, rename),
            }
        }
        other => *other = misfit.clone(),
    }
}

fn stored(
    flags: std::collections::BTreeMap<
        cutover_domain::flags::FlagKey,
        cutover_domain::flags::Definition,
    >,
) -> Value {
    let document = FlagDocument {
        flags,
        ..FlagDocument::empty(Timestamp::UNIX_EPOCH)
    };
    serde_json::to_value(document).unwrap()
}

/// What holds for every JSON, whoever wrote it.
fn check_document(value: &Value, subject: &Subject) -> Result<(), TestCaseError> {
    let problems = FlagDocument::diagnose(value);
    check_paths(&problems)?;
    let Ok(document) = serde_json::from_value::<FlagDocument>(value.clone()) else {
        prop_assert_ne!(
            problems.0.len(),
            0,
            "unreadable, and nothing is wrong: {}",
            value
        );
        return Ok(());
    };
    let valid = document.validate();
    prop_assert_eq!(
        problems,
        valid.clone().err().unwrap_or_default(),
        "{}",
        value
    );
    let again = serde_json::to_value(&document).unwrap();
    let again: FlagDocument = serde_json::from_value(again).unwrap();
    prop_assert_eq!(&again, &document);
    prop_assert_eq!(again.digest().unwrap(), document.digest().unwrap());
    // Also what no store accepts is compiled and asked, and every valid flag is there.
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&document, &mut interner);
    subject.ask(|context| {
        for key in document.flags.keys() {
            let slot = interner.slot(key.as_str());
            let explained = snapshot.explain(slot, context);
            let _ = snapshot.decide(slot, context, true);
            if valid.is_ok() {
                let missing = Err(cutover_domain::flags::ErrorCode::FlagNotFound);
                prop_assert_ne!(&explained.answer, &missing, "{}", key);
            }
        }
        Ok(())
    })
}

fn check_paths(problems: &Problems) -> Result<(), TestCaseError> {
    for problem in &problems.0 {
        prop_assert!(problem.path.starts_with('$'), "{}", problem);
        prop_assert!(!problem.message.is_empty(), "{}", problem);
    }
    Ok(())
}

fn check_condition(value: &Value, subject: &Subject) -> Result<(), TestCaseError> {
    let flags = json!({"flag": {
        "variants": {"on": true, "off": false}, "off": "off", "default": "off",
        "rules": [{"when": value, "variant": "on"}],
    }});
    let document = json!({
        "schema": 1, "revision": 1, "updated_at": "2026-01-01T00:00:00Z", "flags": flags,
    });
    check_document(&document, subject)?;
    if let Ok(condition) = serde_json::from_value::<Condition>(value.clone()) {
        check_expression(condition.to_string().as_bytes())?;
    }
    Ok(())
}

/// A text is refused at a column that it has, or reads back as it is printed.
fn check_expression(text: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(text);
    match text.parse::<Condition>() {
        Ok(condition) => {
            let printed = condition.to_string();
            prop_assert_eq!(printed.parse::<Condition>(), Ok(condition), "{}", printed);
        }
        Err(refusal) => {
            let columns = 1..=text.chars().count() + 1;
            prop_assert!(columns.contains(&refusal.column()), "{}: {}", text, refusal);
            prop_assert!(!refusal.message().is_empty());
        }
    }
    Ok(())
}

fn any_condition_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_misfit(),
        any_condition().prop_map(|condition| serde_json::to_value(condition).unwrap()),
    ];
    leaf.prop_recursive(6, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|inner| json!({"all": inner})),
            vec(inner.clone(), 0..3).prop_map(|inner| json!({"any": inner})),
            inner.clone().prop_map(|inner| json!({"not": inner})),
            (any_word(), inner.clone(), any_misfit())
                .prop_map(|(word, inner, misfit)| json!({"all": [inner], word: misfit})),
        ]
    })
}

fn any_words_of_expressions() -> impl Strategy<Value = String> {
    let words = vec![
        "plan",
        "`odd name`",
        "in",
        "not",
        "and",
        "or",
        "(",
        ")",
        "[",
        "]",
        ",",
        "==",
        "!=",
        "<",
        ">=",
        "=",
        "\"pro\"",
        "7",
        "-1.5",
        "1.4.0",
        "true",
        "exists",
        "matches",
        "\"^a\"",
        "all(",
        "any(",
        "always",
        "never",
        "starts_with",
        "é",
    ];
    vec(select(words), 0..12).prop_map(|words| words.join(" "))
}

fn whole_documents() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases / 4,
        ..default
    }
}

proptest! {
    #![proptest_config(whole_documents())]

    #[test]
    fn no_misfit_in_a_document_is_overlooked(
        flags in any_flags(3),
        way in vec(any::<Index>(), 1..9),
        misfit in any_misfit(),
        rename in proptest::option::of(any_word()),
        subject in any_subject(),
    ) {
        let mut value = stored(flags);
        misfitted(&mut value, way, &misfit, rename.as_deref());
        check_document(&value, &subject)?;
    }

    #[test]
    fn no_slip_in_the_text_of_a_document_is_overlooked(
        flags in any_flags(2),
        slips in any_slips(),
        subject in any_subject(),
    ) {
        let text = slipped(&stored(flags).to_string(), &slips);
        if let Ok(value) = serde_json::from_slice::<Value>(&text) {
            check_document(&value, &subject)?;
        }
        if let Ok(document) = serde_json::from_slice::<FlagDocument>(&text) {
            check_paths(&document.validate().err().unwrap_or_default())?;
        }
    }
}

proptest! {
    #[test]
    fn no_condition_as_json_is_misread(value in any_condition_json(), subject in any_subject()) {
        check_condition(&value, &subject)?;
    }

    #[test]
    fn no_slip_in_an_expression_is_misread(condition in any_condition(), slips in any_slips()) {
        check_expression(&slipped(&condition.to_string(), &slips))?;
    }

    #[test]
    fn no_heap_of_words_is_misread_as_an_expression(text in any_words_of_expressions()) {
        check_expression(text.as_bytes())?;
    }

    #[test]
    fn no_bytes_are_misread_as_an_expression(bytes in vec(any::<u8>(), 0..64)) {
        check_expression(&bytes)?;
    }

    #[test]
    fn a_condition_is_judged_the_same_in_words_and_in_json(condition in any_condition()) {
        let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
        let flag = ruled([Rule::serving(condition, "on")]);
        document.flags.insert("flag".parse().unwrap(), flag);
        let value = serde_json::to_value(&document).unwrap();
        let problems = document.validate().err().unwrap_or_default();
        prop_assert_eq!(FlagDocument::diagnose(&value), problems);
    }
}
