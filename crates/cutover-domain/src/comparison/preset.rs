//! Named sets of rules to start from.

use serde::{Deserialize, Serialize};

use super::difference::Severity;
use super::rules::Rules;

/// A named set of rules to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// `1` and `1.0` differ; everything counts, in order.
    Strict,
    /// No array has an order, numbers may differ by 1e-9 or by a millionth of the larger one (also
    /// integers), a member that is `null` equals one that is not there.
    Lenient,
    /// As the dataset manager's comparison tests: no array has an order, but it matters how often a
    /// member is in it.
    Mdm,
    /// As the pipeline's comparison mode: `$.entities` by `external_id`; `$.relations` and
    /// `$.relationships` by `parent`, `child` and `type`; `$.alerts` by `entity`, `type` and
    /// `severity`, where an alert that only changed its severity is one difference. Critical when
    /// an entity is concerned, a warning for alerts.
    Pipeline,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 4] = [Self::Strict, Self::Lenient, Self::Mdm, Self::Pipeline];

    /// Its name on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lenient => "lenient",
            Self::Mdm => "mdm",
            Self::Pipeline => "pipeline",
        }
    }

    /// The preset of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// What it stands for, written out.
    #[must_use]
    pub fn rules(self) -> Rules {
        match self {
            Self::Strict => Rules::new().strict(),
            Self::Lenient => Rules::new()
                .unordered_everywhere()
                .absolute(1e-9)
                .relative(1e-6)
                .tolerate_integers()
                .null_equals_missing(),
            Self::Mdm => Rules::new().unordered_everywhere(),
            Self::Pipeline => Rules::new()
                .key("$.entities", ["external_id"])
                .key("$.relations", ["parent", "child", "type"])
                .key("$.relationships", ["parent", "child", "type"])
                .key_or(
                    "$.alerts",
                    ["entity", "type", "severity"],
                    ["entity", "type"],
                )
                .severity("$.entities", Severity::Critical)
                .severity("$.alerts", Severity::Warning),
        }
    }
}
