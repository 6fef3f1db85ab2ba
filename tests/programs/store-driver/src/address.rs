//! Which store is driven.

use std::sync::Arc;

use cutover_file::FileFlagStore;
use cutover_ports::flags::FlagStore;
use cutover_sqlite::SqliteFlagStore;

use crate::Failure;

/// The store at an address.
pub(crate) fn open(address: &str) -> Result<Arc<dyn FlagStore>, Failure> {
    match address.split_once(':') {
        Some(("file", dir)) if !dir.is_empty() => Ok(Arc::new(FileFlagStore::open(dir))),
        Some(("sqlite", file)) if !file.is_empty() => Ok(Arc::new(SqliteFlagStore::open(file))),
        _ => Err(format!("a store is written file:DIR or sqlite:FILE, not `{address}`").into()),
    }
}
