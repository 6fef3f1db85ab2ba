//! How an environment is named, and where its files are.
//!
//! ```
//! use std::path::Path;
//! use cutover_file::Environment;
//!
//! let staging: Environment = "staging".parse()?;
//! let folder = staging.folder_in(Path::new("/var/lib/cutover"));
//! assert_eq!(folder, Path::new("/var/lib/cutover/environments/staging"));
//! assert!("../production".parse::<Environment>().is_err());
//! # Ok::<(), cutover_file::BadEnvironment>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The name of an environment: each has a flag document, comparisons and metrics of its own.
///
/// Names are lower case and cannot leave their folder, on any file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(String);

/// What was given names no environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEnvironment;

impl Environment {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder of its files in `folder`, which has those of no environment.
    #[must_use]
    pub fn folder_in(&self, folder: &Path) -> PathBuf {
        // A level of its own, so that no environment can be named like a folder of the store.
        folder.join("environments").join(&self.0)
    }
}

impl FromStr for Environment {
    type Err = BadEnvironment;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
        let starts_well = name
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if starts_well && name.len() <= 64 && name.bytes().all(allowed) && !name.ends_with('.') {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadEnvironment)
        }
    }
}

impl fmt::Display for BadEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an environment is named with 1 to 64 of a-z, 0-9, `_`, `.` and `-`, \
             beginning with a letter or digit",
        )
    }
}

impl std::error::Error for BadEnvironment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_environment_leaves_its_folder() {
        for name in ["prod", "eu-west.1", "0", "a_b"] {
            assert!(name.parse::<Environment>().is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "Prod", "a\0", "a.", "é", &long,
        ] {
            assert!(name.parse::<Environment>().is_err(), "{name:?}");
        }
    }
}
