//! Heap allocations per call. The program that counts them has an allocator of its own, so the
//! program that takes times does not pay for the counting.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::scenario::Scenario;
use crate::way::Turns;
use crate::world::World;

const ROUNDS: usize = 5000;

/// Counts for every way of every scenario, floors first; `so_far` says how many allocations there
/// were. Prints a line with the total of each.
///
/// # Errors
///
/// An engine does not take a scenario.
pub fn count(so_far: impl Fn() -> u64) -> Result<(), String> {
    for scenario in Scenario::for_cost() {
        let world = World::new(&scenario)?;
        let turns = Turns::timed(&scenario, ROUNDS);
        for way in world.ways_with_floors() {
            // What is made once and kept is not the cost of a call.
            way.ask(turns);
            let before = so_far();
            way.ask(turns);
            println!("{}", so_far() - before);
        }
    }
    Ok(())
}

/// Runs the counting program, and returns allocations per call.
///
/// # Errors
///
/// The program cannot be run, or says something else.
pub fn measure(program: &Path) -> Result<Vec<f64>, String> {
    let output = Command::new(program)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", program.display(), output.status));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            line.parse::<u64>()
                .map(|count| count as f64 / ROUNDS as f64)
                .map_err(|_| format!("{} printed {line:?}", program.display()))
        })
        .collect()
}
