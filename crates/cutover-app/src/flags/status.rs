use cutover_domain::flags::{FlagKey, Mask, OverlayNote, Revision};
use jiff::Timestamp;

use super::CallbackStatus;

/// Where the live flags come from, how old they are, and what lies over them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LiveStatus {
    /// The revision in force.
    pub revision: Revision,
    /// Where it comes from.
    pub source: Source,
    /// When it was last known to be the newest one; `None` before a store was ever asked.
    pub refreshed: Option<Timestamp>,
    /// Whether a [`Follower`](super::Follower) keeps it fresh.
    pub is_followed: bool,
    /// What is wrong with the store just now. The last good state stays in force.
    pub trouble: Option<Trouble>,
    /// Since when answers carry the reason `STALE`; see
    /// [`Live::set_max_age`](super::Live::set_max_age).
    pub stale_since: Option<Timestamp>,
    /// What the overlay does to the flags.
    pub overlay: OverlayStatus,
    /// The flags that a scope forces; see [`Live::with_flag`](super::Live::with_flag).
    pub forced: Vec<FlagKey>,
    /// How callbacks are doing.
    pub callbacks: CallbackStatus,
}

/// Where the flags in force come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The application itself: no store could be read yet.
    Defaults,
    /// A store: what it holds, or held last where that cannot be read any more.
    Store,
}

/// Why the store cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The latest error.
    pub text: String,
    /// When it could not be read for the first time since it could.
    pub since: Timestamp,
}

/// What an overlay does to the flags in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverlayStatus {
    /// What of the stored flags does not decide, in order of key.
    pub masks: Vec<Mask>,
    /// What the overlay says without hiding anything that is stored.
    pub notes: Vec<OverlayNote>,
    /// What cannot be followed: the layer below stays in force.
    pub problems: Vec<String>,
    /// What else people should know.
    pub warnings: Vec<String>,
}
