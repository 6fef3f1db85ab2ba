//! What holds for every command: help, options, exit codes, streams.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::harness::{Answer, Home, exists};

#[test]
fn help_shows_examples_first() {
    let home = Home::new();
    insta::assert_snapshot!(home.told(&["--help"]));
    insta::assert_snapshot!(home.told(&["flag", "-h"]));
    insta::assert_snapshot!(home.told(&["flag", "rollout", "-h"]));
}

#[test]
fn every_command_has_help_with_an_example() {
    fn visit(command: &clap::Command, path: &[String], home: &Home) {
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            let answer = home.run(&[&path[..], &["--help".to_owned()]].concat());
            assert_eq!(answer.code, 0, "{path:?}\n{answer}");
            let examples = answer.out.find("Examples:").unwrap_or(usize::MAX);
            let usage = answer.out.find("Usage:").unwrap();
            assert!(
                examples < usage,
                "{path:?} shows no example first\n{answer}"
            );
            visit(sub, &path, home);
        }
    }
    visit(&cutover_cli::command(), &[], &Home::new());
}

#[test]
fn every_example_of_the_help_is_a_valid_command_line() {
    fn visit(command: &clap::Command, count: &mut usize) {
        let text = command
            .get_before_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("  cutover "))
        {
            // The explanation stands after three blanks, a redirection after `>`.
            let line = line
                .split("   ")
                .next()
                .unwrap()
                .split(" > ")
                .next()
                .unwrap();
            for part in line.split(" | cutover ") {
                let words = shlex::split(&format!("cutover {part}")).unwrap();
                let parsed = cutover_cli::command().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
            }
            *count += 1;
        }
        command.get_subcommands().for_each(|sub| visit(sub, count));
    }
    let mut count = 0;
    visit(&cutover_cli::command(), &mut count);
    assert!(count > 20, "only {count} examples were found");
}

#[test]
fn wrong_usage_says_what_is_right() {
    let home = Home::new();
    let told = [
        &["flga"][..],
        &["flag", "lst"],
        &["--format", "xml", "flag", "list"],
        &["--store", "sqlite:", "flag", "list"],
        &["--store", "postgres://db/flags", "flag", "list"],
        &["--store", "/srv/flags", "flag", "list"],
        &["--environment", "../production", "flag", "list"],
        &["flag", "rollout", "f", "101", "--yes"],
        &["flag", "create", "Bad Key", "--yes"],
        &["-q", "-v", "flag", "list"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
    assert!(!exists(&home.path()), "wrong usage makes nothing");
}

#[test]
fn without_a_command_help_is_shown_and_it_is_wrong_usage() {
    let answer = Home::new().run::<&str>(&[]);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""));
    assert!(answer.err.contains("Usage: cutover"), "{answer}");
}

