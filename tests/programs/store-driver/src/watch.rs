//! What a watcher is told, as it comes.

use std::future::poll_fn;
use std::io::{self, Write};

use cutover_domain::flags::Revision;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};
use jiff::Timestamp;
use pollster::block_on;
use serde_json::{Value, json};

use crate::Failure;

/// Prints every event, for ever. The first line says that it watches.
pub(crate) fn watch(store: &dyn FlagStore, since: u64) -> Result<(), Failure> {
    let mut events = block_on(store.watch(Revision::new(since)))?;
    say(&json!({"event": "watching"}))?;
    while let Some(event) = block_on(next(&mut events)) {
        let at = i64::try_from(Timestamp::now().as_nanosecond())?;
        say(&match event {
            FlagEvent::Changed(record) => json!({
                "event": "changed",
                "revision": record.revision.number(),
                "actor": record.actor,
                "at": at,
            }),
            FlagEvent::Resync => json!({"event": "resync", "at": at}),
            FlagEvent::Trouble(error) => {
                json!({"event": "trouble", "error": error.to_string(), "at": at})
            }
            other => json!({"event": "other", "is": format!("{other:?}")}),
        })?;
    }
    Err("the watch has ended".into())
}

pub(crate) async fn next(events: &mut FlagEvents) -> Option<FlagEvent> {
    poll_fn(|context| events.as_mut().poll_next(context)).await
}

fn say(line: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
