//! A percentage over many units: the right share, the same people, on every machine.

use std::fmt::Write;

use cutover_tests::Cutover;
use serde_json::Value;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const UNITS: usize = 100_000;

/// Names of several shapes, not all of them ASCII.
fn units() -> Vec<String> {
    (0..UNITS)
        .map(|number| match number % 5 {
            0 => format!("user-{number}"),
            1 => format!("{number}@example.com"),
            2 => format!("tenant {}/dataset {number}", number % 17),
            3 => format!("ünït-{number}-数据"),
            _ => number.to_string(),
        })
        .collect()
}

/// A flag `canary` and a file with the units, one a line.
fn prepared(units: &[String]) -> Cutover {
    let cutover = Cutover::with_flags(["canary"]);
    cutover.write("units.txt", units.join("\n") + "\n");
    cutover
}

/// Who is in at `percent`, in the order of the file, with the bucket.
fn decisions(cutover: &Cutover, percent: &str) -> Vec<(bool, u64)> {
    cutover
        .run(["flag", "rollout", "canary", percent, "--yes"])
        .expect(0);
    let answer = cutover.run([
        "flag",
        "eval",
        "canary",
        "--units",
        "units.txt",
        "--format",
        "jsonl",
    ]);
    answer.expect(0);
    answer
        .lines()
        .iter()
        .map(|line| {
            assert_eq!(line["reason"], "SPLIT", "{line}");
            (
                line["value"].as_bool().unwrap(),
                line["bucket"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn count(decisions: &[(bool, u64)]) -> usize {
    decisions.iter().filter(|(value, _)| *value).count()
}

/// Four standard errors of the number of units that are in.
fn tolerance(share: f64) -> f64 {
    4.0 * (share * (1.0 - share) * UNITS as f64).sqrt()
}

#[test]
fn a_percentage_reaches_its_share_and_only_ever_adds_people() {
    let cutover = prepared(&units());
    let mut before: Option<Vec<(bool, u64)>> = None;
    for (percent, share) in [
        ("0", 0.0),
        ("1", 0.01),
        ("10", 0.1),
        ("12.5", 0.125),
        ("25", 0.25),
    ] {
        let now = decisions_or_static(&cutover, percent);
        assert_eq!(now.len(), UNITS);
        let distance = (count(&now) as f64 - share * UNITS as f64).abs();
        assert!(
            distance <= tolerance(share),
            "{percent} % reached {} units",
            count(&now)
        );
        if let Some(before) = before {
            let taken_out = before
                .iter()
                .zip(&now)
                .filter(|((was, _), (is, _))| *was && !is);
            assert_eq!(
                taken_out.count(),
                0,
                "raising to {percent} % took somebody out"
            );
        }
        before = Some(now);
    }
    // Going back gives the people of before.
    let at_25 = before.unwrap();
    let at_10 = decisions(&cutover, "10");
    assert!(
        at_10
            .iter()
            .zip(&at_25)
            .all(|((few, _), (many, _))| !few || *many)
    );
    assert_eq!(decisions(&cutover, "25"), at_25);
}

/// At 0 % no unit is needed, so the reason may be another.
fn decisions_or_static(cutover: &Cutover, percent: &str) -> Vec<(bool, u64)> {
    if percent != "0" {
        return decisions(cutover, percent);
    }
    cutover
        .run(["flag", "rollout", "canary", "0", "--yes"])
        .expect(0);
    let answer = cutover.run([
        "flag",
        "eval",
        "canary",
        "--units",
        "units.txt",
        "--format",
        "jsonl",
    ]);
    answer.expect(0);
    answer
        .lines()
        .iter()
        .map(|line| (line["value"].as_bool().unwrap(), 0))
        .collect()
}

/// What was agreed on, told by other code than the product's: the formula of the documentation.
fn bucket(key: &str, unit: &str) -> u64 {
    let hash = xxh3_64_with_seed(unit.as_bytes(), xxh3_64(key.as_bytes()));
    ((hash >> 32) * 100_000) >> 32
}

/// A digest of all decisions and some of them in clear. The committed file was made on another
/// machine; whoever has to change it has broken every running rollout.
#[test]
fn decisions_are_the_ones_of_the_golden_file() {
    const GOLDEN: &str = include_str!("../../golden/rollout-10-percent.txt");
    let units = units();
    let decisions = decisions(&prepared(&units), "10");
    let mut all = String::new();
    let mut sample = String::new();
    for (number, (unit, (value, found))) in units.iter().zip(&decisions).enumerate() {
        assert_eq!(*found, bucket("canary", unit), "{unit}");
        let line = format!("{unit}\t{found}\t{value}\n");
        all.push_str(&line);
        if number % 5_003 == 0 {
            sample.push_str(&line);
        }
    }
    let mut text = String::new();
    writeln!(
        text,
        "xxh3 {:016x} of {UNITS} lines",
        xxh3_64(all.as_bytes())
    )
    .unwrap();
    writeln!(text, "in {}", count(&decisions)).unwrap();
    text.push_str(&sample);
    assert_eq!(text, GOLDEN);
}

#[test]
fn two_flags_choose_independently() {
    let units = units();
    let cutover = prepared(&units);
    cutover.run(["flag", "create", "other", "--yes"]).expect(0);
    cutover
        .run(["flag", "rollout", "other", "10", "--yes"])
        .expect(0);
    let first = decisions(&cutover, "10");
    let other: Vec<Value> = cutover
        .run([
            "flag",
            "eval",
            "other",
            "--units",
            "units.txt",
            "--format",
            "jsonl",
        ])
        .expect(0)
        .lines();
    let both = first
        .iter()
        .zip(&other)
        .filter(|((one, _), two)| *one && two["value"] == true);
    let distance = (both.count() as f64 - 0.01 * UNITS as f64).abs();
    assert!(
        distance <= tolerance(0.01),
        "{distance} away from 1 % in both"
    );
}
