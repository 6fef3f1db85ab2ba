//! Flags from elsewhere: what another system's file says, in terms of [`Definition`]s, and a note
//! for everything that is not carried over exactly as it stands.
//!
//! ```
//! use cutover_domain::flags::import::{self, Level, mdm::{Mdm, Nested}};
//!
//! let text = br#"{"flags": {
//!     "use_new_backend": false,
//!     "rollout_percentage": {"new_backend": 25}
//! }}"#;
//! let imported = Mdm::read(&import::read(text)?)?.import(Nested::Live);
//! let flag = &imported.flags["use_new_backend"];
//! assert_eq!(flag.percentage().unwrap().to_string(), "25");
//! // The code behind this file never read a percentage that stands there.
//! assert_eq!(imported.notes[0].level, Level::Warning);
//! assert_eq!(imported.notes[0].path, "$.flags.rollout_percentage.new_backend");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod flagd;
pub mod mdm;
mod merge;
mod naming;
pub mod native;
mod path;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Change, Definition, FlagKey, Problems};
pub use text::{Unreadable, read};

/// Why a text was not imported.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotImported {
    /// It is no JSON document.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It describes flags that cannot be.
    #[error(transparent)]
    Invalid(#[from] Problems),
}

/// What a source says about flags.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The flags, as they would be where there were none.
    pub flags: BTreeMap<FlagKey, Definition>,
    /// What is worth knowing about how they were read.
    pub notes: Vec<Note>,
    /// Where the source comes from, as far as it says, in one sentence for the history.
    pub background: Option<String>,
    /// How much of a definition the source speaks of.
    pub extent: Extent,
}

/// How much of a flag's definition a source speaks of. What it has no words for stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything: the definition is what the source says, and nothing else.
    Whole,
    /// What is decided and how: the type, the variants, the rules, the rollout and the default.
    /// Overrides, requirements, the stage, a kill and, unless it names them, the owner and so on
    /// are no concern of the source.
    Targeting,
    /// What everybody gets: the type, the default and the rollout. Overrides, requirements, a
    /// kill, the owner and so on are no concern of the source.
    Answer,
}

/// What becomes of flags that the source does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They stay.
    Keep,
    /// They are removed.
    Remove,
}

/// One remark about a source, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A path into the source: `$.flags.use_new_backend`.
    pub path: String,
    /// How serious it is.
    pub level: Level,
    /// What happened to what stands there.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// How serious a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// How something was carried over.
    Info,
    /// Carried over, and somebody may be surprised.
    Warning,
    /// Not carried over, or not exactly: there is no equivalent.
    Lost,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Lost => "lost",
        }
    }
}

impl Imported {
    /// What could not be carried over exactly.
    pub fn lost(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.level == Level::Lost)
    }

    /// The changes that carry it over into `present`; none for a flag that is already what the
    /// source says. As one revision, they are checked together.
    #[must_use]
    pub fn changes(&self, present: &BTreeMap<FlagKey, Definition>, others: Others) -> Vec<Change> {
        let mut changes = Vec::new();
        for (key, said) in &self.flags {
            let before = present.get(key);
            let after = match (before, self.extent) {
                (Some(before), Extent::Answer) => merge::answer(before, said),
                (Some(before), Extent::Targeting) => merge::targeting(before, said),
                (None, _) | (_, Extent::Whole) => said.clone(),
            };
            if before != Some(&after) {
                changes.push(Change::Put {
                    key: key.clone(),
                    definition: Some(Box::new(after)),
                });
            }
        }
        if others == Others::Remove {
            let gone = present.keys().filter(|key| !self.flags.contains_key(*key));
            changes.extend(gone.map(|key| Change::Put {
                key: key.clone(),
                definition: None,
            }));
        }
        changes
    }
}

/// Notes in the making.
#[derive(Default)]
struct Notes(Vec<Note>);

impl Notes {
    fn add(&mut self, level: Level, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Note {
            path: path.into(),
            level,
            message: message.into(),
        });
    }
}
