//! What is looked at outside of the store: folders, permissions, space, clock, state files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cutover_domain::flags::FlagDocument;
use jiff::Timestamp;

use super::store::NO_FLAGS;
use super::{Check, comparisons, counted, database, store};
use crate::commands::flag::listed;
use crate::context::{Context, FlagAdapter};
use crate::suggest::command;

/// Below this, the next change may not fit.
const LITTLE_SPACE: u64 = 1 << 20;
/// Below this, it is time to make room.
const SCARCE_SPACE: u64 = 64 << 20;
/// Clocks that differ by more seconds than this put changes and measurements in a wrong order.
const CLOCK_TOLERANCE: i64 = 5;

pub(super) fn all(context: &Context) -> Vec<Check> {
    let home = context.place.home();
    let place = context.place.flags();
    let folder = place.folder();
    let mut checks = vec![home_check(home, folder)];
    if folder != home {
        checks.push(folder_check(folder));
    }
    let files = place.files();
    let mut paths = vec![home, folder];
    paths.extend(files.iter().map(PathBuf::as_path));
    checks.extend(permissions(&paths));
    let (document, found) = match context.flag_adapter() {
        FlagAdapter::Files(store) => store::all(context, &store, folder),
        FlagAdapter::Sqlite(store) => database::all(context, &store),
    };
    checks.extend(found);
    checks.extend(document.as_ref().and_then(meaningless));
    checks.push(writable(folder));
    if folder != home {
        checks.push(Check {
            name: "home",
            ..writable(home)
        });
    }
    checks.extend(space(folder));
    checks.extend(document.as_ref().and_then(|it| variables(context, it)));
    checks.push(clock(context, folder, document.as_ref()));
    checks.push(metrics(context));
    let compared = comparisons::all(context);
    if !compared.is_empty() {
        // Whoever only compares needs no flags.
        let flags = checks.iter_mut().find(|check| check.message == NO_FLAGS);
        if let Some(flags) = flags {
            *flags = Check::ok("flags", "there are none");
        }
    }
    checks.extend(compared);
    checks
}

/// Fields of which somebody may think that they do something.
fn meaningless(document: &FlagDocument) -> Option<Check> {
    let fields = document.unknown_fields();
    (!fields.is_empty()).then(|| {
        Check::warn(
            "fields",
            format!("these mean nothing here: {}", listed(&fields)),
            "take them out, or begin the names of your own with `x-`",
        )
    })
}

fn home_check(home: &Path, flags: &Path) -> Check {
    match fs::metadata(home) {
        Ok(found) if found.is_dir() => Check::ok("home", home.display().to_string()),
        Ok(_) => Check::fail(
            "home",
            format!("{} is no folder", home.display()),
            "name another one with --home DIR or CUTOVER_HOME",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !flags.starts_with(home) => {
            Check::ok(
                "home",
                format!(
                    "{} is not there yet: what is compared or measured makes it",
                    home.display()
                ),
            )
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Check::warn(
            "home",
            format!("{} is not there yet", home.display()),
            format!("the first change makes it: {}", command(&["flag", "init"])),
        ),
        Err(error) => Check::fail(
            "home",
            format!("{}: {error}", home.display()),
            "make it readable for this user, or name another one with --home DIR",
        ),
    }
}

fn folder_check(folder: &Path) -> Check {
    match fs::read_dir(folder) {
        Ok(_) => Check::ok("folder", folder.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Check::warn(
            "folder",
            format!("{} is not there yet", folder.display()),
            format!("the first change makes it: {}", command(&["flag", "init"])),
        ),
        Err(error) => Check::fail(
            "folder",
            format!("{}: {error}", folder.display()),
            "make it a folder that this user can read",
        ),
    }
}

/// Who else may change what is decided.
#[cfg(unix)]
fn permissions(paths: &[&Path]) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode());
    let there: Vec<(&Path, u32)> = paths
        .iter()
        .filter_map(|path| Some((*path, mode(path)?)))
        .collect();
    if there.is_empty() {
        return None;
    }
    let open = there.iter().find(|(_, mode)| mode & 0o002 != 0);
    Some(match open {
        Some((path, mode)) => Check::warn(
            "permissions",
            format!(
                "everybody on this machine may change {} (mode {:o})",
                path.display(),
                mode & 0o7777
            ),
            format!("chmod o-w {}", path.display()),
        ),
        None => Check::ok(
            "permissions",
            "nobody but the owner and its group can change the flags",
        ),
    })
}

#[cfg(not(unix))]
fn permissions(_: &[&Path]) -> Option<Check> {
    None
}

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|folder| folder.exists());
    there
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Writes a probe as a change would be written: a new file, synced, removed again.
fn probe(folder: &Path) -> io::Result<SystemTime> {
    let mut file = tempfile::Builder::new()
        .prefix(".cutover-doctor-")
        .tempfile_in(folder)?;
    file.write_all(&[0; 4096])?;
    file.as_file().sync_all()?;
    file.as_file().metadata()?.modified()
}

