//! What is said beside the answer: commands that can be followed as they are printed, warnings
//! about what a change does not say by itself, and nothing that steers a terminal.

use serde_json::json;

use crate::harness::{Answer, Home, f};

/// The commands behind `next:`, each in its words.
fn suggested(answer: &Answer) -> Vec<Vec<String>> {
    let line = answer
        .err
        .lines()
        .find_map(|line| line.strip_prefix("next: "));
    let line = line.unwrap_or_else(|| panic!("nothing is suggested\n{answer}"));
    line.split("; back: ")
        .map(|part| {
            let command = part.strip_prefix("cutover ").expect("a command");
            shlex::split(command).expect("words of a shell")
        })
        .collect()
}

fn followed(home: &Home, words: &[String]) -> Answer {
    home.run(&[words, &["--yes".to_owned()]].concat())
}

#[test]
fn following_a_suggestion_stays_where_the_command_was() {
    let home = Home::with_flag();
    let elsewhere = home.path().with_file_name("else where");
    let address = format!("file:{}", elsewhere.display());
    for place in [
        &["--environment", "staging"][..],
        &["--home", elsewhere.to_str().unwrap()],
        &["--store", &address, "--environment", "eu"],
    ] {
        let run = |arguments: &[&str]| home.run(&[arguments, place].concat());
        assert_eq!(run(&["flag", "create", "f", "--yes"]).code, 0);
        let rolled = run(&["flag", "rollout", "f", "5", "--yes"]);
        let [_, back] = &suggested(&rolled)[..] else {
            panic!("no way back\n{rolled}")
        };
        let answer = followed(&home, back);
        assert_eq!(answer.code, 0, "{back:?}\n{answer}");
        let there = home.json(&[&["flag", "get", "f"], place].concat());
        assert_eq!(there["flag"]["rollout"]["percentage"], 0, "{place:?}");
        // A hint is a suggestion like any other.
        let unknown = run(&["flag", "get", "zzz"]);
        let listed = unknown.err.split('`').nth(1).unwrap().to_owned();
        let words = shlex::split(&listed).unwrap();
        for option in place {
            assert!(words.contains(&(*option).to_owned()), "{unknown}");
        }
    }
    assert_eq!(
        home.json(&["flag", "list"])["revision"],
        1,
        "elsewhere nothing changed"
    );
}

#[test]
fn what_the_environment_says_is_not_repeated() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "rollout", "f", "5", "--yes"]);
    assert!(answer.err.contains("next: cutover flag status"), "{answer}");
}

#[test]
fn a_list_of_nothing_says_where_it_looked() {
    let home = Home::with_flag();
    for arguments in [&["flag", "list"][..], &["flag", "get", "f"]] {
        let answer = home.run(&[arguments, &["--environment", "stagin"]].concat());
        let place = format!("file:{}, environment stagin", home.path().display());
        assert!(answer.err.contains(&place), "{answer}");
    }
}

#[test]
fn a_unit_is_one_word_whatever_it_is_called() {
    let home = Home::with_flag();
    for unit in ["two words; rm -rf x", "it's", "$(x)", "-dash", ""] {
        let fixed = home.run(&["flag", "override", "--yes", "--", "f", unit, "on"]);
        if unit.is_empty() {
            assert_eq!(fixed.code, 2, "{fixed}");
            continue;
        }
        assert_eq!(fixed.code, 0, "{fixed}");
        let answer = home.run(&suggested(&fixed)[0]);
        assert_eq!(answer.code, 0, "{fixed}{answer}");
        assert!(answer.out.contains("is overridden"), "{answer}");
    }
}

