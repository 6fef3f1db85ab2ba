//! The dataset manager's file, beside what its own code answered.

use std::collections::BTreeMap;

use cutover_domain::Percentage;
use cutover_domain::flags::import::mdm::{Answered, Mdm, Nested};
use cutover_domain::flags::import::{self, Others};
use cutover_domain::flags::{Bucketing, Context, Definition, FlagDocument, Preset, State};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::{compiled, stored, strategy};

const UNITS: usize = 10_000;

/// What `tests/vectors/seed_units.py` wrote.
#[derive(serde::Deserialize)]
struct Vectors {
    file: Value,
    answers: BTreeMap<String, String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/mdm_flags.json")).unwrap()
}

fn unit(number: usize) -> String {
    if number.is_multiple_of(10) {
        format!("użytkownik {number}")
    } else {
        format!("unit-{number}")
    }
}

/// Whether the unit's bit is set in hexadecimal digits.
fn bit(digits: &str, number: usize) -> bool {
    let digit = digits.as_bytes()[number / 4] as char;
    digit.to_digit(16).unwrap() >> (3 - number % 4) & 1 == 1
}

#[test]
fn every_whole_percentage_reaches_the_units_that_the_first_formulas_reached() {
    let buckets: BTreeMap<Bucketing, String> =
        serde_json::from_str(include_str!("../../vectors/seed_units.json")).unwrap();
    assert_eq!(buckets.len(), 2);
    for (bucketing, digits) in buckets {
        assert_eq!(digits.len(), 2 * UNITS);
        for number in 0..UNITS {
            let theirs: u32 = digits[2 * number..2 * number + 2].parse().unwrap();
            let ours = bucketing.bucket("registration", &unit(number));
            for percent in 0..=100 {
                let percentage = Percentage::from_percent(percent).unwrap();
                assert_eq!(
                    ours.is_in(percentage),
                    theirs < percent,
                    "{bucketing} {number}"
                );
            }
        }
    }
}

#[test]
fn what_the_code_behind_the_file_answered_is_known_for_every_unit() {
    let Vectors { file, answers } = vectors();
    let mdm = Mdm::read(&file).unwrap();
    for (key, digits) in &answers {
        for number in 0..UNITS {
            let expected = match digits.as_str() {
                "TypeError" => Answered::Failed,
                digits => Answered::Value(bit(digits, number).into()),
            };
            let unit = unit(number);
            assert_eq!(mdm.answered(key, &unit), Some(expected), "{key} {unit}");
        }
    }
    assert_eq!(mdm.answered("use_something_else", "u"), None);
}

#[test]
fn imported_as_answered_nobody_changes_sides() {
    let Vectors { file, answers } = vectors();
    let imported = Mdm::read(&file).unwrap().import(Nested::AsAnswered);
    let document = stored(&imported);
    assert_eq!(
        imported
            .flags
            .keys()
            .map(|key| key.as_str())
            .collect::<Vec<_>>(),
        answers.keys().map(String::as_str).collect::<Vec<_>>()
    );
    for (key, digits) in answers.iter().filter(|(_, digits)| *digits != "TypeError") {
        let (snapshot, slot) = compiled(&document, key);
        for number in 0..UNITS {
            let unit = unit(number);
            let decision = snapshot.decide(slot, &Context::unit(&unit), false);
            assert_eq!(decision.on, bit(digits, number), "{key} {unit}");
            assert_eq!(decision.error, None);
        }
    }
}

#[test]
fn imported_live_only_nested_percentages_move_anybody() {
    let mdm = Mdm::read(&vectors().file).unwrap();
    let (live, as_answered) = (mdm.import(Nested::Live), mdm.import(Nested::AsAnswered));
    let moved: Vec<_> = live
        .flags
        .iter()
        .filter(|(key, flag)| as_answered.flags[*key] != **flag)
        .map(|(key, flag)| (key.as_str(), flag.percentage().unwrap().to_string()))
        .collect();
    assert_eq!(moved, [("use_new_backend", "30".to_owned())]);
}

