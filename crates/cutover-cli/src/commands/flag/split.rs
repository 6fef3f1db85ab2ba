//! Splits: as they are typed, `on=10,off=90`, and as they are told, `10 % on, 90 % off`.

use std::str::FromStr;

use cutover_domain::Percentage;
use cutover_domain::flags::{Bucketing, Definition, FlagKey, Weight};

use super::set::variant_of;
use crate::exit::Failure;

/// The parts of a split as a person types them: `VARIANT=WEIGHT,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts(Vec<(String, u32)>);

impl FromStr for Parts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts: Vec<(String, u32)> = Vec::new();
        for part in text.split(',') {
            // The last `=`: a variant may be called by its value, which may hold one.
            let Some((variant, weight)) =
                part.rsplit_once('=').filter(|(name, _)| !name.is_empty())
            else {
                return Err(format!(
                    "`{part}` is no part; write VARIANT=WEIGHT, for example on=10"
                ));
            };
            let weight = weight.parse().map_err(|_| {
                format!(
                    "the weight of {variant} is a whole number, 0 to {}, not `{weight}`",
                    u32::MAX
                )
            })?;
            if parts.iter().any(|(known, _)| known == variant) {
                return Err(format!("{variant} is given twice"));
            }
            parts.push((variant.to_owned(), weight));
        }
        Ok(Self(parts))
    }
}

impl Parts {
    /// The parts of a flag's split: each variant was typed by its name or by its value.
    pub(super) fn of(
        &self,
        key: &FlagKey,
        definition: &Definition,
    ) -> Result<Vec<Weight>, Failure> {
        let weight = |(variant, weight): &(String, u32)| {
            Ok(Weight::new(variant_of(key, definition, variant)?, *weight))
        };
        self.0.iter().map(weight).collect()
    }
}

/// The share of every part, as the buckets of a formula really divide them.
pub(super) fn shares(split: &[Weight], bucketing: Bucketing) -> Vec<(&str, Percentage)> {
    let total: u64 = split.iter().map(|part| u64::from(part.weight)).sum();
    let upto = |weights: u64| {
        let thousandths = (weights * 100_000).checked_div(total).unwrap_or_default();
        let exact = u32::try_from(thousandths)
            .ok()
            .and_then(Percentage::from_thousandths);
        bucketing.reached(exact.unwrap_or_default()).thousandths()
    };
    let mut before = 0;
    split
        .iter()
        .map(|part| {
            let below = upto(before);
            before += u64::from(part.weight);
            let share = Percentage::from_thousandths(upto(before) - below);
            (part.variant.as_str(), share.unwrap_or_default())
        })
        .collect()
}

/// A split in words, each variant told by `name`: `10 % on, 90 % off`.
pub(super) fn in_words(
    split: &[Weight],
    bucketing: Bucketing,
    name: impl Fn(&str) -> String,
) -> String {
    let parts: Vec<_> = shares(split, bucketing)
        .into_iter()
        .map(|(variant, share)| format!("{share} % {}", name(variant)))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(text: &str) -> Vec<Weight> {
        let Parts(parts) = text.parse().unwrap();
        parts
            .into_iter()
            .map(|(variant, weight)| Weight::new(variant, weight))
            .collect()
    }

    #[test]
    fn what_is_typed_is_told_in_shares() {
        for (typed, bucketing, told) in [
            ("on=10,off=90", Bucketing::Xxh3, "10 % on, 90 % off"),
            ("a=1,b=3", Bucketing::Xxh3, "25 % a, 75 % b"),
            (
                "a=1,b=1,c=1",
                Bucketing::Xxh3,
                "33.333 % a, 33.333 % b, 33.334 % c",
            ),
            ("a=0,b=7", Bucketing::Xxh3, "0 % a, 100 % b"),
            (
                "a=4294967295,b=4294967295",
                Bucketing::Xxh3,
                "50 % a, 50 % b",
            ),
            ("a=1,b=7", Bucketing::Md5, "13 % a, 87 % b"),
            ("a=b=1", Bucketing::Xxh3, "100 % a=b"),
            ("a=0", Bucketing::Xxh3, "0 % a"),
        ] {
            let told_so = in_words(&weights(typed), bucketing, str::to_owned);
            assert_eq!(told_so, told, "{typed}");
        }
    }

    #[test]
    fn what_is_no_split_is_refused() {
        for text in [
            "",
            "on",
            "on=",
            "=1",
            "on=1,",
            "on=-1",
            "on=1.5",
            "on=4294967296",
            "a=1,a=2",
        ] {
            assert!(text.parse::<Parts>().is_err(), "{text}");
        }
    }
}
