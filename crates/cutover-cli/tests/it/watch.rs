//! `flag watch` in one process, changes in others.
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

use crate::harness::Home;
use crate::workbench::{let_ctrl_c_be_heard, signal, wait_for};

/// How long anything may take before a test gives up: a bound, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watching process, and what it says line by line.
struct Watch {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Watch {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let_ctrl_c_be_heard();
        let mut child = home
            .command(&[&["flag", "watch"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        let watch = Self { child, out, err };
        while !watch.said().starts_with("watching from revision") {}
        watch
    }

    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("a line of output")
    }

    fn record(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    fn said(&self) -> String {
        self.err.recv_timeout(PATIENCE).expect("a message")
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The exit code, once it has ended and said all.
    fn ended(mut self) -> Option<i32> {
        while self.out.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Disconnected) {}
        self.child.wait().unwrap().code()
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            if to.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    lines
}

#[test]
fn a_change_of_another_process_is_told_as_it_happens_and_once() {
    let home = Home::with_flag();
    let database = format!(
        "sqlite:{}",
        home.path().with_file_name("flags.db").display()
    );
    for store in [&[][..], &["--store", &database]] {
        let change = |words: &[&str]| home.done(&[&["flag"], words, &["--yes"], store].concat());
        change(&["set", "f", "off", "--create"]);
        let created = home.json(&[&["flag", "list"], store].concat())["revision"].clone();
        change(&["rollout", "f", "5"]);
        let since = created.to_string();
        let arguments = ["--since", &since, "--count", "3", "--format", "jsonl"];
        let watch = Watch::start(&home, &[&arguments, store].concat());
        let first = watch.record();
        let revision = first["revision"].as_u64().unwrap();
        assert_eq!(
            Some(revision),
            created.as_u64().map(|created| created + 1),
            "what was there"
        );
        change(&["rollout", "f", "25", "--reason", "canary"]);
        let record = watch.record();
        assert_eq!(
            (&record["schema"], &record["revision"]),
            (&1.into(), &(revision + 1).into())
        );
        assert_eq!(record["reason"], "canary");
        assert_eq!(record["changes"][0]["after"]["rollout"]["percentage"], 25);
        change(&["kill", "f"]);
        assert_eq!(watch.record()["revision"], revision + 2);
        assert_eq!(watch.ended(), Some(0), "so many were asked for");
    }
}

#[test]
fn a_line_says_when_who_which_flag_what_and_why() {
    let home = Home::with_flag();
    home.done(&["flag", "create", "g", "--yes"]);
    let watch = Watch::start(&home, &["g", "h"]);
    home.done(&["flag", "set", "f", "on", "--yes"]);
    let why = ["--actor", "a\u{1b}[2Jb", "--reason", "an\nincident"];
    home.done(&[&["flag", "kill", "--all", "--yes"], &why[..]].concat());
    let line = watch.line();
    let (time, rest) = line.split_once("  ").unwrap();
    assert!(time.ends_with('Z') && time.len() == 20, "{line}");
    insta::assert_snapshot!(rest, @r"    4  a\u{1b}[2Jb  g  off → killed: off for everybody  (an\nincident)");
    watch.signal("-INT");
    assert_eq!(watch.ended(), Some(130));
}

#[test]
fn it_ends_when_nobody_reads_it_also_when_nothing_happens() {
    let home = Home::with_flag();
    let mut child = home
        .command(&["flag", "watch", "--since", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.ends_with("created: off\n"), "{line}");
    drop(reader);
    let status = wait_for("the end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn trouble_of_the_store_and_its_end_are_told() {
    let home = Home::with_flag();
    let watch = Watch::start(&home, &[]);
    let file = home.path().join("flags.json");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    let trouble = watch.said();
    assert!(
        trouble.contains("flags.json") && trouble.contains("revision 1"),
        "{trouble}"
    );
    std::fs::write(&file, good).unwrap();
    // While it is written there may be other trouble.
    while !watch.said().contains("can be read again") {}
    home.done(&["flag", "set", "f", "on", "--yes"]);
    assert!(watch.line().contains("default off → on"));
    watch.signal("-TERM");
    assert_eq!(watch.ended(), Some(143));
}

#[test]
fn it_watches_from_a_revision_that_is_there() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "watch", "--since", "7"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.err.contains("no revision 7"), "{answer}");
    home.done(&["flag", "create", "new_parser", "--yes"]);
    let answer = home.run(&["flag", "watch", "new_parsr", "--count", "0"]);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .err
            .contains("no flag new_parsr yet; did you mean new_parser?"),
        "{answer}"
    );
}

/// The flags of a mount, as Kubernetes swaps them: each version tells only what it is.
#[cfg(unix)]
#[test]
fn what_a_swapped_file_changes_is_told() {
    use std::fs;
    use std::os::unix::fs::symlink;
    let home = Home::with_flag();
    home.done(&["flag", "create", "g", "--yes"]);
    let folder = home.path();
    let text = fs::read_to_string(folder.join("flags.json")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let put = |version: &str, text: &str| {
        fs::create_dir_all(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("flags.json"), text).unwrap();
        symlink(version, folder.join("..new")).unwrap();
        fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
    };
    put("..1", &text);
    symlink("..data/flags.json", folder.join("flags.json")).unwrap();
    let watch = Watch::start(&home, &["f"]);
    for (version, state, told) in [
        ("..2", "killed", "f  off → killed: off for everybody"),
        ("..3", "enabled", "f  killed → off"),
    ] {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document["flags"]["f"]["state"] = state.into();
        document["flags"]["f"]["owner"] = version.into();
        put(version, &document.to_string());
        let line = watch.line();
        assert!(line.contains(told), "{line}");
        assert!(line.contains("external"), "{line}");
    }
    watch.signal("-INT");
    assert_eq!(watch.ended(), Some(130));
}

#[test]
fn the_records_that_are_there_are_told_where_the_first_are_missing() {
    let home = Home::with_flag();
    for share in ["5", "10", "20"] {
        home.done(&["flag", "rollout", "f", share, "--yes"]);
    }
    let history = home.path().join("flags.history.jsonl");
    let text = std::fs::read_to_string(&history).unwrap();
    let kept: Vec<_> = text
        .lines()
        .skip(2)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&history, kept.concat()).unwrap();
    let answer = home.run(&["flag", "watch", "--since", "0", "--count", "2"]);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.out.contains("5 % → 10 %"), "{answer}");
    assert!(answer.out.contains("10 % → 20 %"), "{answer}");
    assert!(answer.err.contains("no longer in the history"), "{answer}");
}
