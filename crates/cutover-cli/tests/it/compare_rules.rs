//! `cutover compare rules`: what is suggested from what old differs from itself in; and what a run
//! tells `cutover metrics`.

use cutover_domain::comparison::noise::NoiseSample;
use cutover_domain::comparison::{
    Comparator, ComparisonRecord, Judgement, RecordId, RecordLimits, Run, RunId, RunKind,
    SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use cutover_file::FileComparisonStore;
use cutover_ports::comparison::ComparisonStore;
use jiff::Timestamp;
use pollster::block_on;

use crate::harness::Home;

/// A run of an operation in which old was asked again for every record, and answers like these: of
/// its case and its try.
fn run(home: &Home, name: &str, operation: &str, old: impl Fn(u32, u32) -> String) {
    let store = FileComparisonStore::open(home.path().join("comparisons"));
    let id = RunId::new(name).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let run = Run::new(id.clone(), operation, RunKind::Commands, now);
    block_on(store.create_run(&run)).unwrap();
    let compare = |old: String, new: String| {
        let tree = |json: String| Tree::from_json(&json).unwrap();
        Comparator::default().compare(&tree(old), &tree(new))
    };
    let records: Vec<ComparisonRecord> = (0..10)
        .map(|case| {
            let side = SideRecord::new(SideOutcome::Ok);
            let mut record = ComparisonRecord::new(
                id.clone(),
                RecordId::new(format!("{case}")).unwrap(),
                operation,
                now,
                side.clone(),
                side,
                Judgement::of(
                    compare(old(case, 0), old(case, 9)),
                    &RecordLimits::default(),
                ),
            );
            let again = (1..3).map(|again| compare(old(case, 0), old(case, again)));
            record.noise = Some(NoiseSample::of(&again.collect::<Vec<_>>()));
            record
        })
        .collect();
    block_on(store.append(&records)).unwrap();
}

fn at(case: u32, again: u32) -> String {
    let second = case + again;
    format!(r#"{{"at": "2026-01-01T00:00:{second:02}Z", "n": {case}}}"#)
}

#[test]
fn the_suggested_file_takes_the_noise_away() {
    let home = Home::new();
    run(&home, "nightly", "profile", at);
    let file = home.done(&["compare", "rules", "nightly"]);
    insta::assert_snapshot!(file);
    let rules = home.file("rules.toml", &file);
    let (old, new) = (
        home.file("old.json", at(1, 0)),
        home.file("new.json", at(1, 5)),
    );
    assert_eq!(home.run(&["diff", &old, &new]).code, 1);
    let without = home.run(&["diff", &old, &new, "--rules", &rules]);
    assert_eq!(without.code, 0, "{without}");
}

#[test]
fn a_script_gets_the_rules_with_their_evidence() {
    let home = Home::new();
    run(&home, "nightly", "profile", at);
    let rules = home.json(&["compare", "rules", "nightly"]);
    assert_eq!(rules["operation"], "profile");
    assert_eq!(
        (&rules["self_pairs"], &rules["records"]),
        (&20.into(), &10.into())
    );
    assert_eq!(rules["suggestions"][0]["rule"], "ignore");
    assert_eq!(rules["rules"]["ignore"][0], "$.at");
    assert!(rules["file"].as_str().unwrap().contains("ignore"));
}

#[test]
fn no_noise_is_an_answer_and_no_evidence_is_none() {
    let home = Home::new();
    run(&home, "steady", "profile", |case, _| at(case, 0));
    let file = home.done(&["compare", "rules", "steady"]);
    assert!(file.starts_with("# No rules"), "{file}");
    let rules = home.file("rules.toml", &file);
    let old = home.file("old.json", "1");
    assert_eq!(home.run(&["diff", &old, &old, "--rules", &rules]).code, 0);

    let cases = home.file("cases.jsonl", "{\"a\": 1}\n");
    let ran = home.run(&[
        "compare", "run", "--old", "cat", "--new", "cat", "--cases", &cases,
    ]);
    assert_eq!(ran.code, 0, "{ran}");
    let answer = home.run(&["compare", "rules", "latest"]);
    assert_eq!(answer.code, 4, "{answer}");
    assert!(
        answer.err.contains("never compared with itself"),
        "{answer}"
    );
    assert!(answer.out.is_empty(), "{answer}");
}

#[test]
fn rules_are_for_one_operation() {
    let home = Home::new();
    run(&home, "one", "profile", at);
    run(&home, "two", "split", at);
    let answer = home.run(&["compare", "rules", "one", "two"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.err.contains("--operation"), "{answer}");
    let file = home.done(&["compare", "rules", "one", "two", "--operation", "split"]);
    assert!(file.contains("$.at"), "{file}");
    assert_eq!(home.run(&["compare", "rules"]).code, 2);
    assert_eq!(home.run(&["compare", "rules", "three"]).code, 1);
}

#[test]
fn a_run_of_programs_is_in_the_metrics() {
    let home = Home::new();
    let cases = home.file("cases.jsonl", "{\"a\": 1}\n{\"a\": 2}\n");
    let ran = home.run(&[
        "compare",
        "run",
        "--name",
        "profile",
        "--old",
        "cat",
        "--new",
        "sed s/2/3/",
        "--cases",
        &cases,
    ]);
    assert_eq!(ran.code, 1, "{ran}");
    let summary = home.json(&["metrics", "summary"]);
    let count = |result: &str| {
        let name = format!(r#"cutover_comparisons_total{{operation="profile",result="{result}"}}"#);
        summary["counters"][&name].clone()
    };
    assert_eq!((count("equal"), count("different")), (1.into(), 1.into()));
    let kind = r#"cutover_comparison_differences_total{kind="value",operation="profile"}"#;
    assert_eq!(summary["counters"][kind], 1);
    let ratio = r#"cutover_comparison_duration_ratio{operation="profile"}"#;
    assert_eq!(summary["timers"][ratio]["count"], 2);
    let process = &summary["processes"][0];
    assert_eq!(
        (&process["instance"], &process["state"]),
        (&"compare-run".into(), &"ended".into())
    );
}
