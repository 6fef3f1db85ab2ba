//! What a command answered.

use std::process::Output;

use serde_json::Value;

/// Exit code and both streams of one command, with the command line for messages.
#[derive(Clone, Debug)]
pub struct Answer {
    command: String,
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(command: String, output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            command,
            code: status.code(),
            stdout,
            stderr,
        }
    }

    /// The exit code; `None` after a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// Fails the test unless the command ended with `code`.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Standard output as text.
    #[must_use]
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// Standard error as text.
    #[must_use]
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.stderr).expect("standard error is UTF-8")
    }

    /// Standard output as one JSON value.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is not JSON ({error}): {self}"))
    }

    /// Standard output as JSON Lines.
    #[must_use]
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("`{line}` is not JSON ({error}): {self}"))
        };
        self.stdout().lines().map(parse).collect()
    }

    /// Fails the test unless standard error says every one of `words`.
    #[track_caller]
    pub fn explains<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> &Self {
        for word in words {
            assert!(
                self.stderr().contains(word),
                "nothing about `{word}` in {self}"
            );
        }
        self
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        writeln!(f, "`{}` ended with {code}", self.command)?;
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            let shown: String = text.chars().take(4000).collect();
            writeln!(f, "── {name}, {} bytes\n{shown}", bytes.len())?;
        }
        Ok(())
    }
}
