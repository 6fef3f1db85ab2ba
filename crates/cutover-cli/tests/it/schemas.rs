//! What scripts read is what `docs/schema` describes, field by field.

use cutover_testkit::json_schema::problems;
use serde_json::{Value, json};

use crate::workbench::Bench;

const DIFF: &str = include_str!("../../../../docs/schema/diff.schema.json");
const TABLE_DIFF: &str = include_str!("../../../../docs/schema/table-diff.schema.json");
const RUN: &str = include_str!("../../../../docs/schema/comparison-run.schema.json");
const LIST: &str = include_str!("../../../../docs/schema/comparison-list.schema.json");
const SHOW: &str = include_str!("../../../../docs/schema/comparison-show.schema.json");
const FOUND: &str = include_str!("../../../../docs/schema/comparison-found.schema.json");
const REPORT: &str = include_str!("../../../../docs/schema/comparison-report.schema.json");

/// `answer` is what `schema` describes, and would not be if any object in it had one field more, but
/// for those that hold what may be anything.
#[track_caller]
fn is_described(schema: &str, answer: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(problems(&schema, answer), [""; 0]);
    let mut open = Vec::new();
    for path in objects(answer, String::new()) {
        let mut richer = answer.clone();
        let object = richer.pointer_mut(&path).unwrap().as_object_mut().unwrap();
        object.insert("surprise".to_owned(), json!([]));
        if problems(&schema, &richer).is_empty() {
            open.push(path);
        }
    }
    // What may be anything: values of what is compared, and options, which are for a person.
    let free = ["old", "new", "key", "values", "options", "files"];
    let is_free = |path: &&String| path.split('/').any(|part| free.contains(&part));
    let holes: Vec<&String> = open.iter().filter(|path| !is_free(path)).collect();
    assert!(holes.is_empty(), "the schema says nothing of {holes:?}");
}

/// The paths of all objects in a value.
fn objects(value: &Value, path: String) -> Vec<String> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                found.extend(objects(field, format!("{path}/{name}")));
            }
            found.push(path);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.extend(objects(item, format!("{path}/{index}")));
            }
        }
        _ => {}
    }
    found
}

#[test]
fn a_diff_of_documents_is_described() {
    let bench = Bench::new();
    bench.file(
        "old.json",
        r#"{"a": [1, 1, 2, {"at": 1}], "b": 1.5, "c": [1, 2], "d": 1}"#,
    );
    bench.file(
        "new.json",
        r#"{"a": [1, 2, 2, {"at": 2}], "b": "x", "c": [2, 1], "e": {"f": 1}}"#,
    );
    bench.file("old.txt", "one\ntwo\n");
    bench.file("new.txt", "one\n2\n");
    for (arguments, kinds) in [
        (
            vec!["old.json", "new.json"],
            vec!["value", "type", "missing", "extra"],
        ),
        (
            vec!["old.json", "new.json", "--unordered=$.a", "--ignore", "$.d"],
            vec!["repetition"],
        ),
        (vec!["old.json", "new.json", "--limit", "1"], vec!["extra"]),
        (vec!["old.json", "old.json"], vec![]),
        (vec!["old.txt", "new.txt"], vec!["value"]),
    ] {
        let mut all = vec!["diff"];
        all.extend(&arguments);
        let answer = bench.json(&all);
        is_described(DIFF, &answer);
        for kind in kinds {
            assert_ne!(answer["counts"][kind], 0, "{arguments:?} has no {kind}");
        }
    }
    let hidden = bench.json(&["diff", "old.json", "new.json", "--ignore", "$.d"]);
    assert_eq!(hidden["hidden"][0]["hidden"], 1, "{hidden}");
}

#[test]
fn a_diff_of_tables_is_described() {
    let bench = Bench::new();
    bench.file(
        "old.csv",
        "id,price,gone\n1,1.5,a\n2,2.5,b\n2,2.5,c\n3,,d\n4,1.0,e\n",
    );
    bench.file(
        "new.csv",
        "price,id,more\n1.6,1,a\n2.5,2,b\n2,3,d\n1.000001,4,e\n9,5,f\n",
    );
    for arguments in [
        vec!["--key-columns", "id"],
        vec!["--bag", "--strict-schema"],
        vec!["--map", "gone=more"],
    ] {
        let mut all = vec!["diff", "old.csv", "new.csv"];
        all.extend(&arguments);
        let answer = bench.json(&all);
        is_described(TABLE_DIFF, &answer);
        assert_eq!(answer["equal"], false, "{arguments:?}");
    }
}

/// A run in which everything happens: noise, repeats, limits, counters, an end that is no success.
fn eventful() -> Bench {
    let bench = Bench::with_cases(
        (0..6).map(|case| (format!("{case}.json"), format!("{{\"n\": {case}}}"))),
    );
    let program = |name: &str, counts: u32, then: &str| {
        let text = format!(
            "x=$(cat)\n{then}\necho \"$x\" | sed \"s/}}/, \\\"at\\\": $(date +%s%N)}}/\"\n\
             echo '{{\"cutover\":{{\"counters\":{{\"queries\":{counts}}}}}}}' >&2\n"
        );
        format!("sh {}", bench.file(name, &text).display())
    };
    let old = program("old.sh", 5, "");
    let new = program(
        "new.sh",
        3,
        "case $x in *3*) echo no >&2; exit 3;; *4*) x='{\"n\": 5}';; esac",
    );
    let (exit, summary) = bench.run(
        &old,
        &new,
        &[
            "--noise",
            "2",
            "--repeat",
            "2",
            "--ignore",
            "$..m",
            "--at-most",
            "wall:p95=+5%",
            "--at-most",
            "counters.queries=0.9",
            "--at-most",
            "counters.rows=1",
            "--keep",
            "kept",
        ],
    );
    assert_eq!(exit, 1, "{summary}");
    assert_eq!(summary["ends"]["new"]["exit status 3"], 2, "{summary}");
    is_described(RUN, &summary);
    bench
}

#[test]
fn a_run_its_list_its_records_and_its_report_are_described() {
    let bench = eventful();
    bench.run("cat", "cat", &[]);
    let list = bench.json(&["compare", "list"]);
    is_described(LIST, &list);
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(2));
    let eventful = list["runs"][1]["id"].as_str().unwrap();
    let shown = bench.json(&["compare", "show", eventful]);
    is_described(SHOW, &shown);
    assert_eq!(shown["records"].as_array().map(Vec::len), Some(12));
    is_described(SHOW, &bench.json(&["compare", "show", "latest"]));
    let found = bench.json(&["compare", "show", eventful, "--path", "$..n"]);
    is_described(FOUND, &found);
    assert_eq!(found["records_left_out"], 0);
    let report = bench.json(&["compare", "report", eventful]);
    let schema = serde_json::from_str(REPORT).unwrap();
    assert_eq!(problems(&schema, &report), [""; 0]);
}
