//! Flags, or records of their history, that cannot be read.

use serde_json::json;

use crate::harness::Home;

#[test]
fn a_store_that_cannot_be_read_is_trouble_and_loses_nothing() {
    for garbage in ["", "{\"schema\": 1,", "garbage", "[]", "{\"schema\": 99}"] {
        let home = Home::with_flag();
        let file = home.path().join("flags.json");
        std::fs::write(&file, garbage).unwrap();
        for arguments in [&["flag", "list"][..], &["flag", "set", "f", "on", "--yes"]] {
            let answer = home.run(arguments);
            assert_eq!(answer.code, 3, "{garbage:?} {arguments:?}\n{answer}");
            assert!(answer.err.contains("flags.json"), "{garbage:?}\n{answer}");
        }
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            garbage,
            "it is never overwritten"
        );
        assert_eq!(home.run(&["doctor"]).code, 1);
    }
}

#[test]
fn a_record_that_is_damaged_in_the_middle_of_the_history_is_told() {
    let home = Home::with_flag();
    for share in ["5", "10", "20"] {
        home.done(&["flag", "rollout", "f", share, "--yes"]);
    }
    let file = home.path().join("flags.history.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(home.run(&["flag", "history"]).err, "");
    let mut lines: Vec<_> = text.lines().collect();
    lines[1] = "{";
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let answer = home.run(&["flag", "history"]);
    assert_eq!(answer.code, 3, "{answer}");
    assert!(
        answer.err.contains("the record of revision 2 is missing"),
        "{answer}"
    );
    assert!(answer.out.contains("10 % → 20 %"), "{answer}");
    let answer = home.run(&["flag", "history", "f", "--format", "json"]);
    assert_eq!((answer.code, &answer.json()["damaged"]), (3, &json!(1)));
    assert!(answer.err.contains("1 record cannot be read"), "{answer}");
    // Undo says that it cannot know, and what it can do.
    for arguments in [
        &["flag", "undo", "--to", "1", "--yes"][..],
        &["flag", "undo", "f", "--to", "1", "--yes"],
    ] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 1, "{answer}");
        let expected = "the record of revision 2 is missing, damaged or incomplete";
        assert!(answer.err.contains(expected), "{answer}");
        assert!(answer.err.contains("from 2 on"), "{answer}");
    }
    home.done(&["flag", "undo", "--to", "2", "--yes"]);
}

#[test]
fn the_history_of_flags_that_cannot_be_read_is_shown_with_what_is_wrong() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "25", "--yes"]);
    let expected = home.json(&["flag", "history"])["history"].clone();
    std::fs::write(home.path().join("flags.json"), "garbage").unwrap();
    for (arguments, count) in [
        (&["flag", "history"][..], 2),
        (&["flag", "history", "f"], 2),
        (&["flag", "history", "f", "-n", "1"], 1),
    ] {
        let answer = home.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(answer.code, 3, "{answer}");
        let history = answer.json()["history"].clone();
        assert_eq!(history.as_array().unwrap().len(), count);
        assert_eq!(history[0], expected[0]);
        for part in ["flags.json:1:1", "`cutover doctor --repair`"] {
            assert!(answer.err.contains(part), "{answer}");
        }
    }
    // A change says what to do, with the options of this run.
    let store = format!("file:{}", home.path().display());
    let answer = home.run(&["--store", &store, "flag", "undo", "f", "--yes"]);
    assert_eq!(answer.code, 3, "{answer}");
    for words in ["doctor --repair", "flag history"] {
        let command = format!("`cutover --store {store} {words}`");
        assert!(answer.err.contains(&command), "{answer}");
    }
    home.done(&["doctor", "--repair", "--yes"]);
    home.done(&["flag", "undo", "f", "--yes"]);
}
