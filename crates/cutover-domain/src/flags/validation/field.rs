//! Fields that are none: a slip of the hand, what another tool calls something of ours, and what is
//! kept because nobody here can know what it is for.

use super::definition::{FIELDS, ROLLOUT_FIELDS};
use super::rule::{RULE_FIELDS, WEIGHT_FIELDS};
use super::{Place, Problems};
use crate::flags::{Definition, FlagDocument, FlagKey, Weight};
use crate::spelling::closest;

/// Fields whose names begin so belong to whoever wrote them, and nothing is said of them.
const OWN: &str = "x-";

/// What is written here instead of the names that other tools have for it, in lower case and
/// without `_` and `-`.
type Foreign = [(&'static [&'static str], &'static str)];

const SWITCH: &[&str] = &[
    "active",
    "disabled",
    "enable",
    "enabled",
    "isactive",
    "isenabled",
    "kill",
    "killed",
    "killswitch",
    "on",
    "paused",
];
const SPLIT: &[&str] = &[
    "allocation",
    "allocations",
    "distribution",
    "split",
    "weights",
];
const BY: &[&str] = &["bucketby", "stickiness"];

const IN_FLAG: &Foreign = &[
    (
        SWITCH,
        "`\"state\": \"enabled\"` or `\"state\": \"killed\"`",
    ),
    (
        &[
            "percent",
            "percentage",
            "rolloutpercent",
            "rolloutpercentage",
            "share",
        ],
        "`\"rollout\": {\"percentage\": 5}`",
    ),
    (
        SPLIT,
        "`\"rollout\": {\"split\": [{\"variant\": \"on\", \"weight\": 1}]}`",
    ),
    (
        &[
            "clauses",
            "conditions",
            "segments",
            "strategies",
            "targeting",
            "targetingrules",
        ],
        "`\"rules\": [{\"when\": {…}, \"variant\": \"on\"}]`",
    ),
    (&["targets", "users"], "`\"overrides\": {\"UNIT\": \"on\"}`"),
    (&["values", "variations"], "`variants`"),
    (
        &[
            "defaultvalue",
            "defaultvariant",
            "defaultvariation",
            "fallthrough",
            "value",
            "variant",
        ],
        "`\"default\": \"VARIANT\"`",
    ),
    (
        &["offvalue", "offvariant", "offvariation"],
        "`\"off\": \"VARIANT\"`",
    ),
    (
        &["dependencies", "dependson", "parents", "prerequisites"],
        "`\"requires\": [\"KEY\"]`",
    ),
    (
        &["bucketing", "by", "salt", "seed"],
        "`\"rollout\": {\"salt\": …, \"by\": …, \"bucketing\": …}`",
    ),
    (BY, "`\"rollout\": {\"by\": \"ATTRIBUTE\"}`"),
];

const IN_ROLLOUT: &Foreign = &[
    (
        SWITCH,
        "the flag's `\"state\": \"enabled\"` or `\"state\": \"killed\"`",
    ),
    (&["percent", "share"], "`\"percentage\": 5`"),
    (SPLIT, "`\"split\": [{\"variant\": \"on\", \"weight\": 1}]`"),
    (&["seed"], "`salt`"),
    (BY, "`\"by\": \"ATTRIBUTE\"`"),
    (&["variation"], "`variant`"),
];

const IN_RULE: &Foreign = &[
    (SWITCH, "nothing: take out a rule that is not to hold"),
    (
        &[
            "clauses",
            "condition",
            "conditions",
            "constraints",
            "if",
            "targeting",
        ],
        "`when`",
    ),
    (
        &["result", "serve", "then", "value", "variation"],
        "`\"variant\": \"VARIANT\"`",
    ),
    (
        &["percent", "percentage", "rollout"],
        "`\"split\": [{\"variant\": \"on\", \"weight\": 1}]`",
    ),
    (SPLIT, "`\"split\": [{\"variant\": \"on\", \"weight\": 1}]`"),
    (&["seed"], "`salt`"),
    (BY, "`\"by\": \"ATTRIBUTE\"`"),
];

const IN_WEIGHT: &Foreign = &[
    (&["percent", "percentage", "share"], "`weight`"),
    (&["name", "value", "variation"], "`variant`"),
];

/// What the fields of one kind of object may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::flags) struct Fields {
    known: &'static [&'static str],
    foreign: &'static Foreign,
}

