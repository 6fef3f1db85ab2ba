//! The two implementations of an operation.
//!
//! ```
//! use cutover_domain::Side;
//!
//! assert_eq!(Side::Old.other(), Side::New);
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two implementations of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The running implementation.
    Old,
    /// Its replacement.
    New,
}

impl Side {
    /// The name used in metrics and output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
