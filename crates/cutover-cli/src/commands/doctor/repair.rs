//! `cutover doctor --repair`: flags that cannot be read, brought back.

use cutover_domain::flags::{FlagDocument, Revision};
use cutover_file::FileFlagStore;
use cutover_file::flags::{Repair, RepairSource};
use cutover_ports::flags::FlagStore;
use cutover_ports::{PortError, PortErrorKind};
use cutover_sqlite::SqliteFlagStore;
use cutover_sqlite::flags as sqlite;
use pollster::block_on;

use super::{Check, DoctorArgs};
use crate::confirm::{ChangeArgs, Decision};
use crate::context::{Context, FlagAdapter};
use crate::exit::Failure;
use crate::suggest::carrying;

const NAME: &str = "repair";

pub(super) fn repair(context: &Context, args: &DoctorArgs) -> Result<Check, Failure> {
    let store = context.flag_adapter();
    let trouble = match store.load() {
        Ok(_) => return Ok(Check::ok(NAME, "there is nothing to repair")),
        Err(error) if error.kind() != PortErrorKind::Corrupt => return Err(error.into()),
        Err(error) => error,
    };
    let plan = store.plan()?;
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        ..ChangeArgs::default()
    };
    if change.decide(
        context,
        &format!("{}\n{plan}\n", carrying(&trouble.to_string())),
        "Repair it?",
    )? == Decision::Show
    {
        return Ok(Check::ok(NAME, format!("not done (--dry-run): {plan}")));
    }
    let done = store.mend()?;
    let done = done.unwrap_or_else(|| "somebody else has repaired it".to_owned());
    Ok(Check::ok(NAME, done))
}

impl FlagAdapter {
    fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        match self {
            Self::Files(store) => block_on(store.load()),
            Self::Sqlite(store) => block_on(store.load()),
        }
    }

    /// What a repair would do, in words.
    fn plan(&self) -> Result<String, Failure> {
        match self {
            Self::Files(store) => plan_for_files(store),
            Self::Sqlite(store) => plan_for_a_database(store),
        }
    }

    /// Repairs, and tells in words what was done; nothing when there is nothing to do any more.
    fn mend(&self) -> Result<Option<String>, PortError> {
        Ok(match self {
            Self::Files(store) => block_on(store.repair())?.map(|done| tell_of_files(&done)),
            Self::Sqlite(store) => block_on(store.repair())?.map(|done| tell_of_a_database(&done)),
        })
    }
}

fn plan_for_files(store: &FileFlagStore) -> Result<String, Failure> {
    let found = block_on(store.inspect())?;
    let Some(revision) = found.good_copy.max(found.newest) else {
        // Not with the words of the trouble, which advise this very command.
        return Err(Failure::trouble(format_args!(
            "{} cannot be repaired: there is neither a good copy nor a history",
            store.path().display()
        ))
        .hint("mend it by hand (cutover doctor says where it is broken), or restore a backup"));
    };
    Ok(format!(
        "{} is made anew from what is known up to revision {revision}; the unreadable file is \
         kept beside it",
        store.path().display()
    ))
}

fn tell_of_files(done: &Repair) -> String {
    let source = match done.source {
        RepairSource::GoodCopy => "the good copy and the history",
        RepairSource::History => "the history",
    };
    let kept = done.broken.as_ref();
    let kept = kept.map(|path| format!("; the old file is now {}", path.display()));
    is_back(done.revision, source, &kept.unwrap_or_default())
}

fn plan_for_a_database(store: &SqliteFlagStore) -> Result<String, Failure> {
    let found = block_on(store.inspect())?;
    let Some(revision) = found.and_then(|found| found.repairable) else {
        return Err(Failure::trouble(format_args!(
            "{} cannot be repaired: its history does not tell what the flags were",
            store.path().display()
        ))
        .hint("undo what was edited by hand (cutover doctor says what), or restore a backup"));
    };
    Ok(format!(
        "the flags of {} are made anew from what is known up to revision {revision}; the unreadable \
         row is kept in the table flag_broken",
        store.path().display()
    ))
}

fn tell_of_a_database(done: &sqlite::Repair) -> String {
    let source = match done.source {
        sqlite::RepairSource::Base => "the last compaction and the history",
        sqlite::RepairSource::History => "the history",
    };
    let kept = done
        .broken
        .map(|id| format!("; what was there is now row {id} of the table flag_broken"));
    is_back(done.revision, source, &kept.unwrap_or_default())
}

fn is_back(revision: Revision, source: &str, kept: &str) -> String {
    format!("revision {revision} is back, from {source}{kept}")
}
