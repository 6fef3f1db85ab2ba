//! A directory with a database, and hands that meddle with it.

use std::fs;
use std::path::{Path, PathBuf};

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument};
use cutover_ports::PortError;
use cutover_ports::flags::{Commit, FlagStore, HistoryQuery};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create};
use rusqlite::Connection;
use tempfile::TempDir;

pub(super) struct Place {
    pub(super) dir: TempDir,
    pub(super) store: SqliteFlagStore,
}

impl Place {
    pub(super) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteFlagStore::open(dir.path().join("flags.db"));
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

    pub(super) fn path(&self) -> PathBuf {
        self.beside("")
    }

    /// The path of a file that SQLite keeps beside the database.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        self.dir().join(format!("flags.db{suffix}"))
    }

    /// The names of all files, sorted.
    pub(super) fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    /// Another handle, as another process would have.
    pub(super) fn elsewhere(&self) -> SqliteFlagStore {
        SqliteFlagStore::open(self.path())
    }

    pub(super) fn environment(&self, name: &str) -> SqliteFlagStore {
        SqliteFlagStore::with_config(SqliteFlagConfig {
            environment: name.to_owned(),
            ..SqliteFlagConfig::new(self.path())
        })
    }

    /// What a person has with the `sqlite3` shell.
    pub(super) fn shell(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// One statement in that shell; tells how many rows it changed.
    pub(super) fn edit(&self, statement: &str) -> usize {
        self.shell().execute(statement, []).unwrap()
    }

    /// Writes everything from the log into the database, so that the file alone has it.
    pub(super) fn checkpoint(&self) {
        let is_busy: i64 = self
            .shell()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .unwrap();
        assert_eq!(is_busy, 0);
    }

    /// The database as SQLite's own backup gives it.
    pub(super) fn backup(&self) -> Vec<u8> {
        self.checkpoint();
        fs::read(self.path()).unwrap()
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
        let numbers = records.iter().map(|record| record.revision.number());
        numbers.collect()
    }
}
