//! What a change takes, and how soon another process sees it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use cutover_domain::flags::Revision;
use cutover_ports::flags::FlagStore;
use jiff::Timestamp;
use pollster::block_on;
use serde_json::{Value, json};

use crate::Failure;
use crate::write::change;

/// Another process that watches; it ends with this.
struct Watcher {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    fn start(address: &str, since: Revision) -> Result<Self, Failure> {
        let mut process = Command::new(env::current_exe()?)
            .args(["watch", address, "--since", &since.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the watcher has no output")?;
        let lines = BufReader::new(output).lines();
        let mut watcher = Self { process, lines };
        watcher.next()?;
        Ok(watcher)
    }

    fn next(&mut self) -> Result<Value, Failure> {
        let line = self.lines.next().ok_or("the watcher has ended")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// When it saw a revision, in nanoseconds.
    fn saw(&mut self, revision: Revision) -> Result<i64, Failure> {
        let event = self.next()?;
        match (event["revision"].as_u64(), event["at"].as_i64()) {
            (Some(number), Some(at)) if number == revision.number() => Ok(at),
            _ => Err(format!("revision {revision} was expected, not {event}").into()),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One change after the other, each when the last has been seen. The clock is the machine's, which
/// both processes read.
pub(crate) fn latency(store: &dyn FlagStore, address: &str, changes: u64) -> Result<(), Failure> {
    let found = block_on(store.load())?.ok_or("there are no flags: begin with `init`")?;
    let mut watcher = Watcher::start(address, found.revision)?;
    let (mut seen, mut late, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..changes {
        let begun = now()?;
        let revision = change(store, "latency", number)?;
        let acknowledged = now()?;
        let at = watcher.saw(revision)?;
        seen.push(at - begun);
        late.push((at - acknowledged).max(0));
        taken.push(acknowledged - begun);
    }
    println!(
        "{}",
        json!({"from": "begin of the change until seen", "ms": spread(seen)})
    );
    println!(
        "{}",
        json!({"from": "acknowledged until seen", "ms": spread(late)})
    );
    println!(
        "{}",
        json!({"from": "begin of the change until acknowledged", "ms": spread(taken)})
    );
    Ok(())
}

fn now() -> Result<i64, Failure> {
    Ok(i64::try_from(Timestamp::now().as_nanosecond())?)
}

/// Percentiles of nanoseconds, in milliseconds.
fn spread(mut values: Vec<i64>) -> Value {
    values.sort_unstable();
    let at = |share: usize| {
        let index = (values.len() * share / 1000).min(values.len().saturating_sub(1));
        let nanoseconds = values.get(index).copied().unwrap_or_default();
        (nanoseconds / 1000) as f64 / 1000.0
    };
    json!({"p50": at(500), "p90": at(900), "p99": at(990), "max": at(1000)})
}

/// Changes by one process alone: their time, and the most memory that the process ever held.
pub(crate) fn cost(store: &dyn FlagStore, changes: u64) -> Result<(), Failure> {
    let mut taken = Vec::new();
    for number in 0..changes {
        let begun = Instant::now();
        change(store, "cost", number)?;
        taken.push(i64::try_from(begun.elapsed().as_nanos())?);
    }
    let found = json!({"changes": changes, "ms": spread(taken), "peak_memory_kb": peak_memory()});
    println!("{found}");
    Ok(())
}

/// What Linux says of this process; nothing elsewhere.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
