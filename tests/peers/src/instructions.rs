//! Instructions per call, counted by callgrind: the figure that repeats.
//!
//! Valgrind runs this program once more with [`WORD`]. Each way is asked within one function, where
//! alone callgrind counts, and after which it writes a profile of its own.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::scenario::Scenario;
use crate::way::{Turns, Way};
use crate::world::World;

/// The argument with which this program asks every way so often, and does nothing else.
pub const WORD: &str = "ask-everything";

/// Enough that the wrapping of the loop and the making of a reader vanish.
const ROUNDS: usize = 5000;

/// The function below, as callgrind names it.
const COUNTED: &str = "cutover_peers::instructions::counted";

#[inline(never)]
fn counted(way: &Way<'_>, turns: Turns) -> usize {
    // Something must be left to do, or the call becomes a jump that callgrind cannot follow.
    black_box(way.ask(turns))
}

/// Asks every way of every scenario, floors first.
///
/// # Errors
///
/// An engine does not take a scenario.
pub fn ask_everything() -> Result<(), String> {
    for scenario in Scenario::for_cost() {
        let world = World::new(&scenario)?;
        let turns = Turns::timed(&scenario, ROUNDS);
        for way in world.ways_with_floors() {
            // What is made once and kept is not the cost of a call.
            way.ask(turns);
            counted(&way, turns);
        }
    }
    Ok(())
}

/// Runs `program` under callgrind, and returns instructions per call in the order of asking, the
/// loop's own included.
///
/// # Errors
///
/// Valgrind or the program cannot be run, or there are no figures where they should be.
pub fn measure(program: &Path) -> Result<Vec<f64>, String> {
    let folder = tempfile::tempdir()
        .map_err(|error| format!("no folder for callgrind's profiles: {error}"))?;
    let profile = folder.path().join("profile");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={COUNTED}"))
        .arg(program)
        .arg(WORD)
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("valgrind failed ({}):\n{said}", output.status));
    }
    let totals = (1..)
        .map(|part| profile.with_extension(part.to_string()))
        .take_while(|part| part.exists())
        .map(|part| total(&part));
    let totals = totals.collect::<Result<Vec<f64>, String>>()?;
    if totals.is_empty() {
        return Err(format!("callgrind has seen no call of {COUNTED}"));
    }
    Ok(totals.iter().map(|total| total / ROUNDS as f64).collect())
}

fn total(profile: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(profile)
        .map_err(|error| format!("{} cannot be read: {error}", profile.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
        .ok_or_else(|| format!("{} has no totals", profile.display()))
}
