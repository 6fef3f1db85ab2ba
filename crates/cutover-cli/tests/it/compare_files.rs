//! `compare run` and the files that programs write.

use std::fs;

use serde_json::{Value, json};

use crate::workbench::{Bench, counts, text};

/// The paths and kinds of the differences of the only record.
fn differences(bench: &Bench) -> Vec<String> {
    let records = bench.records("latest");
    let found = records[0]["judgement"]["compared"]["differences"].as_array();
    found
        .unwrap_or_else(|| panic!("{}", records[0]["judgement"]))
        .iter()
        .map(|difference| {
            let word = |field: &str| difference[field].as_str().unwrap().to_owned();
            format!("{} {}", word("path"), word("kind"))
        })
        .collect()
}

#[test]
fn files_are_compared_by_their_types() {
    let bench = Bench::with_cases([("a", "7\n".to_owned())]);
    let old = bench.file(
        "old.sh",
        "read n\n\
         echo \"{\\\"n\\\": $n, \\\"m\\\": 1}\" > out.json\n\
         printf '{\"n\": 1}\\n{\"n\": 2}\\n' > out.jsonl\n\
         printf 'one\\ntwo\\n' > out.txt\n\
         printf '\\377\\001' > out.bin\n\
         mkdir deep; echo same > deep/same; echo x > deep/gone\n\
         echo \"[$n]\"\n",
    );
    let new = bench.file(
        "new.sh",
        "read n\n\
         echo \"{\\\"m\\\": 1.0, \\\"n\\\": 8}\" > out.json\n\
         printf '{ \"n\": 1 }\\n{\"n\": 3}\\n' > out.jsonl\n\
         printf 'one\\n2\\n' > out.txt\n\
         printf '\\377\\002' > out.bin\n\
         mkdir deep; echo same > deep/same\n\
         echo \"[$n, 0]\"\n",
    );
    let (old, new) = (
        format!("sh {}", old.display()),
        format!("sh {}", new.display()),
    );
    let outputs = [
        "--output", "out.json", "--output", "*.jsonl", "--output", "out.txt", "--output",
        "out.bin", "--output", "deep",
    ];
    let (exit, summary) = bench.run(&old, &new, &outputs);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(
        differences(&bench),
        [
            "$.stdout[1] extra",
            "$.files['deep/gone'] missing",
            "$.files['out.bin'].digest value",
            "$.files['out.json'].n value",
            "$.files['out.jsonl'][1].n value",
            "$.files['out.txt'][1] value",
        ]
    );
    let record = &bench.records("latest")[0];
    let kinds: Vec<_> = ["deep/same", "out.bin", "out.json", "out.jsonl", "out.txt"]
        .map(|name| record["files"][name]["read_as"].clone())
        .to_vec();
    assert_eq!(kinds, ["bytes", "bytes", "json", "jsonl", "text"]);
    assert_eq!(record["files"]["out.bin"]["old_bytes"], 2);

    // Rules reach every part.
    let rules = [
        "--ignore",
        "$.stdout[1]",
        "--ignore",
        "$.files['deep/gone']",
        "--ignore",
        "$.files['out.bin']",
        "--abs",
        "1",
        "--ignore",
        "$.files['out.txt']",
        "--ignore",
        "$.files['out.json'].n",
        "--ignore",
        "$.files['out.jsonl'][*].n",
    ];
    let (exit, _) = bench.run(&old, &new, &[&outputs[..], &rules[..]].concat());
    assert_eq!(exit, 0, "{:?}", differences(&bench));
    assert!(!bench.folder.path().join("out.json").exists());
}

