//! Laws of evaluation, for any valid document and anybody who asks.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Bucketing, Change, Context, Definition, FlagDocument, FlagValue, Interner, Reason, Rollout,
    Snapshot, ValueType, Weight,
};
use cutover_testkit::flags::{any_flags, any_subject};
use jiff::Timestamp;
use proptest::prelude::*;

use super::oracle;

fn with_flags(
    flags: std::collections::BTreeMap<cutover_domain::flags::FlagKey, Definition>,
) -> FlagDocument {
    FlagDocument {
        flags,
        ..FlagDocument::empty(Timestamp::UNIX_EPOCH)
    }
}

/// Making a whole document takes most of the time of a case, and each has many flags to ask.
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
    fn every_tier_decides_in_its_turn(flags in any_flags(6), subject in any_subject()) {
        let document = with_flags(flags);
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&document, &mut interner);
        subject.ask(|context| {
            for (key, definition) in &document.flags {
                let slot = interner.slot(key.as_str());
                let expected = oracle::evaluate(&document, key.as_str(), context);
                let found = snapshot.evaluate(slot, context).map(|found| {
                    assert_eq!(found.value, &definition.variants[found.variant]);
                    oracle::Answer {
                        variant: found.variant,
                        reason: found.reason,
                        bucket: found.bucket,
                    }
                });
                prop_assert_eq!(&found, &expected, "{} of {:#?}", key, definition);
                let explained = snapshot.explain(slot, context).answer;
                prop_assert_eq!(explained, snapshot.evaluate(slot, context));
                let decision = snapshot.decide(slot, context, true);
                match found {
                    Ok(found) if definition.kind == ValueType::Boolean => {
                        let on = definition.variants[found.variant].as_bool();
                        prop_assert_eq!(Some(decision.on), on);
                        prop_assert_eq!(decision.reason, found.reason);
                        prop_assert_eq!(decision.bucket, found.bucket);
                    }
                    Err(error) => prop_assert_eq!(decision.error, Some(error)),
                    Ok(_) => {}
                }
            }
            Ok(())
        })?;
    }

    /// Of rules that did not match, what they wanted really fails.
    #[test]
    fn every_failed_test_that_is_named_failed(flags in any_flags(3), subject in any_subject()) {
        let document = with_flags(flags);
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&document, &mut interner);
        subject.ask(|context| {
            for key in document.flags.keys() {
                let explanation = snapshot.explain(interner.slot(key.as_str()), context);
                for rule in &explanation.unmatched {
                    for test in &rule.because {
                        let wanted = test.wanted.parse().unwrap();
                        prop_assert!(!oracle::holds(&wanted, context), "{}", test);
                        let there = context.attribute(&test.attribute);
                        prop_assert_eq!(&there.map(|found| found.to_string()), &test.found);
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_same_question_has_the_same_answer_whatever_was_compiled_before(
        flags in any_flags(4),
        others in any_flags(4),
        subject in any_subject(),
    ) {
        let (document, others) = (with_flags(flags), with_flags(others));
        let mut late = Interner::default();
        let _ = Snapshot::compile(&others, &mut late);
        let mut fresh = Interner::default();
        let (first, second) = (
            Snapshot::compile(&document, &mut fresh),
            Snapshot::compile(&document, &mut late),
        );
        subject.ask(|context| {
            for key in document.flags.keys() {
                let key = key.as_str();
                prop_assert_eq!(
                    first.evaluate(fresh.slot(key), context),
                    second.evaluate(late.slot(key), context)
                );
            }
            Ok(())
        })?;
    }

}

proptest! {
    /// Parts that together grow keep everybody.
    #[test]
    fn nobody_leaves_the_first_variants_of_a_split_while_their_share_grows(
        before in prop::collection::vec(0..50_u32, 3),
        after in prop::collection::vec(0..50_u32, 3),
        unit in "[a-z]{1,6}",
        bucketing in prop::sample::select(vec![
            Bucketing::Xxh3, Bucketing::Md5, Bucketing::Md5Unsalted,
        ]),
    ) {
        let total = |weights: &[u32]| weights.iter().sum::<u32>();
        prop_assume!(total(&before) > 0 && total(&after) > 0);
        let place = |weights: &[u32]| {
            let document = with_flags([("flag".parse().unwrap(), split(weights, bucketing))].into());
            let mut interner = Interner::default();
            let snapshot = Snapshot::compile(&document, &mut interner);
            let found = snapshot.evaluate(interner.slot("flag"), &Context::unit(&unit)).unwrap();
            found.variant.parse::<usize>().unwrap()
        };
        let (earlier, later) = (place(&before), place(&after));
        for first in 1..=3 {
            let share = |weights: &[u32]| {
                u64::from(total(&weights[..first])) * 100_000 / u64::from(total(weights))
            };
            if share(&before) <= share(&after) && earlier < first {
                prop_assert!(later < first, "{:?} to {:?}: {} to {}", before, after, earlier, later);
            }
        }
    }

    #[test]
    fn pausing_resuming_and_an_old_percentage_reach_the_same_people(
        percentage in 1..100_000_u32,
        other in 0..=100_000_u32,
        bucketing in prop::sample::select(vec![
            Bucketing::Xxh3, Bucketing::Md5, Bucketing::Md5Unsalted,
        ]),
    ) {
        let key = || "flag".parse().unwrap();
        let percentage = Percentage::from_thousandths(percentage).unwrap();
        let roll_out = |percentage| Change::Rollout { key: key(), percentage, variant: None };
        let start = super::rolled_out(percentage, bucketing);
        let start = with_flags([(key(), start)].into());
        let changes = [
            Change::Kill { key: key() },
            Change::Restore { key: key() },
            Change::Set { key: key(), value: false.into() },
            roll_out(Percentage::from_thousandths(other).unwrap()),
            Change::Split { key: key(), weights: vec![Weight::new("on", 1), Weight::new("off", 1)] },
            roll_out(percentage),
        ];
        let end = start.apply(&changes, Timestamp::UNIX_EPOCH).unwrap().document;
        for unit in 0..20 {
            let unit = format!("user-{unit}");
            let ask = |document| super::decide(document, "flag", &Context::unit(&unit));
            let (before, after) = (ask(&start), ask(&end));
            prop_assert_eq!((before.on, before.bucket), (after.on, after.bucket));
        }
    }
}

/// Variants `0`, `1`, … with these weights.
fn split(weights: &[u32], bucketing: Bucketing) -> Definition {
    let names = (0..weights.len()).map(|index| index.to_string());
    let variants = names
        .clone()
        .map(|name| (name.clone(), FlagValue(name.into())));
    let parts = names.zip(weights);
    let rollout = Rollout {
        split: parts
            .map(|(name, weight)| Weight::new(name, *weight))
            .collect(),
        bucketing,
        ..Rollout::default()
    };
    Definition {
        rollout: Some(rollout),
        ..Definition::with_variants(ValueType::String, variants.collect(), "0")
    }
}

#[test]
fn the_share_of_each_variant_is_within_four_standard_errors() {
    const UNITS: u32 = 100_000;
    let weights = [1, 10, 0, 33, 56];
    let document = with_flags([("flag".parse().unwrap(), split(&weights, Bucketing::Xxh3))].into());
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&document, &mut interner);
    let slot = interner.slot("flag");
    let mut served = [0_u32; 5];
    for unit in 0..UNITS {
        let unit = format!("user-{unit}");
        let found = snapshot.evaluate(slot, &Context::unit(&unit)).unwrap();
        assert_eq!(found.reason, Reason::Split);
        served[found.variant.parse::<usize>().unwrap()] += 1;
    }
    assert_eq!(served.iter().sum::<u32>(), UNITS);
    for (served, weight) in served.into_iter().zip(weights) {
        let (n, p) = (f64::from(UNITS), f64::from(weight) / 100.0);
        let standard_error = (n * p * (1.0 - p)).sqrt();
        let distance = (f64::from(served) - n * p).abs();
        assert!(distance <= 4.0 * standard_error, "{weight} %: {served}");
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vectors {
    salt: String,
    md5: Vec<String>,
    md5_unsalted: Vec<String>,
}

/// `tests/vectors/seed_percentages.py` says how the digests were made.
#[test]
fn ten_thousand_units_are_in_at_every_whole_percentage_as_in_the_first_implementations() {
    use md5::{Digest, Md5};

    let vectors: Vectors =
        serde_json::from_str(include_str!("../../vectors/md5_percentages.json")).unwrap();
    let units: Vec<String> = (0..10_000).map(|number| format!("user-{number}")).collect();
    for (bucketing, expected) in [
        (Bucketing::Md5, vectors.md5),
        (Bucketing::Md5Unsalted, vectors.md5_unsalted),
    ] {
        assert_eq!(expected.len(), 101);
        let buckets: Vec<_> = units
            .iter()
            .map(|unit| bucketing.bucket(&vectors.salt, unit))
            .collect();
        for (percent, expected) in (0..).zip(expected) {
            let percentage = Percentage::from_percent(percent).unwrap();
            let answers: String = buckets
                .iter()
                .map(|bucket| if bucket.is_in(percentage) { '1' } else { '0' })
                .collect();
            let digest = Md5::digest(answers.as_bytes());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, expected, "{bucketing} at {percent} %");
        }
        // A flag asks the same bucket: at each unit's own edge it is out, and one percent later in.
        for (unit, bucket) in units.iter().zip(&buckets).step_by(10) {
            for (more, on) in [(0, false), (1_000, true)] {
                let edge = Percentage::from_thousandths(bucket.thousandths() + more).unwrap();
                let mut flag = super::rolled_out(edge, bucketing);
                flag.rollout.as_mut().unwrap().salt = Some(vectors.salt.clone());
                let document = with_flags([("flag".parse().unwrap(), flag)].into());
                assert_eq!(
                    super::decide(&document, "flag", &Context::unit(unit)).on,
                    on
                );
            }
        }
    }
}
