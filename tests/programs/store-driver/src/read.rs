//! Reading, while others write: nothing but whole revisions, each once and in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::flags::{FlagEvent, FlagStore, HistoryQuery};
use pollster::block_on;
use serde_json::json;

use crate::Failure;
use crate::watch::next;

/// Between two loads, so that readers leave something of the machine to the writers.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the last change may take to be seen by a watcher of a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Loads and watches for a time.
pub(crate) fn read(store: &Arc<dyn FlagStore>, time: Duration) -> Result<(), Failure> {
    let first = load(&**store)?;
    let watcher = follow(store, first.revision)?;
    let start = Instant::now();
    let mut last = first.revision;
    let mut loads = 0_u64;
    while start.elapsed() < time {
        let found = load(&**store)?;
        if found.revision < last {
            return Err(format!("revision {} was read after {last}", found.revision).into());
        }
        last = found.revision;
        loads += 1;
        thread::sleep(PAUSE);
    }
    let mut watched = 0_u64;
    let mut seen = first.revision;
    while seen < last {
        seen = watcher.recv_timeout(PATIENCE).map_err(|_| {
            format!("revision {last} was read, but {seen} is the last one watched")
        })??;
        watched += 1;
    }
    let (first, last) = (first.revision.number(), last.number());
    println!(
        "{}",
        json!({"loads": loads, "watched": watched, "first": first, "last": last})
    );
    Ok(())
}

fn load(store: &dyn FlagStore) -> Result<FlagDocument, Failure> {
    let found = block_on(store.load())?.ok_or("there are no flags: begin with `init`")?;
    let owners: BTreeSet<_> = found.flags.values().map(|flag| &flag.owner).collect();
    let written = Some(found.revision.to_string());
    let is_whole = found.revision == Revision::new(1) || owners == BTreeSet::from([&written]);
    match is_whole {
        true => Ok(found),
        false => Err(format!("revision {} is mixed: {owners:?}", found.revision).into()),
    }
}

/// The revisions that a watcher is told of; an error when one is missing, comes twice, or late.
fn follow(
    store: &Arc<dyn FlagStore>,
    since: Revision,
) -> Result<mpsc::Receiver<Result<Revision, String>>, Failure> {
    let mut events = block_on(store.watch(since))?;
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut last = since;
        while let Some(event) = block_on(next(&mut events)) {
            let told = match event {
                FlagEvent::Changed(record) if record.revision == last.next() => Ok(record.revision),
                other => Err(format!(
                    "after revision {last} the watcher was told {other:?}"
                )),
            };
            last = last.next();
            // Nobody listens any more once all is read.
            if sender.send(told).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// Prints the whole history, oldest first.
pub(crate) fn history(store: &dyn FlagStore) -> Result<(), Failure> {
    let mut query = HistoryQuery::newest(1000);
    let mut records = Vec::new();
    loop {
        let page = block_on(store.history(&query))?;
        records.extend(page.records);
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    for record in records.iter().rev() {
        let (revision, actor) = (record.revision.number(), &record.actor);
        let line = json!({"revision": revision, "actor": actor, "reason": record.reason});
        println!("{line}");
    }
    Ok(())
}
