//! deepdiff, in a Python of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Answer, Ask};

/// A Python that has deepdiff.
pub(crate) struct Python {
    program: PathBuf,
}

/// What a comparison costs there, in milliseconds.
pub(crate) struct Cost {
    pub(crate) reading: f64,
    pub(crate) comparing: f64,
    pub(crate) found: u64,
}

impl Python {
    pub(crate) fn new(program: &str) -> Self {
        Self {
            program: program.into(),
        }
    }

    pub(crate) fn version(&self) -> Result<String, String> {
        let said = self.ask(&json!({"what": "version"}), Duration::from_secs(60))?;
        Ok(said
            .and_then(|version| version.as_str().map(str::to_owned))
            .unwrap_or_default())
    }

    pub(crate) fn answer(&self, ask: Ask, old: &str, new: &str) -> Result<Answer, String> {
        let request = json!({"what": "answer", "ask": ask.word(), "old": old, "new": new});
        let said = self.ask(&request, Duration::from_secs(60))?;
        let word = said.as_ref().and_then(Value::as_str).unwrap_or("crash");
        Answer::by_word(word).ok_or_else(|| format!("deepdiff said {word:?}"))
    }

    /// None if it takes longer than `limit`.
    pub(crate) fn cost(
        &self,
        ask: Ask,
        documents: &[String; 2],
        limit: Duration,
    ) -> Result<Option<Cost>, String> {
        let folder = std::env::temp_dir().join(format!("cutover-peers-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let [old_file, new_file] = ["old.json", "new.json"].map(|name| folder.join(name));
        for (file, text) in [&old_file, &new_file].into_iter().zip(documents) {
            fs::write(file, text).map_err(|error| error.to_string())?;
        }
        let request = json!({
            "what": "cost", "ask": ask.word(), "old_file": old_file, "new_file": new_file,
        });
        let said = self.ask(&request, limit);
        fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        let Some(said) = said? else { return Ok(None) };
        let figure = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
        Ok(Some(Cost {
            reading: figure("reading"),
            comparing: figure("comparing"),
            found: said["found"].as_u64().unwrap_or(0),
        }))
    }

    /// Asks in a process of its own. None if it does not answer in time or ends without an answer.
    fn ask(&self, request: &Value, limit: Duration) -> Result<Option<Value>, String> {
        let program = self.program.display();
        let mut child = Command::new(&self.program)
            .args(["-c", include_str!("deepdiff.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program} cannot be started: {error}"))?;
        let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program} has no pipes"));
        };
        let line = format!("{request}\n");
        let (say, said) = mpsc::channel();
        thread::spawn(move || {
            let mut answer = String::new();
            let sent = to.write_all(line.as_bytes()).is_ok();
            drop(to);
            if sent && BufReader::new(from).read_line(&mut answer).is_ok() {
                // Nobody may be waiting any more.
                let _ = say.send(answer);
            }
        });
        let answer = said.recv_timeout(limit).unwrap_or_default();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        Ok(serde_json::from_str(&answer).ok())
    }
}