/// One line a note: what people read.
fn notes(file: &str, nested: Nested) -> String {
    let imported = Mdm::read(&import::read(file.as_bytes()).unwrap())
        .unwrap()
        .import(nested);
    stored(&imported);
    let lines = imported
        .notes
        .iter()
        .map(|note| format!("{} {note}", note.level.name()));
    lines
        .chain(imported.background.clone())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn whatever_is_not_carried_over_as_it_stands_is_told() {
    let file = r#"{
        "flags": {
            "use_new_backend": false,
            "use_new_registrar": true,
            "UseNewFeatures": true,
            "page_size": 50,
            "greeting": "off",
            "limits": {"rows": [1, 2]},
            "seed": 123456789012345678901234567890,
            "rollout_percentage": {"new_backend": 25, "new_registrar": 10, "use_x": 5},
            "rollout_percentage.new_config": "12.5",
            "rollout_percentage.new_storage": 5,
            "rollout_percentage.broken": "half",
            "ab_test_registration_percentage": 10,
            "ab_test_page_size_percentage": null
        },
        "history": [
            {"timestamp": "2025-07-08T09:14:03.482911", "flag": "page_size",
             "old_value": null, "new_value": 50}
        ],
        "last_updated": "2025-07-08T09:14:03.483004",
        "comment": "hand-edited"
    }"#;
    let expected = "\
info $.comment: its code never read this field; it is left out
lost $.flags.UseNewFeatures: \"UseNewFeatures\" is not a flag key: a key starts with a lower-case letter or a digit and continues with up to 127 lower-case letters, digits, `_`, `.` or `-`. It becomes use_new_features, and code that asks by the old name finds nothing
lost $.flags.ab_test_page_size_percentage: null is no percentage
info $.flags.ab_test_page_size_percentage: the traffic of the A/B test \"page_size\" becomes the flag ab_test_page_size: on is the treatment, for the same 0 %; its code read it once in the life of a process, here a change counts at once
info $.flags.ab_test_registration_percentage: the traffic of the A/B test \"registration\" becomes the flag ab_test_registration: on is the treatment, for the same 10 %; its code read it once in the life of a process, here a change counts at once
warning $.flags.greeting: the text \"off\" counted as on, like every text; it becomes a flag of type string, which is no switch
info $.flags.greeting: a flag of type string; killed, it answers \"\"
info $.flags.limits: a flag of type json; killed, it answers null
info $.flags.page_size: a flag of type integer; killed, it answers 0
warning $.flags.rollout_percentage.new_backend: its code never read percentages that stand here, so nobody had use_new_backend; importing makes the 25 % live
info $.flags.rollout_percentage.new_registrar: use_new_registrar is on for everybody; the 10 % decided nothing
warning $.flags.rollout_percentage.use_x: it decided nothing: its code looked for the name without `use_`; it is left out
warning $.flags.seed: 1.2345678901234568e+29 may be rounded: it is past 2^53
info $.flags.seed: a flag of type number; killed, it answers 0.0
lost $.flags[\"rollout_percentage.broken\"]: `half` is not a percentage: write a plain decimal number from 0 to 100, for example 12.5
warning $.flags[\"rollout_percentage.broken\"]: there is no flag use_broken beside it; it becomes one, which is off
warning $.flags[\"rollout_percentage.new_config\"]: it is a text, which its code could not compare with a number; it becomes 12.5 %
warning $.flags[\"rollout_percentage.new_config\"]: there is no flag use_new_config beside it; it becomes one, which is off
info $.flags[\"rollout_percentage.new_config\"]: 12.5 % of the units get use_new_config, the same ones as before
warning $.flags[\"rollout_percentage.new_storage\"]: there is no flag use_new_storage beside it; it becomes one, which is off
info $.flags[\"rollout_percentage.new_storage\"]: 5 % of the units get use_new_storage, the same ones as before
warning $.flags[\"rollout_percentage.new_storage\"]: functions behind its @feature_flag decorator looked at the value alone, and ran old for everybody; here the percentage counts wherever the flag is asked
info $.history: what it tells (1 change) stays where it is: it names nobody who did it, and no time zone; its last change is told in the reason of the import
its history had 1 change, the last on 2025-07-08T09:14:03.482911: page_size null → 50";
    assert_eq!(notes(file, Nested::Live), expected);
}

#[test]
fn a_file_that_is_none_is_refused_with_the_path() {
    for (file, expected) in [
        ("[]", "$: the file is a JSON object with a field `flags`"),
        (
            "{}",
            "$.flags: there are no flags here; the file has a field `flags`",
        ),
        (
            "{\"flags\": []}",
            "$.flags: `flags` is an object: name → value",
        ),
    ] {
        let file: Value = serde_json::from_str(file).unwrap();
        assert_eq!(Mdm::read(&file).unwrap_err().to_string(), expected);
    }
}

#[test]
fn the_file_of_a_first_start_changes_nothing_of_its_preset() {
    // What its own code wrote when there was no file.
    let file = serde_json::json!({
        "flags": {
            "use_new_backend": false,
            "use_new_registrar": false,
            "use_new_features": false,
            "enable_comparison_tests": true,
            "enable_performance_tracking": true,
            "enable_memory_profiling": false,
            "rollout_percentage": {"new_backend": 0, "new_registrar": 0, "new_features": 0}
        },
        "history": [],
        "last_updated": "2025-07-01T10:00:00.000001"
    });
    let imported = Mdm::read(&file).unwrap().import(Nested::Live);
    assert_eq!(imported.notes, []);
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.flags = Preset::Mdm.flags();
    assert_eq!(imported.changes(&document.flags, Others::Keep), []);
    // What the file does not name is removed on request only.
    let changes = imported.changes(&document.flags, Others::Remove);
    let pruned = document
        .apply(&changes, Timestamp::UNIX_EPOCH)
        .unwrap()
        .document;
    assert_eq!(pruned.flags.len(), 6);
}

#[test]
fn a_kill_and_an_override_of_the_store_stay() {
    let file = serde_json::json!({"flags": {"use_new_backend": true}});
    let imported = Mdm::read(&file).unwrap().import(Nested::Live);
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    let present = Definition {
        state: State::Killed,
        overrides: [("acme".to_owned(), "off".to_owned())].into(),
        ..Definition::boolean()
    };
    document.flags = [("use_new_backend".parse().unwrap(), present.clone())].into();
    let changes = imported.changes(&document.flags, Others::Keep);
    let after = document
        .apply(&changes, Timestamp::UNIX_EPOCH)
        .unwrap()
        .document;
    let expected = Definition {
        default: "on".to_owned(),
        ..present
    };
    assert_eq!(after.flags["use_new_backend"], expected);
}

proptest! {
    #[test]
    fn any_file_becomes_valid_flags_that_answer_what_its_code_answered(
        file in strategy::mdm(),
        unit in ".{0,8}",
    ) {
        let mdm = Mdm::read(&file).unwrap();
        let imported = mdm.import(Nested::AsAnswered);
        let document = stored(&imported);
        for note in &imported.notes {
            prop_assert!(note.path.starts_with('$'), "{note}");
        }
        for key in document.flags.keys() {
            let (snapshot, slot) = compiled(&document, key.as_str());
            let answer = snapshot.evaluate(slot, &Context::unit(&unit)).unwrap();
            match mdm.answered(key.as_str(), &unit).unwrap() {
                Answered::Value(value) => prop_assert_eq!(answer.value, &value, "{}", key),
                Answered::Failed => {}
            }
        }
    }

    #[test]
    fn importing_twice_changes_nothing_the_second_time(file in strategy::mdm()) {
        let imported = Mdm::read(&file).unwrap().import(Nested::Live);
        let document = stored(&imported);
        prop_assert_eq!(imported.changes(&document.flags, Others::Remove), []);
    }
}
