//! Tables that programs write, compared by `cutover compare run`.

use cutover_tests::{Answer, Cutover, is_installed_or_left_out};
use serde_json::Value;

/// Two programs that copy what each is to write to `file`.
fn run(cutover: &Cutover, file: &str, output: &str, more: &[&str]) -> Answer {
    let copy = |side: &str| format!("cp {} {file}", cutover.path(side).display());
    let (old, new) = (copy("old"), copy("new"));
    let run = [
        "compare", "run", "--old", &old, "--new", &new, "--cases", "cases", "--output", output,
    ];
    cutover.run([&run[..], more].concat())
}

fn prepared(old: &str, new: &str) -> Cutover {
    let cutover = Cutover::new();
    cutover.write("cases/one", "");
    cutover.write("old", old);
    cutover.write("new", new);
    cutover
}

fn record(cutover: &Cutover) -> Value {
    let shown = cutover.run(["compare", "show", "latest", "--format", "json"]);
    shown.json()["records"][0].clone()
}

/// Path, kind, old and new of every difference of the only record.
fn differences(cutover: &Cutover) -> Vec<String> {
    let record = record(cutover);
    let found = record["judgement"]["compared"]["differences"].as_array();
    found
        .unwrap_or_else(|| panic!("{}", record["judgement"]))
        .iter()
        .map(|found| {
            let value = |side: &str| match &found[side] {
                Value::Null => "-".to_owned(),
                value => value.to_string(),
            };
            let word = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
            let (old, new) = (value("old"), value("new"));
            format!("{} {} {old} {new}", word("path"), word("kind"))
        })
        .collect()
}

const OLD: &str = "id,name,price,zip\n1,apple,1.50,007\n2,pear,2.00,008\n3,plum,3.00,009\n";
const NEW: &str = "zip,id,name,price,note\n007,1,apple,1.5,x\n009,3,plum,3.25,\n010,4,fig,4,\n";

#[test]
fn a_csv_file_is_a_table_in_row_order_or_by_a_key() {
    let cutover = prepared(OLD, NEW);
    run(&cutover, "out.csv", "out.csv", &[]).expect(1);
    let found = differences(&cutover);
    assert!(
        found.contains(&"$.files['out.csv'][*].note extra - \"text\"".to_owned()),
        "{found:?}"
    );

    run(&cutover, "out.csv", "out.csv=csv:key=id", &[]).expect(1);
    assert_eq!(
        differences(&cutover),
        [
            "$.files['out.csv'][1] missing {\"id\":2,\"name\":\"pear\",\"price\":2,\"zip\":\"008\"} -",
            "$.files['out.csv'][2].price value 3 3.25",
            "$.files['out.csv'][2] extra - {\"id\":4,\"name\":\"fig\",\"price\":4,\"zip\":\"010\"}",
            "$.files['out.csv'][*].note extra - \"text\"",
        ]
    );
    assert_eq!(record(&cutover)["files"]["out.csv"]["read_as"], "csv");

    // Every rule for a place holds for rows and columns.
    let rules = [
        "--ignore",
        "$.files['out.csv'][*].note",
        "--only",
        "$.files['out.csv'][*].price",
        "--abs",
        "0.3",
        "--key",
        "$.files['out.csv']=id",
    ];
    run(&cutover, "out.csv", "out.csv", &rules).expect(1);
    let found = differences(&cutover);
    assert!(
        found.len() == 2
            && found
                .iter()
                .all(|found| !found.contains(".price") && !found.contains("note")),
        "{found:?}"
    );
    let refused = run(&cutover, "out.csv", "out.csv=csv:key=nothing", &[]);
    refused.expect(3);
    assert!(
        refused
            .stderr()
            .contains("1 of 1 case could not be compared"),
        "{refused}"
    );
    let failed = record(&cutover)["judgement"]["failed"].to_string();
    assert!(
        failed.contains("no column `nothing`") && failed.contains("id, name"),
        "{failed}"
    );
}

#[test]
fn rows_of_a_bag_have_no_order_and_tables_other_separators() {
    let cutover = prepared("1;a\n2;b\n", "2;b\n1;a\n");
    let wanted = "out.txt=csv:delimiter=;:no-header";
    run(&cutover, "out.txt", wanted, &[]).expect(1);
    run(&cutover, "out.txt", &format!("{wanted}:bag"), &[]).expect(0);
}

