//! `flag stale`: flags that have served their time, and the code that still names them.

mod code;
mod mention;
mod report;

use std::path::PathBuf;

use clap::Args;
use cutover_domain::Stage;
use cutover_domain::flags::{Definition, FlagKey, KeyChange, State};
use cutover_ports::flags::{HistoryPage, HistoryQuery};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::create::day;
use super::open::Flags;
use super::outcomes::{is_same, only_outcome};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::place::StoreAddress;
use code::{Code, are_there, search};
use report::{Reason, StaleFlag, StaleFlags};

/// How many records are read at a time on the way back through the history.
const PAGE: usize = 100;

#[derive(Args, Debug)]
#[command(
    before_help = examples(&[
        ("cutover flag stale", "past their expiry, or at stage complete"),
        ("cutover flag stale --code src --code tests", "and every line that names them"),
        ("cutover flag stale --untouched-for 90d", "also what answers everybody the same by now"),
        ("cutover flag stale --at 2027-01-01", "as it will be then"),
    ]),
    after_help = "A line names a flag by its whole key, or by one of its variables: FEATURE_KEY, \
                  MDM_REFACTORING_KEY and their percentages. Files that git ignores are not read. \
                  Exit codes: 0 no flag is stale, 1 there is one, 3 a folder cannot be read."
)]
pub struct StaleArgs {
    /// A folder of code, or a file, to look for the flags in; may be repeated
    #[arg(long, value_name = "DIR")]
    code: Vec<PathBuf>,
    /// As of this day, for example 2027-01-01 [default: today, in UTC]
    #[arg(long, value_name = "DATE", value_parser = day)]
    at: Option<Date>,
    /// Also flags that give everybody the same answer and were not changed for this long, for
    /// example 90d
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    untouched_for: Option<Span>,
}

fn time_span(text: &str) -> Result<Span, String> {
    const WANTED: &str = "a time is a number with a unit, for example 90d, 12w or 6mo";
    let span: Span = text.parse().map_err(|_| WANTED.to_owned())?;
    if span.is_positive() {
        Ok(span)
    } else {
        Err(format!("it must be longer than nothing; {WANTED}"))
    }
}

pub(super) fn stale(context: &Context, args: &StaleArgs) -> Result<Exit, Failure> {
    // Also while no flag is stale: a slip of the hand is not to be found out when one is.
    are_there(&args.code)?;
    let flags = Flags::open(context)?;
    let now = now(context, args.at)?;
    let mut found = Vec::new();
    for (key, definition) in &flags.document.flags {
        let reasons = reasons(&flags, key, definition, &now, args.untouched_for)?;
        if !reasons.is_empty() {
            found.push(StaleFlag::new(key, definition, reasons));
        }
    }
    let Code { mut lines, skipped } = if found.is_empty() {
        Code::default()
    } else {
        let mut own = vec![context.place.home().to_path_buf()];
        match context.place.store() {
            StoreAddress::File(folder) => own.push(folder.clone()),
            StoreAddress::Sqlite(_) => own.extend(context.place.flags().files()),
        }
        let known: Vec<_> = flags.document.flags.keys().collect();
        search(&args.code, &own, &known)
    };
    for flag in &mut found {
        flag.code = lines.remove(flag.key).unwrap_or_default();
    }
    let any = !found.is_empty();
    context.output.show(&StaleFlags {
        revision: flags.document.revision,
        at: now.date(),
        stale: found,
        flags: flags.document.flags.len(),
        searched: !args.code.is_empty(),
        skipped: &skipped,
    })?;
    for file in &skipped {
        context.output.warn(format_args!("not read: {file}"));
    }
    if any && args.code.is_empty() {
        context
            .output
            .next(crate::suggest::command(&["flag", "stale", "--code", "."]));
    }
    Ok(Exit::answer(!any))
}

/// The moment that is asked about: now, or the beginning of a day.
fn now(context: &Context, at: Option<Date>) -> Result<Zoned, Failure> {
    match at {
        None => Ok(context.now().to_zoned(TimeZone::UTC)),
        Some(date) => date.to_zoned(TimeZone::UTC).map_err(|error| {
            Failure::usage(format_args!(
                "--at {date} is no day to compare with: {error}"
            ))
        }),
    }
}