#[test]
fn data_goes_to_stdout_and_messages_to_stderr() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "rollout", "f", "5", "--yes"]);
    assert!(
        answer.out.contains("revision 2") && !answer.out.contains("next:"),
        "{answer}"
    );
    assert!(
        answer.err.contains("next: cutover flag status f"),
        "{answer}"
    );

    let quiet = home.run(&["flag", "rollout", "f", "6", "--yes", "-q"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
    let json = home.run(&["flag", "rollout", "f", "7", "--yes", "--format", "json"]);
    assert_eq!(
        (json.json()["revision"].as_u64(), json.err.as_str()),
        (Some(4), "")
    );
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it() {
    let home = Home::with_flag();
    for (arguments, variable) in [
        (&["doctor"][..], None),
        (&["doctor", "--no-color"], Some(("CLICOLOR_FORCE", "1"))),
        (
            &["--no-color", "flag", "get", "g"],
            Some(("CLICOLOR_FORCE", "1")),
        ),
        (
            &["--no-color", "flag", "gte"],
            Some(("CLICOLOR_FORCE", "1")),
        ),
        (&["flag", "get", "g"], Some(("NO_COLOR", "1"))),
        (&["flag", "get", "g"], Some(("TERM", "dumb"))),
    ] {
        let output = home.command(arguments).envs(variable).output().unwrap();
        let bytes = [output.stdout, output.stderr].concat();
        assert!(!bytes.is_empty());
        assert!(!bytes.contains(&0x1b), "{arguments:?} {variable:?}");
    }
    let forced = home
        .command(&["doctor"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(
        forced.stdout.contains(&0x1b),
        "colours are there when they are asked for"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let home = Home::with_flag();
    let mut child = home
        .command(&["flag", "eval", "f", "--units", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        // Ends with the broken pipe that the program leaves behind.
        while std::io::Write::write_all(&mut stdin, &b"unit\n".repeat(10_000)).is_ok() {}
    });
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    assert!(first.starts_with('{'), "{first}");
    drop(reader);
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    let status = child.wait().unwrap();
    feeder.join().unwrap();
    assert_eq!((status.code(), err.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_trouble() {
    let home = Home::with_flag();
    for arguments in [&["flag", "list"][..], &["flag", "list", "--format", "json"]] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = home.command(arguments).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{err}");
        assert!(err.contains("cannot write the answer"), "{err}");
    }
}

#[test]
fn environments_are_kept_apart() {
    let home = Home::with_flag();
    let staging = home.run(&["--environment", "staging", "flag", "get", "f"]);
    assert_eq!(staging.code, 1, "{staging}");
    home.done(&["--environment", "staging", "flag", "create", "f", "--yes"]);
    home.done(&[
        "flag",
        "set",
        "f",
        "on",
        "--yes",
        "--environment",
        "staging",
    ]);
    assert_eq!(
        home.json(&["flag", "get", "f", "--environment", "staging"])["flag"]["value"],
        true
    );
    assert_eq!(home.json(&["flag", "get", "f"])["flag"]["value"], false);

    let in_environment = |name: &str, arguments: &[&str]| {
        let mut command = home.command(arguments);
        Answer::from(command.env("CUTOVER_ENVIRONMENT", name).output().unwrap())
    };
    let folder = home.path().join("environments/staging");
    assert!(exists(&folder.join("flags.json")), "where a program looks");
    let eval = ["flag", "eval", "f"];
    assert!(in_environment("staging", &eval).out.starts_with("true "));
    let option = ["--environment", "production", "flag", "get", "f"];
    assert_eq!(
        in_environment("staging", &option).code,
        1,
        "the option wins"
    );
    let wrong = in_environment("../x", &eval);
    assert_eq!(wrong.code, 2, "{wrong}");
    let told = "CUTOVER_ENVIRONMENT: an environment is named with";
    assert!(wrong.err.contains(told), "{wrong}");
}

#[test]
fn the_store_is_named_by_option_or_variable() {
    let home = Home::new();
    let elsewhere = home.path().with_file_name("elsewhere");
    let address = format!("file:{}", elsewhere.display());
    home.done(&["--store", &address, "flag", "create", "f", "--yes"]);
    assert!(exists(&elsewhere.join("flags.json")) && !exists(&home.path().join("flags.json")));
    let output = home
        .command(&["flag", "get", "f"])
        .env("CUTOVER_STORE", &address)
        .output();
    assert_eq!(output.unwrap().status.code(), Some(0));
}

#[test]
fn without_any_home_it_says_how_to_name_one() {
    let home = Home::new();
    let output = home
        .command(&["flag", "list"])
        .env_remove("CUTOVER_HOME")
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    // The platform may know a home even without HOME; then the flags there are listed.
    if output.status.code() != Some(0) {
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains("--home DIR"), "{err}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.done(&["completions", shell]);
        assert!(
            script.contains("rollout") && script.contains("environment"),
            "{shell}"
        );
    }
}

#[test]
fn manual_pages_are_written_where_they_are_wanted() {
    let home = Home::new();
    let first = home.done(&["man"]);
    assert!(
        first.starts_with(".ie") && first.contains(".TH cutover 1"),
        "{first}"
    );
    let folder = home.path().join("share/man1");
    let told = home.json(&["man", folder.to_str().unwrap()]);
    let pages = told["pages"].as_array().unwrap();
    for page in pages {
        assert!(exists(&folder.join(page.as_str().unwrap())), "{page}");
    }
    assert!(
        pages.iter().any(|page| page == "cutover-flag-kill.1"),
        "{told}"
    );
    let blocked = home.path().join("share/man1/cutover.1");
    let answer = home.run(&["man", blocked.to_str().unwrap()]);
    assert_eq!(answer.code, 3, "{answer}");
}
