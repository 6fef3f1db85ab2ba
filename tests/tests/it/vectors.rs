//! Users that an older router assigned keep their side: its two formulas, against numbers that
//! another implementation computed.

use cutover_tests::Cutover;
use serde_json::Value;

fn vectors(bucketing: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/buckets.json")).unwrap();
    all[bucketing].as_array().unwrap().clone()
}

#[test]
fn md5_buckets_are_those_of_the_reference() {
    let cutover = Cutover::new();
    for bucketing in ["md5", "md5-unsalted"] {
        let vectors = vectors(bucketing);
        assert!(vectors.len() >= 9);
        for vector in vectors {
            let salt = vector["salt"].as_str();
            let key = format!("{bucketing}-{}", salt.unwrap_or("none"));
            if cutover.run(["flag", "get", &key]).code() != Some(0) {
                let mut create = vec!["flag", "create", &key, "--bucketing", bucketing, "--yes"];
                create.extend(salt.iter().flat_map(|salt| ["--salt", salt]));
                cutover.run(create).expect(0);
            }
            let unit = vector["unit"].as_str().unwrap();
            let bucket = vector["bucket"].as_u64().unwrap();
            // In above its bucket, out at it: whole percents.
            for (percent, is_in) in [(bucket, false), (bucket + 1, true)] {
                let percent = percent.to_string();
                cutover
                    .run(["flag", "rollout", &key, &percent, "--yes"])
                    .expect(0);
                let answer =
                    cutover.run(["flag", "eval", &key, "--unit", unit, "--format", "json"]);
                let decision = answer.expect(0).json();
                assert_eq!(decision["value"], is_in, "{unit} at {percent} %: {answer}");
                if decision["reason"] == "SPLIT" {
                    assert_eq!(decision["bucket"], bucket, "{unit}: {answer}");
                }
            }
        }
    }
}
