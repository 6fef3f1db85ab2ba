//! The clock port: the wall clock is an effect that tests must control.
//!
//! ```
//! use cutover_ports::clock::{Clock, FixedClock};
//!
//! let clock = FixedClock::at("2026-01-01T00:00:00Z".parse()?);
//! assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
//! # Ok::<(), jiff::Error>(())
//! ```

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Tells the wall-clock time.
pub trait Clock: Debug + Send + Sync {
    /// Now. May go back when the machine's clock is set.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port's one real implementation"
    )]
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }
}

/// A time of the machine. Where a clock was set beyond the years that have a name, it stands still
/// at the last moment of these: better than nobody's flags answering.
fn timestamp(time: SystemTime) -> Timestamp {
    let beyond = if time < SystemTime::UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::try_from(time).unwrap_or(beyond)
}

/// A clock that stands still until it is moved, for tests.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock standing at `time`.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves the clock forward; stops at the end of time.
    pub fn advance(&self, by: Duration) {
        let mut now = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_out_of_its_mind_stops_nobody() {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(timestamp(epoch), Timestamp::UNIX_EPOCH);
        assert_eq!(timestamp(epoch + YEAR * 10_000), Timestamp::MAX);
        let before = epoch.checked_sub(YEAR * 20_000);
        assert_eq!(before.map(timestamp), Some(Timestamp::MIN));
    }
}
