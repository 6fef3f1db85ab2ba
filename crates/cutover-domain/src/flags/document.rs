use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{Definition, FlagKey};

/// The major version of the stored shape. A document of a newer one is refused.
pub const SCHEMA: u32 = 1;

/// The number of a flag document: every change makes the next one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The revision before any change.
    pub const ZERO: Self = Self(0);

    /// A revision by number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The revision that the next change makes.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Revision {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// All flags of one environment at one revision: the unit of storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlagDocument {
    /// The major version of this shape, [`SCHEMA`].
    pub schema: u32,
    /// The number of this state.
    pub revision: Revision,
    /// When it was made.
    pub updated_at: Timestamp,
    /// The flags.
    pub flags: BTreeMap<FlagKey, Definition>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl FlagDocument {
    /// No flags, at revision 0.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            revision: Revision::ZERO,
            updated_at: now,
            flags: BTreeMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// A digest of the flags alone, 32 hex digits: equal for equal flags, whatever the order of
    /// fields or the layout of the text they were read from.
    ///
    /// It finds edits; it is no defence against forgery.
    ///
    /// # Errors
    ///
    /// A value cannot be written as JSON, which no value read from JSON can cause.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        digest(&self.flags)
    }
}

/// [`FlagDocument::digest`] of flags.
///
/// # Errors
///
/// The same.
pub fn digest(flags: &BTreeMap<FlagKey, Definition>) -> Result<String, serde_json::Error> {
    let mut hash = Xxh3::new();
    let mut canonical = Vec::with_capacity(4096);
    canonical.push(b'{');
    // One flag after the other: a tree of all of them takes several times the space of the flags.
    for (index, (key, definition)) in flags.iter().enumerate() {
        if index > 0 {
            canonical.push(b',');
        }
        serde_json::to_writer(&mut canonical, key)?;
        canonical.push(b':');
        write_canonical(&serde_json::to_value(definition)?, &mut canonical)?;
        hash.update(&canonical);
        canonical.clear();
    }
    canonical.push(b'}');
    hash.update(&canonical);
    Ok(format!("{:032x}", hash.digest128()))
}

/// JSON with sorted keys and no white space. Written out, because the order of a
/// `serde_json::Map` depends on a feature that any crate of a build can switch on.
fn write_canonical(value: &serde_json::Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        serde_json::Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(item, out)?;
            }
            out.push(b']');
        }
        serde_json::Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                write_canonical(member, out)?;
            }
            out.push(b'}');
        }
        scalar => serde_json::to_writer(out, scalar)?,
    }
    Ok(())
}

/// What one revision changed, who did it, when and why: the unit of history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// The revision that the change made.
    pub revision: Revision,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: String,
    /// Why, if a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What: one entry per flag that was touched, also when nothing about it changed.
    pub changes: Vec<KeyChange>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

/// The field of a record that names the revisions which it took back.
const TAKES_BACK: &str = "takes_back";

/// The field of a record whose changes are not all known.
const INCOMPLETE: &str = "incomplete";

impl ChangeRecord {
    /// The revisions whose changes this one took back although nobody asked for that: somebody saved
    /// an older copy of the flags over them. Empty as a rule.
    ///
    /// ```
    /// # use cutover_domain::flags::{ChangeRecord, Revision};
    /// let mut record: ChangeRecord = serde_json::from_str(
    ///     r#"{"revision": 4, "time": "2026-01-01T00:00:00Z", "actor": "external", "changes": []}"#,
    /// )?;
    /// assert!(record.takes_back().is_empty());
    /// record.take_back(&[Revision::new(3)]);
    /// assert_eq!(record.takes_back(), [Revision::new(3)]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn takes_back(&self) -> Vec<Revision> {
        let revisions = self
            .unknown
            .get(TAKES_BACK)
            .and_then(serde_json::Value::as_array);
        let numbers = revisions.into_iter().flatten();
        let numbers = numbers.filter_map(serde_json::Value::as_u64);
        numbers.map(Revision::new).collect()
    }

    /// Whether the revision may have changed more than is told: it was made past the store, which
    /// could not know any more what all flags had been before. Such a record is no way from the
    /// flags before it to those after it, nor back.
    ///
    /// ```
    /// # use cutover_domain::flags::ChangeRecord;
    /// let record: ChangeRecord = serde_json::from_str(
    ///     r#"{"revision": 4, "time": "2026-01-01T00:00:00Z", "actor": "external", "changes": [],
    ///         "incomplete": true}"#,
    /// )?;
    /// assert!(record.is_incomplete());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.unknown.get(INCOMPLETE) == Some(&true.into())
    }

    /// Says that not all that changed is known; see [`ChangeRecord::is_incomplete`].
    pub fn mark_incomplete(&mut self) {
        self.unknown.insert(INCOMPLETE.to_owned(), true.into());
    }

    /// Says that this revision took others back; see [`ChangeRecord::takes_back`].
    pub fn take_back(&mut self, revisions: &[Revision]) {
        let numbers: Vec<_> = revisions.iter().map(|revision| revision.number()).collect();
        self.unknown.insert(TAKES_BACK.to_owned(), numbers.into());
    }
}

/// One flag before and after a change; absent where it did not exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The flag.
    pub key: FlagKey,
    /// Its definition before.
    pub before: Option<Definition>,
    /// Its definition after.
    pub after: Option<Definition>,
}

impl KeyChange {
    /// What differs between the flags of two documents, in order of key.
    #[must_use]
    pub fn between(
        before: &BTreeMap<FlagKey, Definition>,
        after: &BTreeMap<FlagKey, Definition>,
    ) -> Vec<Self> {
        let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter()
            .filter(|key| before.get(*key) != after.get(*key))
            .map(|key| Self {
                key: key.clone(),
                before: before.get(key).cloned(),
                after: after.get(key).cloned(),
            })
            .collect()
    }
}
