//! Which texts count as the same, and where.

use serde::{Deserialize, Serialize};

use super::places::Places;
use crate::comparison::engine::TextChange;

/// What is done to texts before they are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StringRules {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) replace: Vec<Replacement>,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) nfc: Places,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) whitespace: Places,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) trim: Places,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) timestamps: Places,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) uuids: Places,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    pub(super) ignore_case: Places,
}

/// Every match of a pattern counts as another text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    /// Where, at and below; everywhere without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    pub(super) pattern: String,
    #[serde(default)]
    pub(super) with: String,
}

impl StringRules {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// These rules on top of those of a preset.
    pub(super) fn on_top_of(&self, base: &Self) -> Self {
        Self {
            replace: [&base.replace[..], &self.replace].concat(),
            nfc: base.nfc.joined(&self.nfc),
            whitespace: base.whitespace.joined(&self.whitespace),
            trim: base.trim.joined(&self.trim),
            timestamps: base.timestamps.joined(&self.timestamps),
            uuids: base.uuids.joined(&self.uuids),
            ignore_case: base.ignore_case.joined(&self.ignore_case),
        }
    }

    /// The rules that are not replacements, by name, in the order in which they are applied.
    pub(super) fn simple(&self) -> [(&'static str, TextChange, &Places); 6] {
        [
            ("nfc", TextChange::Nfc, &self.nfc),
            ("whitespace", TextChange::Whitespace, &self.whitespace),
            ("trim", TextChange::Trim, &self.trim),
            ("timestamps", TextChange::Timestamp, &self.timestamps),
            ("uuids", TextChange::Uuids, &self.uuids),
            ("ignore_case", TextChange::Case, &self.ignore_case),
        ]
    }
}

impl Replacement {
    /// What it is called among the rules that hid something.
    pub(super) fn name(&self) -> String {
        format!("replace /{}/{}/", self.pattern, self.with)
    }
}
