//! Right before fast: every engine gives the answers that the scenario expects.

use crate::scenario::Scenario;
use crate::way::Turns;
use crate::world::World;

/// The shares of yes of one scenario, by way.
pub type Shares = Vec<(String, f64)>;

/// Asks every engine for everybody.
///
/// # Errors
///
/// An engine does not take a scenario, or its answers are not those expected; all such are named.
pub fn check() -> Result<Vec<(&'static str, Shares)>, String> {
    let mut wrong = Vec::new();
    let mut all = Vec::new();
    for scenario in Scenario::all() {
        let world = World::new(&scenario)?;
        let turns = Turns::everybody(&scenario);
        let (expected, tolerance) = scenario.expected;
        let mut shares = Shares::new();
        for way in world.ways() {
            let share = way.ask(turns) as f64 / turns.rounds as f64;
            if (share - expected).abs() > tolerance {
                wrong.push(format!(
                    "{}: {} says yes for {:.2} % of {} people; expected are {:.2} %",
                    scenario.name,
                    way.name(),
                    share * 100.0,
                    turns.rounds,
                    expected * 100.0,
                ));
            }
            shares.push((way.name(), share));
        }
        all.push((scenario.name, shares));
    }
    if wrong.is_empty() {
        Ok(all)
    } else {
        Err(wrong.join("\n"))
    }
}
