//! A dotenv file is read as a shell reads it, where a shell reads it at all.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use cutover_env::dotenv::parse;
use proptest::prelude::*;

/// Files that mean the same for a POSIX shell and for us.
const COMMON: &[&str] = &[
    "A=1",
    "A=1\nB=2\n",
    "\n\n  \t\nA=1\n\n",
    "# comment\nA=1 # another\n  # and more\n",
    "A=#1\nB=a#b\nC= # empty\n",
    "export A=1\n  export\tB=2",
    "A=\nB=''\nC=\"\"\n",
    "A='it is $HOME \\n # not'\n",
    "A=\"a \\\"b\\\" \\\\ \\$c \\`d\\` \\n # no comment\"\n",
    "A=\"one\ntwo\"\nB='three\n\nfour'\nC=5\n",
    "A=\"con\\\ntinued\"\nB=con\\\ntinued\n",
    "A=a\\ b\\#c\\'d\n",
    "A=one'two'\"three\"four\n",
    "A=1\nA=2\n",
    "A=1;\n",
    "A='ž' # ů\nB=\"\u{1f980}\"",
];

/// What `sh` makes of a file, variable by variable.
fn read_by_a_shell(text: &str, names: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut shell = Command::new("sh")
        .args(["-s"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut script = format!("{text}\n");
    for name in names {
        script.push_str(&format!("printf '{name}=%s\\0' \"${name}\"\n"));
    }
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = shell.wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output
        .split_terminator('\0')
        .map(|variable| variable.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(unix)]
#[test]
fn the_common_subset_is_read_as_a_shell_reads_it() {
    for text in COMMON {
        if text.contains(';') {
            continue;
        }
        let ours = parse(text).unwrap();
        let theirs = read_by_a_shell(text, ours.keys().cloned());
        assert_eq!(ours, theirs, "{text:?}");
    }
}

#[test]
fn what_a_shell_would_not_take_and_people_write_all_the_same() {
    for (text, expected) in [
        ("A=two words  \n", "two words"),
        ("A = 1", "1"),
        ("A=1\r\nB=2\r\n", "1"),
        ("\u{feff}A=1", "1"),
        ("A=$HOME", "$HOME"),
        ("A=a;b&c", "a;b&c"),
        ("export=1\nA=2", "2"),
    ] {
        assert_eq!(parse(text).unwrap()["A"], expected, "{text:?}");
    }
    assert_eq!(parse("spring.profile=x").unwrap()["spring.profile"], "x");
    assert_eq!(parse("export=1").unwrap()["export"], "1");
}

#[test]
fn every_line_that_cannot_be_read_is_named() {
    for (text, expected) in [
        ("A", "line 1: there is no `=`; write NAME=value"),
        (
            "A=1\nexport B\n",
            "line 2: there is no `=`; write NAME=value",
        ),
        (
            "=1",
            "line 1: there is no name before `=`; write NAME=value",
        ),
        ("\n\nA B=1\n", "line 3: there is no `=`; write NAME=value"),
        ("A='x\n\n", "line 1: the quote ' is never closed"),
        ("A=\"x\\", "line 1: the quote \" is never closed"),
        (
            "A=x\0y\nB\n",
            "line 1: there is a NUL character, which no variable can have\n\
             line 2: there is no `=`; write NAME=value",
        ),
        ("'A'=1", "line 1: there is no `=`; write NAME=value"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text:?}");
    }
}

/// A value in single quotes, as `export -p` of a shell writes it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_read_or_refused_with_lines_that_are_there(text in "[AB='\"\\\\# \t\r\n\0$éx]{0,60}") {
        if let Err(errors) = parse(&text) {
            let lines = text.split('\n').count();
            prop_assert!(errors.0.iter().all(|error| (1..=lines).contains(&error.line)));
        }
    }

    #[test]
    fn what_is_quoted_comes_back(values in prop::collection::vec("[^\0\r]{0,20}", 1..6)) {
        let named = values.iter().enumerate();
        let text: String = named
            .clone()
            .map(|(index, value)| format!("V{index}={}\n", quoted(value)))
            .collect();
        let read = parse(&text).unwrap();
        for (index, value) in named {
            prop_assert_eq!(&read[&format!("V{index}")], value);
        }
    }
}
