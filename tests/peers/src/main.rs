//! `cutover-peers [--without-instructions] FILE`: measures, prints the table, and writes the same
//! to FILE as JSON.

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use cutover_peers::report::{Figures, Report, Row};
use cutover_peers::scenario::Scenario;
use cutover_peers::targets::{self, Target};
use cutover_peers::world::World;
use cutover_peers::{allocations, answers, instructions, time};

const USAGE: &str = "cutover-peers [--without-instructions] FILE";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [instructions::WORD] => instructions::ask_everything(),
        ["--without-instructions", file] => compare(Path::new(file), false),
        [file] if !file.starts_with('-') => compare(Path::new(file), true),
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

fn compare(file: &Path, with_instructions: bool) -> Result<(), String> {
    println!("every engine answers as it should…");
    let shares = answers::check()?;
    let this = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let counting = this.with_file_name(format!("allocations{}", env::consts::EXE_SUFFIX));
    println!("allocations…");
    let allocations = allocations::measure(&counting)?;
    let instructions = if with_instructions {
        println!("instructions, under valgrind…");
        instructions::measure(&this)?
    } else {
        Vec::new()
    };

    // The three lists have one entry for every way of every scenario, in the same order.
    let mut at = 0;
    let mut scenarios = Vec::new();
    for (scenario, (_, shares)) in Scenario::for_cost().iter().zip(shares) {
        println!("times, {}…", scenario.name);
        let times = time::measure(scenario)?;
        let world = World::new(scenario)?;
        let the_loop = instructions.get(at).copied();
        let mut rows = Vec::new();
        for (place, (way, time)) in world.ways_with_floors().iter().zip(times).enumerate() {
            let short = || format!("no figures for {} of {}", way.name(), scenario.name);
            let allocations = *allocations.get(at).ok_or_else(short)?;
            let instructions = match the_loop {
                Some(the_loop) => Some(instructions.get(at).ok_or_else(short)? - the_loop),
                None => None,
            };
            at += 1;
            // The loop itself is nothing to look at.
            if place > 0 {
                let share = shares.iter().find(|(name, _)| *name == way.name());
                rows.push(Row {
                    engine: way.engine,
                    by: way.by,
                    share: share.map(|(_, share)| *share),
                    instructions,
                    allocations,
                    alone: time.alone,
                    median: time.median,
                    together: time.together,
                });
            }
        }
        scenarios.push(Figures {
            name: scenario.name,
            title: scenario.title,
            rows,
        });
    }

    let report = Report { scenarios };
    let targets = Target::all(&report);
    println!("\n{}", report.table());
    for target in &targets {
        println!("  {}", target.line());
    }
    if let Some(least) = targets::least_lead(&report) {
        println!("\n  least ahead by key: {least}");
    }
    let text = format!(
        "{:#}\n",
        report.json(targets.iter().map(Target::json).collect())
    );
    fs::write(file, text).map_err(|error| format!("{} cannot be written: {error}", file.display()))
}