#[test]
fn a_type_that_was_asked_for_is_held_to() {
    let bench = Bench::with_cases([("a", String::new())]);
    let run = |old: &str, new: &str, output: &str| {
        let program = |content: &str| format!("sh -c 'printf \"%s\" \"$0\" > out' '{content}'");
        bench.run(&program(old), &program(new), &["--output", output])
    };
    assert_eq!(run("[1]", "[1.0]", "out=json").0, 0);
    assert_eq!(run("[1]", "[1.0]", "out=text").0, 1);
    assert_eq!(run("[1]", "oops", "out=json").0, 1);
    assert_eq!(differences(&bench), ["$.files.out type"]);
    let (exit, summary) = run("oops", "oops", "out=json");
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));
    let failed = bench.records("latest")[0]["judgement"]["failed"].clone();
    assert!(
        failed.as_str().unwrap().starts_with("out: neither"),
        "{failed}"
    );

    for (output, said) in [
        ("out=jsn", "types are auto, json"),
        ("../out", "inside of the folder"),
        ("/out", "inside of the folder"),
        ("a[", "--output `a[`"),
    ] {
        let refused = bench.cutover(&[
            "compare", "run", "--old", "true", "--new", "true", "--cases", "cases", "--output",
            output,
        ]);
        assert_eq!(refused.status.code(), Some(2), "{output}");
        assert!(
            text(&refused.stderr).contains(said),
            "{}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn how_a_program_ends_has_a_path_beside_files() {
    let bench = Bench::with_cases([("a", String::new())]);
    let (old, new) = ("sh -c 'echo 1 > out'", "sh -c 'echo 1 > out; exit 3'");
    assert_eq!(bench.run(old, new, &["--output", "out"]).0, 1);
    assert_eq!(differences(&bench), ["$.exit outcome"]);
    let (exit, _) = bench.run(old, new, &["--output", "out", "--ignore", "$.exit"]);
    assert_eq!(exit, 0);
    let hidden = &bench.records("latest")[0]["judgement"]["compared"]["hidden"];
    assert_eq!(hidden, &json!([{"rule": "ignore $.exit", "hidden": 1}]));
}

#[test]
fn a_file_nobody_wrote_is_pointed_out() {
    let bench = Bench::with_cases([("a", String::new())]);
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "true",
        "--new",
        "true",
        "--cases",
        "cases",
        "--output",
        "nothing.json",
    ]);
    // Nothing is known of what was to be compared; a file that some case has is another thing.
    assert_eq!(output.status.code(), Some(4));
    let said = text(&output.stderr);
    assert!(
        said.contains("neither program wrote nothing.json"),
        "{said}"
    );
}

#[test]
fn what_is_too_large_to_read_is_equal_byte_by_byte_or_not_decided() {
    let bench = Bench::with_cases([("a", String::new())]);
    let write = |last: &str| {
        format!(
            "sh -c 'head -c 1000000 /dev/zero | tr \"\\0\" 1 > out.json; echo {last} >> out.json'"
        )
    };
    let limit = ["--max-output", "100KiB", "--output", "out.json"];
    assert_eq!(bench.run(&write("1"), &write("1"), &limit).0, 0);
    let (exit, _) = bench.run(&write("1"), &write("2"), &limit);
    assert_eq!(exit, 3);
    let failed = bench.records("latest")[0]["judgement"]["failed"].clone();
    assert!(
        failed.as_str().unwrap().contains("--max-output"),
        "{failed}"
    );
    let bytes = ["--max-output", "100KiB", "--output", "out.json=bytes"];
    assert_eq!(bench.run(&write("1"), &write("2"), &bytes).0, 1);
    assert_eq!(differences(&bench), ["$.files['out.json'].digest value"]);
}

#[test]
fn hostile_files_are_trouble_that_names_them() {
    let bench = Bench::with_cases([("a", String::new())]);
    for (made, said) in [
        ("mkfifo out", "out is no file"),
        ("ln -s /dev/zero out", "out is no file"),
        ("ln -s nowhere out", "out cannot be read"),
    ] {
        let program = format!("sh -c '{made}'");
        let (exit, _) = bench.run(&program, &program, &["--output", "out"]);
        assert_eq!(exit, 3, "{made}");
        let failed = bench.records("latest")[0]["judgement"]["failed"].clone();
        assert!(failed.as_str().unwrap().contains(said), "{failed}");
    }
    // A name may hold anything; what is shown of it cannot steer a terminal.
    let program = "sh -c 'echo $0 > \"$(printf \"a\\033[31mb\\377\")\"'";
    let (exit, _) = bench.run(
        &format!("{program} 1"),
        &format!("{program} 2"),
        &["--output", "a*"],
    );
    assert_eq!(exit, 1);
    let shown = bench.cutover(&["compare", "show", "latest", "a"]);
    assert!(
        !text(&shown.stdout).contains('\u{1b}'),
        "{}",
        text(&shown.stdout)
    );
}

