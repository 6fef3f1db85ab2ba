use std::collections::BTreeMap;
use std::str::FromStr;

use super::{Bucketing, Definition, FlagKey, Rollout};
use crate::Percentage;

/// A named set of flags to start with: those of the two migrations that cutover generalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The dataset manager: four parts to replace, bucketed as its own code did, and its switches.
    Mdm,
    /// The pipeline: one master switch that everything requires, bucketed by tenant.
    Mspbyte,
}

impl Preset {
    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mdm => "mdm",
            Self::Mspbyte => "mspbyte",
        }
    }

    /// The flags.
    #[must_use]
    pub fn flags(self) -> BTreeMap<FlagKey, Definition> {
        match self {
            Self::Mdm => mdm(),
            Self::Mspbyte => mspbyte(),
        }
    }
}

fn mdm() -> BTreeMap<FlagKey, Definition> {
    let replaced = |description: &str| {
        let rollout = Rollout {
            percentage: Some(Percentage::ZERO),
            bucketing: Bucketing::Md5Unsalted,
            ..Rollout::default()
        };
        Definition {
            rollout: Some(rollout),
            ..described(description, "off")
        }
    };
    flags([
        (
            "use_new_backend",
            replaced("Store datasets through the new backend"),
        ),
        (
            "use_new_registrar",
            replaced("Register datasets through the new registrar"),
        ),
        (
            "use_new_features",
            replaced("Generate features with the new pipeline"),
        ),
        ("use_new_config", replaced("Read the new configuration")),
        (
            "enable_comparison_tests",
            described("Compare old and new on real calls", "on"),
        ),
        (
            "enable_performance_tracking",
            described("Measure the time of both sides", "on"),
        ),
        (
            "enable_memory_profiling",
            described("Measure the memory of both sides", "off"),
        ),
        (
            "auto_fallback",
            described("Answer from old when new fails", "on"),
        ),
    ])
}

fn mspbyte() -> BTreeMap<FlagKey, Definition> {
    let by_tenant = |percentage| {
        Some(Rollout {
            percentage,
            by: Some("tenant".to_owned()),
            ..Rollout::default()
        })
    };
    let part = |description: &str| Definition {
        requires: "new_pipeline".parse().into_iter().collect(),
        rollout: by_tenant(None),
        ..described(description, "on")
    };
    let gradual = |description: &str| Definition {
        rollout: by_tenant(Some(Percentage::ZERO)),
        ..described(description, "off")
    };
    flags([
        (
            "new_pipeline",
            gradual("Master switch: run the new pipeline"),
        ),
        ("unified_analyzer", part("Analyse in one pass")),
        (
            "alert_manager",
            part("Process alerts through the alert manager"),
        ),
        ("batch_loading", part("Load in batches")),
        (
            "performance_monitoring",
            part("Record query times and slow queries"),
        ),
        (
            "comparison_mode",
            gradual("Run both pipelines and compare their results"),
        ),
    ])
}

fn described(description: &str, default: &str) -> Definition {
    Definition {
        description: Some(description.to_owned()),
        default: default.to_owned(),
        ..Definition::boolean()
    }
}

fn flags<const N: usize>(flags: [(&str, Definition); N]) -> BTreeMap<FlagKey, Definition> {
    flags
        .into_iter()
        .filter_map(|(key, flag)| Some((key.parse().ok()?, flag)))
        .collect()
}

/// The text names no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a preset; there are mdm and mspbyte")]
pub struct UnknownPreset(String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Mdm, Self::Mspbyte]
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| UnknownPreset(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::FlagDocument;

    #[test]
    fn presets_are_valid_and_complete() {
        for (preset, count) in [(Preset::Mdm, 8), (Preset::Mspbyte, 6)] {
            let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
            document.flags = preset.flags();
            assert_eq!(document.flags.len(), count);
            document.validate().unwrap();
        }
    }
}
