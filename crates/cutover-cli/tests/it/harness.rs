//! A home of its own for every test, and what a run of the program answered.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A home with the built program in front of it.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    /// The address of the store, where it is not the home.
    store: Option<String>,
}

/// What a run answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            store: None,
        }
    }

    /// A home whose flags are in a database.
    pub(crate) fn with_database() -> Self {
        let mut home = Self::new();
        home.store = Some(format!("sqlite:{}", home.database().display()));
        home
    }

    /// Where that database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("flags.db")
    }

    /// A home with one boolean flag, `f`, at revision 1.
    pub(crate) fn with_flag() -> Self {
        let home = Self::new();
        home.done(&["flag", "create", "f", "--yes"]);
        home
    }

    /// The home itself, not there before the first change.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Puts a file beside the home, and answers its path.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The program with the environment of a plain user, and nobody to ask.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("CUTOVER_HOME", self.path())
            .env("USER", "tester")
            .stdin(Stdio::null());
        if let Some(store) = &self.store {
            command.env("CUTOVER_STORE", store);
        }
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Answer {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Answer {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // From a thread: the program answers while it reads.
        let feeder = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap().unwrap();
        output.into()
    }

    /// Runs what must work, and answers its standard output.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        assert_eq!(answer.code, 0, "{arguments:?}\n{answer}");
        answer.out
    }

    /// Runs with `--format json` what must work.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let answer = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(answer.code, 0, "{arguments:?}\n{answer}");
        answer.json()
    }

    /// What was said, with everything that differs between runs and machines taken out.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        let mut text = String::new();
        writeln!(text, "$ cutover {}", arguments.join(" ")).unwrap();
        write!(text, "{answer}").unwrap();
        self.same_everywhere(&text)
    }

    fn same_everywhere(&self, text: &str) -> String {
        text.replace(&self.path().display().to_string(), "HOME")
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// Standard output as one JSON document with a schema.
    pub(crate) fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self}"));
        assert_eq!(value["schema"], 1, "{self}");
        value
    }

    /// Standard output as JSON Lines, each with a schema.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let lines: Vec<_> = self.out.lines().map(parse).collect();
        assert!(lines.iter().all(|line| line["schema"] == 1), "{self}");
        lines
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.out)?;
        for line in self.err.lines() {
            writeln!(f, "2> {line}")?;
        }
        writeln!(f, "=> {}", self.code)
    }
}

/// The flag `f` as it is stored.
pub(crate) fn f(home: &Home) -> Value {
    home.json(&["flag", "get", "f"])["flag"].clone()
}

pub(crate) fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}
