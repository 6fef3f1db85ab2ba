//! Where units fall: frozen formulas, and the laws of shares.

use cutover_domain::Percentage;
use cutover_domain::flags::{Bucketing, Context};
use proptest::prelude::*;

use super::{decide, document, rolled_out};

#[derive(serde::Deserialize)]
struct Vector {
    #[serde(default)]
    salt: String,
    unit: String,
    bucket: u32,
}

#[test]
fn md5_buckets_are_those_of_the_first_implementations() {
    let vectors: std::collections::BTreeMap<Bucketing, Vec<Vector>> =
        serde_json::from_str::<std::collections::BTreeMap<String, Vec<Vector>>>(include_str!(
            "../../vectors/md5_buckets.json"
        ))
        .unwrap()
        .into_iter()
        .map(|(name, vectors)| (name.parse().unwrap(), vectors))
        .collect();
    assert_eq!(vectors.len(), 2);
    for (bucketing, vectors) in vectors {
        assert!(vectors.len() >= 9);
        for Vector { salt, unit, bucket } in vectors {
            let here = bucketing.bucket(&salt, &unit).thousandths();
            assert_eq!(here, bucket * 1000, "{bucketing} {salt:?} {unit:?}");
        }
    }
}

/// Computed by another implementation of XXH3 (the Python package `xxhash`).
#[test]
fn xxh3_buckets_are_frozen() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../vectors/xxh3_buckets.json")).unwrap();
    assert!(vectors.len() > 100);
    for Vector { salt, unit, bucket } in vectors {
        let here = Bucketing::Xxh3.bucket(&salt, &unit).thousandths();
        assert_eq!(here, bucket, "{salt:?} {unit:?}");
    }
}

#[test]
fn the_share_is_within_four_standard_errors() {
    const UNITS: u32 = 100_000;
    let units: Vec<String> = (0..UNITS).map(|number| format!("user-{number}")).collect();
    for (salt, percentage) in [
        ("a", "0.1"),
        ("b", "1"),
        ("c", "10"),
        ("d", "33.333"),
        ("e", "90"),
    ] {
        let percentage: Percentage = percentage.parse().unwrap();
        let inside = units
            .iter()
            .filter(|unit| Bucketing::Xxh3.bucket(salt, unit).is_in(percentage))
            .count();
        let (n, p) = (f64::from(UNITS), percentage.ratio());
        let standard_error = (n * p * (1.0 - p)).sqrt();
        let distance = (inside as f64 - n * p).abs() / standard_error;
        assert!(
            distance < 4.0,
            "{percentage}: {inside}, {distance} standard errors off"
        );
    }
}

#[test]
fn two_flags_are_independent() {
    let units: Vec<String> = (0..100_000)
        .map(|number| format!("user-{number}"))
        .collect();
    let half = Percentage::from_percent(50).unwrap();
    let inside = |salt| move |unit: &&String| Bucketing::Xxh3.bucket(salt, unit).is_in(half);
    let both = units
        .iter()
        .filter(inside("one"))
        .filter(inside("two"))
        .count();
    assert!(
        (24_452..=25_548).contains(&both),
        "{both} is not a quarter, give or take 4 errors"
    );
}

proptest! {
    #[test]
    fn raising_the_percentage_takes_nobody_out(
        unit in ".{0,40}",
        low in 0u32..=100_000,
        more in 0u32..=100_000,
        bucketing in prop::sample::select(vec![
            Bucketing::Xxh3, Bucketing::Md5, Bucketing::Md5Unsalted,
        ]),
    ) {
        let low = Percentage::from_thousandths(low).unwrap();
        let high = Percentage::from_thousandths((low.thousandths() + more).min(100_000)).unwrap();
        let is_in = |percentage| {
            let flags = document([("flag", rolled_out(percentage, bucketing))]);
            decide(&flags, "flag", &Context::unit(&unit)).on
        };
        prop_assert!(!is_in(low) || is_in(high));
        prop_assert!(is_in(Percentage::FULL));
        prop_assert!(!is_in(Percentage::ZERO));
    }

    #[test]
    fn the_same_question_has_the_same_answer(unit in ".{0,40}", thousandths in 0u32..=100_000) {
        let percentage = Percentage::from_thousandths(thousandths).unwrap();
        let flags = document([("flag", rolled_out(percentage, Bucketing::Xxh3))]);
        let context = Context::unit(&unit);
        prop_assert_eq!(decide(&flags, "flag", &context), decide(&flags, "flag", &context));
    }
}
