//! Variables over stored flags, as an application sees them.

use std::ffi::OsString;

use cutover_domain::Percentage;
use cutover_domain::flags::{Definition, FlagDocument, Overlaid, Rollout, State};
use cutover_env::{EnvConfig, OverlayMode, Scheme};
use jiff::Timestamp;
use proptest::prelude::*;

pub(crate) fn document(
    flags: impl IntoIterator<Item = (&'static str, Definition)>,
) -> FlagDocument {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    for (key, definition) in flags {
        document.flags.insert(key.parse().unwrap(), definition);
    }
    document
}

pub(crate) fn at(percentage: &str) -> Definition {
    Definition {
        rollout: Some(Rollout {
            percentage: Some(percentage.parse().unwrap()),
            ..Rollout::default()
        }),
        ..Definition::boolean()
    }
}

/// `use_new_x` stored at 25 %, under these variables.
fn over_x(scheme: Scheme, variables: &[(&str, &str)]) -> Overlaid {
    let document = document([("use_new_x", at("25"))]);
    EnvConfig::new(scheme)
        .read(variables.iter().copied())
        .apply(&document)
}

#[derive(Debug, PartialEq)]
enum Is {
    Killed,
    On(&'static str),
    /// As stored, because of this problem.
    Refused(&'static str),
}

#[test]
fn every_value_of_a_switch() {
    use Is::{Killed, On, Refused};
    use Scheme::{Feature, Mdm};
    for (scheme, value, expected) in [
        (Feature, "true", On("100")),
        (Feature, "TRUE", On("100")),
        (Feature, "on", On("100")),
        (Feature, " true\r", On("100")),
        (Feature, "false", Killed),
        (Feature, "False", Killed),
        (Feature, "off", Killed),
        (Feature, "1", Refused("ends in _ROLLOUT")),
        (Feature, "0", Refused("ends in _ROLLOUT")),
        (Feature, "25%", Refused("ends in _ROLLOUT")),
        (Feature, "yes", Refused("write true or false")),
        (Feature, "", Refused("empty")),
        (Feature, "  ", Refused("empty")),
        (Mdm, "true", On("100")),
        (Mdm, "Yes", On("100")),
        (Mdm, "y", On("100")),
        (Mdm, "T", On("100")),
        (Mdm, "1", On("100")),
        (Mdm, "on", On("100")),
        (Mdm, "false", On("0")),
        (Mdm, "NO", On("0")),
        (Mdm, "n", On("0")),
        (Mdm, "f", On("0")),
        (Mdm, "0", On("0")),
        (Mdm, "off", On("0")),
        (Mdm, "2", Refused("ends in _ROLLOUT_PERCENTAGE")),
        (Mdm, "maybe", Refused("write true or false")),
    ] {
        let name = match scheme {
            Feature => "FEATURE_USE_NEW_X",
            Mdm => "MDM_REFACTORING_USE_NEW_X",
        };
        check(&over_x(scheme, &[(name, value)]), name, &expected, value);
    }
}

#[test]
fn every_value_of_a_percentage() {
    use Is::{On, Refused};
    for (value, expected) in [
        ("0", On("0")),
        ("25.5", On("25.5")),
        ("0.001", On("0.001")),
        ("100", On("100")),
        ("99.999 %", On("99.999")),
        (" 7\n", On("7")),
        ("100.001", Refused("above 100")),
        ("-1", Refused("plain decimal number")),
        ("1.2345", Refused("more than three decimals")),
        ("1e1", Refused("plain decimal number")),
        ("0x10", Refused("plain decimal number")),
        ("NaN", Refused("plain decimal number")),
        ("true", Refused("plain decimal number")),
        ("", Refused("empty")),
        (&"9".repeat(1_000_000), Refused("too long")),
    ] {
        for (scheme, name) in [
            (Scheme::Feature, "FEATURE_USE_NEW_X_ROLLOUT"),
            (Scheme::Mdm, "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE"),
        ] {
            check(&over_x(scheme, &[(name, value)]), name, &expected, value);
        }
    }
}

fn check(overlaid: &Overlaid, name: &str, expected: &Is, value: &str) {
    let flag = &overlaid.document.flags["use_new_x"];
    let problems = overlaid.problems.join("\n");
    match expected {
        Is::Killed => assert_eq!(flag.state, State::Killed, "{name}={value}: {problems}"),
        Is::On(share) => {
            let share: Percentage = share.parse().unwrap();
            assert_eq!(flag.percentage(), Some(share), "{name}={value}: {problems}");
        }
        Is::Refused(problem) => {
            assert_eq!(*flag, at("25"), "{name}={value}");
            assert!(problems.contains(problem), "{name}={value}: {problems}");
            assert!(problems.starts_with(name), "{name}={value}: {problems}");
            assert!(
                problems.len() < 300,
                "a message is short: {}",
                problems.len()
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_text_is_told_and_not_followed() {
    use std::os::unix::ffi::OsStringExt;
    let broken = || OsString::from_vec(b"tr\xffue".to_vec());
    let name = OsString::from_vec(b"FEATURE_\xff".to_vec());
    let document = document([("x", at("25"))]);
    let overlaid = EnvConfig::new(Scheme::Feature)
        .read([("FEATURE_X".into(), broken()), (name, "true".into())])
        .apply(&document);
    assert_eq!(overlaid.document, document);
    assert_eq!(
        overlaid.problems,
        ["FEATURE_X=tr\u{fffd}ue is not followed: it is not UTF-8"]
    );
    assert_eq!(
        overlaid.warnings,
        ["FEATURE_\u{fffd} is not followed: no flag has this variable"]
    );
}

#[test]
fn names_of_the_scheme_mdm_are_in_any_case_and_only_one_of_them() {
    let lower = [("mdm_refactoring_use_new_x", "true")];
    let overlaid = over_x(Scheme::Mdm, &lower);
    assert_eq!(
        overlaid.masks[0].to_string(),
        "stored 25 %, but mdm_refactoring_use_new_x=true in this environment makes it 100 %"
    );
    let both = [lower[0], ("MDM_REFACTORING_USE_NEW_X", "false")];
    let overlaid = over_x(Scheme::Mdm, &both);
    assert!(overlaid.masks.is_empty());
    assert_eq!(
        overlaid.problems,
        ["MDM_REFACTORING_USE_NEW_X is not followed: it is there as \
             MDM_REFACTORING_USE_NEW_X and as mdm_refactoring_use_new_x; keep one of them"]
    );
    assert!(
        over_x(Scheme::Feature, &[("feature_use_new_x", "true")])
            .masks
            .is_empty()
    );
}

#[test]
fn all_problems_come_together() {
    let document = document([("a", at("25")), ("b", at("25")), ("c", at("25"))]);
    let variables = [
        ("FEATURE_A", "perhaps"),
        ("FEATURE_A_ROLLOUT", "101"),
        ("FEATURE_B_ROLLOUT", "many"),
        ("FEATURE_C", "false"),
        ("FEATURE_D", "true"),
    ];
    let overlaid = EnvConfig::new(Scheme::Feature)
        .read(variables)
        .apply(&document);
    assert_eq!(overlaid.problems.len(), 3, "{:?}", overlaid.problems);
    assert_eq!(overlaid.warnings.len(), 1, "{:?}", overlaid.warnings);
    assert_eq!(overlaid.document.flags["c"].state, State::Killed);
}

#[test]
fn a_flag_that_is_created_later_follows_its_variable() {
    let overlay = EnvConfig::new(Scheme::Feature).read([("FEATURE_LATE", "false")]);
    let before = overlay.apply(&document([]));
    assert_eq!(before.warnings.len(), 1);
    let after = overlay.apply(&document([("late", at("25"))]));
    assert_eq!(after.document.flags["late"].state, State::Killed);
    assert!(after.warnings.is_empty());
}

#[test]
fn what_the_variables_supply_is_bucketed_as_their_programs_did() {
    for (scheme, name, bucketing) in [
        (Scheme::Feature, "FEATURE_USE_NEW_X_ROLLOUT", "xxh3"),
        (
            Scheme::Mdm,
            "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE",
            "md5-unsalted",
        ),
    ] {
        let config = EnvConfig::new(scheme).with_mode(OverlayMode::Initial);
        let overlaid = config.read([(name, "25")]).apply(&document([]));
        let flag = &overlaid.document.flags["use_new_x"];
        let rollout = flag.rollout.as_ref().unwrap();
        assert_eq!(rollout.bucketing.to_string(), bucketing);
        overlaid.document.validate().unwrap();
    }
}

#[test]
fn a_prefix_that_names_no_variable_is_refused() {
    for good in ["FEATURE_", "_", "A1_"] {
        assert!(
            EnvConfig::new(Scheme::Feature).with_prefix(good).is_ok(),
            "{good}"
        );
    }
    let long = "A".repeat(65);
    for bad in ["", "1A", "a_", "A-B", "A=", "A\0", "É_", &long] {
        assert!(
            EnvConfig::new(Scheme::Feature).with_prefix(bad).is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn a_config_is_one_text_and_back() {
    for text in [
        "feature",
        "mdm",
        "feature:initial",
        "mdm:initial",
        "feature:SHOP_",
        "mdm:initial:SHOP_",
    ] {
        assert_eq!(text.parse::<EnvConfig>().unwrap().to_string(), text);
    }
    for (text, same) in [
        ("feature:override", "feature"),
        ("mdm:override:SHOP_", "mdm:SHOP_"),
        ("feature:FEATURE_", "feature"),
    ] {
        assert_eq!(text.parse::<EnvConfig>().unwrap().to_string(), same);
    }
    for (text, expected) in [
        ("", "`` is not a scheme"),
        ("env", "`env` is not a scheme"),
        ("Feature", "`Feature` is not a scheme"),
        ("feature:", "\"\" cannot begin"),
        ("feature:overide", "`overide` is not a mode"),
        ("feature:initial:", "\"\" cannot begin"),
        ("feature:SHOP_:initial", "`SHOP_` is not a mode"),
        ("feature:1A", "\"1A\" cannot begin"),
    ] {
        let error = text.parse::<EnvConfig>().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
        assert!(
            error.contains("SCHEME[:override|initial][:PREFIX]"),
            "{text}: {error}"
        );
    }
}

pub(crate) fn scheme() -> impl Strategy<Value = Scheme> {
    prop_oneof![Just(Scheme::Feature), Just(Scheme::Mdm)]
}

/// A flag in any of the states that variables can meet.
pub(crate) fn definition() -> impl Strategy<Value = Definition> {
    let share = prop::option::of((0..=100_000_u32).prop_map(Percentage::from_thousandths));
    (
        any::<bool>(),
        any::<bool>(),
        share,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(killed, default, share, inverse, overridden)| {
            let mut flag = Definition::boolean();
            flag.state = if killed {
                State::Killed
            } else {
                State::Enabled
            };
            flag.default = if default { "on" } else { "off" }.to_owned();
            flag.rollout = share.map(|percentage| Rollout {
                percentage,
                variant: inverse.then(|| "off".to_owned()),
                ..Rollout::default()
            });
            if overridden {
                flag.overrides.insert("acme".to_owned(), "on".to_owned());
            }
            flag
        })
}

fn flags() -> impl Strategy<Value = FlagDocument> {
    let key = "(use_new_)?[ab]([_.-][ab])?(_rollout)?";
    prop::collection::btree_map(key, definition(), 0..5).prop_map(|flags| {
        let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
        document.flags = flags
            .into_iter()
            .map(|(key, flag)| (key.parse().unwrap(), flag))
            .collect();
        document
    })
}

fn variables() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = "(FEATURE|MDM_REFACTORING)_(USE_NEW_)?[AB](_[AB])?(_ROLLOUT(_PERCENTAGE)?)?";
    let value = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        (0..=100_u32).prop_map(|share| share.to_string()),
        ".{0,5}",
    ];
    prop::collection::vec((name, value), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn without_variables_nothing_changes(document in flags(), scheme in scheme()) {
        let overlay = EnvConfig::new(scheme).read([("PATH", "/bin"), ("HOME", "")]);
        prop_assert!(overlay.is_empty());
        let overlaid = overlay.apply(&document);
        prop_assert_eq!(overlaid.document, document);
        prop_assert!(overlaid.masks.is_empty() && overlaid.warnings.is_empty());
    }

    #[test]
    fn laid_over_twice_is_laid_over_once(
        document in flags(),
        variables in variables(),
        scheme in scheme(),
        initial in any::<bool>(),
    ) {
        let mode = if initial { OverlayMode::Initial } else { OverlayMode::Override };
        let overlay = EnvConfig::new(scheme).with_mode(mode).read(variables);
        let once = overlay.apply(&document);
        prop_assert_eq!(&once.document, &overlay.apply(&once.document).document);
        prop_assert_eq!(once.document.validate(), document.validate());
    }

    #[test]
    fn only_what_is_masked_changes_and_what_stands_above_stays(
        document in flags(),
        variables in variables(),
        scheme in scheme(),
    ) {
        let overlaid = EnvConfig::new(scheme).read(variables).apply(&document);
        for (key, stored) in &document.flags {
            let flag = &overlaid.document.flags[key];
            let masked = overlaid.masks.iter().any(|mask| mask.key == *key);
            prop_assert_eq!(flag != stored, masked, "{}", key);
            prop_assert!(stored.state == State::Enabled || flag.state == State::Killed);
            prop_assert_eq!(&flag.overrides, &stored.overrides);
            prop_assert_eq!(&flag.requires, &stored.requires);
        }
        prop_assert_eq!(overlaid.document.flags.len(), document.flags.len());
    }

    #[test]
    fn initially_no_stored_flag_changes(
        document in flags(),
        variables in variables(),
        scheme in scheme(),
    ) {
        let config = EnvConfig::new(scheme).with_mode(OverlayMode::Initial);
        let overlaid = config.read(variables).apply(&document);
        for (key, stored) in &document.flags {
            prop_assert_eq!(&overlaid.document.flags[key], stored);
        }
    }

    #[test]
    fn any_value_is_followed_or_told(name in "FEATURE_X(_ROLLOUT)?", value in "\\PC{0,60}") {
        let document = document([("x", at("25"))]);
        let overlaid = EnvConfig::new(Scheme::Feature).read([(name, value)]).apply(&document);
        let told = overlaid.problems.len() + overlaid.masks.len();
        let is_as_stored = overlaid.document == document;
        prop_assert!(told == 1 || is_as_stored, "{overlaid:?}");
        prop_assert!(overlaid.problems.is_empty() || is_as_stored);
    }
}
