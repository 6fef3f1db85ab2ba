//! What a suite needs and a machine may lack.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `program` runs here. If not, the suite is named among those that were left out, which
/// `cargo xtask test` prints at its end; in CI it is a failure.
#[must_use]
pub fn is_installed_or_left_out(program: &str, suite: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let is_installed = command.status().is_ok_and(|status| status.success());
    is_possible_or_left_out(
        is_installed,
        suite,
        &format!("`{program}` is not installed"),
    )
}

/// The same for anything else that a suite needs and a machine may not give, with what that is.
#[must_use]
pub fn is_possible_or_left_out(is_possible: bool, suite: &str, why_not: &str) -> bool {
    if is_possible {
        return true;
    }
    let line = format!("{suite}: {why_not}");
    let in_ci = env::var_os("CI").is_some_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "in CI no suite may be left out: {line}");
    match env::var_os("CUTOVER_LEFT_OUT") {
        Some(file) => {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(file)
                .expect("the list of what is left out can be written");
            writeln!(file, "{line}").expect("the list of what is left out can be written");
        }
        None => panic!("left out: {line}; make it possible, or run `cargo xtask test`"),
    }
    false
}
