use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Percentage;

/// How a unit is assigned to a bucket. Frozen by golden vectors: a formula here never changes,
/// because people would silently change sides.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Bucketing {
    /// `h = xxh3_64(unit, seed = xxh3_64(salt))`, bucket = `((h >> 32) * 100000) >> 32`.
    #[default]
    Xxh3,
    /// First 8 hex digits of `md5(salt + ":" + unit)` as an integer, modulo 100: whole percents.
    Md5,
    /// First 8 hex digits of `md5(unit)` as an integer, modulo 100: whole percents, and the same
    /// units first for every flag.
    Md5Unsalted,
}

impl Bucketing {
    /// The name used in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xxh3 => "xxh3",
            Self::Md5 => "md5",
            Self::Md5Unsalted => "md5-unsalted",
        }
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How many buckets there are.
    #[must_use]
    pub const fn buckets(self) -> u32 {
        match self {
            Self::Xxh3 => 100_000,
            Self::Md5 | Self::Md5Unsalted => 100,
        }
    }

    /// The bucket of `unit` under `salt`.
    #[must_use]
    pub fn bucket(self, salt: &str, unit: &str) -> Bucket {
        self.bucket_seeded(xxh3_64(salt.as_bytes()), salt, unit)
    }

    /// The same with the salt's hash at hand, so that it is not computed for every call.
    pub(super) fn bucket_seeded(self, seed: u64, salt: &str, unit: &str) -> Bucket {
        match self {
            Self::Xxh3 => Self::xxh3(seed, unit),
            Self::Md5 => {
                Bucket(md5_percent(Md5::new().chain_update(salt).chain_update(":"), unit) * 1000)
            }
            Self::Md5Unsalted => Bucket(md5_percent(Md5::new(), unit) * 1000),
        }
    }

    /// The bucket of `unit` by [`Bucketing::Xxh3`], with the salt's hash at hand.
    #[inline]
    pub(super) fn xxh3(seed: u64, unit: &str) -> Bucket {
        let hash = xxh3_64_with_seed(unit.as_bytes(), seed);
        Bucket((((hash >> 32) * 100_000) >> 32) as u32)
    }

    /// The share of units that `percentage` really reaches: whole-percent buckets round up.
    #[must_use]
    pub fn reached(self, percentage: Percentage) -> Percentage {
        match self {
            Self::Xxh3 => percentage,
            Self::Md5 | Self::Md5Unsalted => {
                Percentage::from_percent(percentage.thousandths().div_ceil(1000))
                    .unwrap_or_default()
            }
        }
    }

    /// What is hashed, for explanations.
    #[must_use]
    pub fn hash_input(self, salt: &str, unit: &str) -> String {
        match self {
            Self::Xxh3 => format!("xxh3_64({unit:?}, seed = xxh3_64({salt:?}))"),
            Self::Md5 => format!("md5({:?})", format!("{salt}:{unit}")),
            Self::Md5Unsalted => format!("md5({unit:?})"),
        }
    }
}

fn md5_percent(hasher: Md5, unit: &str) -> u32 {
    let digest = hasher.chain_update(unit).finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % 100
}

impl fmt::Display for Bucketing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no bucketing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a bucketing; there are xxh3, md5 and md5-unsalted")]
pub struct UnknownBucketing(String);

impl FromStr for Bucketing {
    type Err = UnknownBucketing;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Xxh3, Self::Md5, Self::Md5Unsalted]
            .into_iter()
            .find(|bucketing| bucketing.name() == text)
            .ok_or_else(|| UnknownBucketing(text.to_owned()))
    }
}

/// Where a unit falls, in thousandths of a percent: a unit is in when its bucket is below the
/// percentage. Comparing against a growing percentage is what makes cohorts monotone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bucket(u32);

impl Bucket {
    /// Thousandths of a percent, `0..100_000`.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// Whether `percentage` includes this bucket.
    #[must_use]
    pub const fn is_in(self, percentage: Percentage) -> bool {
        self.0 < percentage.thousandths()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_md5_percents_round_up_and_say_so() {
        let reached = |text: &str| Bucketing::Md5.reached(text.parse().unwrap()).to_string();
        assert_eq!(reached("12.5"), "13");
        assert_eq!(reached("12"), "12");
        assert_eq!(reached("0"), "0");
        assert_eq!(reached("99.999"), "100");
    }

    #[test]
    fn names_are_stable() {
        for bucketing in [Bucketing::Xxh3, Bucketing::Md5, Bucketing::Md5Unsalted] {
            assert_eq!(bucketing.name().parse(), Ok(bucketing));
            assert_eq!(
                serde_json::to_value(bucketing).unwrap(),
                serde_json::Value::from(bucketing.name())
            );
        }
    }
}
