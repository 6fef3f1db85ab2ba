//! Operations: old and new behind one call.
//!
//! The authoritative side answers the caller. The other one, where the stage wants it, runs as a
//! candidate off the caller's path, is compared, and can change or delay nothing.
//!
//! ```
//! use cutover_app::execution::{BlockingOperation, Cutover};
//! use cutover_app::flags::Live;
//! use cutover_domain::flags::Context;
//!
//! let cutover = Cutover::new(Live::new());
//! let shout = BlockingOperation::<String, String, std::num::ParseIntError>::builder("shout")
//!     .old(|text| Ok(text.to_uppercase()))
//!     .new(|text| Ok(text.chars().flat_map(char::to_uppercase).collect()))
//!     .flag("use_new_shout")
//!     .build(&cutover)?;
//! assert_eq!(shout.run(&Context::unit("iris"), "straße".to_owned())?, "STRASSE");
//! shout.drain(std::time::Duration::from_secs(5)); // the candidate has been compared by now
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocking;
mod builder;
mod call;
mod cutover;
mod judge;
#[cfg(feature = "tokio")]
mod lane;
mod noise;
#[cfg(feature = "tokio")]
mod operation;
mod overdue;
mod pool;
mod recording;
mod switch;
mod write;

use std::time::Duration;

pub use blocking::{BlockingOperation, BlockingSide};
pub use builder::{BuildError, Builder, Keep};
pub use cutover::Cutover;
#[cfg(feature = "tokio")]
pub use operation::{AsyncSide, Operation};
pub use recording::Recording;
pub use switch::Switch;
pub use write::{BlockingWrite, WriteBuilder};

/// How candidates run: in the background, within bounds.
///
/// ```
/// use cutover_app::execution::Candidate;
/// use std::time::Duration;
///
/// let careful = Candidate::background().timeout(Duration::from_secs(2)).concurrency(4).queue(64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    timeout: Duration,
    concurrency: usize,
    queue: usize,
}

impl Candidate {
    /// At most 16 at a time, 256 waiting, 10 seconds each.
    #[must_use]
    pub const fn background() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            concurrency: 16,
            queue: 256,
        }
    }

    /// After this long a candidate counts as timed out. An asynchronous one is dropped then; a
    /// blocking one keeps its thread until it ends, and is counted as stuck.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How many run at a time; at least one.
    #[must_use]
    pub const fn concurrency(self, concurrency: usize) -> Self {
        Self {
            concurrency: if concurrency == 0 { 1 } else { concurrency },
            ..self
        }
    }

    /// How many wait. What comes when the queue is full is dropped and counted.
    #[must_use]
    pub const fn queue(self, queue: usize) -> Self {
        Self { queue, ..self }
    }
}

impl Default for Candidate {
    fn default() -> Self {
        Self::background()
    }
}

/// What the background of an operation is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackgroundStatus {
    /// Candidates that wait.
    pub queued: usize,
    /// Candidates that run.
    pub running: usize,
    /// Those of the running ones that exceeded their timeout and did not end.
    pub stuck: usize,
}

impl BackgroundStatus {
    /// Whether nothing waits and nothing runs.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.queued == 0 && self.running == 0
    }
}

/// Why a candidate was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejected {
    QueueFull,
    Closed,
    NoThread,
}
