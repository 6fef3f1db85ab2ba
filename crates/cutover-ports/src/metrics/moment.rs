//! Readings of the monotonic clock as plain numbers.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A reading of the monotonic clock, in nanoseconds since the first reading of this process.
///
/// Taking the difference of two [`Instant`]s costs more than collecting a duration. A `Moment`
/// pays that once, when it is read; what is measured and in which slot it falls are then plain
/// subtractions.
///
/// ```
/// use std::time::Duration;
/// use cutover_ports::metrics::Moment;
///
/// let started = Moment::now();
/// let ended = started.plus(Duration::from_millis(3));
/// assert_eq!(ended.since(started), Duration::from_millis(3));
/// assert_eq!(started.since(ended), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// Now.
    #[inline]
    #[must_use]
    pub fn now() -> Self {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        let now = Instant::now();
        let since = now.saturating_duration_since(*FIRST.get_or_init(|| now));
        // Wraps after 584 years.
        Self(
            since
                .as_secs()
                .wrapping_mul(1_000_000_000)
                .wrapping_add(since.subsec_nanos().into()),
        )
    }

    /// The time from `earlier` to this; nothing when it is later.
    #[inline]
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// This much later, for tests and replays.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    pub(super) fn plus_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// The number behind it, for one atomic cell.
    #[inline]
    pub(super) fn number(self) -> u64 {
        self.0
    }

    #[inline]
    pub(super) fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
