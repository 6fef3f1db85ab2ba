//! `tables PYTHON SCRIPT FOLDER ROWS`: our comparison of tables beside Python's, on one machine in
//! one run. Every contender is a process of its own, which says what it took; they take turns, and
//! the fastest of five turns counts.
//!
//! `tables ours OLD NEW` is one of them.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use cutover_table::{CsvDialect, Table, TableComparator};
use serde_json::{Value, json};
use wait4::Wait4;

const TURNS: usize = 5;
/// Who is measured; `read` is the floor.
const CONTENDERS: [&str; 5] = ["read", "ours", "join", "pandas", "datacompy"];
const PAIRS: [(&str, &str); 3] = [
    ("old.parquet", "new.parquet"),
    ("old.parquet", "shuffled.parquet"),
    ("old.csv", "new.csv"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["ours", old, new] => ours(old, new),
        [python, script, folder, rows] => beside(python, script, Path::new(folder), rows),
        _ => Err("usage: tables PYTHON SCRIPT FOLDER ROWS".to_owned()),
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

fn beside(python: &str, script: &str, folder: &Path, rows: &str) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.display().to_string();
    let made = Command::new(python).args([script, "make", rows, &folder]).status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("the tables cannot be made".to_owned());
    }
    let this = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let expected: u64 = rows.parse::<u64>().map_err(|error| error.to_string())? / 100;
    for (old, new) in PAIRS {
        let paths = [format!("{folder}/{old}"), format!("{folder}/{new}")];
        let mut best: [Option<Took>; CONTENDERS.len()] = [None; CONTENDERS.len()];
        for _ in 0..TURNS {
            for (contender, best) in CONTENDERS.iter().zip(&mut best) {
                let took = match *contender {
                    "ours" => run(Command::new(&this).arg("ours").args(&paths))?,
                    peer => run(Command::new(python).args([script, peer]).args(&paths))?,
                };
                if best.is_none_or(|best| took.cpu < best.cpu) {
                    *best = Some(took);
                }
            }
        }
        println!("\n{old} and {new}, {rows} rows, 1 % changed\n");
        println!("| | CPU | beside reading | wall | peak memory | cells found |");
        println!("|---|---|---|---|---|---|");
        let floor = best[0].map_or(f64::NAN, |floor| floor.cpu);
        for (contender, took) in CONTENDERS.iter().zip(best.into_iter().flatten()) {
            let found = match took.found {
                None => "-".to_owned(),
                Some(found) if found == expected => found.to_string(),
                Some(found) => format!("{found}, of {expected}"),
            };
            println!(
                "| {contender} | {:.2} s | {:.2} × | {:.2} s | {:.0} MB | {found} |",
                took.cpu,
                took.cpu / floor,
                took.wall,
                took.peak / 1e6
            );
        }
    }
    Ok(())
}

/// Runs a contender. What it says of its own time counts, as that leaves out Python's imports; ours
/// says nothing, and all of its process counts.
fn run(command: &mut Command) -> Result<Took, String> {
    let start = std::time::Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    let mut answer = String::new();
    if let Some(mut out) = child.stdout.take() {
        let read = std::io::Read::read_to_string(&mut out, &mut answer);
        read.map_err(|error| error.to_string())?;
    }
    let used = child.wait4().map_err(|error| error.to_string())?;
    let wall = start.elapsed().as_secs_f64();
    if !used.status.success() {
        return Err(format!("{command:?} failed"));
    }
    let said: Value = answer
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| format!("{command:?} said {answer:?}"))?;
    let cpu = used.rusage.utime + used.rusage.stime;
    let of = |name: &str, otherwise: f64| said[name].as_f64().unwrap_or(otherwise);
    Ok(Took {
        wall: of("wall", wall),
        cpu: of("cpu", cpu.as_secs_f64()),
        peak: of("peak", used.rusage.maxrss as f64),
        found: said["found"].as_u64(),
    })
}
