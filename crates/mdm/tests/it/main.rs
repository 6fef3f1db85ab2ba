//! Both implementations of the dataset manager against facts of real data.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests; the lints know only functions that are marked as such"
)]

mod command;
mod demo;
mod facts;
mod refusals;
mod registering;
mod splitting;

use std::path::{Path, PathBuf};

/// A dataset of the crate.
fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(file)
}

/// A file with the given bytes in a folder that goes away with it.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Every implementation, in every release.
fn implementations() -> [mdm::Implementation; 3] {
    use mdm::modern::Release;
    [
        mdm::Implementation::Legacy,
        mdm::Implementation::Modern(Release::First),
        mdm::Implementation::Modern(Release::Second),
    ]
}
