//! Changing flags, again after each conflict, until it is acknowledged.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, FlagKey, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{Commit, FlagStore};
use jiff::Timestamp;
use pollster::block_on;
use serde_json::json;

use crate::Failure;

/// When to stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    Made(u64),
    Passed(Duration),
}

/// Makes the first revision.
pub(crate) fn init(store: &dyn FlagStore, flags: u64) -> Result<(), Failure> {
    let mut definitions = BTreeMap::new();
    for number in 0..flags {
        let key: FlagKey = format!("flag-{number}").parse()?;
        definitions.insert(key, Definition::boolean());
    }
    block_on(store.commit(next(None, definitions, "init", 0)?))?;
    Ok(())
}

/// Changes flags as fast as it can, and says what was acknowledged.
pub(crate) fn write(store: &dyn FlagStore, actor: &str, until: Until) -> Result<(), Failure> {
    let start = Instant::now();
    let mut out = io::stdout().lock();
    for number in 0.. {
        let is_over = match until {
            Until::Made(count) => number >= count,
            Until::Passed(time) => start.elapsed() >= time,
        };
        if is_over {
            break;
        }
        let begun = Instant::now();
        let revision = change(store, actor, number)?;
        let waited = u64::try_from(begun.elapsed().as_micros())?;
        let made = json!({"number": number, "revision": revision.number(), "waited_us": waited});
        writeln!(out, "{made}")?;
    }
    Ok(())
}

/// Makes one change, and returns its revision.
pub(crate) fn change(store: &dyn FlagStore, actor: &str, number: u64) -> Result<Revision, Failure> {
    loop {
        let found = block_on(store.load())?.ok_or("there are no flags: begin with `init`")?;
        let mut flags = found.flags.clone();
        let revision = found.revision.next();
        for flag in flags.values_mut() {
            flag.owner = Some(revision.to_string());
        }
        match block_on(store.commit(next(Some(&found), flags, actor, number)?)) {
            Ok(()) => return Ok(revision),
            Err(error) if matches!(error.kind(), PortErrorKind::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn next(
    found: Option<&FlagDocument>,
    flags: BTreeMap<FlagKey, Definition>,
    actor: &str,
    number: u64,
) -> Result<Commit, Failure> {
    let now = Timestamp::now();
    let empty = FlagDocument::empty(now);
    let found = found.unwrap_or(&empty);
    let applied = found.apply(&[Change::Replace { flags }], now)?;
    Ok(Commit {
        expected: found.revision,
        record: ChangeRecord {
            revision: applied.document.revision,
            time: now,
            actor: actor.to_owned(),
            reason: Some(number.to_string()),
            changes: applied.changes,
            unknown: BTreeMap::new(),
        },
        document: applied.document,
    })
}
