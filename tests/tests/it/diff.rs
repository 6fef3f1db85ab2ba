//! `cutover diff` on large and on nasty documents.

use std::collections::BTreeSet;

use cutover_tests::{Answer, Cutover, Shuffle, records};
use serde_json::{Value, json};

const RECORDS: usize = 100_000;

/// One in a hundred, spread evenly.
fn is_changed(id: usize) -> bool {
    id % 100 == 37
}

/// `old.json` in order, `new.json` shuffled with 1 % changed; returns the order of new.
fn prepared(cutover: &Cutover) -> Vec<usize> {
    let in_order: Vec<usize> = (0..RECORDS).collect();
    let shuffled = Shuffle(1).order(RECORDS);
    cutover.write("old.json", records(&in_order, |_| false));
    cutover.write("new.json", records(&shuffled, is_changed));
    shuffled
}

/// The index in a path like `$[17].price`.
fn index(path: &str) -> usize {
    let inside = path
        .strip_prefix("$[")
        .and_then(|rest| rest.split_once(']'));
    inside
        .and_then(|(index, _)| index.parse().ok())
        .unwrap_or_else(|| panic!("no index in {path}"))
}

/// The ids of the records that an answer names, checked on both sides.
fn named(answer: &Answer, old: &[usize], new: &[usize]) -> BTreeSet<usize> {
    let report = answer.json();
    assert_eq!(report["equal"], false, "{answer}");
    assert_eq!(report["exact"], true, "{answer}");
    let differences = report["differences"].as_array().unwrap();
    assert_eq!(
        report["counts"]["value"],
        differences.len(),
        "all are shown"
    );
    differences
        .iter()
        .map(|difference| {
            let path = difference["path"].as_str().unwrap();
            let new_path = difference["new_path"].as_str().unwrap_or(path);
            assert!(
                path.ends_with("].price") && new_path.ends_with("].price"),
                "{difference}"
            );
            assert_eq!(difference["kind"], "value", "{difference}");
            let (old, new) = (old[index(path)], new[index(new_path)]);
            assert_eq!(
                old, new,
                "another record was taken for its partner: {difference}"
            );
            old
        })
        .collect()
}

#[test]
fn exactly_the_changed_records_are_found_in_any_order() {
    let cutover = Cutover::new();
    let shuffled = prepared(&cutover);
    let in_order: Vec<usize> = (0..RECORDS).collect();
    let changed: BTreeSet<usize> = (0..RECORDS).filter(|id| is_changed(*id)).collect();
    assert_eq!(changed.len(), RECORDS / 100);

    for how in [vec!["--unordered"], vec!["--key", "$=id"]] {
        let options = || {
            how.iter()
                .copied()
                .chain(["--format", "json", "--limit", "1000000"])
        };
        let answer = cutover.run(
            ["diff", "old.json", "new.json"]
                .into_iter()
                .chain(options()),
        );
        assert_eq!(
            named(answer.expect(1), &in_order, &shuffled),
            changed,
            "{how:?}"
        );
        // The other way round.
        let answer = cutover.run(
            ["diff", "new.json", "old.json"]
                .into_iter()
                .chain(options()),
        );
        assert_eq!(
            named(answer.expect(1), &shuffled, &in_order),
            changed,
            "{how:?}, mirrored"
        );
    }
}

#[test]
fn shuffled_records_are_equal_without_order_and_different_with_it() {
    let cutover = Cutover::new();
    let count = 20_000;
    let in_order: Vec<usize> = (0..count).collect();
    cutover.write("old.json", records(&in_order, |_| false));
    cutover.write("new.json", records(&Shuffle(2).order(count), |_| false));
    cutover
        .run(["diff", "old.json", "new.json", "--unordered"])
        .expect(0);
    cutover
        .run(["diff", "old.json", "new.json", "--key", "$=id"])
        .expect(0);
    cutover.run(["diff", "old.json", "new.json"]).expect(1);
}

