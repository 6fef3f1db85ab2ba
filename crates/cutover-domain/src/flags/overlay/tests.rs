use jiff::Timestamp;

use super::*;
use crate::Stage;
use crate::flags::{
    Attribute, Condition, Context, Interner, Operator, Rule, Snapshot, ValueType, Weight,
};

fn naming(off_kills: bool) -> Naming {
    let text = str::to_owned;
    if off_kills {
        Naming {
            prefix: text("FEATURE_"),
            share_suffix: text("_ROLLOUT"),
            stripped: String::new(),
            off_kills,
        }
    } else {
        Naming {
            prefix: text("MDM_REFACTORING_"),
            share_suffix: text("_ROLLOUT_PERCENTAGE"),
            stripped: text("use_new_"),
            off_kills,
        }
    }
}

/// An overlay of `NAME=value` pairs; what is neither `true` nor `false` is no switch.
fn overlay(naming: Naming, mode: OverlayMode, variables: &[&str]) -> Overlay {
    let mut overlay = Overlay::new(naming, mode);
    for written in variables {
        let (name, value) = written.split_once('=').unwrap();
        let variable = Variable {
            written: (*written).to_owned(),
            switch: value.parse().map_err(|_| "it is no switch".to_owned()),
            share: value.parse().map_err(|_| "it is no share".to_owned()),
        };
        overlay = overlay.with_variable(name, variable);
    }
    overlay
}

fn feature(variables: &[&str]) -> Overlay {
    overlay(naming(true), OverlayMode::Override, variables)
}

fn mdm(variables: &[&str]) -> Overlay {
    overlay(naming(false), OverlayMode::Override, variables)
}

fn document(flags: impl IntoIterator<Item = (&'static str, Definition)>) -> FlagDocument {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    for (key, definition) in flags {
        document.flags.insert(key.parse().unwrap(), definition);
    }
    document
}

/// A boolean flag with this default and percentage.
fn flag(default: &str, percentage: Option<&str>) -> Definition {
    Definition {
        default: default.to_owned(),
        rollout: percentage.map(|percentage| Rollout {
            percentage: Some(percentage.parse().unwrap()),
            ..Rollout::default()
        }),
        ..Definition::boolean()
    }
}

/// How many of 1,000 units the flag is on for.
fn on_for(document: &FlagDocument, key: &str) -> usize {
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(document, &mut interner);
    let slot = interner.slot(key);
    let units = (0..1000).map(|unit| unit.to_string());
    units
        .filter(|unit| snapshot.decide(slot, &Context::unit(unit), false).on)
        .count()
}

#[test]
fn every_row_of_both_schemes() {
    const HALF: std::ops::Range<usize> = 430..570;
    let none = 0..1;
    let all = 1000..1001;
    type Scheme = fn(&[&str]) -> Overlay;
    let feature: Scheme = feature;
    let mdm: Scheme = mdm;
    let key = "use_new_x";
    for (scheme, variables, expected) in [
        (feature, &["FEATURE_USE_NEW_X=true"][..], &all),
        (feature, &["FEATURE_USE_NEW_X=false"], &none),
        (feature, &["FEATURE_USE_NEW_X_ROLLOUT=50"], &HALF),
        (feature, &["FEATURE_USE_NEW_X_ROLLOUT=0"], &none),
        (
            feature,
            &["FEATURE_USE_NEW_X=true", "FEATURE_USE_NEW_X_ROLLOUT=50"],
            &HALF,
        ),
        (
            feature,
            &["FEATURE_USE_NEW_X=false", "FEATURE_USE_NEW_X_ROLLOUT=50"],
            &none,
        ),
        (mdm, &["MDM_REFACTORING_USE_NEW_X=true"], &all),
        (mdm, &["MDM_REFACTORING_USE_NEW_X=false"], &none),
        (mdm, &["MDM_REFACTORING_X_ROLLOUT_PERCENTAGE=50"], &HALF),
        (
            mdm,
            &[
                "MDM_REFACTORING_USE_NEW_X=false",
                "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE=50",
            ],
            &HALF,
        ),
        (
            mdm,
            &[
                "MDM_REFACTORING_USE_NEW_X=true",
                "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE=50",
            ],
            &all,
        ),
    ] {
        for stored in [
            flag("off", None),
            flag("on", None),
            flag("off", Some("25")),
            flag("on", Some("25")),
        ] {
            let document = document([(key, stored.clone())]);
            let overlaid = scheme(variables).apply(&document);
            let on = on_for(&overlaid.document, key);
            assert!(
                expected.contains(&on),
                "{variables:?} over {stored:?}: {on}"
            );
            overlaid.document.validate().unwrap();
            assert!(overlaid.problems.is_empty(), "{:?}", overlaid.problems);
            assert!(overlaid.warnings.is_empty(), "{:?}", overlaid.warnings);
        }
    }
}

