//! Where a migration stands.
//!
//! ```
//! use cutover_domain::Stage;
//!
//! assert_eq!(Stage::Shadow.next(), Some(Stage::Live));
//! assert_eq!("ramp-down".parse(), Ok(Stage::RampDown));
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The stages of a migration, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Old alone.
    Off,
    /// Reads from old; writes to old, then to new.
    DualWrite,
    /// Old answers, new runs beside it and is compared; writes to old, then to new.
    Shadow,
    /// New answers, old runs beside it and is compared; writes to new, then to old.
    Live,
    /// New answers alone; writes still go to old as well, as the way back.
    RampDown,
    /// New alone; old is stale.
    Complete,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 6] = [
        Self::Off,
        Self::DualWrite,
        Self::Shadow,
        Self::Live,
        Self::RampDown,
        Self::Complete,
    ];

    /// The name used in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DualWrite => "dual-write",
            Self::Shadow => "shadow",
            Self::Live => "live",
            Self::RampDown => "ramp-down",
            Self::Complete => "complete",
        }
    }

    /// The stage after this one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }

    /// The stage before this one.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).map(|index| Self::ALL[index])
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stage; the stages are off, dual-write, shadow, live, ramp-down, complete")]
pub struct UnknownStage(String);

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == text)
            .ok_or_else(|| UnknownStage(text.to_owned()))
    }
}
