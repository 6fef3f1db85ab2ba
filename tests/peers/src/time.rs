//! Time per call, on one thread and on two.
//!
//! The machine is not ours alone. So the ways of a scenario take turns, sample by sample, and what
//! counts is the fastest sample: the one that was disturbed least.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::scenario::Scenario;
use crate::way::{Turns, Way};
use crate::world::World;

const SAMPLES: usize = 200;

/// Short, so that there are samples during which nobody else wanted either core.
const SAMPLE: Duration = Duration::from_micros(500);

/// Nanoseconds per call.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// On one thread, the fastest sample.
    pub alone: f64,
    /// On one thread, the median of the samples.
    pub median: f64,
    /// On two threads at once, for each of them, the fastest sample.
    pub together: f64,
}

/// The times of all ways of a scenario, floors first.
///
/// # Errors
///
/// An engine does not take the scenario.
pub fn measure(scenario: &Scenario) -> Result<Vec<Time>, String> {
    let world = World::new(scenario)?;
    let ways = world.ways_with_floors();
    let turns: Vec<Turns> = ways.iter().map(|way| calibrate(way, scenario)).collect();
    let mut alone = vec![Vec::with_capacity(SAMPLES); ways.len()];
    let mut together = alone.clone();
    for _ in 0..SAMPLES {
        for (at, way) in ways.iter().enumerate() {
            alone[at].push(one_thread(way, turns[at]));
            together[at].push(two_threads(way, turns[at]));
        }
    }
    let times = alone.iter_mut().zip(&mut together);
    Ok(times
        .map(|(alone, together)| {
            alone.sort_by(f64::total_cmp);
            together.sort_by(f64::total_cmp);
            Time {
                alone: alone[0],
                median: alone[SAMPLES / 2],
                together: together[0],
            }
        })
        .collect())
}

/// As many calls as fill a sample.
fn calibrate(way: &Way<'_>, scenario: &Scenario) -> Turns {
    let mut turns = Turns::timed(scenario, 1000);
    loop {
        let start = Instant::now();
        way.ask(turns);
        if start.elapsed() >= SAMPLE {
            return turns;
        }
        turns.rounds *= 2;
    }
}

fn one_thread(way: &Way<'_>, turns: Turns) -> f64 {
    warm_up(way, turns);
    sample(way, turns)
}

/// Everybody once: the ways before this one have had the caches for themselves.
fn warm_up(way: &Way<'_>, turns: Turns) {
    let rounds = turns.people;
    way.ask(Turns { rounds, ..turns });
}

fn sample(way: &Way<'_>, turns: Turns) -> f64 {
    let start = Instant::now();
    way.ask(turns);
    start.elapsed().as_nanos() as f64 / turns.rounds as f64
}

/// Both threads ask all the time that either is timed, but for the difference of their ends.
fn two_threads(way: &Way<'_>, turns: Turns) -> f64 {
    let start = Barrier::new(2);
    let timed = || {
        warm_up(way, turns);
        start.wait();
        sample(way, turns)
    };
    thread::scope(|scope| {
        let other = scope.spawn(timed);
        let here = timed();
        let there = other.join().unwrap_or(f64::INFINITY);
        f64::midpoint(here, there)
    })
}