#[test]
fn kill_requirements_and_overrides_of_the_store_stay_above() {
    let overridden = |state| Definition {
        state,
        requires: vec!["master".parse().unwrap()],
        overrides: [("7".to_owned(), "off".to_owned())].into(),
        ..flag("off", Some("25"))
    };
    let overlay = feature(&["FEATURE_X=true"]);
    for (master, state, expected) in [
        ("on", State::Enabled, 999),
        ("off", State::Enabled, 0),
        ("on", State::Killed, 0),
    ] {
        let document = document([("master", flag(master, None)), ("x", overridden(state))]);
        let overlaid = overlay.apply(&document);
        assert_eq!(
            on_for(&overlaid.document, "x"),
            expected,
            "{master} {state:?}"
        );
    }
}

#[test]
fn rules_of_the_store_stay_above() {
    let polish = Condition::test("country", Operator::Equals("PL".into()));
    let ruled = Definition {
        rules: vec![Rule::serving(polish, "on")].into(),
        ..flag("off", Some("25"))
    };
    let overlaid = feature(&["FEATURE_X_ROLLOUT=0"]).apply(&document([("x", ruled)]));
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&overlaid.document, &mut interner);
    let slot = interner.slot("x");
    for (country, expected) in [("PL", true), ("DE", false)] {
        let attributes = [("country", Attribute::Text(country))];
        let context = Context::unit("7").with_attributes(&attributes);
        let decision = snapshot.decide(slot, &context, false);
        assert_eq!(decision.on, expected, "{country}");
    }
}

#[test]
fn a_master_switch_that_a_variable_kills_closes_what_requires_it() {
    let part = Definition {
        requires: vec!["master".parse().unwrap()],
        ..flag("on", None)
    };
    let document = document([("master", flag("on", None)), ("part", part)]);
    let overlaid = feature(&["FEATURE_MASTER=false"]).apply(&document);
    assert_eq!(on_for(&overlaid.document, "part"), 0);
}

#[test]
fn the_same_units_are_in_as_with_the_stored_percentage() {
    let half = document([("x", flag("off", Some("50")))]);
    let overlaid = feature(&["FEATURE_X_ROLLOUT=50"]).apply(&document([("x", flag("on", None))]));
    assert_eq!(on_for(&overlaid.document, "x"), on_for(&half, "x"));
    let salted = Definition {
        rollout: Some(Rollout {
            salt: Some("other".to_owned()),
            by: Some("tenant".to_owned()),
            ..Rollout::default()
        }),
        ..flag("off", None)
    };
    let overlaid = feature(&["FEATURE_X_ROLLOUT=50"]).apply(&document([("x", salted.clone())]));
    let rollout = overlaid.document.flags["x"].rollout.as_ref().unwrap();
    assert_eq!(rollout.salt.as_deref(), Some("other"));
    assert_eq!(rollout.by.as_deref(), Some("tenant"));
}

