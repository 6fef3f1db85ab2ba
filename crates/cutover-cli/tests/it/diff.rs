//! `cutover diff` on files.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::Home;

struct Desk {
    home: Home,
    folder: TempDir,
}

impl Desk {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        Self {
            home: Home::new(),
            folder,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&["diff"]);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    fn diff(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self
            .command(arguments)
            .args(["--format", "json"])
            .output()
            .unwrap();
        let answer = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        (output.status.code().unwrap(), answer)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_answer_is_an_exit_code_and_a_stable_object() {
    let desk = Desk::with(&[
        (
            "old.json",
            r#"{"a": 1, "gone": true, "big": 18446744073709551617, "same": [1, 2]}"#,
        ),
        (
            "new.json",
            r#"{"a": "1", "big": 18446744073709551618, "same": [1, 2], "come": null}"#,
        ),
    ]);
    let (exit, answer) = desk.json(&["old.json", "new.json"]);
    assert_eq!(exit, 1);
    assert_eq!(
        (&answer["schema"], &answer["equal"], &answer["exact"]),
        (&json!(1), &json!(false), &json!(true))
    );
    let count = |kind: &str| answer["counts"][kind].as_u64().unwrap();
    assert_eq!(
        [
            count("type"),
            count("missing"),
            count("value"),
            count("extra"),
            count("order")
        ],
        [1, 1, 1, 1, 0]
    );
    let of_kind = |kind: &str| {
        answer["differences"]
            .as_array()
            .unwrap()
            .iter()
            .find(|d| d["kind"] == kind)
            .unwrap()
            .clone()
    };
    assert_eq!(
        of_kind("type"),
        json!({"path": "$.a", "kind": "type", "old": 1, "new": "1", "severity": "error"})
    );
    assert_eq!(of_kind("missing")["path"], "$.gone");
    assert_eq!(of_kind("extra")["new"], Value::Null);
    let raw = text(
        &desk
            .diff(&["old.json", "new.json", "--format", "json"])
            .stdout,
    );
    assert!(
        raw.contains("18446744073709551618"),
        "integers past 2^64 keep every digit: {raw}"
    );

    let (exit, answer) = desk.json(&["old.json", "old.json"]);
    assert_eq!(
        (exit, &answer["equal"], &answer["differences"]),
        (0, &json!(true), &json!([]))
    );
}

#[test]
fn people_read_places_grouped_and_a_last_line() {
    let desk = Desk::with(&[
        (
            "old.json",
            r#"{"items": [{"id": 1, "price": 1}, {"id": 2, "price": 2}, {"id": 3, "price": 3}], "name": "x"}"#,
        ),
        (
            "new.json",
            r#"{"items": [{"id": 1, "price": 10}, {"id": 2, "price": 20}, {"id": 3, "price": 3}]}"#,
        ),
    ]);
    let output = desk.diff(&["old.json", "new.json"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout), @r#"
    $.items[*].price  2 × value
      ~ $.items[0].price  1 → 10  value
      ~ $.items[1].price  2 → 20  value
    - $.name  "x"  missing
    different: 2 value, 1 missing
    "#);
    let same = desk.diff(&["old.json", "old.json"]);
    assert_eq!(
        (same.status.code(), text(&same.stdout).as_str()),
        (Some(0), "equal\n")
    );
}

#[test]
fn rules_hide_what_they_say_and_nothing_else() {
    let desk = Desk::with(&[
        (
            "old.json",
            r#"[{"id": 2, "at": "x", "price": 1.0, "tags": ["a", "b"]}, {"id": 1, "at": "y", "price": 2}]"#,
        ),
        (
            "new.json",
            r#"[{"id": 1, "at": "z", "price": 2.0000000001}, {"id": 2, "at": "", "price": 1, "tags": ["b", "a"]}]"#,
        ),
    ]);
    let files = ["old.json", "new.json"];
    let equal = |options: &[&str]| {
        desk.json(&[&files, options].concat()).1["equal"]
            .as_bool()
            .unwrap()
    };
    assert!(!equal(&[]));
    assert!(equal(&[
        "--key",
        "$=id",
        "--ignore",
        "$[*].at",
        "--unordered=$[*].tags",
        "--rel",
        "1e-9"
    ]));
    assert!(equal(&[
        "--unordered",
        "--ignore",
        "$..at",
        "--abs",
        "1e-9"
    ]));
    assert!(!equal(&[
        "--unordered",
        "--ignore",
        "$..at",
        "--abs",
        "1e-12"
    ]));
    assert!(equal(&["--unordered", "--only", "$[*].id"]));
    assert!(!equal(&[
        "--key",
        "$=id",
        "--only",
        "$[*].price",
        "--rel",
        "1e-9",
        "--strict"
    ]));
    let (_, answer) = desk.json(&[
        "old.json",
        "new.json",
        "--unordered",
        "--ignore",
        "$..at",
        "--abs",
        "1e-9",
    ]);
    let hidden = answer["hidden"].as_array().unwrap();
    assert!(
        hidden
            .iter()
            .any(|hit| hit["rule"] == "ignore $..at" && hit["hidden"].as_u64() > Some(0)),
        "{answer}"
    );
}

#[test]
fn an_only_that_looks_past_every_difference_says_so() {
    let desk = Desk::with(&[("old.json", r#"{"a": 1}"#), ("new.json", r#"{"a": 2}"#)]);
    let output = desk.diff(&["old.json", "new.json", "--only", "$.typo"]);
    assert_eq!(output.status.code(), Some(0));
    let warning = text(&output.stderr);
    assert!(
        warning.contains("outside of it lies 1 difference"),
        "{warning}"
    );
    let output = desk.diff(&["old.json", "old.json", "--only", "$.typo"]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_limit_bounds_what_is_kept_and_not_what_is_counted() {
    let numbers = |add: u32| format!("{:?}", (0..100).map(|n| n + add).collect::<Vec<_>>());
    let desk = Desk::with(&[("old.json", &numbers(0)), ("new.json", &numbers(1000))]);
    let (_, answer) = desk.json(&["old.json", "new.json", "--limit", "3"]);
    assert_eq!(answer["differences"].as_array().unwrap().len(), 3);
    assert_eq!(answer["truncated"], true);
    let counted: u64 = answer["counts"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert!(counted >= 100, "{counted}");
    let shown = text(&desk.diff(&["old.json", "new.json", "--limit", "3"]).stdout);
    assert!(shown.contains("more"), "{shown}");
}

#[test]
fn one_side_may_be_standard_input_and_lines_are_an_array() {
    let desk = Desk::with(&[
        ("old.jsonl", "{\"id\": 1}\n{\"id\": 2}\n"),
        ("old.json", "[{\"id\": 1}, {\"id\": 2}]"),
    ]);
    let through_stdin = |arguments: &[&str], input: &str| {
        let mut child = desk
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait().unwrap().code()
    };
    assert_eq!(
        through_stdin(&["old.json", "-"], "[{\"id\":1},{\"id\":2}]"),
        Some(0)
    );
    assert_eq!(
        through_stdin(&["-", "old.json"], "[{\"id\":1},{\"id\":3}]"),
        Some(1)
    );
    assert_eq!(
        through_stdin(
            &["old.jsonl", "-", "--input-format", "jsonl"],
            "{\"id\":1}\n{\"id\":2}"
        ),
        Some(0)
    );
    assert_eq!(desk.diff(&["old.jsonl", "old.json"]).status.code(), Some(0));
    assert_eq!(desk.diff(&["-", "-"]).status.code(), Some(2));
}

#[test]
fn trouble_has_a_place() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let desk = Desk::with(&[
        ("good.json", "{}"),
        ("broken.json", "{\n  \"a\": 1,\n  \"b\": ]\n}"),
        ("twice.json", "{\"a\": 1, \"a\": 2}"),
        ("lines.jsonl", "{}\n{\"a\":\n"),
        ("deep.json", &deep),
        ("other.json", &deep.replace('1', "2")),
    ]);
    let said = |arguments: &[&str]| {
        let output = desk.diff(arguments);
        (output.status.code(), text(&output.stderr))
    };
    for (arguments, expected) in [
        (["good.json", "broken.json"], "broken.json:3:8"),
        (["twice.json", "good.json"], "twice.json:1:"),
        (["lines.jsonl", "good.json"], "lines.jsonl:2:"),
        (["good.json", "nothing.json"], "nothing.json"),
    ] {
        let (exit, error) = said(&arguments);
        assert_eq!(exit, Some(3), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let (exit, error) = said(&["good.json", "good.json", "--ignore", "updated_at"]);
    assert_eq!(exit, Some(2));
    assert!(
        error.contains("$..updated_at wherever it stands"),
        "{error}"
    );
    // However deep, it is compared or refused with its place; it never overflows the stack.
    let (exit, error) = said(&["deep.json", "other.json"]);
    assert!(
        exit == Some(1) || (exit == Some(3) && error.contains("deep.json:1:")),
        "{exit:?} {error}"
    );
}

/// Records of many shapes, the same on every machine.
fn records(count: u64) -> Vec<String> {
    (0..count)
        .map(|id| {
            let mix = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!(
                "{{\"id\":{id},\"name\":\"record {}\",\"price\":{}.{:02},\"tags\":[\"t{}\",\"u{}\"],\"active\":{}}}",
                mix >> 40, mix % 1000, mix % 97, mix % 7, mix % 11, mix % 3 == 0
            )
        })
        .collect()
}

/// Deterministic Fisher–Yates.
fn shuffled(mut records: Vec<String>) -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    for last in (1..records.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (last as u64 + 1)).unwrap();
        records.swap(last, other);
    }
    records
}

#[test]
fn of_many_shuffled_records_exactly_the_changed_ones_are_found() {
    let count = 20_000;
    let old = records(count);
    let changed = |id: u64| id % 100 == 7;
    let new: Vec<String> = old
        .iter()
        .zip(0..)
        .map(|(record, id)| match changed(id) {
            true => record.replace("\"name\":\"record", "\"name\":\"changed"),
            false => record.clone(),
        })
        .collect();
    let array = |records: &[String]| format!("[{}]", records.join(",\n"));
    let desk = Desk::with(&[
        ("old.json", &array(&old)),
        ("new.json", &array(&shuffled(new))),
    ]);
    for options in [&["--key", "$=id"][..], &["--unordered"]] {
        let arguments = [&["old.json", "new.json", "--limit", "100000"], options].concat();
        let (exit, answer) = desk.json(&arguments);
        assert_eq!((exit, &answer["exact"]), (1, &json!(true)));
        let differences = answer["differences"].as_array().unwrap();
        assert_eq!(differences.len() as u64, count / 100, "{options:?}");
        assert_eq!(answer["counts"]["value"], count / 100);
        for difference in differences {
            let place = difference["path"].as_str().unwrap();
            assert!(place.ends_with(".name"), "{place}");
        }
    }
}

const YAML: &str = "defaults: &d {retries: 3}\nserver:\n  <<: *d\n  port: 0x1F90\n  name: 'a'\n";

#[test]
fn documents_of_different_formats_are_compared_by_their_values() {
    let desk = Desk::with(&[
        ("old.yaml", YAML),
        (
            "same.toml",
            "[defaults]\nretries = 3\n[server]\nport = 8_080\nretries = 3\nname = \"a\"\n",
        ),
        (
            "new.json",
            r#"{"defaults": {"retries": 3}, "server": {"port": 8081, "retries": 3, "name": "a"}}"#,
        ),
    ]);
    let (exit, answer) = desk.json(&["old.yaml", "same.toml"]);
    assert_eq!((exit, &answer["equal"]), (0, &json!(true)), "{answer}");
    assert_eq!(answer["formats"], json!({"old": "yaml", "new": "toml"}));

    let output = desk.diff(&["old.yaml", "new.json"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout), @r"
    ~ $.server.port  8080 → 8081  value
    different: 1 value
    ");
    assert_eq!(text(&output.stderr), "old was read as yaml, new as json\n");

    // What neither a name nor the content says, the other document does.
    let (_, answer) = {
        std::fs::copy(
            desk.folder.path().join("old.yaml"),
            desk.folder.path().join("settings"),
        )
        .unwrap();
        desk.json(&["settings", "old.yaml"])
    };
    assert_eq!(
        (&answer["equal"], &answer["formats"]["old"]),
        (&json!(true), &json!("yaml"))
    );
    let (_, answer) = desk.json(&["old.yaml", "new.json", "--input-format", "text"]);
    assert_eq!(answer["formats"], json!({"old": "text", "new": "text"}));
    let wrong = desk.diff(&["old.yaml", "new.json", "--input-format", "xml"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("json, jsonl, yaml, toml, text"));
}

#[test]
fn texts_are_shown_as_people_know_it() {
    let numbered = |lines: &[&str]| {
        let lines = lines.iter().map(|line| format!("{line}\n"));
        lines.collect::<String>()
    };
    let old: Vec<String> = (1..=30).map(|n| format!("line {n}")).collect();
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let mut new = old.clone();
    new[4] = "line five";
    new.remove(5);
    new.insert(20, "\tadded \u{1b}[31m\u{202e}");
    new[28] = "line 30\r";
    let desk = Desk::with(&[("old.txt", &numbered(&old)), ("new.txt", &numbered(&new))]);
    let output = desk.diff(&["old.txt", "new.txt"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));

    let (_, answer) = desk.json(&["old.txt", "new.txt"]);
    assert_eq!(answer["differences"][0]["path"], "$[4]");
    assert_eq!(answer["differences"][0]["new"], "line five");
    let (exit, _) = desk.json(&["old.txt", "old.txt"]);
    assert_eq!(exit, 0);
}

#[test]
fn the_ends_of_lines_and_of_texts_are_differences_that_are_explained() {
    let shown = |old: &str, new: &str| {
        let desk = Desk::with(&[("old.txt", old), ("new.txt", new)]);
        text(&desk.diff(&["old.txt", "new.txt"]).stdout)
    };
    let mut pages = String::new();
    for (name, old, new) in [
        ("without the last end", "a\nb\n", "a\nb"),
        ("with an end", "a\nb", "a\nb\n"),
        ("an empty line more", "a\n", "a\n\n"),
        ("nothing before", "", "a\n"),
        ("nothing after", "a", ""),
        ("carriage returns", "a\nb\nc\n", "a\r\nb\r\nc\r\n"),
        ("byte-order mark", "a\nb\n", "\u{feff}a\nb\n"),
        ("both without an end", "a\nx", "b\nx"),
        ("another line at the end", "a\n", "a\nb"),
        (
            "in another sequence",
            "a\nb\nc\nd\ne\nf\n",
            "f\na\nb\nc\nd\ne\n",
        ),
    ] {
        pages += &format!("# {name}\n{}\n", shown(old, new));
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn rules_hold_for_texts_as_well() {
    let desk = Desk::with(&[
        ("old.log", "one\ntwo\nthree\npassword=abc\n"),
        ("new.log", "three\none\ntwo\nPassword=abd\n"),
    ]);
    let output = desk.diff(&["old.log", "new.log", "--unordered"]);
    insta::assert_snapshot!(text(&output.stdout), @r#"
    ~ $[3]  "password=abc" → "Password=abd"  value
    hidden by unordered everywhere: 1
    different: 1 value
    "#);
    let output = desk.diff(&["old.log", "new.log", "--ignore", "$[3]", "--unordered"]);
    assert_eq!(output.status.code(), Some(0));
    let secret = text(
        &desk
            .diff(&["old.log", "new.log", "--redact", "secrets"])
            .stdout,
    );
    assert!(
        !secret.contains("abc") && !secret.contains("abd"),
        "{secret}"
    );
    let few = text(&desk.diff(&["old.log", "new.log", "--limit", "1"]).stdout);
    assert!(few.contains("more; --limit shows more of them"), "{few}");
}

#[test]
fn a_wrong_guess_says_how_to_say_it_right() {
    let desk = Desk::with(&[("old", "{not json\n"), ("new.json", "{}")]);
    let output = desk.diff(&["old", "new.json"]);
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output.stderr);
    assert!(
        error.contains("old:1:2") && error.contains("--input-format"),
        "{error}"
    );
}

#[test]
fn no_input_is_read_past_what_is_allowed() {
    let desk = Desk::with(&[
        ("old.json", "[1, 2, 3]"),
        ("long.csv", "id,name\n1,a\n2,b\n"),
    ]);
    for arguments in [
        &["old.json", "/dev/zero", "--max-input", "1MiB"][..],
        &["/dev/zero", "long.csv", "--max-input", "1MiB"],
        &["old.json", "old.json", "--max-input", "8"],
    ] {
        let refused = desk.diff(arguments);
        assert_eq!(refused.status.code(), Some(3), "{arguments:?}");
        let error = text(&refused.stderr);
        assert!(
            error.contains("bytes that may be read of it") && error.contains("--max-input"),
            "{error}"
        );
    }
    let exactly = desk.diff(&["old.json", "old.json", "--max-input", "9"]);
    assert_eq!(exactly.status.code(), Some(0));
    // Tables in files are read row by row.
    let table = desk.diff(&["long.csv", "long.csv", "--max-input", "8"]);
    assert_eq!(table.status.code(), Some(0), "{}", text(&table.stderr));
}

#[cfg(unix)]
#[test]
fn tables_may_come_from_pipes() {
    let desk = Desk::with(&[
        ("rows", "id,name\n1,a\n2,b\n"),
        ("new.csv", "name,id\nb,2\na,1\n"),
    ]);
    let shell = |words: &str| {
        let program = desk.home.command(&["diff"]);
        let script = format!("'{}' diff {words}", program.get_program().to_str().unwrap());
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(desk.folder.path());
        shell.output().unwrap()
    };
    for words in [
        "<(cat rows) new.csv --key-columns id",
        "<(cat rows) <(cat new.csv) --input-format csv --key-columns id",
        "rows <(cat new.csv) --input-format csv --key-columns id",
        "<(printf '{\"id\":1,\"name\":\"a\"}') <(printf '{\"name\":\"a\",\"id\":1}') --input-format jsonl --bag",
    ] {
        let output = shell(words);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}: {error}");
    }
    let output = shell("<(cat rows) <(cat new.csv) --key-columns id");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("--input-format"), "{error}");
    let output = shell("rows new.csv --input-format yaml --key-columns id");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("are for tables"), "{error}");
}
