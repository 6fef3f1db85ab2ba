//! A home of its own, a folder of cases, and what `compare run` said about them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use signal_hook::SigId;
use signal_hook::consts::SIGINT;
use signal_hook::flag::register_conditional_default;
use tempfile::TempDir;

use crate::harness::Home;

/// How long anything may take before a test gives up: a bound, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home of its own and a corpus.
pub(crate) struct Bench {
    pub(crate) home: Home,
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::in_home(Home::new())
    }

    pub(crate) fn in_home(home: Home) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("cases")).unwrap();
        Self { home, folder }
    }

    pub(crate) fn with_cases<N: AsRef<OsStr>>(
        cases: impl IntoIterator<Item = (N, String)>,
    ) -> Self {
        let bench = Self::new();
        for (name, content) in cases {
            bench.case(name.as_ref(), &content);
        }
        bench
    }

    pub(crate) fn case(&self, name: &OsStr, content: &str) {
        fs::write(self.cases().join(name), content).unwrap();
    }

    pub(crate) fn cases(&self) -> PathBuf {
        self.folder.path().join("cases")
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn cutover(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `compare run` over the folder of cases; the exit code and the summary.
    pub(crate) fn run(&self, old: &str, new: &str, more: &[&str]) -> (i32, Value) {
        let mut arguments = vec![
            "compare", "run", "--old", old, "--new", new, "--cases", "cases", "--format", "json",
        ];
        arguments.extend(more);
        let output = self.cutover(&arguments);
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
        });
        (output.status.code().unwrap(), summary)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let output = self.cutover(&all);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
        })
    }

    /// The records of a run.
    pub(crate) fn records(&self, run: &str) -> Vec<Value> {
        let shown = self.json(&["compare", "show", run, "--limit", "100000"]);
        shown["records"].as_array().unwrap().clone()
    }

    /// The names of the cases of the last run that ended with `result`.
    pub(crate) fn cases_with(&self, result: &str) -> BTreeSet<String> {
        self.records("latest")
            .iter()
            .filter(|record| record["result"] == result)
            .map(|record| record["case"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn counts(summary: &Value) -> [u64; 4] {
    ["cases", "equal", "different", "errors"].map(|field| summary[field].as_u64().unwrap())
}

/// Waits for something that must happen, without counting on when.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Lets programs that are started from here on hear Ctrl-C, also where these tests run in the
/// background of a script, which has them ignore it: nobody inherits what is handled.
pub(crate) fn let_ctrl_c_be_heard() {
    static HEARD: LazyLock<SigId> = LazyLock::new(|| {
        let always = Arc::new(AtomicBool::new(true));
        register_conditional_default(SIGINT, always).unwrap()
    });
    LazyLock::force(&HEARD);
}

/// Sends a signal, `-INT` for one.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(status.success());
}