#[test]
fn a_record_that_is_missing_or_twice_is_not_paired_away() {
    let cutover = Cutover::new();
    cutover.write("old.json", "[1, 1, 2]");
    cutover.write("new.json", "[1, 2, 2]");
    cutover
        .run(["diff", "old.json", "new.json", "--unordered"])
        .expect(1);
    cutover.write("old.json", r#"[{"id": 1, "a": 1}, {"id": 2, "a": 2}]"#);
    cutover.write("new.json", r#"[{"id": 3, "a": 3}, {"id": 1, "a": 1}]"#);
    let answer = cutover.run([
        "diff", "old.json", "new.json", "--key", "$=id", "--format", "json",
    ]);
    let report = answer.expect(1).json();
    assert_eq!(report["counts"]["missing"], 1, "{answer}");
    assert_eq!(report["counts"]["extra"], 1, "{answer}");
}

#[test]
fn integers_past_64_bits_are_compared_exactly() {
    let cutover = Cutover::new();
    for (old, new, code) in [
        ("18446744073709551616", "18446744073709551616", 0),
        ("18446744073709551616", "18446744073709551617", 1),
        ("9007199254740993", "9007199254740992", 1),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567891",
            1,
        ),
        ("-18446744073709551617", "-18446744073709551617", 0),
        ("1.0", "1", 0),
        ("0.1", "0.10000000000000001", 1),
        ("1e400", "1e401", 1),
    ] {
        cutover.write("old.json", format!("{{\"n\": {old}}}"));
        cutover.write("new.json", format!("{{\"n\": {new}}}"));
        cutover.run(["diff", "old.json", "new.json"]).expect(code);
    }
}

#[test]
fn big_integers_are_shown_as_written() {
    let cutover = Cutover::new();
    cutover.write("old.json", "[18446744073709551616]");
    cutover.write("new.json", "[18446744073709551617]");
    let answer = cutover.run(["diff", "old.json", "new.json", "--format", "json"]);
    let text = answer.expect(1).stdout();
    assert!(
        text.contains("18446744073709551616") && text.contains("18446744073709551617"),
        "{text}"
    );
}

#[test]
fn duplicate_keys_are_seen_or_refused_with_their_place() {
    let cutover = Cutover::new();
    cutover.write("old.json", "{\n  \"a\": 1,\n  \"a\": 2\n}\n");
    cutover.write("new.json", "{\n  \"a\": 2\n}\n");
    let answer = cutover.run(["diff", "old.json", "new.json"]);
    match answer.code() {
        Some(1) => {}
        Some(3) => {
            answer.explains(["old.json:3:"]);
        }
        _ => panic!("a duplicate key was overlooked: {answer}"),
    }
}

#[test]
fn ten_thousand_levels_are_no_trouble() {
    let cutover = Cutover::new();
    let deep = |inside: &str| format!("{}{inside}{}", "[".repeat(10_000), "]".repeat(10_000));
    cutover.write("old.json", deep("1"));
    cutover.write("same.json", deep("1"));
    cutover.write("new.json", deep("2"));
    for options in [vec![], vec!["--unordered"]] {
        let run = |new: &str| {
            cutover.run(
                ["diff", "old.json", new]
                    .into_iter()
                    .chain(options.iter().copied()),
            )
        };
        let answer = run("same.json");
        if answer.code() == Some(3) {
            // A limit is fine when it is told with its place.
            answer.explains(["old.json:1:"]);
            continue;
        }
        answer.expect(0);
        run("new.json").expect(1);
    }
}

#[test]
fn what_cannot_be_read_is_told_with_file_line_and_column() {
    let cutover = Cutover::new();
    cutover.write("good.json", "{}");
    for (text, place) in [
        ("{\n  \"a\": 1,,\n}", "bad.json:2:10"),
        ("", "bad.json:1:1"),
        ("{\"a\": tru}", "bad.json:1:"),
        ("[1, 2", "bad.json:1:"),
        ("{} {}", "bad.json:1:4"),
        ("{\"a\": \"\\ud800\"}", "bad.json:1:"),
    ] {
        cutover.write("bad.json", text);
        cutover
            .run(["diff", "good.json", "bad.json"])
            .expect(3)
            .explains([place]);
    }
    cutover.write("bad.json", b"{\"a\": \"\xff\"}");
    cutover
        .run(["diff", "good.json", "bad.json"])
        .expect(3)
        .explains(["bad.json"]);
    cutover
        .run(["diff", "good.json", "gone.json"])
        .expect(3)
        .explains(["gone.json"]);
}

#[test]
fn rules_hide_what_they_name_and_say_so() {
    let cutover = Cutover::new();
    let document = |etag: &str, total: f64| {
        json!({"etag": etag, "rows": [{"etag": etag, "total": total}], "id": 1}).to_string()
    };
    cutover.write("old.json", document("a", 10.0));
    cutover.write("new.json", document("b", 10.0004));
    let run = |options: &[&str]| -> Value {
        let all = ["diff", "old.json", "new.json", "--format", "json"];
        cutover
            .run(all.into_iter().chain(options.iter().copied()))
            .json()
    };
    assert_eq!(run(&[])["counts"]["value"], 3);
    assert_eq!(run(&["--ignore", "$.etag"])["counts"]["value"], 2);
    assert_eq!(run(&["--ignore", "$..etag"])["counts"]["value"], 1);
    assert_eq!(
        run(&["--ignore", "$..etag", "--abs", "0.001"])["equal"],
        true
    );
    assert_eq!(run(&["--only", "$.id"])["equal"], true);
    let hidden = run(&["--ignore", "$..etag"]);
    assert_eq!(hidden["hidden"][0]["hidden"], 2, "{hidden}");
}