/// Why a flag is stale; nothing when it is not.
fn reasons(
    flags: &Flags,
    key: &FlagKey,
    definition: &Definition,
    now: &Zoned,
    untouched_for: Option<Span>,
) -> Result<Vec<Reason>, Failure> {
    let mut reasons = Vec::new();
    if let Some(expires) = definition.expires.filter(|expires| *expires < now.date()) {
        reasons.push(Reason::Expired { expires });
    }
    if definition.stage == Some(Stage::Complete) {
        let became = |change: &KeyChange| {
            let stage = |side: &Option<Definition>| side.as_ref().and_then(|flag| flag.stage);
            stage(&change.before) != stage(&change.after)
        };
        reasons.push(Reason::Complete {
            since: last(flags, key, became)?,
        });
    }
    if let Some(span) = untouched_for
        && answers_all_the_same(definition)
    {
        let changed = last(flags, key, |change| change.before != change.after)?;
        let border = now.checked_sub(span).map_err(|error| {
            Failure::usage(format_args!(
                "--untouched-for reaches too far back: {error}"
            ))
        })?;
        if changed.is_some_and(|changed| changed <= border.timestamp()) {
            reasons.push(Reason::Untouched { since: changed });
        }
    }
    Ok(reasons)
}

/// Whether there is nothing left to decide: everybody gets the same, by name or not.
fn answers_all_the_same(flag: &Definition) -> bool {
    if flag.state == State::Killed {
        return true;
    }
    let Some(outcome) = only_outcome(flag) else {
        return false;
    };
    let mut overrides = flag.overrides.values();
    let same = |variant: &String| is_same(flag, variant, outcome);
    // What another flag may switch off is still a question, unless off is the answer anyway.
    overrides.all(same) && (flag.requires.is_empty() || is_same(flag, outcome, &flag.off))
}

/// When the newest change of a flag was made that is `wanted`; `None` when the history does not
/// reach back to it.
fn last(
    flags: &Flags,
    key: &FlagKey,
    wanted: impl Fn(&KeyChange) -> bool,
) -> Result<Option<Timestamp>, Failure> {
    let mut query = HistoryQuery::newest(PAGE).of(key.clone());
    loop {
        let page = pollster::block_on(flags.service.history(&query))?;
        let HistoryPage { records, next, .. } = page;
        let found = records.iter().find(|record| {
            let mut changes = record.changes.iter();
            changes.any(|change| change.key == *key && wanted(change))
        });
        match (found, next) {
            (Some(record), _) => return Ok(Some(record.time)),
            (None, None) => return Ok(None),
            (None, next) => query.before = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::Percentage;
    use cutover_domain::flags::Rollout;

    use super::*;

    #[test]
    fn a_flag_is_settled_when_nothing_is_left_to_decide() {
        let at = |percent| Definition {
            rollout: Some(Rollout {
                percentage: Percentage::from_percent(percent),
                ..Rollout::default()
            }),
            ..Definition::boolean()
        };
        let overridden = |variant: &str, flag: Definition| Definition {
            overrides: [("acme".to_owned(), variant.to_owned())].into(),
            ..flag
        };
        let behind = |flag: Definition| Definition {
            requires: vec!["master".parse().unwrap()],
            ..flag
        };
        for (flag, expected) in [
            (Definition::boolean(), true),
            (at(0), true),
            (at(5), false),
            (at(100), true),
            (overridden("on", at(100)), true),
            (overridden("off", at(100)), false),
            (behind(at(0)), true),
            (behind(at(100)), false),
            (
                Definition {
                    state: State::Killed,
                    ..at(5)
                },
                true,
            ),
        ] {
            assert_eq!(answers_all_the_same(&flag), expected, "{flag:?}");
        }
    }

    #[test]
    fn a_time_is_a_span_of_the_calendar() {
        for good in ["90d", "12w", "6mo", "1 year", "36h"] {
            assert!(time_span(good).is_ok(), "{good}");
        }
        for bad in ["", "90", "0d", "-3d", "soon"] {
            assert!(time_span(bad).unwrap_err().contains("90d"), "{bad}");
        }
    }
}