#[test]
fn standard_output_may_be_a_table() {
    let cutover = prepared(OLD, NEW);
    let cat = |side: &str| format!("cat {}", cutover.path(side).display());
    let (old, new) = (cat("old"), cat("new"));
    let run = |more: &[&str]| {
        let run = [
            "compare", "run", "--old", &old, "--new", &new, "--cases", "cases",
        ];
        cutover.run([&run[..], more].concat())
    };
    run(&["--as", "csv:key=id"]).expect(1);
    let found = differences(&cutover);
    assert!(
        found.contains(&"$[2].price value 3 3.25".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"$[*].note extra - \"text\"".to_owned()),
        "{found:?}"
    );
    let refused = run(&["--as", "parquet"]);
    refused.expect(2);
    assert!(
        refused.stderr().contains("--output FILE=parquet"),
        "{refused}"
    );
    let refused = run(&["--as", "cvs"]);
    refused.expect(2);
    assert!(
        refused.stderr().contains("did you mean `csv`?"),
        "{refused}"
    );
}

#[test]
fn what_is_no_table_says_where_and_never_passes_for_one() {
    // Of two where one is broken the other is the answer; of two broken ones nothing is known.
    let cutover = prepared(OLD, "id,name,price,zip\n1,apple\n");
    run(&cutover, "out.csv", "out.csv", &[]).expect(1);
    let found = differences(&cutover);
    assert!(
        found.len() == 1 && found[0].starts_with("$.files['out.csv'] type ["),
        "{found:?}"
    );
    assert!(found[0].contains("unreadable: out.csv:2"), "{found:?}");

    let truncated = "PAR1 and nothing of what should follow";
    let cutover = prepared(truncated, truncated);
    run(&cutover, "out.parquet", "out.parquet=parquet", &[]).expect(3);
    let failed = record(&cutover)["judgement"]["failed"].to_string();
    assert!(
        failed.contains("out.parquet: neither is parquet: old: out.parquet"),
        "{failed}"
    );
    // What is broken the same way is the same, where nobody said that it is a table.
    run(&cutover, "out.parquet", "out.parquet", &[]).expect(0);

    for (row, why) in [
        ("1\n", "of memory"),
        ("text\n", "more than its rows may take"),
    ] {
        let many = format!("n\n{}", row.repeat(100_000));
        let cutover = prepared(&many, &format!("{many}2\n"));
        run(&cutover, "out.csv", "out.csv", &["--max-output", "100kB"]).expect(3);
        let failed = record(&cutover)["judgement"]["failed"].to_string();
        let told = format!("{why}; --max-output allows more");
        assert!(failed.contains(&told), "{failed}");
    }
}

#[test]
fn a_database_is_all_of_its_tables_or_an_answer_of_it() {
    if !is_installed_or_left_out("python3", "SQLite files that programs write") {
        return;
    }
    let cutover = prepared("", "");
    cutover.write(
        "make.py",
        "import sqlite3, sys\n\
         db = sqlite3.connect('app.db')\n\
         db.executescript('''\n\
         CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, at TEXT);\n\
         CREATE TABLE log (line TEXT);\n\
         INSERT INTO log VALUES ('a'), ('b');''')\n\
         rows = [(1, 2.5, 'x'), (2, 3.5, 'y'), (3, 4.5, 'z')]\n\
         if sys.argv[1] == 'new':\n    rows = [(2, 3.75, 'y'), (3, 4.5, 'z'), (0, 1, 'w')]\n    db.execute('CREATE TABLE more (n)')\n\
         db.executemany('INSERT INTO orders VALUES (?, ?, ?)', rows)\n\
         db.commit()\n",
    );
    let make = |side: &str| format!("python3 {} {side}", cutover.path("make.py").display());
    let (old, new) = (make("old"), make("new"));
    let run = |output: &str, more: &[&str]| {
        let run = [
            "compare", "run", "--old", &old, "--new", &new, "--cases", "cases", "--output", output,
        ];
        cutover.run([&run[..], more].concat())
    };
    run("app.db", &[]).expect(1);
    assert_eq!(
        differences(&cutover),
        [
            "$.files['app.db'].orders[0] missing {\"at\":\"x\",\"id\":1,\"total\":2.5} -",
            "$.files['app.db'].orders[1].total value 3.5 3.75",
            "$.files['app.db'].orders[0] extra - {\"at\":\"w\",\"id\":0,\"total\":1.0}",
            "$.files['app.db'].more extra - []",
        ]
    );
    run("app.db=sqlite:table=log", &[]).expect(0);
    let query = "app.db=sqlite:query=SELECT count(*) AS n, 'a:b' AS x FROM orders";
    run(query, &[]).expect(0);
    let ignore = [
        "--ignore",
        "$.files['app.db'].more",
        "--ignore",
        "$.files['app.db'].orders",
    ];
    run("app.db", &ignore).expect(0);
    let unknown = run("app.db=sqlite:table=nothing", &[]);
    unknown.expect(3);
    assert!(
        unknown.stderr().contains("nothing is known about it"),
        "{unknown}"
    );
    let failed = record(&cutover)["judgement"]["failed"].to_string();
    assert!(failed.contains("no such table: nothing"), "{failed}");
}
