//! At a terminal, a change is asked for. The terminal is a real one, made for the test.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::harness::{Answer, Home, f};

/// Runs with a terminal for input and messages, at which `typed` is typed.
fn at_a_terminal(home: &Home, arguments: &[&str], typed: &str) -> Answer {
    at_a_terminal_with(home, arguments, typed, &[])
}

/// The same with more variables in the environment.
pub(crate) fn at_a_terminal_with(
    home: &Home,
    arguments: &[&str],
    typed: &str,
    variables: &[(&str, String)],
) -> Answer {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let mut master = File::from(master);
    let child = home
        .command(arguments)
        .envs(variables.iter().cloned())
        .stdin(terminal.try_clone().unwrap())
        .stderr(terminal)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The terminal keeps what is typed until it is read.
    master.write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_yes_changes_and_anything_else_does_not() {
    let home = Home::with_flag();
    for typed in ["n\n", "\n", "what?\n", "\u{4}"] {
        let answer = at_a_terminal(&home, &["flag", "rollout", "f", "5"], typed);
        assert_eq!((answer.code, answer.out.as_str()), (6, ""), "{typed:?}");
    }
    assert_eq!(f(&home)["rollout"], serde_json::Value::Null);
    let answer = at_a_terminal(&home, &["flag", "rollout", "f", "5"], "y\n");
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(f(&home)["rollout"]["percentage"], 5);
}

#[test]
fn no_input_never_asks() {
    let home = Home::with_flag();
    let answer = at_a_terminal(&home, &["flag", "kill", "f", "--no-input"], "y\n");
    assert_eq!(answer.code, 6, "{answer}");
    assert_eq!(f(&home)["state"], "enabled");
}