#[test]
fn a_mask_says_what_is_stored_and_what_hides_it() {
    let killed = Definition {
        state: State::Killed,
        ..flag("off", Some("25"))
    };
    let overridden = Definition {
        overrides: [("acme".to_owned(), "on".to_owned())].into(),
        ..flag("off", Some("25"))
    };
    let divided = Definition {
        rollout: Some(Rollout {
            split: vec![Weight::new("on", 1), Weight::new("off", 3)],
            ..Rollout::default()
        }),
        ..flag("off", None)
    };
    let polish = Condition::test("country", Operator::Equals("PL".into()));
    let ruled = Definition {
        rules: vec![Rule::serving(polish, "on"); 2].into(),
        ..divided.clone()
    };
    for (stored, variables, expected) in [
        (
            flag("off", Some("25")),
            &["FEATURE_X=false"][..],
            Some("stored 25 %, but FEATURE_X=false in this environment kills it"),
        ),
        (
            overridden,
            &["FEATURE_X=false"],
            Some("stored 1 override and 25 %, but FEATURE_X=false in this environment kills it"),
        ),
        (
            flag("on", None),
            &["FEATURE_X=true", "FEATURE_X_ROLLOUT=12.5"],
            Some(
                "stored on, but FEATURE_X=true with FEATURE_X_ROLLOUT=12.5 in this environment \
                 makes it 12.5 %",
            ),
        ),
        (
            divided.clone(),
            &["FEATURE_X_ROLLOUT=25"],
            Some(
                "stored a split on:1 off:3, but FEATURE_X_ROLLOUT=25 in this environment makes it \
                 25 %",
            ),
        ),
        (
            ruled,
            &["FEATURE_X=false"],
            Some(
                "stored 2 rules and a split on:1 off:3, but FEATURE_X=false in this environment \
                 kills it",
            ),
        ),
        (
            killed.clone(),
            &["FEATURE_X_ROLLOUT=50"],
            Some(
                "stored 25 %, but FEATURE_X_ROLLOUT=50 in this environment makes it 50 % as soon \
                 as the stored kill is taken back",
            ),
        ),
        (killed, &["FEATURE_X=false"], None),
        (flag("on", None), &["FEATURE_X=true"], None),
        (flag("off", Some("100")), &["FEATURE_X=true"], None),
        (flag("off", None), &["FEATURE_X_ROLLOUT=0"], None),
        (flag("off", Some("25")), &["FEATURE_X_ROLLOUT=25.000"], None),
    ] {
        let document = document([("x", stored)]);
        let overlaid = feature(variables).apply(&document);
        let masks: Vec<_> = overlaid.masks.iter().map(ToString::to_string).collect();
        assert_eq!(
            masks,
            expected.into_iter().collect::<Vec<_>>(),
            "{variables:?}"
        );
        if expected.is_none() {
            assert_eq!(overlaid.document, document, "{variables:?}");
        }
    }
}

#[test]
fn what_cannot_be_followed_leaves_the_stored_flag_in_force() {
    let stored = || flag("off", Some("25"));
    let complete = Definition {
        stage: Some(Stage::Complete),
        ..flag("on", None)
    };
    let text = Definition::with_variants(
        ValueType::String,
        ["a", "b"]
            .map(|name| (name.to_owned(), crate::flags::FlagValue(name.into())))
            .into(),
        "a",
    );
    for (flags, variables, expected) in [
        (
            vec![("x", stored())],
            &["FEATURE_X=maybe"][..],
            "it is no switch",
        ),
        (
            vec![("x", stored())],
            &["FEATURE_X_ROLLOUT=101"],
            "it is no share",
        ),
        (
            vec![("x", stored())],
            &["FEATURE_X=true", "FEATURE_X_ROLLOUT=all"],
            "it is no share",
        ),
        (
            vec![("x", stored())],
            &["FEATURE_X=5", "FEATURE_X_ROLLOUT=50"],
            "it is no switch",
        ),
        (
            vec![("a-b", stored()), ("a.b", stored())],
            &["FEATURE_A_B=true"],
            "it may be the switch of a-b or the switch of a.b",
        ),
        (
            vec![("x", stored()), ("x_rollout", stored())],
            &["FEATURE_X_ROLLOUT=true"],
            "it may be the percentage of x or the switch of x_rollout",
        ),
        (vec![("x", complete)], &["FEATURE_X=false"], "old is stale"),
        (
            vec![("x", text)],
            &["FEATURE_X=true"],
            "which of its variants",
        ),
    ] {
        let document = document(flags);
        let overlaid = feature(variables).apply(&document);
        assert_eq!(overlaid.document, document, "{variables:?}");
        assert!(overlaid.masks.is_empty(), "{variables:?}");
        let problems = overlaid.problems.join("\n");
        assert!(problems.contains(expected), "{variables:?}: {problems}");
        assert!(problems.contains("FEATURE_"), "{variables:?}: {problems}");
    }
}