impl Fields {
    pub(in crate::flags) const FLAG: Self = Self {
        known: &FIELDS,
        foreign: IN_FLAG,
    };
    pub(in crate::flags) const ROLLOUT: Self = Self {
        known: &ROLLOUT_FIELDS,
        foreign: IN_ROLLOUT,
    };
    pub(in crate::flags) const RULE: Self = Self {
        known: &RULE_FIELDS,
        foreign: IN_RULE,
    };
    pub(in crate::flags) const WEIGHT: Self = Self {
        known: &WEIGHT_FIELDS,
        foreign: IN_WEIGHT,
    };

    /// Adds a problem for each field of which somebody surely expects something that it does not do:
    /// a misspelt `state`, or `"killed": true`, would bring a flag to life that is meant to be off.
    /// Other fields of a newer minor schema are kept.
    pub(in crate::flags) fn check<'a>(
        self,
        fields: impl IntoIterator<Item = &'a String>,
        place: &Place<'_>,
        problems: &mut Problems,
    ) {
        for field in fields {
            if let Some(message) = self.fault(field) {
                problems.add(place.field(field), message);
            }
        }
    }

    fn fault(self, field: &str) -> Option<String> {
        if self.known.contains(&field) || field.starts_with(OWN) {
            return None;
        }
        let plain: String = field
            .chars()
            .filter(|letter| !matches!(letter, '_' | '-'))
            .flat_map(char::to_lowercase)
            .collect();
        let foreign = self.foreign.iter();
        let mut foreign = foreign.filter(|(names, _)| names.contains(&plain.as_str()));
        if let Some((_, ours)) = foreign.next() {
            return Some(format!("there is no field `{field}`; here it is {ours}"));
        }
        let meant = closest(self.known, field)?;
        Some(format!(
            "there is no field `{field}`; did you mean `{meant}`?"
        ))
    }
}

impl Definition {
    /// The paths of fields that mean nothing here and are kept as they are, in the flag, its rollout
    /// and its rules: those of a newer version, and those of which somebody may think that they do
    /// something. What begins with `x-` is somebody's own.
    ///
    /// ```
    /// use cutover_domain::flags::Definition;
    ///
    /// let flag: Definition = serde_json::from_value(serde_json::json!({
    ///     "variants": {"on": true, "off": false}, "off": "off", "default": "on",
    ///     "team": "web", "x-ticket": 7, "rollout": {"percentage": 5, "ramp": "daily"},
    /// }))?;
    /// let paths = flag.unknown_fields(&"f".parse()?);
    /// assert_eq!(paths, [r#"$.flags["f"].team"#, r#"$.flags["f"].rollout.ramp"#]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unknown_fields(&self, key: &FlagKey) -> Vec<String> {
        let flags = Place::ROOT.field("flags");
        let place = flags.key(key.as_str());
        let mut paths = Vec::new();
        note(self.unknown.keys(), &place, &mut paths);
        if let Some(rollout) = &self.rollout {
            let place = place.field("rollout");
            note(rollout.unknown.keys(), &place, &mut paths);
            note_weights(&rollout.split, &place, &mut paths);
        }
        let rules = place.field("rules");
        for (index, rule) in self.rules.iter().enumerate() {
            let place = rules.index(index);
            note(rule.unknown.keys(), &place, &mut paths);
            note_weights(&rule.split, &place, &mut paths);
        }
        paths
    }
}

impl FlagDocument {
    /// [`Definition::unknown_fields`] of all flags, and those of the document. O(size of the
    /// document).
    #[must_use]
    pub fn unknown_fields(&self) -> Vec<String> {
        let mut paths = Vec::new();
        note(self.unknown.keys(), &Place::ROOT, &mut paths);
        let flags = self.flags.iter();
        paths.extend(flags.flat_map(|(key, flag)| flag.unknown_fields(key)));
        paths
    }
}

fn note_weights(split: &[Weight], place: &Place<'_>, paths: &mut Vec<String>) {
    let split_place = place.field("split");
    for (index, weight) in split.iter().enumerate() {
        note(weight.unknown.keys(), &split_place.index(index), paths);
    }
}

fn note<'a>(fields: impl Iterator<Item = &'a String>, place: &Place<'_>, paths: &mut Vec<String>) {
    let others = fields.filter(|field| !field.starts_with(OWN));
    paths.extend(others.map(|field| place.field(field).to_string()));
}
