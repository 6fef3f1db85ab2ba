//! What must not be kept: places, names and texts that are masked, hashed or left out before
//! anything is stored.
//!
//! Answers are compared as they are; only what is *kept* of them is redacted. So a redaction can
//! never change a verdict.
//!
//! ```
//! use cutover_domain::comparison::{RedactAction, RedactionRules};
//! use cutover_domain::tree::Tree;
//!
//! let redaction = RedactionRules::new()
//!     .secrets()
//!     .path("$.user.email", RedactAction::Hash)
//!     .path("$.trace", RedactAction::Drop)
//!     .text(r"\b\d{16}\b", RedactAction::Mask)
//!     .salt("a secret of this installation")
//!     .build()?;
//!
//! let input = Tree::from_json(r#"{
//!     "user": {"email": "a@example.org", "apiKey": "k-1"},
//!     "note": "card 4111111111111111",
//!     "trace": [1, 2]
//! }"#)?;
//! let kept = redaction.tree(&input);
//! assert_eq!(kept.places, 4);
//! assert_eq!(kept.tree.to_json(), concat!(
//!     r#"{"user":{"email":"[hash:913915d30ea0bfae79d8149887742057]","apiKey":"[redacted]"},"#,
//!     r#""note":"card [redacted]"}"#,
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is redacted
//!
//! - **A path** takes the value there with everything below it. In a difference that lies below
//!   it, the names on the way are masked too: they are part of what was at the path. The member's
//!   own name stays; redact the object above it where names are the secret (sessions by token).
//! - **A text pattern** takes what it matches in every string, number and name, in messages and in
//!   excerpts. Where it has groups, only what the groups match.
//! - Of several rules for one place the strongest holds: drop, then mask, then hash.
//!
//! A difference knows places, not lengths: a path that counts from the end (`$.items[-1]`) takes
//! every element there.

mod assignment;
mod command;
mod document;
mod entry;
mod extent;
mod place;
mod reach;
mod secret_texts;
mod secrets;
mod surroundings;
mod text;
mod token;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use entry::{RedactionError, RedactionRules};
pub(super) use place::Place;
pub(super) use surroundings::Surrounded;

use self::reach::PathRedaction;
use self::text::TextRedaction;
use super::{
    Comparison, ComparisonRecord, Judgement, RecordedInput, SideOutcome, SideRecord, excerpt,
};
use crate::tree::Tree;

/// What stands where something was masked.
pub const REDACTED: &str = "[redacted]";

/// What becomes of something that must not be kept. The later ones are stronger.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum RedactAction {
    /// `[hash:…]` stands for it, equal for equal values under one salt. Whoever knows the salt can
    /// find a value by trying, so it is no hiding place for what has few values.
    Hash,
    /// [`REDACTED`] stands for it.
    #[default]
    Mask,
    /// It is left out: a member or an element goes, of a text the match.
    Drop,
}

/// Redaction rules made ready. Cheap to clone, free to share; the default redacts nothing.
#[derive(Clone, Debug, Default)]
pub struct Redaction(Option<Arc<Compiled>>);

#[derive(Debug, Default)]
struct Compiled {
    paths: Vec<PathRedaction>,
    texts: Vec<TextRedaction>,
    secret_names: Option<RedactAction>,
    salt: String,
}

/// A document of which something may have been redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// What is left to keep.
    pub tree: Tree,
    /// How many places were changed; 0 when it is the document as it was.
    pub places: u64,
}

impl Redaction {
    /// Whether there is nothing to redact.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it goes by paths or names. Such rules cannot be applied to a text, so a text that
    /// was meant to be a document and cannot be read as one is better not kept.
    #[must_use]
    pub fn needs_structure(&self) -> bool {
        self.compiled()
            .is_some_and(|rules| !rules.paths.is_empty() || rules.secret_names.is_some())
    }

    /// Whether it goes by paths. Where a document cannot be read nobody knows what they mean.
    #[must_use]
    pub fn has_paths(&self) -> bool {
        self.compiled().is_some_and(|rules| !rules.paths.is_empty())
    }

