//! A way of asking one engine, ready to be repeated.

use std::hint::black_box;

use crate::scenario::Scenario;

/// Whose engine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// What is measured beside, to tell what cannot be saved.
    Floor,
    /// Ours.
    Cutover,
    /// `unleash-yggdrasil`, the engine of Unleash's SDKs.
    Yggdrasil,
    /// `launchdarkly-server-sdk-evaluation`, the engine of LaunchDarkly's.
    LaunchDarkly,
}

impl Engine {
    /// How it is called in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Cutover => "cutover",
            Self::Yggdrasil => "yggdrasil",
            Self::LaunchDarkly => "LaunchDarkly",
        }
    }
}

/// How often to ask, and for how many people in turn.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// Calls.
    pub rounds: usize,
    /// The people among whom they go round.
    pub people: usize,
}

impl Turns {
    /// So many calls for the people among whom cost is measured.
    #[must_use]
    pub fn timed(scenario: &Scenario, rounds: usize) -> Self {
        Self {
            rounds,
            people: scenario.people.len().min(Scenario::TIMED),
        }
    }

    /// Everybody once.
    #[must_use]
    pub fn everybody(scenario: &Scenario) -> Self {
        let everybody = scenario.people.len();
        Self {
            rounds: everybody,
            people: everybody,
        }
    }
}

type Spin<'a> = Box<dyn Fn(Turns) -> usize + Sync + 'a>;

/// A way of asking one engine.
pub struct Way<'a> {
    /// Whose.
    pub engine: Engine,
    /// What is at hand when the question comes: a handle, or the key alone.
    pub by: &'static str,
    spin: Spin<'a>,
}

impl<'a> Way<'a> {
    /// `prepare` makes, once for each thread, the closure that answers for the person at an index.
    /// The loop is compiled around that closure, so that no way pays for a call that it would not
    /// have in an application.
    pub fn new<A: FnMut(usize) -> bool>(
        engine: Engine,
        by: &'static str,
        prepare: impl Fn() -> A + Sync + 'a,
    ) -> Self {
        let spin = move |turns: Turns| {
            let mut ask = prepare();
            let mut yes = 0;
            let mut at = 0;
            for _ in 0..turns.rounds {
                yes += usize::from(black_box(ask(black_box(at))));
                at += 1;
                if at == turns.people {
                    at = 0;
                }
            }
            yes
        };
        Self {
            engine,
            by,
            spin: Box::new(spin),
        }
    }

    /// Asks, and returns how often the answer was yes.
    pub fn ask(&self, turns: Turns) -> usize {
        (self.spin)(turns)
    }

    /// Engine and way, as in a table.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}, {}", self.engine.name(), self.by)
    }
}
