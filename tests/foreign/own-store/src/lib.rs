//! A flag store that cutover does not have: one file per revision, never changed afterwards.
//!
//! The file of a revision is made under another name and then linked to its own, which fails when
//! somebody else's is there: the file system does the compare-and-set, and no lock is needed.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use cutover_domain::flags::{ChangeRecord, FlagDocument, Revision};
use cutover_ports::flags::{
    Commit, Compaction, FlagCapabilities, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
    Retention,
};
use cutover_ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

/// The store: a folder.
#[derive(Clone, Debug)]
pub struct FolderStore {
    folder: PathBuf,
}

/// What one file holds.
#[derive(Serialize, Deserialize)]
struct Page {
    document: FlagDocument,
    record: ChangeRecord,
}

impl FolderStore {
    /// Opens the folder, made if it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, revision: Revision) -> PathBuf {
        self.folder.join(format!("{:012}.json", revision.number()))
    }

    /// The newest revision there is; 0 when nothing was committed.
    fn newest(&self) -> Result<Revision, PortError> {
        let trouble = |error| PortError::io("list revisions", self.folder.display(), error);
        let mut newest = 0;
        for entry in fs::read_dir(&self.folder).map_err(trouble)? {
            let name = entry.map_err(trouble)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_suffix(".json")?.parse().ok());
            newest = newest.max(number.unwrap_or(0));
        }
        Ok(Revision::new(newest))
    }

    fn page(&self, revision: Revision) -> Result<Page, PortError> {
        let path = self.path(revision);
        let text = fs::read(&path)
            .map_err(|error| PortError::io("read a revision", path.display(), error))?;
        serde_json::from_slice(&text).map_err(|error| {
            PortError::new(PortErrorKind::Corrupt, "read a revision")
                .at(format_args!(
                    "{}:{}:{}",
                    path.display(),
                    error.line(),
                    error.column()
                ))
                .caused_by(error)
                .advice("remove the file to go back to the revision before")
        })
    }

    fn write(&self, page: &Page, to: &Path) -> Result<(), WriteError> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer_pretty(&mut file, page)?;
        file.as_file_mut().flush()?;
        file.as_file().sync_all()?;
        match fs::hard_link(file.path(), to) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(WriteError::Taken),
            linked => Ok(linked?),
        }
    }
}

enum WriteError {
    Taken,
    Io(io::Error),
}

impl<E: Into<io::Error>> From<E> for WriteError {
    fn from(error: E) -> Self {
        Self::Io(error.into())
    }
}

#[async_trait]
impl FlagStore for FolderStore {
    fn capabilities(&self) -> FlagCapabilities {
        FlagCapabilities {
            durable: true,
            shared: true,
            watch: false,
            retention: false,
        }
    }

    async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        match self.newest()? {
            Revision::ZERO => Ok(None),
            newest => self.page(newest).map(|page| Some(page.document)),
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        commit.check()?;
        commit.check_against(self.newest()?)?;
        let path = self.path(commit.document.revision);
        let page = Page {
            document: commit.document,
            record: commit.record,
        };
        match self.write(&page, &path) {
            Ok(()) => fs::File::open(&self.folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| {
                    PortError::new(PortErrorKind::OutcomeUnknown, "commit flags")
                        .at(path.display())
                        .caused_by(error)
                }),
            Err(WriteError::Taken) => {
                let (expected, actual) = (commit.expected.number(), self.newest()?.number());
                Err(PortError::new(
                    PortErrorKind::Conflict { expected, actual },
                    "commit flags",
                ))
            }
            Err(WriteError::Io(error)) => Err(PortError::io("commit flags", path.display(), error)),
        }
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let newest = self.newest()?.number();
        let mut records = Vec::new();
        for number in (1..=newest).rev() {
            // One more than asked for tells whether there is a next page.
            if records.len() > query.limit {
                break;
            }
            let record = self.page(Revision::new(number))?.record;
            if query.matches(&record) {
                records.push(record);
            }
        }
        Ok(HistoryPage::take(query, records.into_iter()))
    }

    async fn watch(&self, _since: Revision) -> Result<FlagEvents, PortError> {
        Err(PortError::new(PortErrorKind::Unsupported, "watch flags")
            .because("this store cannot tell when it changes")
            .advice("load it from time to time"))
    }

    async fn compact(&self, _retention: &Retention) -> Result<Compaction, PortError> {
        Err(
            PortError::new(PortErrorKind::Unsupported, "compact the flag history")
                .because("each revision is a file of its own")
                .advice("remove the files with the lowest numbers"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_testkit::flags::Fixture;

    // Every promise of the port, as one test each. What this store cannot do (watch) it says in its
    // capabilities, and is not asked for.
    cutover_testkit::flag_store_contract!(contract, || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        Fixture::opened_by(move || FolderStore::open(&path).unwrap()).keeping(folder)
    });

    #[test]
    fn a_torn_revision_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(folder.path()).unwrap();
        fs::write(folder.path().join("000000000001.json"), "{\"document\": ").unwrap();
        let error = pollster::block_on(store.load()).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(
            error.to_string().contains("000000000001.json:1:"),
            "{error}"
        );
    }
}