#[test]
fn a_working_copy_keeps_programs_and_pairs_apart() {
    let bench = Bench::with_cases((0..12).map(|case| (case.to_string(), format!("{case}\n"))));
    let work = bench.folder.path().join("work");
    fs::create_dir_all(work.join("sub")).unwrap();
    fs::write(work.join("sub/state"), "0\n").unwrap();
    // Every execution finds the folder as it was, and leaves its own mark in it.
    let program = "sh -c 'read n; cat sub/state; echo $n >> sub/state; cp sub/state out; pwd > where; \
                   test $(wc -l < sub/state) -eq 2'";
    let (exit, summary) = bench.run(
        program,
        program,
        &[
            "--workdir",
            "work",
            "--output",
            "out",
            "--output",
            "where",
            "--jobs",
            "4",
        ],
    );
    assert_eq!(
        (exit, counts(&summary)),
        (0, [12, 12, 0, 0]),
        "{:?}",
        differences(&bench)
    );
    assert_eq!(summary["ends"], json!({"old": {}, "new": {}}));
    assert_eq!(fs::read_to_string(work.join("sub/state")).unwrap(), "0\n");
}

#[test]
fn a_case_in_the_copied_folder_is_its_copy() {
    let bench = Bench::new();
    let work = bench.folder.path().join("work");
    fs::create_dir_all(work.join("in")).unwrap();
    fs::write(work.join("in/-n"), "hello\n").unwrap();
    fs::write(
        work.join("tool.sh"),
        "sed s/h/H/ \"$1\" > \"$1.out\"; echo \"$1\"; : > \"$1\"\n",
    )
    .unwrap();
    let run = |cases: &str, more: &[&str]| {
        let all = [
            &[
                "compare",
                "run",
                "--old",
                "sh tool.sh {}",
                "--new",
                "sh tool.sh {}",
                "--workdir",
                "work",
                "--cases",
                cases,
                "--output",
                "**/*.out",
            ],
            more,
        ];
        bench.cutover(&all.concat())
    };
    let output = run("work/in", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let record = &bench.records("latest")[0];
    assert_eq!(record["old"]["answer"]["excerpt"], "in/-n\n");
    assert_eq!(record["files"]["in/-n.out"]["old_bytes"], 6);
    assert_eq!(fs::read_to_string(work.join("in/-n")).unwrap(), "hello\n");
}

#[test]
fn what_differs_can_be_kept_and_nothing_else_stays() {
    let bench = Bench::with_cases(["a", "b"].map(|name| (name, format!("{name}\n"))));
    let rooms = bench.folder.path().join("tmp");
    fs::create_dir(&rooms).unwrap();
    let new = "sh -c 'read x; echo $x > out; echo $x; echo note >&2; test $x = a || echo more >> out; \
               mkdir closed; chmod 0 closed'";
    let old = "sh -c 'read x; echo $x > out; echo $x; mkdir closed; chmod 0 closed'";
    let output = bench
        .command(&[
            "compare", "run", "--old", old, "--new", new, "--cases", "cases", "--output", "out",
            "--keep", "kept", "--format", "json",
        ])
        .env("TMPDIR", &rooms)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = bench.folder.path().join("kept");
    let run = kept.join(summary["id"].as_str().unwrap());
    let pair = run.join("00000001");
    let read = |name: &str| fs::read_to_string(pair.join(name)).unwrap();
    assert_eq!(
        (read("old/work/out"), read("new/work/out")),
        ("b\n".into(), "b\nmore\n".into())
    );
    assert_eq!(
        (read("new/stdout"), read("new/stderr")),
        ("b\n".into(), "note\n".into())
    );
    assert!(
        text(&output.stderr).contains("kept: "),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read_dir(&run).unwrap().count(), 1, "only what differs");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1, "no rooms are left");
    assert_eq!(fs::read_dir(&rooms).unwrap().count(), 0);
}

#[test]
fn a_word_that_is_not_found_from_there_is_pointed_out() {
    let bench = Bench::with_cases([("a", String::new())]);
    bench.file("tool.sh", "echo\n");
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "sh tool.sh",
        "--new",
        "true",
        "--cases",
        "cases",
        "--output",
        "out",
    ]);
    let said = text(&output.stderr);
    assert!(
        said.contains("--workdir") && said.contains("/tool.sh"),
        "{said}"
    );
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "sh tool.sh",
        "--new",
        "sh tool.sh",
        "--cases",
        "cases",
        "--workdir",
        ".",
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        !text(&output.stderr).contains("warning"),
        "{}",
        text(&output.stderr)
    );
}
