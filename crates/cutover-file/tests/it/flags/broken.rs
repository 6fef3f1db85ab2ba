//! Files that cannot be read are named, kept, and mended on request.

use std::fs;

use cutover_file::flags::{Inspection, RepairSource};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit};
use serde_json::json;

use super::place::Place;

/// Contents that are no flags, where the trouble is, and a part of what is said of it.
fn broken_contents(whole: &[u8]) -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let twice = r#"{"schema":1,"flags":{
  "a": {"variants":{"on":true,"off":false},"off":"off","default":"off"},
  "a": {"variants":{"on":true,"off":false},"off":"off","default":"on"}}}"#;
    let invalid = r#"{"schema":1,"flags":{
  "a": {"variants":{"on":true,"off":false},"off":"off","default":"maybe","requires":["b"]}}}"#;
    let slips = r#"{"schema":1,"flags":{
  "a": {"variants":{"on":true,"off":false},"off":"off","default":"off","rule":[],
        "rollout":{"percentage":120},
        "rules":[{"when":{"attribute":"x","exists":1},"variant":"on"}]},
  "b": {"variants":{"on":true,"off":false},"off":"off","default":"on","requires":["a"],
        "rules":[{"when":{"attribute":"unit","equals":1},"variant":"on"}]}}}"#;
    let deep = format!("{{\"schema\":1,\"x\":{}", "[".repeat(100_000));
    vec![
        (b"".to_vec(), "flags.json:1:1", "the file is empty"),
        (b" \n\t\n".to_vec(), "flags.json:1:1", "the file is empty"),
        (
            b"{\"schema\": 1,\n \"flags\": }".to_vec(),
            "flags.json:2:11",
            "expected value",
        ),
        (
            whole[..whole.len() / 2].to_vec(),
            "flags.json:",
            "EOF while parsing",
        ),
        (
            b"\0\0\0\0\0\0\0\0".to_vec(),
            "flags.json:1:1",
            "expected value",
        ),
        (b"\xff\xfe{\0".to_vec(), "flags.json:1:1", "expected value"),
        (
            b"{\"schema\": 1, \"\xc3\x28\": 2}".to_vec(),
            "flags.json:1:",
            "invalid unicode",
        ),
        (
            [whole, b"<<<<<<< HEAD\n"].concat(),
            "flags.json:",
            "trailing characters",
        ),
        (twice.into(), "flags.json:3:", "the flag a is defined twice"),
        (
            invalid.into(),
            "flags.json",
            "$.flags[\"a\"].default: there is no variant \"maybe\"; the flag has: off, on\n\
             $.flags[\"a\"].requires[0]: there is no flag b",
        ),
        (
            slips.into(),
            "flags.json:3:35",
            "$.flags[\"a\"].rules[0].when.exists: invalid type: integer `1`, expected a boolean\n\
             $.flags[\"a\"].rollout.percentage: `120` is not a percentage: it is above 100\n\
             $.flags[\"a\"].rule: there is no field `rule`; did you mean `rules`?\n\
             $.flags[\"b\"].rules[0].when: it never matches: ",
        ),
        (
            b"[]".to_vec(),
            "flags.json:1:",
            "$: expected an object instead of a list",
        ),
        (deep.into_bytes(), "flags.json:1:", "recursion limit"),
        (
            br#"{"schema": 2, "flags": ["of", "another", "kind"]}"#.to_vec(),
            "flags.json",
            "it has schema 2, and this version knows schemas up to 1",
        ),
    ]
}

#[test]
fn a_broken_file_is_an_error_with_its_place_and_is_never_overwritten() {
    let place = Place::with_commits(2);
    let whole = place.read("flags.json");
    let history = place.read("flags.history.jsonl");
    let stale = next_commit(Some(&place.load()), &[create("new")], "alice");
    for (content, at, why) in broken_contents(&whole) {
        place.write("flags.json", &content);
        let shown = String::from_utf8_lossy(&content[..content.len().min(40)]).into_owned();
        let read = place.try_load().unwrap_err();
        assert_eq!(read.kind(), PortErrorKind::Corrupt, "{shown}");
        for text in [at, why, "nothing has been overwritten"] {
            assert!(
                read.to_string().contains(text),
                "{shown}: {read} lacks {text}"
            );
        }
        let written = block_on(place.store.commit(stale.clone())).unwrap_err();
        assert_eq!(written.kind(), PortErrorKind::Corrupt, "{shown}");
        assert_eq!(place.read("flags.json"), content, "{shown}");
        assert_eq!(place.read("flags.history.jsonl"), history, "{shown}");
    }
    place.write("flags.json", &whole);
    block_on(place.store.commit(stale)).unwrap();
    assert_eq!(place.revisions(), [3, 2, 1]);
}

#[test]
fn a_repair_brings_the_last_flags_back_and_keeps_the_broken_file() {
    for with_good_copy in [true, false] {
        let place = Place::with_commits(3);
        let (before, history) = (place.load(), place.history());
        let whole = place.read("flags.json");
        let mut number = 0;
        for (content, ..) in broken_contents(&whole) {
            if content.starts_with(br#"{"schema": 2"#) {
                continue;
            }
            if !with_good_copy {
                place.remove("flags.json.good");
            }
            place.write("flags.json", &content);
            let repair = block_on(place.store.repair()).unwrap().unwrap();
            number += 1;
            let broken = place.path(&format!("flags.json.broken-{number}"));
            assert_eq!(repair.revision.number(), 3);
            assert_eq!(
                repair.broken.as_deref(),
                Some(&*fs::canonicalize(&broken).unwrap())
            );
            let source = match with_good_copy {
                true => RepairSource::GoodCopy,
                false => RepairSource::History,
            };
            assert_eq!(repair.source, source);
            assert_eq!(fs::read(broken).unwrap(), content);
            assert_eq!(place.load(), before);
            assert_eq!(place.history(), history);
        }
        assert_eq!(block_on(place.store.repair()).unwrap(), None, "all is well");
        place.commit(&[create("new")]);
        assert_eq!(place.revisions(), [4, 3, 2, 1]);
    }
}

