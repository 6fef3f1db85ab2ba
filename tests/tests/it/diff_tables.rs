//! `cutover diff` of tables.

use cutover_tests::Cutover;
use serde_json::json;

const OLD: &str = "id,name,price\n007,apple,1.50\n008,pear,2.00\n009,plum,3.00\n";
const NEW: &str = "id,name,price\n009,plum,3.25\n007,apple,1.5\n010,\u{1b}[31mfig,4\n";

fn prepared() -> Cutover {
    let cutover = Cutover::new();
    cutover.write("old.csv", OLD);
    cutover.write("new.csv", NEW);
    cutover
}

#[test]
fn tables_are_compared_by_key_for_eyes() {
    let cutover = prepared();
    let answer = cutover.run(["diff", "old.csv", "new.csv", "--key-columns", "id"]);
    assert_eq!(
        answer.expect(1).stdout(),
        "\
column as     different one is null largest mean tolerated
price  number 1         0           0.25    0.25 0
~ price  id=009  3 → 3.25
- row 2  id=008  only in old
+ row 3  id=010  only in new
rows 3 old, 3 new, by id: 1 equal, 1 different, 1 only in old, 1 only in new
different
"
    );
}

#[test]
fn programs_read_it_as_json() {
    let cutover = prepared();
    let answer = cutover.run([
        "diff",
        "old.csv",
        "new.csv",
        "--key-columns",
        "id",
        "--format",
        "json",
    ]);
    let report = answer.expect(1).json();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["equal"], false);
    assert_eq!(report["exact"], true);
    assert_eq!(report["matching"], json!({"by": "key", "columns": ["id"]}));
    assert_eq!(report["formats"], json!({"old": "csv", "new": "csv"}));
    assert_eq!(
        report["rows"],
        json!({
            "old": 3, "new": 3, "equal": 1, "different": 1, "only_old": 1, "only_new": 1,
            "duplicate_old": 0, "duplicate_new": 0,
        })
    );
    assert_eq!(
        report["columns"][2],
        json!({
            "name": "price", "old_type": "number", "new_type": "number", "compared_as": "number",
            "key": false, "different": 1, "nulls": 0, "tolerated": 0, "largest": 0.25, "mean": 0.25,
            "samples": [{
                "key": {"id": "009"}, "old_row": 3, "new_row": 1, "old": 3, "new": 3.25,
            }],
        })
    );
    assert_eq!(
        report["only_old"],
        json!([{"row": 2, "values": {"id": "008"}}])
    );

    let lines = cutover.run([
        "diff",
        "old.csv",
        "new.csv",
        "--key-columns",
        "id",
        "--format",
        "jsonl",
    ]);
    assert_eq!(lines.expect(1).stdout().lines().count(), 3);
}

