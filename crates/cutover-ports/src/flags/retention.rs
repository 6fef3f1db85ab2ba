use std::time::Duration;

use cutover_domain::flags::Revision;
use jiff::Timestamp;

/// Which records of the history to keep: those that pass every limit, and no record that is older
/// than one that does not. Without a limit, all.
///
/// ```
/// use cutover_ports::flags::{FlagStore, MemoryFlagStore, Retention};
///
/// # pollster::block_on(async {
/// let store = MemoryFlagStore::new();
/// let done = store.compact(&Retention::newest(1000)).await?;
/// assert_eq!((done.removed, done.oldest), (0, None), "there was nothing yet");
/// # Ok::<(), cutover_ports::PortError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Keep at most so many of the newest records.
    pub keep_newest: Option<usize>,
    /// Keep records up to this age.
    pub keep_for: Option<Duration>,
}

impl Retention {
    /// Keep at most so many of the newest records.
    #[must_use]
    pub fn newest(count: usize) -> Self {
        Self {
            keep_newest: Some(count),
            ..Self::default()
        }
    }

    /// Keep records up to this age.
    #[must_use]
    pub fn younger_than(age: Duration) -> Self {
        Self {
            keep_for: Some(age),
            ..Self::default()
        }
    }

    /// Whether a record stays that was made at `time` and has so many `newer` ones, provided that
    /// all of those stay. The newest always does: it tells which revision comes next.
    #[must_use]
    pub fn keeps(&self, newer: usize, time: Timestamp, now: Timestamp) -> bool {
        newer == 0
            || self.keep_newest.is_none_or(|limit| newer < limit)
                && self
                    .keep_for
                    .and_then(|age| now.checked_sub(age).ok())
                    .is_none_or(|oldest| time >= oldest)
    }
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// How many revisions the history reached back further before.
    pub removed: u64,
    /// The oldest revision that the history still has; `None` when there is no history.
    pub oldest: Option<Revision>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_every_limit_stays_and_the_newest_always() {
        let now = Timestamp::UNIX_EPOCH;
        let ago = |seconds| now - Duration::from_secs(seconds);
        let both = Retention {
            keep_newest: Some(3),
            keep_for: Some(Duration::from_secs(10)),
        };
        let cases = [
            (Retention::default(), usize::MAX, Timestamp::MIN, true),
            (Retention::newest(3), 2, Timestamp::MIN, true),
            (Retention::newest(3), 3, now, false),
            (Retention::newest(0), 0, Timestamp::MIN, true),
            (Retention::newest(0), 1, now, false),
            (both, 2, ago(10), true),
            (both, 2, ago(11), false),
            (both, 3, ago(10), false),
            (both, 0, ago(11), true),
            (Retention::younger_than(Duration::ZERO), 1, now, true),
            (
                Retention::younger_than(Duration::MAX),
                1,
                Timestamp::MIN,
                true,
            ),
        ];
        for (retention, newer, time, expected) in cases {
            let kept = retention.keeps(newer, time, now);
            assert_eq!(kept, expected, "{retention:?}, {newer} newer, {time}");
        }
    }
}
