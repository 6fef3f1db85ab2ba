//! The flags as they were last committed: what an edit by hand is compared with, and what a
//! repair brings back.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use cutover_domain::flags::{ChangeRecord, Definition, FlagKey, Revision, digest};
use serde_json::Value;

use super::document::{self, Stored};
use super::error::Operation;
use super::history::History;
use super::state::Text;

type Flags = BTreeMap<FlagKey, Definition>;

/// A good copy that can be believed.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) flags: Flags,
    pub(super) unknown: BTreeMap<String, Value>,
    /// The record of its revision.
    pub(super) last: ChangeRecord,
}

impl Good {
    /// Reads the good copy. One that is torn, edited, or contradicts the history counts as none:
    /// it is a help, never an authority.
    pub(super) fn read(
        operation: Operation,
        path: &Path,
        tail: Option<&ChangeRecord>,
    ) -> Option<Self> {
        let text = Text::read(operation, path).ok()??;
        let stored = Stored::parse(operation, path, &text.bytes, None).ok()?;
        if !stored.is_as_committed() {
            return None;
        }
        let last = stored.last?;
        if tail.is_some_and(|tail| tail.revision == last.revision && *tail != last) {
            return None;
        }
        Some(Self {
            flags: stored.flags,
            unknown: stored.unknown,
            last,
        })
    }

    /// Whether the change `last`, made to this copy, gives the flags that `stored` was committed
    /// with.
    pub(super) fn leads_to(&self, last: &ChangeRecord, stored: &Stored) -> bool {
        let mut flags = self.flags.clone();
        for change in &last.changes {
            put(&mut flags, &change.key, change.after.as_ref());
        }
        let digest = digest(&flags).ok();
        digest.is_none() || stored.digest.is_none() || digest == stored.digest
    }
}

/// The newest record that is known of a store whose document cannot be read: in the history, of
/// which `tail` is the end, in the good copy, or in what is left of the document's text.
pub(super) fn newest_known(
    text: Option<&Text>,
    good: Option<&Good>,
    tail: Option<ChangeRecord>,
) -> Option<ChangeRecord> {
    let newest = [good.map(|good| good.last.clone()), tail]
        .into_iter()
        .flatten()
        .max_by_key(|record| record.revision)?;
    let salvaged = text
        .and_then(|text| document::salvage_last(&text.bytes))
        .filter(|last| newest.revision.next() == last.revision);
    Some(salvaged.unwrap_or(newest))
}

/// The flags at a revision.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) flags: Flags,
    /// Whether all that led to them is known. Else a flag that nothing is known of is taken to be
    /// as it was found.
    pub(super) is_certain: bool,
}

impl Base {
    /// The flags at the revision of `newest` (which need not be in the history yet): from the good
    /// copy and what came after it, or else from the history alone.
    ///
    /// Takes one step in the usual case, and reads the whole history where there is no good copy.
    pub(super) fn at(
        newest: Option<&ChangeRecord>,
        good: Option<Good>,
        history: Option<&History>,
        found: &Flags,
    ) -> io::Result<Self> {
        let Some(newest) = newest else {
            return Ok(Self {
                flags: Flags::new(),
                is_certain: true,
            });
        };
        let good = good.filter(|good| good.last.revision <= newest.revision);
        let floor = good
            .as_ref()
            .map_or(Revision::ZERO, |good| good.last.revision);
        let mut known: BTreeMap<FlagKey, Option<Definition>> = BTreeMap::new();
        // The lowest revision down to which no record is missing.
        let mut reached = newest.revision.next();
        let mut is_certain = true;
        let older = history
            .map(|history| history.records(Some(newest.revision)))
            .transpose()?;
        let records = std::iter::once(Ok(newest.clone())).chain(older.into_iter().flatten());
        for record in records {
            if reached <= floor.next() {
                break;
            }
            let record = record?;
            if record.revision >= reached {
                continue;
            }
            if record.revision <= floor {
                is_certain = false;
                reached = floor.next();
                break;
            }
            is_certain &= record.revision.next() == reached && !record.is_incomplete();
            reached = record.revision;
            for change in record.changes {
                known.entry(change.key).or_insert(change.after);
            }
        }
        is_certain &= reached <= floor.next();
        let mut flags = match good {
            Some(good) => good.flags,
            None if is_certain => Flags::new(),
            None => found.clone(),
        };
        for (key, definition) in known {
            put(&mut flags, &key, definition.as_ref());
        }
        Ok(Self { flags, is_certain })
    }
}

/// Makes a flag what it is, or takes it away.
pub(super) fn put(flags: &mut Flags, key: &FlagKey, definition: Option<&Definition>) {
    match definition {
        Some(definition) => {
            flags.insert(key.clone(), definition.clone());
        }
        None => {
            flags.remove(key);
        }
    }
}
