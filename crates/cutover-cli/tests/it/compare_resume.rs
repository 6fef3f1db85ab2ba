//! `compare run --resume`: a run that was stopped or killed comes to the same end.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::Home;
use crate::workbench::{Bench, counts, text, wait_for};

/// Forty cases; old and new differ in those whose number ends with 7. While `wait` is there, the
/// ones from 020 on do not end.
fn bench_in(home: Home) -> Bench {
    let bench = Bench::in_home(home);
    for index in 0..40 {
        bench.case(format!("{index:03}").as_ref(), &format!("{index:03}\n"));
    }
    bench.file(
        "old.sh",
        "read x; echo $x >> ran; case $x in 00*|01*) ;; *) while test -e wait; do sleep 0.02; done;; \
         esac; echo $x\n",
    );
    bench.file(
        "new.sh",
        "read x; case $x in *7) echo other;; *) echo $x;; esac\n",
    );
    bench
}

const COMMAND: [&str; 12] = [
    "compare",
    "run",
    "--old",
    "sh old.sh",
    "--new",
    "sh new.sh",
    "--cases",
    "cases",
    "--in-order",
    "--jobs",
    "2",
    "--format",
];

fn started(bench: &Bench) -> Child {
    bench.file("wait", "");
    let child = bench
        .command(&[&COMMAND[..], &["json"]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("twenty saved cases", || {
        let shown = bench.cutover(&["compare", "show", "latest", "--format", "json"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).ok()?;
        (shown["cases"] == 20).then_some(())
    });
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    for (place, end) in [
        (Home::new(), "-KILL"),
        (Home::new(), "-INT"),
        (Home::with_database(), "-KILL"),
    ] {
        let bench = bench_in(place);
        let mut child = started(&bench);
        let state = || bench.json(&["compare", "list"])["runs"][0].clone();
        assert_eq!(state()["state"], "running");
        // While it lives, nobody else takes it up.
        let refused = bench.cutover(&[&COMMAND[..], &["json", "--resume", "latest"]].concat());
        assert_eq!(refused.status.code(), Some(7), "{}", text(&refused.stderr));
        signal(&child, end);
        child.wait().unwrap();
        let before = bench.json(&["compare", "show", "latest"]);
        // Also where it could not say so, and at once.
        if cfg!(target_os = "linux") || end == "-INT" {
            let of_list = state();
            assert_eq!(
                (&of_list["state"], &of_list["silent"]),
                (&json!("interrupted"), &json!(false))
            );
            assert_eq!(
                of_list.get("finished").is_some(),
                end == "-INT",
                "{of_list}"
            );
            assert_eq!(before["state"], "interrupted");
            let report = bench.json(&["compare", "report", "latest"]);
            assert_eq!(report["runs"][0]["state"], "interrupted");
        }
        fs::remove_file(bench.folder.path().join("wait")).unwrap();
        fs::write(bench.folder.path().join("ran"), "").unwrap();

        let output = bench.cutover(&[&COMMAND[..], &["json", "--resume", "latest"]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["id"], before["id"]);
        assert_eq!(summary["state"], "complete");
        assert_eq!(counts(&summary), [40, 36, 4, 0]);
        let ran = fs::read_to_string(bench.folder.path().join("ran")).unwrap();
        assert_eq!(
            ran.lines().count(),
            20,
            "what has a record is not run again: {ran}"
        );
        assert!(!ran.contains("019"), "{ran}");

        // What is stored says the same, and nothing is there twice.
        let shown = bench.json(&["compare", "show", "latest", "--limit", "1000"]);
        assert_eq!(counts(&shown), [40, 36, 4, 0]);
        assert_eq!(shown["records"].as_array().unwrap().len(), 40);
        let runs = bench.json(&["compare", "list"]);
        assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
        assert_eq!(runs["runs"][0]["different"], 4, "{runs}");

        // Once more there is nothing to do, and the answer is the same.
        let output = bench.cutover(&[&COMMAND[..], &["json", "--resume", "latest"]].concat());
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), counts(&summary)),
            (Some(1), [40, 36, 4, 0])
        );
    }
}

#[test]
fn what_would_be_another_run_is_refused_and_a_changed_case_is_told() {
    let bench = bench_in(Home::new());
    let mut child = started(&bench);
    signal(&child, "-INT");
    child.wait().unwrap();
    fs::remove_file(bench.folder.path().join("wait")).unwrap();
    let again = |more: &[&str]| {
        let output = bench.cutover(&[&COMMAND[..], &["json", "--resume", "latest"], more].concat());
        (output.status.code().unwrap(), text(&output.stderr))
    };
    for (more, said) in [
        (&["--repeat", "2"][..], "repeat was 1 and is 2"),
        (&["--ignore", "$[0]"], "the rules are others"),
        (&["--env", "A=b"], "env was [] and is [\"A\"]"),
        (&["--case", "00*"], "other cases"),
        (&["--seed", "1"], "seed was"),
    ] {
        let (exit, told) = again(more);
        assert_eq!(exit, 2, "{told}");
        assert!(told.contains(said), "{told}");
    }
    let script = bench.folder.path().join("new.sh");
    let content = fs::read_to_string(&script).unwrap();
    fs::write(&script, format!("{content}# mended\n")).unwrap();
    let (exit, told) = again(&[]);
    assert!(
        exit == 2 && told.contains("the program of --new has changed"),
        "{told}"
    );
    fs::write(&script, content).unwrap();

    bench.case("003".as_ref(), "003\nmore\n");
    let (exit, told) = again(&[]);
    assert_eq!(exit, 1, "{told}");
    assert!(
        told.contains("changed since they were run") && told.contains("003"),
        "{told}"
    );
    assert_eq!(
        bench.json(&["compare", "list"])["runs"][0]["state"],
        json!("complete")
    );
}
