//! A directory with flags, and hands that meddle with its files.

use std::fs;
use std::path::{Path, PathBuf};

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument};
use cutover_file::FileFlagStore;
use cutover_ports::PortError;
use cutover_ports::flags::{Commit, FlagStore, HistoryQuery};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create};
use serde_json::Value;
use tempfile::TempDir;

pub(super) struct Place {
    dir: TempDir,
    pub(super) store: FileFlagStore,
}

impl Place {
    pub(super) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = FileFlagStore::open(dir.path());
        Self { dir, store }
    }

    /// A store with the flags `flag-1` to `flag-N`, one commit for each.
    pub(super) fn with_commits(count: u64) -> Self {
        let place = Self::empty();
        for number in 1..=count {
            place.commit(&[create(&format!("flag-{number}"))]);
        }
        place
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Another handle, as another process would have.
    pub(super) fn elsewhere(&self) -> FileFlagStore {
        FileFlagStore::open(self.dir.path())
    }

    pub(super) fn commit(&self, changes: &[Change]) -> Commit {
        block_on(commit_changes(&self.store, changes, "alice"))
    }

    pub(super) fn try_load(&self) -> Result<Option<FlagDocument>, PortError> {
        block_on(self.store.load())
    }

    pub(super) fn load(&self) -> FlagDocument {
        self.try_load().unwrap().unwrap()
    }

    /// All records, newest first.
    pub(super) fn history(&self) -> Vec<ChangeRecord> {
        let all = HistoryQuery::newest(usize::MAX);
        block_on(self.store.history(&all)).unwrap().records
    }

    pub(super) fn revisions(&self) -> Vec<u64> {
        let records = self.history();
        records
            .iter()
            .map(|record| record.revision.number())
            .collect()
    }

    /// Edits `flags.json` in place, as a person or a script would.
    pub(super) fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut document: Value = serde_json::from_slice(&self.read("flags.json")).unwrap();
        edit(&mut document);
        self.write("flags.json", serde_json::to_vec_pretty(&document).unwrap());
    }

    /// Kills a flag with an editor.
    pub(super) fn kill_by_hand(&self, key: &str) {
        self.edit(|document| document["flags"][key]["state"] = "killed".into());
    }
}
