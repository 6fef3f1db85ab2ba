//! The program with a home of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::Answer;
use crate::binaries::cutover_binary;

/// `cutover` in a fresh home, which goes away with it.
#[derive(Debug)]
pub struct Cutover {
    home: TempDir,
}

impl Default for Cutover {
    fn default() -> Self {
        Self::new()
    }
}

impl Cutover {
    /// An empty home.
    #[must_use]
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder for temporary files"),
        }
    }

    /// An empty home with these boolean flags in it.
    #[must_use]
    pub fn with_flags<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let cutover = Self::new();
        for key in keys {
            cutover.run(["flag", "create", key, "--yes"]).expect(0);
        }
        cutover
    }

    /// A file or folder in the home.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file into the home and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).expect("the home can be written");
        fs::write(&path, content).expect("the home can be written");
        path
    }

    /// Reads a file of the home.
    #[must_use]
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
    }

    /// A command that nobody started yet. It sees this home, and none of the user's settings.
    #[must_use]
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(cutover_binary());
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("CUTOVER_HOME", self.home.path())
            .env_remove("CUTOVER_STORE")
            .env_remove("CUTOVER_ENVIRONMENT")
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        let mut command = self.command(arguments);
        let output = command.output().expect("cutover can be started");
        Answer::new(shown(&command), output)
    }

    /// Runs a command with `input` on its standard input.
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Answer {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("cutover can be started");
        let mut pipe = child.stdin.take().expect("standard input is piped");
        let input = input.to_vec();
        // A thread, because a program may answer before it has read everything.
        let writer = std::thread::spawn(move || pipe.write_all(&input));
        let output = child.wait_with_output().expect("cutover can be waited for");
        // A program that refuses its input early closes the pipe; its answer says why.
        let _ = writer.join().expect("writing does not panic");
        Answer::new(shown(&command), output)
    }

    /// The whole history, newest first.
    #[must_use]
    #[track_caller]
    pub fn history(&self) -> Vec<Value> {
        let answer = self.run(["flag", "history", "-n", "1000000", "--format", "json"]);
        let history = answer.expect(0).json()["history"].take();
        history
            .as_array()
            .cloned()
            .unwrap_or_else(|| panic!("`history` is no list: {answer}"))
    }
}

fn shown(command: &Command) -> String {
    let words = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned());
    std::iter::once("cutover".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}