fn writable(folder: &Path) -> Check {
    if !folder.exists() {
        let nearest = nearest(folder);
        return match may_write(&nearest) {
            Ok(()) => Check::ok("writable", format!("{} can be made", folder.display())),
            Err(error) => Check::fail(
                "writable",
                format!(
                    "{} cannot be made in {}: {error}",
                    folder.display(),
                    nearest.display()
                ),
                "make it writable for this user, or name another place with --home or --store",
            ),
        };
    }
    match probe(folder) {
        Ok(_) => Check::ok(
            "writable",
            format!("files can be made in {}", folder.display()),
        ),
        Err(error) => Check::fail(
            "writable",
            format!("nothing can be written to {}: {error}", folder.display()),
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "make room on this file system"
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    "flags can be read here, but only changed where the folder is writable"
                }
                _ => "make it writable for this user, or run as the user who owns it",
            },
        ),
    }
}

#[cfg(unix)]
fn may_write(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn may_write(folder: &Path) -> io::Result<()> {
    probe(folder).map(|_| ())
}

#[cfg(unix)]
fn space(folder: &Path) -> Option<Check> {
    let found = rustix::fs::statvfs(nearest(folder)).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let message = format!("{} MiB free", free >> 20);
    let advice = "make room on this file system: a change that does not fit is refused";
    Some(if free < LITTLE_SPACE {
        Check::fail("space", message, advice)
    } else if free < SCARCE_SPACE {
        Check::warn("space", message, advice)
    } else {
        Check::ok("space", message)
    })
}

#[cfg(not(unix))]
fn space(_: &Path) -> Option<Check> {
    None
}

fn clock(context: &Context, folder: &Path, document: Option<&FlagDocument>) -> Check {
    let now = context.now();
    let behind = |time: Timestamp| time.as_second().saturating_sub(now.as_second());
    if let Some(document) = document
        && behind(document.updated_at) > CLOCK_TOLERANCE
    {
        return Check::warn(
            "clock",
            format!(
                "it is {now:.0}, but the last change of the flags was at {:.0}, in the future",
                document.updated_at
            ),
            "set this machine's clock, or that of the machine which made the change",
        );
    }
    let written = probe(folder)
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    match written.map(|time| behind(time).abs()) {
        Some(seconds) if seconds > CLOCK_TOLERANCE => Check::warn(
            "clock",
            format!("the file system's clock differs from this machine's by {seconds} s"),
            "let both follow the same time server",
        ),
        _ => Check::ok("clock", format!("{now:.0}")),
    }
}

/// The variables that `--overlay` lays over the flags.
fn variables(context: &Context, document: &FlagDocument) -> Option<Check> {
    let overlay = context.overlay();
    if overlay.is_empty() {
        return None;
    }
    let overlaid = overlay.apply(document);
    let told = [overlaid.problems.clone(), overlaid.warnings].concat();
    Some(if !overlaid.problems.is_empty() {
        Check::fail(
            "variables",
            told.join("\n"),
            "set these variables right, or unset them: until then what is stored decides",
        )
    } else if !told.is_empty() {
        Check::warn(
            "variables",
            told.join("\n"),
            "unset what is of no use, or rename the flags that share a variable",
        )
    } else {
        let masked = counted(overlaid.masks.len(), "stored flag");
        Check::ok("variables", format!("they mask {masked}"))
    })
}

/// Every running process keeps a state file; one that cannot be read is left out of all figures.
fn metrics(context: &Context) -> Check {
    let folder = context.place.metrics_folder();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Check::ok("metrics", "no process has measured anything yet");
        }
        Err(error) => {
            return Check::fail(
                "metrics",
                format!("{}: {error}", folder.display()),
                "make it a folder that this user can read",
            );
        }
    };
    let mut count = 0;
    let mut broken = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            count += 1;
            // Reading a pipe would wait for a writer.
            let text = match fs::metadata(&path) {
                Ok(found) if found.is_file() => fs::read(&path).unwrap_or_default(),
                _ => Vec::new(),
            };
            if serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_err() {
                broken.push(path.display().to_string());
            }
        }
    }
    if broken.is_empty() {
        Check::ok(
            "metrics",
            format!(
                "{} of processes, running or ended",
                counted(count, "state file")
            ),
        )
    } else {
        Check::warn(
            "metrics",
            format!("these state files cannot be read: {}", broken.join(", ")),
            "remove them; a running process writes its own again",
        )
    }
}
