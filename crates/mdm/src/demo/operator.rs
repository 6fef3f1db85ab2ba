//! Flag changes from outside: by the `cutover` program in a process of its own when it is found,
//! else by another flag service of this process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cutover::flags::Intent;
use cutover::prelude::*;

use super::error::DemoError;
use super::setting::{FLAG, Setting};

/// Who changes flags on the day of the cutover.
pub(super) struct Operator {
    program: Option<PathBuf>,
    home: PathBuf,
}

/// A change that was made, and how long it took until it was in force in this process.
pub(super) struct Felt {
    /// What was typed; absent when there was no program to type it to.
    pub(super) command: Option<String>,
    /// From the start of the command until calls here were decided by it.
    pub(super) until_in_force: Duration,
}

impl Operator {
    pub(super) fn new(program: Option<PathBuf>, home: &Path) -> Self {
        Self {
            program: program.filter(|program| program.exists()),
            home: home.to_owned(),
        }
    }

    /// How a person types the program: from where they stand, and as cargo builds it when it is
    /// not there.
    pub(super) fn typed(&self) -> String {
        match &self.program {
            Some(program) => from_here(program),
            None => "cargo run -q -p cutover-cli --".to_owned(),
        }
    }

    /// Takes modern away from everybody.
    pub(super) fn kill(&self, setting: &Setting, reason: &str) -> Result<Felt, DemoError> {
        let change = Intent::Changes(vec![Change::Kill { key: flag() }]);
        self.change(setting, "kill", change, reason)
    }

    /// Takes the last change of the flag back.
    pub(super) fn undo(&self, setting: &Setting, reason: &str) -> Result<Felt, DemoError> {
        self.change(
            setting,
            "undo",
            Intent::Undo {
                key: flag(),
                to: None,
            },
            reason,
        )
    }

    fn change(
        &self,
        setting: &Setting,
        verb: &str,
        intent: Intent,
        reason: &str,
    ) -> Result<Felt, DemoError> {
        let before = setting.home.live().status().revision;
        let started = Instant::now();
        let command = match &self.program {
            Some(program) => Some(self.run(program, verb, reason)?),
            None => {
                // A service of its own: nothing tells this process but the store.
                let store = cutover::file::FileFlagStore::open(&self.home);
                let service = FlagService::new(std::sync::Arc::new(store));
                let request = Request::by("operator").because(reason).intend(intent);
                pollster::block_on(service.apply(&request))?;
                None
            }
        };
        while setting.home.live().status().revision <= before {
            if started.elapsed() > Duration::from_secs(10) {
                return Err(DemoError::NotInForce(before.number() + 1));
            }
            std::thread::yield_now();
        }
        Ok(Felt {
            command,
            until_in_force: started.elapsed(),
        })
    }

    fn run(&self, program: &Path, verb: &str, reason: &str) -> Result<String, DemoError> {
        let (typed, home) = (self.typed(), from_here(&self.home));
        let shown = format!("{typed} flag {verb} {FLAG} --yes --reason \"{reason}\" --home {home}");
        let failed = |problem: String| DemoError::Program {
            command: shown.clone(),
            problem,
        };
        let output = Command::new(program)
            .arg("--home")
            .arg(&self.home)
            .args([
                "--quiet", "flag", verb, FLAG, "--yes", "--actor", "operator",
            ])
            .args(["--reason", reason])
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(shown);
        }
        Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

/// A path as it is typed from the folder the program was started in.
pub(super) fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[expect(
    clippy::expect_used,
    reason = "the key is a constant, and every run of the demo uses it"
)]
fn flag() -> FlagKey {
    FLAG.parse().expect("a flag key")
}
