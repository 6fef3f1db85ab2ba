//! Being told to stop.

use std::cell::Cell;

/// Asks the caller now and then whether to go on.
pub(super) struct Stop<'s> {
    asked: &'s dyn Fn() -> bool,
    ticks: Cell<u32>,
    stopped: Cell<bool>,
}

/// How many steps go by between two questions: asking may mean reading a clock.
const STEPS: u32 = 1_024;

impl<'s> Stop<'s> {
    pub(super) fn new(asked: &'s dyn Fn() -> bool) -> Self {
        Self {
            asked,
            ticks: Cell::new(0),
            stopped: Cell::new(false),
        }
    }

    /// Takes a step; whether to stop. Once told to, it stays so.
    pub(super) fn step(&self) -> bool {
        let ticks = self.ticks.get();
        self.ticks.set(ticks.wrapping_add(1));
        if ticks.is_multiple_of(STEPS) && (self.asked)() {
            self.stopped.set(true);
        }
        self.stopped.get()
    }

    /// Whether it was told to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.get()
    }
}
