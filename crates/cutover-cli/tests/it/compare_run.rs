//! `compare run` over real programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::harness::Home;
use crate::workbench::{Bench, counts, text};

/// Numbers that are the same on every machine.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed
        .wrapping_mul(2_862_933_555_777_941_757)
        .wrapping_add(3_037_000_493);
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1000
    })
}

/// 200 inputs of 1 to 60 numbers, a line each.
fn corpus() -> Vec<(String, String)> {
    (0..200)
        .map(|index| {
            let count = usize::try_from(index % 60 + 1).unwrap();
            let lines = numbers(index)
                .take(count)
                .map(|number| format!("{number}\n"));
            (format!("case-{index:03}.txt"), lines.collect())
        })
        .collect()
}

#[test]
fn a_difference_beside_what_was_not_looked_at_is_told_as_the_least_there_is() {
    let answer = |n: u64| format!("{{\"a\": {n}, \"b\": {{\"c\": {{\"d\": [{n}]}}}}}}\n");
    let bench = Bench::with_cases([("deep", answer(1))]);
    let shallow = ["--max-depth", "2"];
    let (exit, summary) = bench.run("cat", "sed s/1/2/g", &shallow);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(summary["cut_short"], 1);
    let shown = bench.cutover(&["compare", "show", "latest"]);
    let shown = text(&shown.stdout);
    assert!(shown.contains("differences: at least 2 value"), "{shown}");
    let report = bench.cutover(&["compare", "report", "latest"]);
    let page = text(&report.stdout);
    assert!(
        page.contains("1 of the different ones not compared to the end"),
        "{page}"
    );
}

