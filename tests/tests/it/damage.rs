//! `flags.json` is harmed from outside, or edited by hand.

use std::fs;

use cutover_tests::Cutover;
use serde_json::{Value, json};

/// A store with some history.
fn used() -> Cutover {
    let cutover = Cutover::with_flags(["search", "checkout"]);
    for percent in ["1", "5", "25"] {
        cutover
            .run([
                "flag", "rollout", "search", percent, "--yes", "--reason", percent,
            ])
            .expect(0);
    }
    cutover
        .run(["flag", "override", "checkout", "acme", "true", "--yes"])
        .expect(0);
    cutover
}

/// All flags, as shown.
fn flags(cutover: &Cutover) -> Value {
    cutover
        .run(["flag", "list", "--format", "json"])
        .expect(0)
        .json()["flags"]
        .take()
}

/// The ways in which a file is harmed, from its content.
fn harms(content: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = content.as_bytes();
    vec![
        ("emptied", Vec::new()),
        ("cut in half", bytes[..bytes.len() / 2].to_vec()),
        (
            "without its last byte",
            bytes[..bytes.trim_ascii_end().len() - 1].to_vec(),
        ),
        ("zeros", vec![0; 512]),
        ("not UTF-8", vec![0xff, 0xfe, 0x00, 0x80]),
        ("text", b"this is not JSON at all\n".to_vec()),
        ("another document", b"{\"hello\": \"world\"}\n".to_vec()),
        ("a list", b"[]".to_vec()),
    ]
}

#[test]
fn a_harmed_file_is_a_clear_error_and_loses_nothing() {
    let cutover = used();
    let good = cutover.read("flags.json");
    let history = cutover.history();
    assert_eq!(history.len(), 6);

    let flags_before = flags(&cutover);

    for (harm, bytes) in harms(&good) {
        cutover.write("flags.json", &bytes);

        // Reading says what is wrong, where, and what to do.
        cutover
            .run(["flag", "list"])
            .expect(3)
            .explains(["flags.json"]);
        let shown = cutover.run(["flag", "get", "search"]);
        shown.expect(3).explains(["flags.json"]);
        let status = cutover.run(["flag", "status"]);
        status.expect(3).explains(["flags.json", "doctor --repair"]);

        // A change refuses, and writes over nothing.
        cutover
            .run(["flag", "set", "search", "true", "--yes"])
            .expect(3)
            .explains(["flags.json"]);
        assert_eq!(
            fs::read(cutover.path("flags.json")).unwrap(),
            bytes,
            "{harm}"
        );

        // `doctor` finds it and says what to do.
        let doctor = cutover.run(["doctor"]);
        assert_ne!(doctor.code(), Some(0), "{harm}: {doctor}");
        assert!(
            doctor.stdout().contains("flags.json") || doctor.stderr().contains("flags.json"),
            "{harm}: {doctor}"
        );
        assert!(
            doctor.stdout().contains("doctor --repair"),
            "{harm}: {doctor}"
        );

        // `doctor --repair` brings everything back and keeps what was there.
        cutover.run(["doctor", "--repair", "--yes"]).expect(0);
        assert_eq!(cutover.history(), history, "{harm}");
        assert_eq!(flags(&cutover), flags_before, "{harm}");
        let kept = fs::read_dir(cutover.path(""))
            .unwrap()
            .filter_map(Result::ok);
        let kept = kept.filter(|entry| entry.file_name().to_string_lossy().contains("broken"));
        assert!(
            kept.into_iter()
                .any(|entry| fs::read(entry.path()).unwrap() == bytes),
            "{harm}"
        );

        // So does putting the file back by hand.
        cutover.write("flags.json", &good);
        assert_eq!(cutover.history(), history, "{harm}");
    }
}

#[test]
fn without_the_good_copy_the_history_is_enough_to_repair() {
    let cutover = used();
    let flags_before = flags(&cutover);
    let history = cutover.history();
    fs::remove_file(cutover.path("flags.json.good")).unwrap();
    cutover.write("flags.json", "");
    cutover.run(["doctor", "--repair", "--yes"]).expect(0);
    assert_eq!(flags(&cutover), flags_before);
    assert_eq!(cutover.history(), history);
}

#[test]
fn an_error_in_the_file_names_its_line() {
    let cutover = used();
    let good = cutover.read("flags.json");
    let line = good
        .lines()
        .position(|line| line.contains("\"flags\""))
        .unwrap()
        + 1;
    let harmed = good.replacen("\"flags\":", "\"flags\" oops", 1);
    cutover.write("flags.json", harmed);
    cutover
        .run(["flag", "list"])
        .expect(3)
        .explains([format!("flags.json:{line}:").as_str()]);
}

#[test]
fn a_missing_history_file_does_not_lose_the_last_change() {
    let cutover = used();
    fs::remove_file(cutover.path("flags.history.jsonl")).unwrap();
    // The last record is embedded in flags.json itself.
    let history = cutover.history();
    assert_eq!(history[0]["changes"][0]["key"], "checkout");
    assert_eq!(history[0]["revision"], 6);
    cutover
        .run(["flag", "set", "search", "true", "--yes"])
        .expect(0);
    let history = cutover.history();
    assert_eq!(history[0]["revision"], 7);
    assert_eq!(history[1]["revision"], 6);
}

#[test]
fn a_torn_last_line_of_the_history_is_mended() {
    let cutover = used();
    let before = cutover.history();
    let whole = cutover.read("flags.history.jsonl");
    cutover.write("flags.history.jsonl", &whole[..whole.len() - 20]);
    assert_eq!(
        cutover.history(),
        before,
        "the torn record is the one that flags.json embeds"
    );
    cutover
        .run(["flag", "set", "search", "true", "--yes"])
        .expect(0);
    let after = cutover.history();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[1..], before);
}

#[test]
fn an_edit_by_hand_becomes_a_revision() {
    let cutover = used();
    let mut document: Value = serde_json::from_str(&cutover.read("flags.json")).unwrap();
    assert_eq!(document["flags"]["checkout"]["default"], "off");
    document["flags"]["checkout"]["default"] = json!("on");
    cutover.write(
        "flags.json",
        serde_json::to_string_pretty(&document).unwrap(),
    );

    // In force at once, and under a revision of its own.
    let answer = cutover.run([
        "flag", "eval", "checkout", "--unit", "u1", "--format", "json",
    ]);
    let decision = answer.expect(0).json();
    assert_eq!(
        (&decision["value"], &decision["revision"]),
        (&json!(true), &json!(7)),
        "{answer}"
    );

    // The next change keeps it, and history tells who it was.
    cutover
        .run([
            "flag", "set", "search", "true", "--yes", "--reason", "after",
        ])
        .expect(0);
    let history = cutover.history();
    assert_eq!(history[0]["revision"], 8);
    assert_eq!(history[0]["reason"], "after");
    assert_eq!(history[1]["revision"], 7);
    assert_eq!(history[1]["actor"], "external");
    assert_eq!(history[1]["changes"][0]["key"], "checkout");
    assert_eq!(history[1]["changes"][0]["after"]["default"], "on");

    // It can be undone like any other change.
    cutover.run(["flag", "undo", "checkout", "--yes"]).expect(0);
    let flag = cutover
        .run(["flag", "get", "checkout", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(flag["flag"]["default"], "off");
}
