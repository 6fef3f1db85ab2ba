//! Comparisons kept and found again: in files and in a database, by what differs, within limits.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Home;

/// Three runs over three cases: of prices, of names, and one without a difference.
fn compared(home: &Home) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, price) in [("a", 1), ("b", 2), ("c", 3)] {
        let json = format!("{{\"items\": [{{\"price\": {price}, \"name\": \"n{price}\"}}]}}\n");
        fs::write(folder.path().join(name), json).unwrap();
    }
    let cases = folder.path().to_str().unwrap();
    for (name, new) in [
        ("prices", "sed 's/: 2/: 20/; s/: 3/: \"3\"/'"),
        ("names", "sed 's/n1/m1/'"),
        ("same", "cat"),
    ] {
        home.run(&[
            "compare",
            "run",
            "--name",
            name,
            "--old",
            "cat",
            "--new",
            new,
            "--cases",
            cases,
            "--in-order",
        ]);
    }
    folder
}

fn run_of(home: &Home, name: &str) -> String {
    let list = home.json(&["compare", "list", "--name", name]);
    let runs = list["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{list}");
    runs[0]["id"].as_str().unwrap().to_owned()
}

/// The cases that `compare show` finds in a run.
fn found(home: &Home, run: &str, filter: &[&str]) -> Vec<String> {
    let shown = home.json(&[&["compare", "show", run], filter].concat());
    let records = shown["records"].as_array().unwrap();
    records
        .iter()
        .map(|record| record["case"].as_str().unwrap().to_owned())
        .collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn comparisons_are_in_the_store_that_is_chosen_and_found_by_what_differs() {
    for home in [Home::new(), Home::with_database()] {
        let _folder = compared(&home);
        let prices = run_of(&home, "prices");
        for (filter, expected) in [
            (&["--path", "$.items[*].price"][..], &["c", "b"][..]),
            (&["--path", "$.items"], &["c", "b"]),
            (&["--path", "$..name"], &[]),
            (&["--kind", "type"], &["c"]),
            (&["--path", "$..price", "--kind", "value"], &["b"]),
            (&["--severity", "critical"], &[]),
            (&["--result", "equal"], &["a"]),
            (&["--result", "different", "--limit", "1"], &["c"]),
            (
                &["--operation", "prices", "--result", "different"],
                &["c", "b"],
            ),
            (&["--operation", "other"], &[]),
            (&["--since", "1h", "--result", "equal"], &["a"]),
            (&["--until", "1h"], &[]),
        ] {
            assert_eq!(found(&home, &prices, filter), expected, "{filter:?}");
        }
        let names = run_of(&home, "names");
        assert_eq!(found(&home, &names, &["--path", "$.items[0].name"]), ["a"]);
        let text = home.done(&["compare", "show", &prices, "--path", "$..price"]);
        for part in [
            "different  c",
            "$.items[0].price: type 3 → \"3\"",
            "2 records",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let wrong = home.run(&["compare", "show", &prices, "--path", "price"]);
        assert_eq!(wrong.code, 2, "{wrong}");
        assert!(wrong.err.contains("a path starts with `$`"), "{wrong}");
    }
    let home = Home::with_database();
    let _folder = compared(&home);
    assert_eq!(
        entries(&home.path()),
        ["metrics"],
        "no comparison is kept beside it"
    );
    let staging = home.json(&["--environment", "staging", "compare", "list"]);
    assert_eq!(staging["runs"].as_array().unwrap().len(), 0);
}

#[test]
fn runs_are_listed_by_name_kind_and_time() {
    let home = Home::new();
    let _folder = compared(&home);
    let names = |filter: &[&str]| -> Vec<Value> {
        let list = home.json(&[&["compare", "list"], filter].concat());
        let runs = list["runs"].as_array().unwrap();
        runs.iter().map(|run| run["name"].clone()).collect()
    };
    assert_eq!(names(&["--kind", "commands"]), ["same", "names", "prices"]);
    assert_eq!(names(&["--kind", "operation"]), [""; 0]);
    assert_eq!(names(&["--operation", "prices"]), [""; 0]);
    assert_eq!(names(&["--since", "1d", "--name", "names"]), ["names"]);
    assert_eq!(names(&["--since", "2100-01-01"]), [""; 0]);
    let text = home.done(&["compare", "list", "--kind", "operation"]);
    assert_eq!(text, "there is no such run\n");
}

#[test]
fn old_records_are_removed_within_limits_and_only_when_that_is_confirmed() {
    for home in [Home::new(), Home::with_database()] {
        let _folder = compared(&home);
        let prune = |arguments: &[&str]| home.run(&[&["compare", "prune"], arguments].concat());
        let none = prune(&[]);
        assert_eq!(none.code, 2, "{none}");
        assert!(none.err.contains("--max-age"), "{none}");
        let asked = prune(&["--max-records", "4"]);
        assert_eq!(asked.code, 6, "{asked}");

        let told = prune(&["--max-records", "4", "--dry-run", "--format", "json"]).json();
        assert_eq!(
            (&told["records"], &told["dry_run"]),
            (&5.into(), &true.into())
        );
        let done = prune(&["--max-records", "4", "--yes", "--format", "json"]).json();
        assert_eq!(
            (&done["records"], &done["dry_run"]),
            (&5.into(), &false.into())
        );
        assert_eq!(done["bytes"], told["bytes"]);
        assert_eq!(found(&home, &run_of(&home, "prices"), &[]), [""; 0]);
        assert_eq!(found(&home, &run_of(&home, "same"), &[]), ["a", "b", "c"]);

        let again = prune(&["--max-records", "4", "--max-age", "30d"]);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(again.out, "everything is within the limits\n");
        let bytes = prune(&["--max-bytes", "0", "--yes"]);
        assert!(bytes.out.starts_with("removed 4 records ("), "{bytes}");
        assert_eq!(found(&home, &run_of(&home, "same"), &[]), [""; 0]);
    }
}

#[test]
fn doctor_counts_runs_and_tells_of_those_that_lie_elsewhere() {
    let files = Home::new();
    let _folder = compared(&files);
    let told = |home: &Home, arguments: &[&str]| -> Vec<(String, String)> {
        let answer = home.run(&[arguments, &["doctor", "--format", "json"]].concat());
        let checks = answer.json()["checks"].clone();
        let checks = checks.as_array().unwrap().iter();
        checks
            .filter(|check| check["name"] == "comparisons")
            .map(|check| {
                let text = |field: &str| check[field].as_str().unwrap().to_owned();
                (text("status"), text("message"))
            })
            .collect()
    };
    assert_eq!(
        told(&files, &[]),
        [("ok".to_owned(), "3 runs with 9 records".to_owned())]
    );
    let address = format!("sqlite:{}", files.database().display());
    let elsewhere = &told(&files, &["--store", &address])[..];
    let [(status, message)] = elsewhere else {
        panic!("{elsewhere:?}")
    };
    assert_eq!(status, "warn");
    assert!(message.starts_with("3 runs more in "), "{message}");
    let run = files
        .path()
        .join("comparisons/runs")
        .join(run_of(&files, "same"));
    fs::write(run.join("run.json"), "{").unwrap();
    let damaged = &told(&files, &[])[0];
    assert_eq!(damaged.0, "warn");
    assert!(
        damaged.1.starts_with("2 runs, and 1 header cannot be read"),
        "{}",
        damaged.1
    );
    assert_eq!(told(&Home::new(), &[]), []);
}

/// A home whose store has inputs of the operation `quote`, one of them redacted.
fn with_recorded_inputs() -> Home {
    use cutover_domain::comparison::{
        Comparison, ComparisonRecord, Judgement, RecordId, RecordedInput, Redaction,
        RedactionRules, Run, RunId, RunKind, SideOutcome, SideRecord,
    };
    use cutover_domain::tree::Tree;
    use cutover_ports::comparison::ComparisonStore;
    use pollster::block_on;

    let home = Home::new();
    let store = cutover_file::FileComparisonStore::open(home.path().join("comparisons"));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let run = Run::new(
        RunId::new("of-quote").unwrap(),
        "quote",
        RunKind::Operation,
        now,
    );
    block_on(store.create_run(&run)).unwrap();
    let secrets = RedactionRules::new().secrets().build().unwrap();
    for (id, json, redaction) in [
        ("first", r#"{"item": 2}"#, &Redaction::default()),
        ("second", r#""two\nlines""#, &Redaction::default()),
        ("third", r#"{"item": 3, "token": "t"}"#, &secrets),
        ("fourth", "", &Redaction::default()),
    ] {
        let side = SideRecord::new(SideOutcome::Ok);
        let mut record = ComparisonRecord::new(
            run.id.clone(),
            RecordId::new(id).unwrap(),
            "quote",
            now,
            side.clone(),
            side,
            Judgement::Compared(Comparison::same()),
        );
        let input = Tree::from_json(json).ok();
        record.input = input.map(|input| RecordedInput::of(&input, redaction, 1000));
        block_on(store.append(&[record])).unwrap();
    }
    home
}

/// A record keeps the first of its differences, and of the others nobody can say where they are.
#[test]
fn records_that_keep_only_a_part_of_their_differences_are_told() {
    for home in [Home::new(), Home::with_database()] {
        let members = (0..60).map(|n| format!("\"m{n:02}\": 1"));
        let many = format!("{{{}}}", members.collect::<Vec<_>>().join(", "));
        let cases = home.file("cases.jsonl", format!("{many}\n{{\"m55\": 1}}\n[1]\n"));
        let run = [
            "compare",
            "run",
            "--old",
            "cat",
            "--new",
            "sed 's/: 1/: 2/g'",
            "--cases",
            &cases,
        ];
        assert_eq!(home.run(&run).code, 1);
        let ask = ["compare", "show", "latest", "--path", "$.m55"];
        let answer = home.json(&ask);
        assert_eq!(answer["records"].as_array().unwrap().len(), 1);
        assert_eq!(answer["records_cut"], 1);
        let told = home.run(&ask);
        assert!(
            told.err.contains("1 more record keeps only the first"),
            "{told}"
        );
        let known = home.json(&["compare", "show", "latest", "--path", "$.m01"]);
        assert_eq!(known["records_cut"], 0);
    }
}

#[test]
fn recorded_inputs_are_run_again_and_what_redaction_changed_only_if_that_is_allowed() {
    let home = with_recorded_inputs();
    let replay = |more: &[&str]| {
        let replay = ["compare", "replay", "--old", "cat", "--new", "sed s/2/20/"];
        home.run(&[&replay[..], more, &["--format", "json"]].concat())
    };
    let refused = replay(&["--operation", "quote"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused.err.contains("1 of the recorded inputs"),
        "{refused}"
    );
    assert!(refused.err.contains("--allow-redacted"), "{refused}");

    let answer = replay(&["of-quote", "--allow-redacted", "--in-order"]);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.err.contains("1 record without an input"), "{answer}");
    let summary = answer.json();
    assert_eq!(
        (&summary["cases"], &summary["different"]),
        (&3.into(), &1.into())
    );
    let run = summary["id"].as_str().unwrap();
    assert_eq!(found(&home, run, &[]), ["first", "second", "third"]);
    assert_eq!(found(&home, run, &["--path", "$.item"]), ["first"]);
    let header = home
        .path()
        .join("comparisons/runs")
        .join(run)
        .join("run.json");
    let header: Value = serde_json::from_str(&fs::read_to_string(header).unwrap()).unwrap();
    let source = &header["options"]["replay_of"];
    assert_eq!(source["runs"], serde_json::json!(["of-quote"]));
    assert_eq!(source["changed_by_redaction"], 1);

    for (arguments, code, said) in [
        (&["--operation", "other"][..], 2, "no recorded input"),
        (&["nosuch"], 2, "there is no run"),
        (
            &["--operation", "quote", "--since", "2027-01-01"],
            2,
            "no recorded input",
        ),
        (&["of-quote", "--cases", "x"], 2, "the recorded inputs"),
        (&[], 2, "--operation"),
    ] {
        let answer = replay(arguments);
        assert_eq!(answer.code, code, "{arguments:?} {answer}");
        assert!(answer.err.contains(said), "{arguments:?} {answer}");
    }
}