    /// A document as it may be kept. Takes time proportional to its size for each rule.
    #[must_use]
    pub fn tree(&self, tree: &Tree) -> Redacted {
        match self.compiled() {
            None => Redacted {
                tree: tree.clone(),
                places: 0,
            },
            Some(rules) => rules.document(tree.root()),
        }
    }

    /// A text as it may be kept.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.compiled() {
            None => Cow::Borrowed(text),
            Some(rules) => rules.text(text),
        }
    }

    /// The beginning of a text as it may be kept; redacted first and cut then, so that the cut
    /// cannot hide the half of a match. As [`excerpt`](super::excerpt) otherwise.
    #[must_use]
    pub fn excerpt(&self, text: &str, limit: usize) -> String {
        excerpt(&self.text(text), limit)
    }

    /// Redacts what a comparison keeps; its verdict and counts stay.
    ///
    /// A [`Comparator`](super::Comparator) with redaction rules does it before it cuts values to
    /// samples; this is for comparisons made another way. Repeating it changes nothing.
    pub fn comparison(&self, comparison: &mut Comparison) {
        let Some(rules) = self.compiled() else { return };
        for difference in &mut comparison.differences {
            place::redact(rules, difference);
        }
        for undecided in &mut comparison.inexact {
            undecided.path = Place::of(rules, &undecided.path, None).path;
            undecided.what = rules.text(&undecided.what).into_owned();
        }
        for place in &mut comparison.places {
            place.path = rules.text(&place.path).into_owned();
        }
    }

    /// Redacts what a judgement keeps; its result stays.
    pub fn judgement(&self, judgement: &mut Judgement) {
        match judgement {
            Judgement::Compared(comparison) => self.comparison(comparison),
            Judgement::Failed(why) => *why = self.text(why).into_owned(),
        }
    }

    /// Redacts all texts of a record: the last thing before it is stored.
    ///
    /// What came from a document (excerpts, samples) has to be redacted by path before it became a
    /// text; text patterns are applied here to all of it.
    pub fn record(&self, record: &mut ComparisonRecord) {
        if self.is_empty() {
            return;
        }
        if let Some(case) = &mut record.case {
            *case = self.text(case).into_owned();
        }
        if let Some(RecordedInput::Failed(why)) = &mut record.input {
            *why = self.text(why).into_owned();
        }
        self.side(&mut record.old);
        self.side(&mut record.new);
        self.judgement(&mut record.judgement);
        for finding in record
            .noise
            .iter_mut()
            .flat_map(|noise| &mut noise.findings)
        {
            finding.path = self.text(&finding.path).into_owned();
        }
    }

    fn side(&self, side: &mut SideRecord) {
        match &mut side.outcome {
            SideOutcome::Error { class, message } => {
                *class = self.text(class).into_owned();
                *message = self.text(message).into_owned();
            }
            SideOutcome::Panic { message } => *message = self.text(message).into_owned(),
            _ => {}
        }
        for text in [&mut side.answer.excerpt, &mut side.messages]
            .into_iter()
            .flatten()
        {
            *text = self.text(text).into_owned();
        }
    }

    /// What holds at the place of a difference, for its path in old and in new.
    pub(super) fn place(&self, path: &str, new_path: Option<&str>) -> Option<Place<'_>> {
        self.compiled()
            .map(|rules| Place::of(rules, path, new_path))
    }

    /// What must not be kept of a document for what stands beside it.
    pub(super) fn surrounded(&self, tree: &Tree) -> Surrounded {
        self.compiled()
            .map_or_else(Surrounded::default, |rules| rules.surrounded(tree))
    }

    fn compiled(&self) -> Option<&Compiled> {
        self.0.as_deref()
    }
}

impl Compiled {
    fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.texts.iter().fold(Cow::Borrowed(text), |text, rule| {
            rule.apply(text, &self.salt)
        })
    }
}
