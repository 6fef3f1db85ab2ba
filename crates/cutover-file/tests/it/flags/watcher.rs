//! What a watcher is told, and the other processes that give it something to see.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_file::{FileFlagConfig, FileFlagStore};
use cutover_ports::PortError;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::next_event;

use super::place::Place;

pub(super) struct Watcher {
    events: FlagEvents,
}

impl Watcher {
    pub(super) fn of(store: &FileFlagStore, since: u64) -> Self {
        Self {
            events: block_on(store.watch(Revision::new(since))).unwrap(),
        }
    }

    /// Through a handle of its own, with what is there now behind it.
    pub(super) fn at(place: &Place) -> Self {
        let store = place.elsewhere();
        let newest = block_on(store.load()).unwrap().unwrap().revision;
        Self::of(&store, newest.number())
    }

    /// The same, without the notices of the operating system.
    pub(super) fn without_notices(place: &Place) -> Self {
        let store = FileFlagStore::with_config(FileFlagConfig {
            notices: false,
            poll_interval: Duration::from_millis(5),
            ..FileFlagConfig::new(place.dir())
        });
        let newest = block_on(store.load()).unwrap().unwrap().revision;
        Self::of(&store, newest.number())
    }

    pub(super) fn event(&mut self) -> FlagEvent {
        block_on(next_event(&mut self.events))
    }

    pub(super) fn changed(&mut self) -> Arc<ChangeRecord> {
        match self.event() {
            FlagEvent::Changed(record) => record,
            other => panic!("a change was expected, not {other:?}"),
        }
    }

    /// The next change, on a machine that may be so slow that a moment's trouble was seen before.
    pub(super) fn changed_at_last(&mut self) -> Arc<ChangeRecord> {
        loop {
            match self.event() {
                FlagEvent::Changed(record) => return record,
                FlagEvent::Trouble(error) => eprintln!("{error}"),
                other => panic!("a change was expected, not {other:?}"),
            }
        }
    }

    pub(super) fn trouble(&mut self) -> PortError {
        match self.event() {
            FlagEvent::Trouble(error) => error,
            other => panic!("trouble was expected, not {other:?}"),
        }
    }

    pub(super) fn resync(&mut self) {
        match self.event() {
            FlagEvent::Resync => {}
            other => panic!("`Resync` was expected, not {other:?}"),
        }
    }

    /// `Resync`, after whatever trouble came before.
    pub(super) fn resync_at_last(&mut self) {
        loop {
            match self.event() {
                FlagEvent::Resync => return,
                FlagEvent::Trouble(error) => eprintln!("{error}"),
                other => panic!("`Resync` was expected, not {other:?}"),
            }
        }
    }
}

/// Another process does something in the directory of a store.
pub(super) fn sh(dir: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
}
