//! What every engine pays at least.

use std::hint::black_box;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::scenario::Scenario;
use crate::way::{Engine, Way};

/// The loop that goes round the people and does nothing for them: what is taken off instruction
/// counts.
#[must_use]
pub fn the_loop(scenario: &Scenario) -> Way<'_> {
    let stride = scenario.stride();
    Way::new(Engine::Floor, "the loop", move || {
        move |at| {
            black_box((&scenario.keys[at * stride], &scenario.people[at]));
            at & 1 == 0
        }
    })
}

/// One hash of the unit. Its time on two threads tells what the machine can do.
#[must_use]
pub fn the_hash(scenario: &Scenario) -> Way<'_> {
    Way::new(Engine::Floor, "xxh3 of the unit", move || {
        move |at| xxh3_64_with_seed(scenario.people[at].unit.as_bytes(), 7) & 1 == 0
    })
}
