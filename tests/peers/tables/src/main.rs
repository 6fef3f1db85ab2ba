//! `cutover-peers-tables --python PYTHON FILE`: our comparison of two tables beside Python's, on one
//! machine in one run; prints tables and writes the same to FILE as JSON.
//!
//! Every contender is a process of its own, which says what it took; they take turns, and the fastest
//! of five turns counts. `cutover-peers-tables ours OLD NEW` is one of them.

use std::env;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use cutover_table::{CsvDialect, Table, TableComparator};
use serde_json::{Value, json};
use wait4::Wait4;

const USAGE: &str = "cutover-peers-tables --python PYTHON FILE";
/// What makes the tables and asks the peers.
const SCRIPT: &str = include_str!("peers.py");
const ROWS: u64 = 1_000_000;
const TURNS: usize = 5;
/// Who is measured; `read` is the floor.
const CONTENDERS: [&str; 5] = ["read", "ours", "join", "pandas", "datacompy"];
const PAIRS: [[&str; 2]; 3] = [
    ["old.parquet", "new.parquet"],
    ["old.parquet", "shuffled.parquet"],
    ["old.csv", "new.csv"],
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["ours", old, new] => ours(old, new),
        ["--python", python, file] => beside(python, Path::new(file)),
        [file] if !file.starts_with('-') => {
            Err("the tables are made and read by packages of Python, which are not here".to_owned())
        }
        _ => Err(format!("usage: {USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn table(path: &str) -> Table {
    if path.ends_with(".csv") {
        Table::csv(Path::new(path), CsvDialect::default())
    } else {
        Table::parquet(path)
    }
}

fn ours(old: &str, new: &str) -> Result<(), String> {
    let found = TableComparator::by_key(["id"])
        .compare(table(old), table(new))
        .map_err(|error| error.to_string())?;
    let cells: u64 = found.columns.iter().map(|column| column.different).sum();
    println!("{}", json!({"found": cells, "kept": found.memory}));
    Ok(())
}

/// What one process took.
#[derive(Clone, Copy, Debug)]
struct Took {
    wall: f64,
    cpu: f64,
    peak: f64,
    found: Option<u64>,
}

fn beside(python: &str, file: &Path) -> Result<(), String> {
    let folder = file.with_extension("");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!("two tables of {ROWS} rows…");
    let script = |arguments: &[&str]| {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).args(arguments);
        command
    };
    let made = script(&["make", &ROWS.to_string(), &folder.display().to_string()]).status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("the tables cannot be made".to_owned());
    }
    let this = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let mut all = Vec::new();
    for pair in PAIRS {
        let [old, new] = pair.map(|name| folder.join(name).display().to_string());
        let mut best: [Option<Took>; CONTENDERS.len()] = [None; CONTENDERS.len()];
        for _ in 0..TURNS {
            for (contender, best) in CONTENDERS.iter().zip(&mut best) {
                let took = match *contender {
                    "ours" => run(Command::new(&this).args(["ours", &old, &new]))?,
                    peer => run(&mut script(&[peer, &old, &new]))?,
                };
                if best.is_none_or(|best| took.cpu < best.cpu) {
                    *best = Some(took);
                }
            }
        }
        all.push(show(pair, best));
    }
    fs::write(file, format!("{:#}\n", Value::from(all)))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

/// Prints the table of one pair; the same as JSON.
fn show([old, new]: [&str; 2], best: [Option<Took>; CONTENDERS.len()]) -> Value {
    println!("\n{old} and {new}, {ROWS} rows, 1 % changed\n");
    println!("| | CPU | beside reading | wall | peak memory | cells found |");
    println!("|---|---|---|---|---|---|");
    let floor = best[0].map_or(f64::NAN, |floor| floor.cpu);
    let mut contenders = Vec::new();
    for (contender, took) in CONTENDERS.iter().zip(best.into_iter().flatten()) {
        let found = match took.found {
            None => "–".to_owned(),
            Some(found) if found == ROWS / 100 => found.to_string(),
            Some(found) => format!("**✗ {found}**"),
        };
        println!(
            "| {contender} | {:.2} s | {:.2} × | {:.2} s | {:.0} MB | {found} |",
            took.cpu,
            took.cpu / floor,
            took.wall,
            took.peak / 1e6
        );
        contenders.push(json!({
            "who": contender,
            "cpu_seconds": took.cpu,
            "wall_seconds": took.wall,
            "peak_bytes": took.peak,
            "cells": took.found,
        }));
    }
    json!({"old": old, "new": new, "rows": ROWS, "contenders": contenders})
}

/// Runs a contender. What it says of its own time counts, as that leaves out Python's imports; ours
/// says nothing, and all of its process counts.
fn run(command: &mut Command) -> Result<Took, String> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("a contender cannot be started: {error}"))?;
    let mut answer = String::new();
    if let Some(mut out) = child.stdout.take() {
        let read = out.read_to_string(&mut answer);
        read.map_err(|error| error.to_string())?;
    }
    let used = child.wait4().map_err(|error| error.to_string())?;
    let wall = start.elapsed().as_secs_f64();
    if !used.status.success() {
        return Err(format!("a contender failed: {}", used.status));
    }
    let said: Value = answer
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| format!("a contender said {answer:?}"))?;
    let cpu = used.rusage.utime + used.rusage.stime;
    let of = |name: &str, otherwise: f64| said[name].as_f64().unwrap_or(otherwise);
    Ok(Took {
        wall: of("wall", wall),
        cpu: of("cpu", cpu.as_secs_f64()),
        peak: of("peak", used.rusage.maxrss as f64),
        found: said["found"].as_u64(),
    })
}