#[test]
fn what_a_table_holds_does_not_steer_the_terminal() {
    let cutover = prepared();
    let answer = cutover.run(["diff", "old.csv", "new.csv"]);
    let text = answer.expect(1).stdout();
    assert!(
        text.contains("\\u{1b}[31mfig") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert!(answer.stderr().contains("--key-columns"), "{answer}");
}

#[test]
fn options_say_how_columns_are_compared() {
    let cutover = Cutover::new();
    cutover.write("old.csv", "id;amount;note;at\n1;10;A;x\n2;20;b ;x\n");
    cutover.write("new.tsv", "id\tvalue\tnote\n2\t20.5\tB\n1\t10\ta\n");
    let options = [
        "diff",
        "old.csv",
        "new.tsv",
        "--key-columns",
        "id",
        "--map",
        "amount=value",
    ];
    let with = |more: &[&'static str]| {
        let all: Vec<&str> = options.iter().chain(more).copied().collect();
        cutover.run(all)
    };
    // The delimiter is that of both documents, which these do not share.
    with(&["--delimiter", ";"]).expect(2);
    cutover.write("new.csv", "id;value;note\n2;20.5;B\n1;10;a\n");
    let options = [
        "diff",
        "old.csv",
        "new.csv",
        "--key-columns",
        "id",
        "--map",
        "amount=value",
        "--delimiter",
        ";",
        "--ignore-columns",
        "at",
    ];
    let with = |more: &[&'static str]| {
        let all: Vec<&str> = options.iter().chain(more).copied().collect();
        cutover.run(all)
    };
    with(&[]).expect(1);
    let texts = "[strings]\ntrim = true\nignore_case = true\n";
    cutover.write("texts.toml", texts);
    let amount = "[[numbers.at]]\npath = \"$.amount\"\nabsolute = ";
    cutover.write("wide.toml", format!("{texts}{amount}0.5\n"));
    cutover.write("narrow.toml", format!("{texts}{amount}0.4\n"));
    with(&["--rules", "wide.toml"]).expect(0);
    with(&["--rules", "narrow.toml"]).expect(1);
    with(&["--rules", "texts.toml", "--rel", "0.03"]).expect(0);
    with(&[
        "--rules",
        "texts.toml",
        "--abs",
        "0.5",
        "--column-type",
        "amount=text",
    ])
    .expect(1);
    with(&["--ignore-columns", "note", "--abs", "0.5"]).expect(0);
    // An inch is no quote where there are none.
    cutover.write("inches.csv", "id,size\n1,\"4\n");
    cutover.run(["diff", "inches.csv", "inches.csv"]).expect(3);
    cutover
        .run(["diff", "inches.csv", "inches.csv", "--quote", "none"])
        .expect(0);
}

#[test]
fn a_table_comes_from_standard_input_as_well() {
    let cutover = prepared();
    let answer = cutover.run_with_input(["diff", "old.csv", "-", "--bag"], OLD.as_bytes());
    answer.expect(0);
    let answer = cutover.run_with_input(["diff", "-", "new.csv", "--bag"], OLD.as_bytes());
    answer.expect(1);
}

#[test]
fn json_lines_are_documents_unless_rows_are_asked_for() {
    let cutover = Cutover::new();
    cutover.write("old.jsonl", "{\"id\":1,\"x\":1.0}\n{\"id\":2,\"x\":2}\n");
    cutover.write("new.jsonl", "{\"id\":2,\"x\":2}\n{\"id\":1,\"x\":1}\n");
    let documents = cutover.run(["diff", "old.jsonl", "new.jsonl", "--format", "json"]);
    assert!(documents.expect(1).json()["differences"].is_array());
    let rows = cutover.run([
        "diff",
        "old.jsonl",
        "new.jsonl",
        "--key-columns",
        "id",
        "--format",
        "json",
    ]);
    assert_eq!(rows.expect(0).json()["rows"]["equal"], 2);
    cutover.write("new.csv", "id,x\n1,1\n2,2\n");
    cutover.run(["diff", "old.jsonl", "new.csv"]).expect(0);
}

#[test]
fn what_cannot_be_compared_is_said_with_what_to_do() {
    let cutover = prepared();
    cutover.write("ragged.csv", "id,name\n1,a\n2\n");
    cutover.write("a.json", "[]");
    cutover.write("broken.parquet", "PAR1 or not");
    for (arguments, code, part) in [
        (
            vec!["old.csv", "ragged.csv"],
            3,
            "ragged.csv:3: the row has 1 fields",
        ),
        (vec!["old.csv", "gone.csv"], 3, "cannot read gone.csv"),
        (
            vec!["old.csv", "broken.parquet"],
            3,
            "broken.parquet: is no Parquet file",
        ),
        (
            vec!["old.csv", "a.json"],
            2,
            "a.json is no table by its name",
        ),
        (
            vec!["old.csv", "new.csv", "--key-columns", "no"],
            2,
            "no column \"no\"",
        ),
        (
            vec!["old.csv", "new.csv", "--ignore", "$.id"],
            2,
            "--ignore-columns",
        ),
        (vec!["old.csv", "app.db"], 2, "sqlite:app.db?table=NAME"),
        (
            vec![
                "old.csv",
                "new.csv",
                "--key-columns",
                "id",
                "--memory",
                "10",
            ],
            3,
            "--memory",
        ),
    ] {
        let answer = cutover.run(["diff"].into_iter().chain(arguments));
        let answer = answer.expect(code);
        assert!(answer.stderr().contains(part), "{answer}");
        assert!(!answer.stderr().contains("bug"), "{answer}");
    }
}

/// Real data, with what their dialects need.
const DATA: &[(&str, &[&str])] = &[
    ("zipcodes.csv", &[]),
    ("planes.csv", &["--null", "NA"]),
    ("seattle-weather.csv", &[]),
    ("us-employment.csv", &[]),
    ("debian-releases.csv", &["--short-rows"]),
    ("gapminder.csv", &[]),
    (
        "unicode-characters.csv",
        &["--delimiter", ";", "--no-header"],
    ),
];

#[test]
fn real_data_equals_itself_in_any_order_and_not_after_a_change() {
    let cutover = Cutover::new();
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mdm/data");
    for (name, dialect) in DATA {
        let file = data.join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        let header = usize::from(!dialect.contains(&"--no-header"));
        let mut lines: Vec<&str> = text.lines().collect();
        lines[header..].reverse();
        cutover.write("turned.csv", lines.join("\n"));
        let file = file.to_str().unwrap();
        let diff = |new: &str, how: &[&str]| {
            let arguments = ["diff", file, new].into_iter();
            cutover.run(
                arguments
                    .chain(dialect.iter().copied())
                    .chain(how.iter().copied()),
            )
        };
        diff(file, &[]).expect(0);
        diff("turned.csv", &["--bag"]).expect(0);
        diff("turned.csv", &[]).expect(1);
        lines.pop();
        cutover.write("shorter.csv", lines.join("\n"));
        let answer = diff("shorter.csv", &["--bag", "--format", "json"]);
        assert_eq!(answer.expect(1).json()["rows"]["only_old"], 1, "{name}");
    }
}
