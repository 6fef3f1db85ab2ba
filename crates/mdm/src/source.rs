//! What is asked for: a file on disk, and the name a dataset is registered under.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DatasetError;
use crate::profile::Format;

/// The request of `dataset.profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRequest {
    /// The file to look at.
    pub file: PathBuf,
}

impl ProfileRequest {
    /// A request for a file.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }
}

/// The request of `dataset.register`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRequest {
    /// The name to register it under.
    pub name: DatasetName,
    /// The file to copy into the catalog.
    pub file: PathBuf,
}

/// A name for a dataset: 1 to 128 ASCII letters, digits, `.`, `_`, `-`, beginning with a letter or
/// a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName(String);

impl DatasetName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a file without its extension, with what a name cannot have replaced by `-`.
    ///
    /// # Errors
    ///
    /// [`DatasetError::InvalidName`] when nothing of it is left.
    pub fn from_file(file: &Path) -> Result<Self, DatasetError> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name: String = stem
            .chars()
            .map(|c| if allowed(c) { c } else { '-' })
            .collect();
        name.trim_start_matches(['.', '_', '-']).parse()
    }
}

impl FromStr for DatasetName {
    type Err = DatasetError;

    fn from_str(name: &str) -> Result<Self, DatasetError> {
        let fail = |problem| {
            Err(DatasetError::InvalidName {
                name: name.to_owned(),
                problem,
            })
        };
        if name.is_empty() {
            return fail("it is empty");
        }
        if name.len() > 128 {
            return fail("it is longer than 128 characters");
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return fail("it must begin with a letter or a digit");
        }
        if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        {
            return fail("use letters, digits, `.`, `_` and `-`");
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for DatasetName {
    type Error = DatasetError;

    fn try_from(name: String) -> Result<Self, DatasetError> {
        name.parse()
    }
}

impl From<DatasetName> for String {
    fn from(name: DatasetName) -> Self {
        name.0
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What the extension of a file promises.
///
/// # Errors
///
/// [`DatasetError::Unsupported`] for any other extension, or none.
pub fn format_of(file: &Path) -> Result<Format, DatasetError> {
    let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("csv" | "tsv" | "txt") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        _ => Err(DatasetError::Unsupported {
            path: file.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parsed_or_refused_with_the_reason() {
        assert_eq!(
            "flights-2013.part_1"
                .parse::<DatasetName>()
                .unwrap()
                .as_str(),
            "flights-2013.part_1"
        );
        for name in ["", "-x", "a b", "a/b", "naïve", &"x".repeat(129)] {
            assert!(name.parse::<DatasetName>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_gives_a_name() {
        let name = DatasetName::from_file(Path::new("/data/US employment (2006).csv")).unwrap();
        assert_eq!(name.as_str(), "US-employment--2006-");
        assert!(DatasetName::from_file(Path::new("/data/…")).is_err());
    }

    #[test]
    fn the_extension_promises_a_format() {
        assert_eq!(format_of(Path::new("a.TSV")), Ok(Format::Csv));
        assert_eq!(format_of(Path::new("a.json")), Ok(Format::Json));
        assert!(format_of(Path::new("README.md")).is_err());
    }
}