#[test]
fn a_value_that_decides_alone_is_followed_whatever_stands_beside_it() {
    let document = document([("use_new_x", flag("off", Some("25")))]);
    let overlaid =
        feature(&["FEATURE_USE_NEW_X=false", "FEATURE_USE_NEW_X_ROLLOUT=all"]).apply(&document);
    assert_eq!(overlaid.document.flags["use_new_x"].state, State::Killed);
    assert_eq!(overlaid.problems.len(), 1, "and what is wrong is told");
    let variables = [
        "MDM_REFACTORING_USE_NEW_X=true",
        "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE=all",
    ];
    let overlaid = mdm(&variables).apply(&document);
    assert_eq!(on_for(&overlaid.document, "use_new_x"), 1000);
    assert_eq!(overlaid.problems.len(), 1);
}

#[test]
fn a_variable_of_no_flag_is_a_warning_that_names_the_flag_meant() {
    let document = document([("new_pipeline", flag("off", None))]);
    let variables = ["FEATURE_NEW_PIPLINE=true", "FEATURE_COFFEE=true"];
    let overlaid = feature(&variables).apply(&document);
    assert_eq!(overlaid.document, document);
    assert!(overlaid.problems.is_empty());
    assert_eq!(
        overlaid.warnings,
        [
            "FEATURE_COFFEE is not followed: no flag has this variable",
            "FEATURE_NEW_PIPLINE is not followed: no flag has this variable; did you mean \
             FEATURE_NEW_PIPELINE?",
        ]
    );
}

#[test]
fn initially_the_store_wins_and_what_it_has_not_is_supplied() {
    let stored = document([("x", flag("off", None))]);
    let variables = ["FEATURE_X=true", "FEATURE_Y_ROLLOUT=25", "FEATURE_Z=false"];
    let overlay = overlay(naming(true), OverlayMode::Initial, &variables);
    let overlaid = overlay.apply(&stored);
    assert_eq!(overlaid.document.flags["x"], stored.flags["x"]);
    let percentage = overlaid.document.flags["y"].percentage();
    assert_eq!(percentage, Percentage::from_percent(25));
    assert_eq!(overlaid.document.flags["z"].state, State::Killed);
    assert!(overlaid.masks.is_empty());
    let notes: Vec<_> = overlaid.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "FEATURE_X=true in this environment gives way to what is stored",
            "not stored: FEATURE_Y_ROLLOUT=25 in this environment defines it",
            "not stored: FEATURE_Z=false in this environment defines it",
        ]
    );
    let only_y = overlay
        .supplying_only(["y".parse().unwrap()])
        .apply(&stored);
    assert!(!only_y.document.flags.contains_key("z"));
    assert_eq!(only_y.warnings.len(), 1, "{:?}", only_y.warnings);
}

#[test]
fn many_variables_of_no_flag_are_counted() {
    let names: Vec<_> = (0..1000)
        .map(|index| format!("FEATURE_{index}=true"))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let warnings = feature(&names).apply(&document([])).warnings;
    assert_eq!(warnings.len(), 11);
    assert_eq!(
        warnings[10],
        "990 more variables that begin with FEATURE_ are not followed"
    );
}
