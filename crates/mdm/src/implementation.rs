//! Which of the two implementations, by name.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::catalog::{Cancellation, Catalog, Registration};
use crate::error::DatasetError;
use crate::profile::Profile;
use crate::source::{ProfileRequest, RegisterRequest};
use crate::{legacy, modern};

/// One of the two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// The old one.
    Legacy,
    /// The new one, in a release.
    Modern(modern::Release),
}

impl Implementation {
    /// Looks at a dataset.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn profile(self, request: &ProfileRequest) -> Result<Profile, DatasetError> {
        match self {
            Self::Legacy => legacy::profile(request),
            Self::Modern(release) => modern::profile(request, release),
        }
    }

    /// Profiles a dataset and copies it into the catalog.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, the name or the catalog; the catalog is then as it was.
    pub fn register(
        self,
        catalog: &mut Catalog,
        request: &RegisterRequest,
        now: Timestamp,
        cancellation: &Cancellation,
    ) -> Result<Registration, DatasetError> {
        match self {
            Self::Legacy => legacy::register(catalog, request, now, cancellation),
            Self::Modern(_) => modern::register(catalog, request, now, cancellation),
        }
    }
}

/// A word that names no implementation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an implementation; say `legacy`, `modern`, or `modern-1` for its first release"
)]
pub struct UnknownImplementation(String);

impl FromStr for Implementation {
    type Err = UnknownImplementation;

    fn from_str(word: &str) -> Result<Self, UnknownImplementation> {
        match word {
            "legacy" => Ok(Self::Legacy),
            "modern" => Ok(Self::Modern(modern::Release::default())),
            "modern-1" => Ok(Self::Modern(modern::Release::First)),
            _ => Err(UnknownImplementation(word.to_owned())),
        }
    }
}

impl fmt::Display for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Legacy => "legacy",
            Self::Modern(modern::Release::First) => "modern-1",
            Self::Modern(modern::Release::Second) => "modern",
        })
    }
}
