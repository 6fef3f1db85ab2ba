use std::fmt;

use serde::Serialize;

use crate::flags::{Definition, FlagKey, Rollout, State, ValueType, Weight};
use crate::{Percentage, Stage};

/// A stored definition that variables hide in part. It displays as what people read:
/// `stored 25 %, but FEATURE_X=false in this environment kills it`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mask {
    /// The flag.
    pub key: FlagKey,
    /// The variables: `FEATURE_X=false`.
    pub source: String,
    /// What they do.
    pub effect: MaskEffect,
    /// What of the stored definition is hidden, in words.
    pub stored: String,
}

/// What variables do to a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskEffect {
    /// It is off for everybody, whatever else is set.
    Killed,
    /// This share takes the place of the stored rollout and default.
    Rollout(Percentage),
    /// The same, below a kill of the store, which stays in force.
    RolloutBelowKill(Percentage),
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, stored, .. } = self;
        write!(f, "stored {stored}, but {source} in this environment ")?;
        match self.effect {
            MaskEffect::Killed => f.write_str("kills it"),
            MaskEffect::Rollout(share) => write!(f, "makes it {share} %"),
            MaskEffect::RolloutBelowKill(share) => write!(
                f,
                "makes it {share} % as soon as the stored kill is taken back"
            ),
        }
    }
}

/// What variables make of a definition.
pub(super) struct Made {
    pub(super) definition: Definition,
    pub(super) effect: MaskEffect,
    pub(super) hidden: String,
}

/// The definition killed; `None` when it is.
pub(super) fn kill(stored: &Definition) -> Result<Option<Made>, String> {
    if stored.state == State::Killed {
        return Ok(None);
    }
    if stored.stage == Some(Stage::Complete) {
        return Err(
            "is at stage complete: old is stale, and a kill would bring it back. Kill it in the \
             store, by force, if stale answers are better than new's"
                .to_owned(),
        );
    }
    let several = |many: usize, what: &str| match many {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{many} {what}s")),
    };
    let hidden: Vec<_> = [
        several(stored.overrides.len(), "override"),
        several(stored.rules.len(), "rule"),
        Some(rollout_in_words(stored)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let hidden = hidden.join(" and ");
    Ok(Some(Made {
        definition: Definition {
            state: State::Killed,
            ..stored.clone()
        },
        effect: MaskEffect::Killed,
        hidden,
    }))
}

/// The definition with `share` in the place of rollout and default; `None` when they answer the
/// same. Inside, a boolean flag is on and outside it is off; one of another type gives the variant
/// of its rollout inside and its default outside.
pub(super) fn roll_out(
    key: &FlagKey,
    stored: &Definition,
    share: Percentage,
) -> Result<Option<Made>, String> {
    let inside = rolled_out(key, stored)?;
    let outside = match stored.kind {
        ValueType::Boolean => &stored.off,
        _ => &stored.default,
    };
    if Answers::of(stored) == Answers::at(share, inside, outside) {
        return Ok(None);
    }
    let rollout = Rollout {
        percentage: Some(share),
        variant: Some(inside.to_owned()),
        split: Vec::new(),
        ..stored.rollout.clone().unwrap_or_default()
    };
    Ok(Some(Made {
        definition: Definition {
            rollout: Some(rollout),
            default: outside.clone(),
            ..stored.clone()
        },
        effect: match stored.state {
            State::Enabled => MaskEffect::Rollout(share),
            State::Killed => MaskEffect::RolloutBelowKill(share),
        },
        hidden: rollout_in_words(stored),
    }))
}

/// The variant that is rolled out: of a boolean flag one that is true, of another the one that the
/// stored rollout names.
fn rolled_out<'a>(key: &FlagKey, stored: &'a Definition) -> Result<&'a str, String> {
    let is_boolean = stored.kind == ValueType::Boolean;
    let fits = |name: &str| {
        let value = stored.variants.get(name);
        value.is_some_and(|value| !is_boolean || value.as_bool() == Some(true))
    };
    let others = stored.variants.keys().map(String::as_str);
    let others = others.filter(|_| is_boolean);
    [stored.rollout_variant(), "on"]
        .into_iter()
        .chain(others)
        .find(|name| fits(name))
        .ok_or_else(|| {
            format!(
                "is of type {}, and nothing says which of its variants is rolled out; name one in \
                 the store, with `cutover flag rollout {key} 0 --variant NAME`",
                stored.kind
            )
        })
}

/// What rollout and default answer together.
#[derive(PartialEq, Eq)]
enum Answers<'a> {
    Everybody(&'a str),
    Share(Percentage, &'a str, &'a str),
    Split(&'a [Weight]),
}

impl<'a> Answers<'a> {
    fn of(stored: &'a Definition) -> Self {
        if let Some(rollout) = stored.rollout.as_ref().filter(|it| !it.split.is_empty()) {
            return Self::Split(&rollout.split);
        }
        let share = stored.percentage().unwrap_or_default();
        Self::at(share, stored.rollout_variant(), &stored.default)
    }

    fn at(share: Percentage, inside: &'a str, outside: &'a str) -> Self {
        if share.is_zero() || inside == outside {
            Self::Everybody(outside)
        } else if share.is_full() {
            Self::Everybody(inside)
        } else {
            Self::Share(share, inside, outside)
        }
    }
}

/// What rollout and default say.
fn rollout_in_words(stored: &Definition) -> String {
    let split = stored.rollout.iter().flat_map(|rollout| &rollout.split);
    let split: Vec<_> = split
        .map(|part| format!("{}:{}", part.variant, part.weight))
        .collect();
    match stored.percentage() {
        Some(share) => format!("{share} %"),
        None if split.is_empty() => stored.default.clone(),
        None => format!("a split {}", split.join(" ")),
    }
}
