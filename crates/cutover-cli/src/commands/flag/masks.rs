//! What variables of this environment do to the stored flags, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Display;

use cutover_domain::flags::{
    Definition, FlagDocument, FlagKey, KeyChange, Mask, MaskEffect, Overlaid, OverlayNote, Tier,
};
use serde::Serialize;

use crate::context::Context;
use crate::output::printable;

/// What variables do to each flag that they speak of. Nothing without `--overlay`.
#[derive(Default)]
pub(super) struct Masks {
    masks: BTreeMap<FlagKey, Masked>,
    notes: BTreeMap<FlagKey, OverlayNote>,
    /// What cannot be followed, and what else people should know.
    told: Vec<String>,
}

struct Masked {
    mask: Mask,
    stored: Definition,
}

/// What is answered about a flag that variables speak of, beside what is answered without them.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct LaidOver<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_by: Option<MaskedBy<'a>>,
    /// The variables that define a flag which is not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    supplied_by: Option<&'a str>,
    #[serde(skip)]
    words: Option<&'a dyn Display>,
}

#[derive(Clone, Copy, Serialize)]
struct MaskedBy<'a> {
    source: &'a str,
    effect: MaskEffect,
    stored: &'a str,
}

impl LaidOver<'_> {
    /// The same for people, on one line.
    pub(super) fn words(&self) -> Option<String> {
        self.words.map(ToString::to_string)
    }

    /// What of the stored flag is masked, for people.
    pub(super) fn mask(&self) -> Option<String> {
        self.masked_by.and(self.words())
    }

    /// Whether the variables decided what was answered at this tier: a kill of theirs everything, a
    /// share of theirs what no stored kill, requirement, override or rule decides.
    pub(super) fn decides(&self, tier: &Tier) -> bool {
        self.masked_by.is_some_and(|mask| match mask.effect {
            MaskEffect::Killed => true,
            MaskEffect::Rollout(_) | MaskEffect::RolloutBelowKill(_) => {
                matches!(tier, Tier::Rollout | Tier::Default)
            }
        })
    }

    /// The variables, where they decide.
    pub(super) fn source(&self) -> Option<&str> {
        self.masked_by.map(|mask| mask.source).or(self.supplied_by)
    }
}

impl Masks {
    /// What the variables do to these flags, and the flags with the variables in force.
    pub(super) fn over(context: &Context, document: &FlagDocument) -> (Self, FlagDocument) {
        let Overlaid {
            document: in_force,
            masks,
            notes,
            mut problems,
            warnings,
        } = context.overlay().apply(document);
        let masked = masks.into_iter().filter_map(|mask| {
            let stored = document.flags.get(&mask.key)?.clone();
            Some((mask.key.clone(), Masked { mask, stored }))
        });
        problems.extend(warnings);
        let masks = Self {
            masks: masked.collect(),
            notes: notes
                .into_iter()
                .map(|note| (note.key.clone(), note))
                .collect(),
            told: problems,
        };
        (masks, in_force)
    }

    /// What cannot be followed, and what else people should know.
    pub(super) fn told(&self) -> &[String] {
        &self.told
    }

    /// What hides the flags that a change touches from whoever asks in this environment.
    pub(super) fn over_changes(&self, changes: &[KeyChange]) -> impl Iterator<Item = String> {
        changes.iter().filter_map(|KeyChange { key, .. }| {
            let mask = self.of(key.as_str()).mask()?;
            Some(format!("{key}: {}", printable(&mask)))
        })
    }

    /// The variables that define a flag which is not stored.
    pub(super) fn supplying(&self, key: &str) -> Option<&str> {
        let note = self.notes.get(key).filter(|note| note.supplies)?;
        Some(&note.source)
    }

    /// The definition of a masked flag as it is stored.
    pub(super) fn stored(&self, key: &FlagKey) -> Option<&Definition> {
        self.masks.get(key).map(|masked| &masked.stored)
    }

    /// What is answered about a flag.
    pub(super) fn of(&self, key: &str) -> LaidOver<'_> {
        let mask = self.masks.get(key).map(|masked| &masked.mask);
        let note = self.notes.get(key);
        LaidOver {
            masked_by: mask.map(|mask| MaskedBy {
                source: &mask.source,
                effect: mask.effect,
                stored: &mask.stored,
            }),
            supplied_by: self.supplying(key),
            words: mask
                .map(|mask| mask as &dyn Display)
                .or(note.map(|note| note as &dyn Display)),
        }
    }
}
