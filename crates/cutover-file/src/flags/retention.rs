use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::time::Duration;

use cutover_domain::flags::Revision;
use cutover_ports::PortError;

use super::config::FileFlagConfig;
use super::error::{self, Operation};
use super::files::{Files, Writer};
use super::history::History;
use super::replace;

pub(super) const COMPACT: Operation = "compact the flag history";

/// Which records of the history to keep: those that pass every limit. Without a limit, all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Keep at most so many of the newest records.
    pub keep_newest: Option<usize>,
    /// Keep records up to this age.
    pub keep_for: Option<Duration>,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// How many bytes it removed.
    pub removed_bytes: u64,
    /// The oldest revision that the history still has.
    pub oldest: Option<Revision>,
}

pub(super) fn compact(
    config: &FileFlagConfig,
    retention: &Retention,
) -> Result<Compaction, PortError> {
    let mut writer = Writer::new(COMPACT, config)?;
    let Some(state) = writer.read()? else {
        return Ok(Compaction {
            removed_bytes: 0,
            oldest: None,
        });
    };
    drop(writer.settle(Some(&state))?);
    let files = &writer.files;
    let Some(history) = History::open(COMPACT, &files.history)? else {
        return Ok(Compaction {
            removed_bytes: 0,
            oldest: None,
        });
    };
    let failed = || error::io(COMPACT, &files.history);
    let cut = first_kept(config, retention, &history).map_err(failed())?;
    if cut > 0 {
        // From here on the history alone no longer tells what the flags are.
        writer.keep_good_copy(&state)?;
        cut_before(files, &history, cut).map_err(failed())?;
    }
    let history = History::open(COMPACT, &files.history)?;
    let oldest = match &history {
        Some(history) => history.oldest().map_err(failed())?,
        None => None,
    };
    Ok(Compaction {
        removed_bytes: cut,
        oldest: oldest.map(|record| record.revision),
    })
}

/// The byte at which the oldest record to keep starts. Reads only what is kept.
fn first_kept(
    config: &FileFlagConfig,
    retention: &Retention,
    history: &History,
) -> io::Result<u64> {
    let oldest = retention.keep_for.map(|age| {
        let now = config.clock.now();
        now.saturating_sub(age).unwrap_or(now)
    });
    let mut first = None;
    let mut kept = 0;
    for entry in history.entries(u64::MAX) {
        let entry = entry?;
        let Ok(record) = entry.record else { continue };
        let is_kept = retention.keep_newest.is_none_or(|limit| kept < limit)
            && oldest.is_none_or(|oldest| record.time >= oldest);
        // The newest one tells which revision comes next.
        if kept > 0 && !is_kept {
            return Ok(first.unwrap_or(0));
        }
        first = Some(entry.offset);
        kept += 1;
    }
    Ok(0)
}

fn cut_before(files: &Files, history: &History, cut: u64) -> io::Result<()> {
    let temporary = &files.history_temporary;
    let copied = replace::create_like(&files.history, temporary).and_then(|mut kept| {
        let mut rest = history.file();
        rest.seek(SeekFrom::Start(cut))?;
        io::copy(&mut rest, &mut kept)?;
        kept.sync_all()?;
        fs::rename(temporary, &files.history)
    });
    copied.inspect_err(|_| {
        let _ = fs::remove_file(temporary);
    })?;
    replace::sync_directory(&files.history)
}
