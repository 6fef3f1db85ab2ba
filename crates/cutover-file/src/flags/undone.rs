//! Commits that an edit by hand takes back, because it was made on an older copy of the flags.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use cutover_domain::flags::{ChangeRecord, Definition, FlagKey, KeyChange, Revision};
use serde_json::{Map, Value};

use super::document::Stored;
use super::history::History;
use super::state::EXTERNAL;

/// So many revisions are looked at, the newest ones.
const LOOKED_AT: usize = 1000;

/// So many revisions are named in the reason.
const NAMED: usize = 10;

/// What an edit by hand takes back.
pub(super) struct Undone {
    /// What the file says that it was.
    based_on: Revision,
    /// Whose changes are gone, in order; never empty.
    revisions: Vec<Revision>,
}

impl Undone {
    /// What a document takes back that says it is an older revision than `newest`.
    ///
    /// A file keeps the number of the last commit through all edits by hand, so that its number is
    /// behind without anything being wrong while nothing but edits came after it.
    pub(super) fn by(
        stored: &Stored,
        newest: &ChangeRecord,
        history: Option<&History>,
    ) -> io::Result<Option<Self>> {
        let Some(based_on) = stored.claimed.filter(|claimed| *claimed < newest.revision) else {
            return Ok(None);
        };
        let older = history
            .map(|history| history.records(Some(newest.revision)))
            .transpose()?;
        let records = std::iter::once(Ok(newest.clone())).chain(older.into_iter().flatten());
        let mut as_it_was: BTreeMap<FlagKey, Option<Definition>> = BTreeMap::new();
        let mut revisions = BTreeSet::new();
        let mut is_committed_since = false;
        for record in records.take(LOOKED_AT) {
            let record = record?;
            if record.revision <= based_on {
                break;
            }
            is_committed_since |= record.actor != EXTERNAL;
            for change in record.changes {
                let was = as_it_was
                    .entry(change.key.clone())
                    .or_insert_with(|| change.after.clone());
                if is_undone(&change, was.as_ref(), stored.flags.get(&change.key)) {
                    revisions.insert(record.revision);
                }
            }
        }
        let takes_back = is_committed_since && !revisions.is_empty();
        Ok(takes_back.then(|| Self {
            based_on,
            revisions: revisions.into_iter().collect(),
        }))
    }

    /// Says it in the record of the edit.
    pub(super) fn tell(&self, record: &mut ChangeRecord) {
        let named = self.revisions.iter().take(NAMED);
        let named: Vec<_> = named.map(Revision::to_string).collect();
        let more = match self.revisions.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let word = match self.revisions.len() {
            1 => "revision",
            _ => "revisions",
        };
        let told = format!(
            "; it was based on revision {} and takes back {word} {}{more}",
            self.based_on,
            named.join(", ")
        );
        record.reason.get_or_insert_default().push_str(&told);
        record.take_back(&self.revisions);
    }
}

/// Whether what a change made of a flag is no more: the flag is not there, or is there again, or a
/// field that the change touched is not as it was at the newest revision.
fn is_undone(change: &KeyChange, was: Option<&Definition>, found: Option<&Definition>) -> bool {
    let (Some(was), Some(found)) = (was, found) else {
        return was.is_some() != found.is_some();
    };
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return false;
    };
    let [before, after, was, found] = [before, after, was, found].map(fields);
    let touched = before.keys().chain(after.keys());
    let mut touched = touched.filter(|field| before.get(*field) != after.get(*field));
    touched.any(|field| was.get(field) != found.get(field))
}

fn fields(flag: &Definition) -> Map<String, Value> {
    match serde_json::to_value(flag) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
