//! An edit by hand gets its number for good from the first watcher that sees it.
//!
//! Until somebody writes it down, an edit is shown as the next revision, and may be edited again
//! under that number. A watcher does not let it come to that where it may write: every edit that
//! watchers are told of is a revision of its own. `flags.json` stays as its editor left it.

use std::time::Duration;

use cutover_ports::PortError;

use super::config::FileFlagConfig;
use super::error::Operation;
use super::files::{Files, Writer};
use super::state::{self, Origin, State};

/// Writers hold the lock for milliseconds. Where one hangs, the edit is shown unsettled meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);

/// The settings of who settles while others wait to be told.
pub(super) fn patience(config: &FileFlagConfig) -> FileFlagConfig {
    FileFlagConfig {
        lock_timeout: config.lock_timeout.min(PATIENCE),
        ..config.clone()
    }
}

/// Reads the files, and writes down where that can be done what a later edit by hand would take away
/// for good: an edit that is there, and, where the good copy is gone, what the flags are.
pub(super) fn read(
    operation: Operation,
    config: &FileFlagConfig,
    files: &Files,
) -> Result<Option<State>, PortError> {
    let state = state::read(operation, files)?;
    let is_wanted = |state: &State| state.is_edited() || !files.good.exists();
    let is_ours = || files.history.is_file() && !files.are_read_only();
    if !state.as_ref().is_some_and(is_wanted) || !is_ours() {
        // Where no change was ever made, looking makes no files.
        return Ok(state);
    }
    match write_down(operation, config) {
        Ok(settled) => Ok(settled),
        Err(why) => {
            tracing::debug!(%why, "the flags are not written down yet");
            Ok(state)
        }
    }
}

fn write_down(operation: Operation, config: &FileFlagConfig) -> Result<Option<State>, PortError> {
    let mut writer = Writer::new(operation, config)?;
    let state = writer.read()?;
    drop(writer.settle(state.as_ref())?);
    if let Some(state) = &state
        && !writer.files.good.exists()
    {
        writer.keep_good_copy(state)?;
    }
    Ok(state.map(|state| State {
        origin: Origin::Commit,
        ..state
    }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cutover_ports::flags::Retention;
    use cutover_testkit::flags::{create, next_commit};

    use super::*;
    use crate::flags::{commit, retention};

    #[test]
    fn a_good_copy_that_is_gone_is_made_anew_before_there_is_an_edit() {
        let dir = tempfile::tempdir().unwrap();
        let (config, files) = (FileFlagConfig::new(dir.path()), Files::new(dir.path()));
        let mut document = None;
        for key in ["a", "b"] {
            let next = next_commit(document.as_ref(), &[create(key)], "alice");
            commit::commit(&config, &next, None).unwrap();
            document = Some(next.document);
        }
        retention::compact(&config, &Retention::newest(1)).unwrap();
        fs::remove_file(&files.good).unwrap();
        let seen = read("test", &config, &files).unwrap().unwrap();
        assert!(files.good.exists());
        let text = fs::read_to_string(&files.document).unwrap();
        fs::write(&files.document, text.replace("\"enabled\"", "\"killed\"")).unwrap();
        let edited = read("test", &config, &files).unwrap().unwrap();
        assert_eq!(edited.document.revision, seen.document.revision.next());
        assert!(!edited.newest.is_incomplete());
        assert_eq!(edited.newest.changes.len(), 2);
    }
}
