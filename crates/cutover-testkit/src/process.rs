//! Other processes of a test: its own binary, started once more to play a part.
//!
//! A part is a test that is ignored, so that it runs only when it is asked for by its path. By
//! variables it is told what to do, and on its output it says what it has done.
//!
//! ```
//! let part = cutover_testkit::process::part("counting::counter");
//! assert!(part.get_args().any(|word| word == "--ignored"));
//! ```
//!
//! In a test:
//!
//! ```text
//! use cutover_testkit::process::{Player, part, say, told};
//!
//! #[test]
//! #[ignore = "a child process of the test below"]
//! fn counter() {
//!     for number in 1..=told("CUTOVER_TEST_COUNT").parse().unwrap() {
//!         say(number);
//!     }
//! }
//!
//! #[test]
//! fn another_process_counts() {
//!     let player = Player::start(part("counting::counter").env("CUTOVER_TEST_COUNT", "3"));
//!     assert_eq!(player.end(), ["1", "2", "3"]);
//! }
//! ```
#![allow(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panic, and its parts speak on their output"
)]

use std::env;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What is said stands in a line of its own, behind this.
const SAYS: &str = "says ";

/// This test binary once more, playing the ignored test of this path, like `harm::child`.
#[must_use]
pub fn part(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]);
    command
}

/// What a part was told by a variable. Panics where it was told nothing.
#[must_use]
pub fn told(variable: &str) -> String {
    let told = env::var_os(variable).and_then(|value| value.into_string().ok());
    told.unwrap_or_else(|| panic!("{variable} says nothing: another test plays this part"))
}

/// Says something to the test that started this process.
pub fn say(words: impl fmt::Display) {
    // The harness may have begun a line.
    println!("\n{SAYS}{words}");
}

/// A part that is being played, and what it says. It is killed when this is dropped.
#[derive(Debug)]
pub struct Player {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Player {
    /// Starts a [`part`].
    pub fn start(part: &mut Command) -> Self {
        let mut child = part.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Kills it. What it had said before can still be heard.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// All that it still says, once it has ended well.
    #[must_use]
    pub fn end(mut self) -> Vec<String> {
        let said = self.by_ref().collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

/// What it says, until it has said all.
impl Iterator for Player {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // One that was killed may leave half a line.
            let whole = line.strip_suffix('\n');
            if let Some(words) = whole.and_then(|line| line.strip_prefix(SAYS)) {
                return Some(words.to_owned());
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