#[test]
fn standard_error_is_compared_where_it_is_asked_for() {
    let bench = Bench::with_cases([("a", "1\n".to_owned())]);
    let says = |what: &str| format!("sh -c 'cat; echo {what} >&2'");
    let run = |new: &str, more: &[&str]| bench.run(&says("one"), &says(new), more);
    assert_eq!(run("two", &[]).0, 0, "it is for people");
    let (exit, summary) = run("two", &["--stderr"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(summary["options"]["stderr"], "text");
    let records = bench.records("latest");
    let difference = &records[0]["judgement"]["compared"]["differences"][0];
    assert_eq!(difference["path"], "$.stderr[0]", "{}", records[0]);
    assert_eq!(run("one", &["--stderr"]).0, 0);
    assert_eq!(run("two", &["--stderr", "--ignore", "$.stderr"]).0, 0);
    // Members of an object have no order, lines of text have.
    let json = |text: &str| format!("sh -c 'echo {text} >&2'");
    let (old, new) = (json("{\\\"a\\\":1}"), json("{ \\\"a\\\": 1 }"));
    assert_eq!(bench.run(&old, &new, &["--stderr"]).0, 1);
    assert_eq!(bench.run(&old, &new, &["--stderr=json"]).0, 0);
    // What is not there to its beginning is not compared.
    let much = "sh -c 'head -c 3000 /dev/zero >&2'";
    let (exit, _) = bench.run(much, "true", &["--stderr", "--max-output", "1kB"]);
    assert_eq!(exit, 3);
}

#[test]
fn over_200_inputs_exactly_the_true_differences_are_found() {
    let cases = corpus();
    // Sorting by text and by number part as soon as two lines have different lengths and the
    // longer one does not begin with the larger digit.
    let differs = |content: &str| {
        let mut by_text: Vec<&str> = content.lines().collect();
        let mut by_number = by_text.clone();
        by_text.sort_unstable();
        by_number.sort_by_key(|line| line.parse::<u64>().unwrap());
        by_text != by_number
    };
    let expected: BTreeSet<String> = cases
        .iter()
        .filter(|(_, content)| differs(content))
        .map(|(name, _)| name.clone())
        .collect();
    assert!(
        (20..200).contains(&expected.len()),
        "the corpus has both kinds: {}",
        expected.len()
    );
    let bench = Bench::with_cases(cases);

    let environment = ["--env", "LC_ALL=C", "--jobs", "2"];
    let (exit, summary) = bench.run("sort -n", "sort", &environment);
    assert_eq!(exit, 1);
    let different = expected.len() as u64;
    assert_eq!(counts(&summary), [200, 200 - different, different, 0]);
    assert_eq!(summary["schema"], 1);
    assert_eq!(summary["state"], "complete");
    assert_eq!(bench.cases_with("different"), expected);

    // The same content in another order is no difference when order does not count.
    let (exit, summary) = bench.run("sort -n", "sort", &["--unordered", "--env", "LC_ALL=C"]);
    assert_eq!(exit, 0);
    assert_eq!(counts(&summary), [200, 200, 0, 0]);
}

#[test]
fn differences_of_json_answers_have_paths_and_rules_hold() {
    let bench = Bench::with_cases((0..20).map(|index| {
        let json = format!(
            "{{\"id\": {index}, \"price\": 7.5, \"at\": \"{index}\", \"big\": 123456789012345678901234567890}}\n"
        );
        (format!("{index:02}.json"), json)
    }));
    let new =
        "sed 's/\"id\": 3,/\"id\": 33,/; s/\"at\": \"\\(.*\\)\",/\"at\": \"now\",/; s/7.5/7.50/'";
    let (exit, summary) = bench.run("cat", new, &["--ignore", "$.at"]);
    assert_eq!(exit, 1);
    assert_eq!(counts(&summary), [20, 19, 1, 0]);
    assert_eq!(summary["counts"], serde_json::json!({"value": 1}));
    let shown = bench.json(&["compare", "show", "latest", "03.json"]);
    let difference = &shown["records"][0]["judgement"]["compared"]["differences"][0];
    assert_eq!(difference["path"], "$.id");
    assert_eq!(
        (&difference["old"], &difference["new"]),
        (&3.into(), &33.into())
    );

    // Without the rule every case differs, and as text so does the way the price is written.
    assert_eq!(counts(&bench.run("cat", new, &[]).1), [20, 0, 20, 0]);
    let text = bench.run("cat", "sed 's/7.5/7.50/'", &["--as", "text"]).1;
    assert_eq!(counts(&text), [20, 0, 20, 0]);
    assert_eq!(
        counts(&bench.run("cat", "sed 's/7.5/7.50/'", &[]).1),
        [20, 20, 0, 0]
    );
    let strict = bench
        .run("cat", "sed 's/7.5/7.50/'", &["--strict", "--only", "$.id"])
        .1;
    assert_eq!(counts(&strict), [20, 20, 0, 0]);
}

#[test]
fn what_is_not_json_is_trouble_only_where_json_was_asked_for() {
    let bench = Bench::with_cases([("a", "{\"x\": 1}\n".to_owned())]);
    let (exit, summary) = bench.run("sed s/1/1,/", "sed s/1/1,/", &["--as", "json"]);
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));
    let error = bench.records("latest")[0]["judgement"]["failed"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("neither answer is json") && error.contains("old: line 1, column"),
        "{error}"
    );
    let (exit, _) = bench.run("sed s/1/1,/", "sed s/1/1,/", &[]);
    assert_eq!(exit, 0);
    let (exit, summary) = bench.run("cat", "sed s/1/1,/", &["--as", "json"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
}

#[test]
fn lines_of_json_describe_cases_or_are_them() {
    let bench = Bench::new();
    bench.file(
        "cases.jsonl",
        concat!(
            "{\"name\": \"one\", \"args\": [\"-n\", \"two words\"], \"env\": {\"GREETING\": \"hi\"}}\n",
            "\"a text\"\n",
            "\n",
            "{\"id\": 18446744073709551616}\n",
            "{\"name\": \"two\", \"stdin\": {\"deep\": [1]}}\n",
        ),
    );
    let script = bench.file(
        "echo.sh",
        "printf '%s|' \"$@\"; printf '%s|' \"$GREETING\"; cat\n",
    );
    let command = format!("sh '{}'", script.display());
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        &command,
        "--new",
        &command,
        "--cases",
        "cases.jsonl",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answers: Vec<(String, String)> = bench
        .records("latest")
        .iter()
        .map(|record| {
            let field = |value: &Value| value.as_str().unwrap().to_owned();
            (
                field(&record["case"]),
                field(&record["old"]["answer"]["excerpt"]),
            )
        })
        .collect();
    let mut expected = [
        ("one", "-n|two words|hi|"),
        ("line-2", "||a text"),
        ("line-4", "||{\"id\": 18446744073709551616}\n"),
        ("two", "||{\"deep\": [1]}\n"),
    ]
    .map(|(name, answer)| (name.to_owned(), answer.to_owned()));
    expected.sort();
    let mut answers = answers;
    answers.sort();
    assert_eq!(answers, expected);

    // The text of a line as an argument.
    let output = bench.cutover(&[
        "compare",
        "run",
        "--arg",
        "--old",
        "echo",
        "--new",
        "printf '%s\\n'",
        "--cases",
        "cases.jsonl",
        "--format",
        "json",
    ]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    // `echo -n` swallows its option, `printf` takes it as the text.
    assert_eq!(counts(&summary)[0], 4);
    assert_eq!(
        bench.cases_with("different"),
        BTreeSet::from(["one".to_owned()])
    );
}

#[test]
fn how_a_program_ends_is_part_of_its_answer() {
    let bench = Bench::with_cases(
        ["fine", "fails", "dies", "both-fail"].map(|name| (name, format!("{name}\n"))),
    );
    let old = "sh -c 'read x; echo $x; case $x in both-fail) exit 3;; esac'";
    let new = "sh -c 'read x; echo $x; case $x in fails) exit 4;; dies) kill -SEGV $$;; \
               both-fail) exit 3;; esac'";
    let (exit, summary) = bench.run(old, new, &[]);
    assert_eq!(exit, 1);
    assert_eq!(counts(&summary), [4, 2, 2, 0]);
    assert_eq!(summary["counts"], serde_json::json!({"outcome": 2}));
    assert_eq!(
        summary["ends"]["old"],
        serde_json::json!({"exit status 3": 1})
    );
    let by_name = |name: &str| {
        bench
            .records("latest")
            .into_iter()
            .find(|record| record["case"] == name)
            .unwrap()
    };
    assert_eq!(
        by_name("dies")["new"]["outcome"],
        serde_json::json!({"status": "signal", "number": 11})
    );
    assert_eq!(
        by_name("fails")["new"]["outcome"],
        serde_json::json!({"status": "exit", "code": 4})
    );
    let difference = by_name("fails")["judgement"]["compared"]["differences"][0].clone();
    assert_eq!(difference["kind"], "outcome");
}

#[test]
fn hostile_file_names_are_names_like_any_other() {
    let names: [&[u8]; 9] = [
        b"-n",
        b"--help",
        b"two words",
        b"new\nline",
        b"quote'\"$(touch pwned)",
        "\u{fc}\u{202e}.json".as_bytes(),
        b"\xff\xfe",
        b"{}",
        b"a;b|c&d",
    ];
    let bench = Bench::with_cases(
        names
            .iter()
            .enumerate()
            .map(|(index, name)| (OsStr::from_bytes(name), index.to_string())),
    );
    let (exit, summary) = bench.run("cat {}", "sh -c 'cat \"$0\"' {}", &[]);
    assert_eq!((exit, counts(&summary)), (0, [9, 9, 0, 0]));
    let seen: BTreeSet<String> = bench.cases_with("equal");
    assert!(
        seen.contains("new\nline") && seen.contains("\\xff\\xfe") && seen.contains("-n"),
        "{seen:?}"
    );
    assert!(!bench.folder.path().join("pwned").exists());
    // What is printed for eyes cannot steer the terminal.
    let shown = bench.cutover(&[
        "compare", "run", "--old", "cat", "--new", "cat -n", "--cases", "cases",
    ]);
    let shown = text(&shown.stdout);
    assert!(
        shown.contains("new\\nline") && !shown.contains('\u{202e}'),
        "{shown}"
    );
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_runs() {
    let bench = Bench::with_cases([("a", String::new())]);
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "touch ran",
        "--new",
        "no-such-program-anywhere",
        "--cases",
        "cases",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("no-such-program-anywhere") && said.contains("--new"),
        "{said}"
    );
    assert!(!bench.folder.path().join("ran").exists());
    assert_eq!(
        bench.json(&["compare", "list"])["runs"],
        serde_json::json!([])
    );

    for (arguments, expected, exit) in [
        (
            ["--old", "sort 'x", "--new", "cat", "--cases", "cases"],
            "quote",
            2,
        ),
        (
            ["--old", "sort", "--new", "/etc/passwd", "--cases", "cases"],
            "executed",
            2,
        ),
        (
            ["--old", "sort", "--new", "cat", "--cases", "no-cases"],
            "no-cases",
            2,
        ),
    ] {
        let output = bench.cutover(&[&["compare", "run"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn the_order_within_pairs_follows_the_seed() {
    let bench = Bench::with_cases((0..10).map(|index| (index.to_string(), String::new())));
    let firsts = |seed: &str| {
        let (_, summary) = bench.run(
            "true",
            "true",
            &["--seed", seed, "--repeat", "3", "--jobs", "2"],
        );
        assert_eq!(
            (&summary["cases"], &summary["pairs"]),
            (&10.into(), &30.into())
        );
        assert_eq!(summary["options"]["seed"].to_string(), seed);
        let mut firsts: Vec<String> = bench
            .records("latest")
            .iter()
            .map(|record| {
                format!(
                    "{} {} {}",
                    record["case"], record["repeat"], record["first"]
                )
            })
            .collect();
        firsts.sort();
        firsts
    };
    let (one, again, other) = (firsts("1"), firsts("1"), firsts("2"));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let old = one.iter().filter(|line| line.ends_with("\"old\"")).count();
    assert!((1..30).contains(&old), "both orders occur");
}

#[test]
fn a_difference_in_one_repeat_makes_a_case_different() {
    let bench = Bench::with_cases([("a", String::new())]);
    let new = "sh -c 'echo x >> count; test $(wc -l < count) -ne 3; echo $?'";
    let (exit, summary) = bench.run("echo 0", new, &["--repeat", "5"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(summary["pairs"], 5);
}

#[test]
fn help_says_what_a_case_is_with_examples_first() {
    let help = Home::new().done(&["compare", "run", "--help"]);
    let place = |what: &str| help.find(what).unwrap_or_else(|| panic!("{what}: {help}"));
    assert!(place("Examples:") < place("Usage:"));
    assert!(place("JSON Lines file") > 0 && place("{{}}") > 0);
}
