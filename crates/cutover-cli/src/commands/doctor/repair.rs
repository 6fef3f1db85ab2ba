//! `cutover doctor --repair`: flags that cannot be read, brought back.

use cutover_file::flags::{Repair, RepairSource};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;

use super::{Check, DoctorArgs};
use crate::confirm::{ChangeArgs, Decision};
use crate::context::Context;
use crate::exit::Failure;

const NAME: &str = "repair";

pub(super) fn repair(context: &Context, args: &DoctorArgs) -> Result<Check, Failure> {
    let store = context.file_flag_store();
    let trouble = match pollster::block_on(store.load()) {
        Ok(_) => return Ok(Check::ok(NAME, "there is nothing to repair")),
        Err(error) if error.kind() != PortErrorKind::Corrupt => return Err(error.into()),
        Err(error) => error,
    };
    let found = pollster::block_on(store.inspect())?;
    let Some(revision) = found.good_copy.max(found.newest) else {
        // Not with the words of `trouble`, which advise this very command.
        return Err(Failure::trouble(format_args!(
            "{} cannot be repaired: there is neither a good copy nor a history",
            store.path().display()
        ))
        .hint("mend it by hand (cutover doctor says where it is broken), or restore a backup"));
    };
    let plan = format!(
        "{} is made anew from what is known up to revision {revision}; the unreadable file is \
         kept beside it",
        store.path().display()
    );
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        ..ChangeArgs::default()
    };
    if change.decide(context, &format!("{trouble}\n{plan}\n"), "Repair it?")? == Decision::Show {
        return Ok(Check::ok(NAME, format!("not done (--dry-run): {plan}")));
    }
    Ok(match pollster::block_on(store.repair())? {
        None => Check::ok(NAME, "somebody else has repaired it"),
        Some(Repair {
            revision,
            source,
            broken,
        }) => {
            let source = match source {
                RepairSource::GoodCopy => "the good copy and the history",
                RepairSource::History => "the history",
            };
            let kept = broken.map(|path| format!("; the old file is now {}", path.display()));
            let kept = kept.unwrap_or_default();
            Check::ok(
                NAME,
                format!("revision {revision} is back, from {source}{kept}"),
            )
        }
    })
}