#[test]
fn a_missing_file_is_no_absence_while_its_history_is_there() {
    let place = Place::with_commits(2);
    let before = place.load();
    let stale = next_commit(Some(&before), &[create("new")], "alice");
    let first = next_commit(None, &[create("new")], "alice");
    place.remove("flags.json");
    let error = place.try_load().unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("the file is missing"), "{error}");
    for commit in [stale, first] {
        let error = block_on(place.store.commit(commit)).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(!place.path("flags.json").exists());
    }
    let repair = block_on(place.store.repair()).unwrap().unwrap();
    assert_eq!((repair.revision.number(), repair.broken), (2, None));
    assert_eq!(place.load(), before);
    assert_eq!(place.revisions(), [2, 1]);
}

#[test]
fn a_repair_saves_a_record_that_only_the_broken_file_has() {
    let place = Place::with_commits(2);
    let (history, good) = (
        place.read("flags.history.jsonl"),
        place.read("flags.json.good"),
    );
    place.commit(&[create("flag-3")]);
    let before = place.load();
    // A commit that was cut short, and then an edit that is no valid document.
    place.write("flags.history.jsonl", history);
    place.write("flags.json.good", good);
    place.edit(|document| document["flags"]["flag-1"]["default"] = json!("nonsense"));
    let repair = block_on(place.store.repair()).unwrap().unwrap();
    assert_eq!(repair.revision.number(), 3);
    assert_eq!(place.load(), before);
    assert_eq!(place.revisions(), [3, 2, 1]);
}

#[test]
fn what_a_newer_version_wrote_is_not_repaired_away() {
    let place = Place::with_commits(1);
    place.edit(|document| document["schema"] = json!(2));
    let text = place.read("flags.json");
    let error = block_on(place.store.repair()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Unsupported);
    assert!(error.to_string().contains("upgrade cutover"), "{error}");
    assert_eq!(place.read("flags.json"), text);
}

#[test]
fn a_repair_with_nothing_to_repair_from_says_so() {
    let place = Place::with_commits(2);
    place.write("flags.json", "");
    place.write("flags.json.good", "");
    place.write("flags.history.jsonl", "garbage\n");
    let error = block_on(place.store.repair()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error
            .to_string()
            .contains("neither a good copy nor a history"),
        "{error}"
    );
    assert_eq!(place.read("flags.history.jsonl"), b"garbage\n");
    assert_eq!(block_on(Place::empty().store.repair()).unwrap(), None);
}

#[test]
fn damaged_lines_of_the_history_are_left_out_and_named() {
    let place = Place::with_commits(4);
    let text = String::from_utf8(place.read("flags.history.jsonl")).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("alice", "mallory");
    lines.insert(3, "garbage".to_owned());
    place.write("flags.history.jsonl", lines.join("\n") + "\n");
    assert_eq!(place.revisions(), [4, 3, 1]);
    place.commit(&[create("flag-5")]);
    assert_eq!(place.revisions(), [5, 4, 3, 1]);
    let found = block_on(place.store.inspect()).unwrap();
    assert_eq!((found.records, found.damaged_lines), (4, 2));
    let damaged: Vec<_> = found.damaged.iter().map(|line| line.line).collect();
    assert_eq!(damaged, [2, 4]);
    assert!(
        found.damaged[0].why.contains("checksum"),
        "{:?}",
        found.damaged
    );
    assert_eq!(found.gaps.len(), 1);
    assert_eq!(found.gaps[0].after.number(), 1);
    assert_eq!(found.gaps[0].before.number(), 3);
    assert_eq!(found.good_copy.unwrap().number(), 5);
    assert_eq!(
        block_on(Place::empty().store.inspect()).unwrap(),
        Inspection::default()
    );
}

#[test]
fn a_torn_end_of_the_history_of_any_length_costs_nothing() {
    let place = Place::with_commits(3);
    let (document, history) = (place.load(), place.history());
    let text = place.read("flags.history.jsonl");
    let last_line = text[..text.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    for end in last_line..text.len() {
        place.write("flags.history.jsonl", &text[..end]);
        assert_eq!(place.load(), document, "cut at {end}");
        assert_eq!(place.history(), history, "cut at {end}");
    }
    // Zeros, as a file system may leave them after a loss of power.
    for garbage in [&b"\0\0\0\0"[..], b"{\"sum\":", b"\xff\xff"] {
        place.write(
            "flags.history.jsonl",
            [&text[..last_line], garbage].concat(),
        );
        assert_eq!(place.history(), history);
    }
    place.commit(&[create("flag-4")]);
    assert_eq!(place.revisions(), [4, 3, 2, 1]);
    let found = block_on(place.store.inspect()).unwrap();
    assert_eq!((found.records, found.damaged_lines), (4, 0));
}

#[test]
fn a_commit_of_invalid_flags_is_refused() {
    let place = Place::with_commits(1);
    let mut commit = next_commit(Some(&place.load()), &[create("a")], "alice");
    let flags = &mut commit.document.flags;
    flags.get_mut("a").unwrap().default = "nonsense".to_owned();
    let error = block_on(place.store.commit(commit)).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::InvalidInput);
    assert!(
        error.to_string().contains("$.flags[\"a\"].default"),
        "{error}"
    );
    assert_eq!(place.load().revision.number(), 1);
}