#[test]
fn nothing_steers_the_terminal() {
    let home = Home::with_flag();
    let evil = "\u{1b}]0;x\u{7}\r\u{8}\u{202e}";
    let condition = format!("`a{evil}` == {}", json!(evil));
    let hostile = home.path().with_file_name("hostile.json");
    let proposed = json!({ evil: 1, "flags": { evil: {}, "f": { "default": evil, evil: 1 } } });
    std::fs::write(&hostile, proposed.to_string()).unwrap();
    for arguments in [
        &[evil][..],
        &["flag", evil],
        &["flag", "get", evil],
        &["flag", "create", evil, "--yes"],
        &["flag", "rollout", "f", evil, "--yes"],
        &["--environment", evil, "flag", "list"],
        &["--store", evil, "flag", "list"],
        &["flag", "override", "f", evil, "on", "--yes"],
        &[
            "flag",
            "override",
            "f",
            "nobody\u{1b}[2J",
            "--remove",
            "--yes",
        ],
        &["flag", "create", "g", "--variant", evil, "--yes"],
        &[
            "flag",
            "create",
            "g",
            "--type",
            "string",
            "--variant",
            evil,
            "--off",
            evil,
            "--yes",
        ],
        &["flag", "status", "f", "--unit", evil],
        &["flag", "status", "f", "--attr", evil],
        &["flag", "eval", "f", "--units", evil],
        &[
            "flag", "rule", "add", "f", "--when", &condition, "--serve", "on", "--name", evil,
            "--yes",
        ],
        &[
            "flag", "rule", "add", "f", "--when", evil, "--serve", evil, "--yes",
        ],
        &[
            "flag", "rule", "add", "f", "--when", "x exists", "--serve", evil, "--yes",
        ],
        &[
            "flag",
            "rule",
            "add",
            "f",
            "--when-file",
            evil,
            "--serve",
            "on",
            "--yes",
        ],
        &["flag", "rule", "set", "f", evil, "--serve", "off", "--yes"],
        &["flag", "rule", "move", "f", evil, "--to", "2", "--dry-run"],
        &["flag", "rule", "list", "f"],
        &[
            "flag",
            "rollout",
            "f",
            "--split",
            &format!("{evil}=1"),
            "--yes",
        ],
        &[
            "flag",
            "variant",
            "set",
            "f",
            &format!("{evil}=true"),
            "--yes",
        ],
        &["flag", "variant", "set", "f", "x\u{202e}=true", "--yes"],
        &["flag", "variant", "remove", "f", evil, "--yes"],
        &["flag", "variant", "list", "f"],
        &[
            "flag",
            "describe",
            "f",
            "--owner",
            evil,
            "--description",
            evil,
            "--yes",
        ],
        &["flag", "describe", evil, "--owner", "x", "--yes"],
        &["flag", "rollback", "--tenant", evil, "--yes"],
        &[
            "flag",
            "explain",
            "f",
            "--unit",
            evil,
            "--attr",
            &format!("x={evil}"),
        ],
        &["flag", "explain", "f", "--attr", &format!("{evil}=[[]]")],
        &["flag", "apply", "-f", evil, "--yes"],
        &["flag", "apply", "-f", hostile.to_str().unwrap(), "--yes"],
        &["flag", "delete", evil, "--yes"],
        &["flag", "watch", "f", "--since", "0", "--count", "9"],
        &["flag", "watch", "--since", evil],
        &["flag", "status", "f"],
        &["flag", "status"],
        &["flag", "get", "f"],
        &["flag", "history"],
        &["man", &format!("{}/{evil}", hostile.display())],
        &["compare", "show", evil],
        &["diff", evil, evil],
    ] {
        // Colours asked for: those are the program's own, and the only escapes.
        for colours in [None, Some(("CLICOLOR_FORCE", "1"))] {
            let output = home.command(arguments).envs(colours).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).unwrap();
            assert!(!text.is_empty(), "{arguments:?}");
            let bad = ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\r", "\u{8}", "\u{202e}"];
            let found = bad.iter().find(|bad| text.contains(**bad));
            assert_eq!(found, None, "{arguments:?}\n{text:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_change_that_cannot_be_told_says_that_it_was_made() {
    for format in ["table", "json"] {
        let home = Home::with_flag();
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let arguments = ["flag", "set", "f", "on", "--yes", "--format", format];
        let output = home.command(&arguments).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{err}");
        assert!(err.contains("revision 2 was made"), "{err}");
        assert_eq!(f(&home)["default"], "on");
    }
}

#[test]
fn a_rollout_of_what_everybody_has_is_told() {
    let home = Home::new();
    let off = ["flag", "set", "f", "off"];
    let made = home.run(&["flag", "create", "f", "--default", "on", "--yes"]);
    assert!(
        made.err.contains("warning: f answers on to everybody"),
        "{made}"
    );
    assert_eq!(suggested(&made), [off]);
    for share in ["10", "0"] {
        let rolled = home.run(&["flag", "rollout", "f", share, "--yes"]);
        assert!(
            rolled.err.contains("warning: f answers on to everybody"),
            "{rolled}"
        );
        assert_eq!(suggested(&rolled), [off], "there is no way back to nobody");
    }
    let shown = home.run(&["flag", "rollout", "f", "7", "--dry-run"]);
    assert!(
        shown.err.contains("warning: f answers on to everybody"),
        "{shown}"
    );
    let status = home.done(&["flag", "status", "f"]);
    assert!(
        status.contains("warning: f answers on to everybody"),
        "{status}"
    );

    assert_eq!(followed(&home, &off.map(str::to_owned)).code, 0);
    let rolled = home.run(&["flag", "rollout", "f", "10", "--yes"]);
    assert!(!rolled.err.contains("warning"), "{rolled}");
    let back = &suggested(&rolled)[1];
    assert_eq!(back, &["flag", "rollout", "f", "0"]);

    let refused = home.run(&[
        "flag",
        "create",
        "g",
        "--default",
        "on",
        "--requires",
        "x",
        "--yes",
    ]);
    assert!(
        !refused.err.contains("warning"),
        "nothing was made\n{refused}"
    );
}

#[test]
fn a_flag_that_is_no_switch_is_told_with_its_value() {
    let home = Home::new();
    home.done(&["flag", "set", "pg", "50", "--create", "--yes"]);
    let shown = home.done(&["flag", "set", "pg", "60", "--dry-run"]);
    assert!(
        shown.contains("pg: default 50 (value) → 60 (value)"),
        "{shown}"
    );
    home.done(&["flag", "set", "pg", "60", "--yes"]);
    for command in [&["list"][..], &["get", "pg"], &["status", "pg"]] {
        let told = home.done(&[&["flag"], command].concat());
        assert!(told.contains("60 (value"), "{told}");
    }
    let rolled = home.run(&["flag", "rollout", "pg", "10", "--yes"]);
    assert_eq!(rolled.code, 2, "{rolled}");
    assert!(rolled.err.contains("--variant off"), "{rolled}");
}

#[test]
fn what_a_kill_takes_along_is_told() {
    let home = Home::with_flag();
    home.done(&["flag", "set", "f", "on", "--yes"]);
    for (key, required, default) in [("g", "f", "on"), ("h", "g", "on"), ("i", "f", "off")] {
        let create = [
            "flag",
            "create",
            key,
            "--requires",
            required,
            "--default",
            default,
        ];
        home.done(&[&create[..], &["--yes"]].concat());
    }
    let killed = home.run(&["flag", "kill", "f", "--yes"]);
    assert!(
        killed
            .err
            .contains("what requires f is now off, too, for everybody: g, h\n"),
        "{killed}"
    );
    let again = home.run(&["flag", "kill", "f", "--yes"]);
    assert!(
        !again.err.contains("now off"),
        "they were off before\n{again}"
    );
}

#[test]
fn status_names_what_is_missing_and_how_to_say_it() {
    let home = Home::new();
    for (key, by) in [("t", "tenant"), ("p", "plan")] {
        home.done(&["flag", "create", key, "--by", by, "--yes"]);
        home.done(&["flag", "rollout", key, "10", "--yes"]);
    }
    home.done(&["flag", "create", "off", "--requires", "t", "--yes"]);
    home.done(&[
        "flag",
        "create",
        "on",
        "--requires",
        "t",
        "--default",
        "on",
        "--yes",
    ]);
    for (key, given, why, next) in [
        (
            "t",
            &["--unit", "u v"][..],
            "no tenant is named",
            &["--unit", "u v", "--tenant", "TENANT"][..],
        ),
        (
            "p",
            &["--tenant", "a"],
            "no plan is named",
            &["--tenant", "a", "--attr", "plan=VALUE"],
        ),
        ("t", &[], "it depends on who asks", &["--tenant", "TENANT"]),
        ("on", &[], "it depends on who asks", &["--tenant", "TENANT"]),
    ] {
        let answer = home.run(&[&["flag", "status", key], given].concat());
        assert!(answer.out.contains(why), "{answer}");
        assert_eq!(
            suggested(&answer),
            [[&["flag", "status", key], next].concat()]
        );
    }
    let status = home.json(&["flag", "status", "off"])["flag"].clone();
    assert_eq!(
        (
            &status["effective"]["value"],
            status["why"].as_str().unwrap()
        ),
        (
            &json!(false),
            "its default is off and nothing stands above it; it also requires t"
        ),
        "off for everybody, whatever t answers"
    );
}

#[test]
fn a_flag_that_is_made_expired_is_warned_about() {
    let home = Home::new();
    let made = home.run(&["flag", "create", "f", "--expires", "2020-01-31", "--yes"]);
    assert_eq!(made.code, 0, "{made}");
    assert!(
        made.err.contains("warning: f expires in the past"),
        "{made}"
    );
    let status = home.done(&["flag", "status", "f"]);
    assert!(
        status.contains("expired") && !status.contains("delete"),
        "{status}"
    );
}

#[test]
fn quiet_leaves_only_errors_and_json() {
    let home = Home::with_flag();
    for change in [
        &["set", "f", "on"][..],
        &["rollout", "f", "5"],
        &["undo", "f"],
        &["init"],
    ] {
        let answer = home.run(&[&["flag"], change, &["--yes", "-q"]].concat());
        assert_eq!(
            (answer.code, answer.out + &answer.err),
            (0, String::new()),
            "{change:?}"
        );
    }
    assert!(home.json(&["flag", "kill", "f", "--yes", "-q"])["revision"].is_u64());
    assert!(
        !home.done(&["flag", "get", "f", "-q"]).is_empty(),
        "what is asked is answered"
    );
}

#[test]
fn an_undo_that_changes_nothing_says_so() {
    let home = Home::with_flag();
    for arguments in [
        &["flag", "undo", "f", "--to", "1"][..],
        &["flag", "undo", "--to", "1"],
    ] {
        for last in ["--dry-run", "--yes"] {
            let told = home.done(&[arguments, &[last]].concat());
            assert!(told.contains("nothing is different"), "{told}");
        }
    }
    let empty = Home::new().done(&["flag", "init", "--yes"]);
    assert!(
        !empty.contains("nothing is different"),
        "a store was made\n{empty}"
    );
}

#[test]
fn a_usage_line_asks_for_nothing_that_is_not_needed() {
    let home = Home::with_flag();
    let output = home
        .command(&["flag", "rollout", "f"])
        .env("CUTOVER_STORE", format!("file:{}", home.path().display()))
        .env("CUTOVER_ACTOR", "ada")
        .output()
        .unwrap();
    let answer = Answer::from(output);
    assert!(
        answer.err.contains(
            "Usage: cutover flag rollout [OPTIONS] <KEY> <PERCENT | --split VARIANT=WEIGHT,…>\n"
        ),
        "{answer}"
    );
    let wrong = home
        .command(&["flag", "list"])
        .env("CUTOVER_STORE", "nowhere")
        .output();
    let wrong = Answer::from(wrong.unwrap());
    assert_eq!(wrong.code, 2, "{wrong}");
    assert!(
        wrong.err.contains("CUTOVER_STORE: there is no scheme"),
        "{wrong}"
    );
    let command = home
        .command(&["flag", "kill", "f", "--yes"])
        .env("CUTOVER_ACTOR", "ada")
        .output();
    assert_eq!(Answer::from(command.unwrap()).code, 0);
    assert_eq!(
        home.json(&["flag", "history"])["history"][0]["actor"],
        "ada"
    );
}
