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

/// Reads the files, and writes down an edit by hand where that can be done.
pub(super) fn read(
    operation: Operation,
    config: &FileFlagConfig,
    files: &Files,
) -> Result<Option<State>, PortError> {
    let state = state::read(operation, files)?;
    let is_ours = || files.history.is_file() && !files.are_read_only();
    if !state.as_ref().is_some_and(State::is_edited) || !is_ours() {
        // Where no change was ever made, looking makes no files.
        return Ok(state);
    }
    match write_down(operation, config) {
        Ok(settled) => Ok(settled),
        Err(why) => {
            tracing::debug!(%why, "an edit of the flags is not written down yet");
            Ok(state)
        }
    }
}

fn write_down(operation: Operation, config: &FileFlagConfig) -> Result<Option<State>, PortError> {
    let mut writer = Writer::new(operation, config)?;
    let state = writer.read()?;
    drop(writer.settle(state.as_ref())?);
    Ok(state.map(|state| State {
        origin: Origin::Commit,
        ..state
    }))
}
