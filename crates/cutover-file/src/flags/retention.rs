use std::fs;
use std::io::{self, Seek, SeekFrom};

use cutover_domain::flags::Revision;
use cutover_ports::PortError;
use cutover_ports::flags::{Compaction, Retention};

use super::config::FileFlagConfig;
use super::error::{self, Operation};
use super::files::{Files, Writer};
use super::history::History;
use super::replace;

pub(super) const COMPACT: Operation = "compact the flag history";

pub(super) fn compact(
    config: &FileFlagConfig,
    retention: &Retention,
) -> Result<Compaction, PortError> {
    let mut writer = Writer::new(COMPACT, config)?;
    let Some(state) = writer.read()? else {
        return Ok(Compaction::default());
    };
    drop(writer.settle(Some(&state))?);
    let files = &writer.files;
    let Some(history) = History::open(COMPACT, &files.history)? else {
        return Ok(Compaction::default());
    };
    let failed = || error::io(COMPACT, &files.history);
    let oldest = |history: &History| {
        let oldest = history.oldest().map_err(failed())?;
        Ok::<_, PortError>(oldest.map(|record| record.revision))
    };
    let before = oldest(&history)?;
    let cut = first_kept(config, retention, &history).map_err(failed())?;
    if cut == 0 {
        return Ok(Compaction {
            removed: 0,
            oldest: before,
        });
    }
    // From here on the history alone no longer tells what the flags are.
    writer.keep_good_copy(&state)?;
    cut_before(files, &history, cut).map_err(failed())?;
    let after = match History::open(COMPACT, &files.history)? {
        Some(history) => oldest(&history)?,
        None => None,
    };
    let number = |revision: Option<Revision>| revision.map_or(0, Revision::number);
    Ok(Compaction {
        removed: number(after).saturating_sub(number(before)),
        oldest: after,
    })
}

/// The byte at which the oldest record to keep starts. Reads only what is kept.
fn first_kept(
    config: &FileFlagConfig,
    retention: &Retention,
    history: &History,
) -> io::Result<u64> {
    let now = config.clock.now();
    let mut first = None;
    let mut kept = 0;
    for entry in history.entries(u64::MAX) {
        let entry = entry?;
        let Ok(record) = entry.record else { continue };
        if !retention.keeps(kept, record.time, now) {
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
