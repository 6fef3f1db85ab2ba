//! What is looked at inside of a database: the file, flags, history, lock.

use std::path::Path;

use cutover_domain::flags::FlagDocument;
use cutover_ports::flags::FlagStore;
use cutover_ports::{PortError, PortErrorKind};
use cutover_sqlite::SqliteFlagStore;
use cutover_sqlite::flags::Inspection;
use pollster::block_on;

use super::store::{counted_u64, expired, no_flags};
use super::{Check, counted};
use crate::context::Context;
use crate::suggest::{carrying, command};

/// The flags, if they can be read, and what was found about them.
pub(super) fn all(
    context: &Context,
    store: &SqliteFlagStore,
) -> (Option<FlagDocument>, Vec<Check>) {
    let document = block_on(store.load());
    let inspection = block_on(store.inspect());
    let mut checks = vec![file(store.path(), &inspection)];
    checks.extend(network(store.path()));
    checks.push(flags(&document, &inspection));
    let document = document.ok().flatten();
    if let Ok(Some(found)) = &inspection {
        checks.extend(integrity(found));
        checks.extend(history(found, document.as_ref()));
        checks.push(lock(store.path(), found));
    }
    checks.extend(
        document
            .as_ref()
            .and_then(|document| expired(context, document)),
    );
    (document, checks)
}

fn file(path: &Path, inspection: &Result<Option<Inspection>, PortError>) -> Check {
    const NAME: &str = "database";
    match inspection {
        Ok(None) => Check::warn(
            NAME,
            format!("{} is not there yet", path.display()),
            format!("the first change makes it: {}", command(&["flag", "init"])),
        ),
        Ok(Some(found)) => {
            let environments = counted(found.environments.len(), "environment");
            let newer = match found.schema > found.known_schema {
                true => ", made by a newer version that this one can work with",
                false => "",
            };
            let schema = found.schema;
            Check::ok(
                NAME,
                format!(
                    "{}, {environments}, tables of version {schema}{newer}",
                    path.display()
                ),
            )
        }
        Err(error) => Check::fail(
            NAME,
            carrying(&error.to_string()),
            "running applications go on with their last good flags; no flag can be read or changed \
             here until it is put right",
        ),
    }
}

/// SQLite's processes share memory beside the database, which a network does not carry.
#[cfg(target_os = "linux")]
fn network(path: &Path) -> Option<Check> {
    // linux/magic.h, and the sources of the file systems that are not in it.
    const NETWORKS: [(u32, &str); 9] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9p"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
        (0x4750_4653, "GPFS"),
    ];
    let there = path.ancestors().find(|path| path.exists());
    let place = there.filter(|place| !place.as_os_str().is_empty());
    let kind = rustix::fs::statfs(place.unwrap_or(Path::new(".")))
        .ok()?
        .f_type;
    // The type of the field differs between platforms; a magic number has 32 bits.
    #[allow(clippy::cast_possible_truncation, reason = "see above")]
    let magic = kind as u32;
    let (_, name) = NETWORKS.iter().find(|(network, _)| *network == magic)?;
    Some(Check::warn(
        "file system",
        format!("{} is on a network file system ({name})", path.display()),
        "keep the database on a local disk: processes on different machines damage it, and even \
         one may find it locked",
    ))
}

#[cfg(not(target_os = "linux"))]
fn network(_: &Path) -> Option<Check> {
    None
}

fn flags(
    document: &Result<Option<FlagDocument>, PortError>,
    inspection: &Result<Option<Inspection>, PortError>,
) -> Check {
    match document {
        Ok(None) => no_flags(),
        Ok(Some(document)) => {
            let count = counted(document.flags.len(), "flag");
            Check::ok(
                "flags",
                format!("{count} at revision {}", document.revision),
            )
        }
        Err(error) if error.kind() == PortErrorKind::Corrupt => {
            let repairable = match inspection {
                Ok(Some(found)) => found.repairable,
                _ => None,
            };
            Check::fail(
                "flags",
                carrying(&error.to_string()),
                match repairable {
                    Some(_) => format!(
                        "running applications go on with their last good flags: {}",
                        command(&["doctor", "--repair"])
                    ),
                    None => "running applications go on with their last good flags: restore the \
                             database from a backup"
                        .to_owned(),
                },
            )
        }
        Err(error) => Check::fail(
            "flags",
            carrying(&error.to_string()),
            "no flag can be read until then",
        ),
    }
}

fn integrity(found: &Inspection) -> Option<Check> {
    let first = found.problems.first()?;
    Some(Check::fail(
        "integrity",
        format!(
            "SQLite finds {}; the first: {first}",
            counted(found.problems.len(), "problem")
        ),
        "restore the database from a backup, or save what is left with the `.recover` command of \
         the sqlite3 shell",
    ))
}

fn history(found: &Inspection, document: Option<&FlagDocument>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut warn = |message: String, advice: &str| {
        checks.push(Check::warn("history", message, advice));
    };
    if let Some(first) = found.damaged.first() {
        warn(
            format!(
                "{} cannot be read; the first is that of revision {}: {}",
                counted_u64(found.damaged_records, "record"),
                first.revision,
                first.why
            ),
            "restore the database from a backup, or remove their rows from the table flag_history; \
             undo cannot reach past them",
        );
    }
    if let Some(gap) = found.gaps.first() {
        warn(
            format!(
                "nothing is known between revision {} and {}",
                gap.after, gap.before
            ),
            "undo cannot reach past it; restore the database from a backup",
        );
    }
    let oldest = found.oldest.map(|oldest| oldest.number());
    match (oldest, document) {
        (None, Some(document)) => warn(
            format!(
                "there is none, but the flags are at revision {}",
                document.revision
            ),
            "undo has nothing to go back to; restore the database from a backup",
        ),
        (Some(oldest), _) if oldest > 1 => warn(
            format!(
                "the history starts at revision {oldest}: what came before was compacted or lost"
            ),
            "undo cannot reach before it; if nobody compacted it, restore the database from a \
             backup",
        ),
        _ => {}
    }
    if found.not_indexed > 0 {
        warn(
            format!(
                "the index by flag lacks {}",
                match found.not_indexed {
                    1 => "1 entry".to_owned(),
                    count => format!("{count} entries"),
                }
            ),
            "the history of a single flag leaves them out; restore the database from a backup",
        );
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "history",
            match (found.oldest, found.newest) {
                (Some(oldest), Some(newest)) => format!("revisions {oldest} to {newest}"),
                _ => "empty".to_owned(),
            },
        ));
    }
    checks
}

fn lock(path: &Path, found: &Inspection) -> Check {
    if !found.is_locked {
        return Check::ok("lock", "free");
    }
    Check::warn(
        "lock",
        "another process is changing the flags right now",
        format!(
            "if it stays, look for a hanging process: fuser {}",
            path.display()
        ),
    )
}
