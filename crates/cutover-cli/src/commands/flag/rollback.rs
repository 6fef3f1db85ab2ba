//! `flag rollback`: one tenant or unit back to old, in a set of flags.

use clap::{ArgGroup, Args};
use cutover_domain::Stage;
use cutover_domain::flags::{
    Change, Context as Asked, Definition, ErrorCode, FlagKey, Interner, Revision, Snapshot,
    ValueType,
};

use super::change::{Wish, before, from_the_start, nothing_to_do};
use super::open::Flags;
use super::outcomes::is_same;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rollback --tenant acme --yes", "acme back to old, in one revision"),
    ("cutover flag rollback --tenant acme new_store new_search", "in these two flags only"),
    ("cutover flag rollback --unit dataset-17", ""),
]), after_help = "It overrides each flag to what it answers when it is off. Without KEYs these are \
                  the flags of migrations, and every boolean flag that gives the tenant anything \
                  else; those of other types, whose values choose no side, only by name; those at \
                  stage complete, where old is stale, only with --force.",
    group(ArgGroup::new("who").args(["tenant", "unit"]).required(true)))]
pub struct RollbackArgs {
    /// The flags [default: every migration, and every boolean flag that gives them anything but off]
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// The tenant
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// The unit
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Also at stage complete, where old is stale
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Who is rolled back.
#[derive(Clone, Copy, Debug)]
enum Who<'a> {
    Tenant(&'a str),
    Unit(&'a str),
}

impl<'a> Who<'a> {
    fn of(args: &'a RollbackArgs) -> Result<Self, Failure> {
        let who = match (&args.tenant, &args.unit) {
            (Some(tenant), _) => Self::Tenant(tenant),
            (None, unit) => Self::Unit(unit.as_deref().unwrap_or_default()),
        };
        if who.target().trim().is_empty() {
            return Err(Failure::usage("whoever is rolled back needs a name"));
        }
        Ok(who)
    }

    fn target(self) -> &'a str {
        match self {
            Self::Tenant(target) | Self::Unit(target) => target,
        }
    }

    fn asks(self) -> Asked<'a> {
        match self {
            Self::Tenant(tenant) => Asked::anonymous().with_tenant(tenant),
            Self::Unit(unit) => Asked::unit(unit),
        }
    }
}

pub(super) fn rollback(context: &Context, args: &RollbackArgs) -> Result<Exit, Failure> {
    let who = Who::of(args)?;
    from_the_start(&args.change, || Ok(attempt(context, args, who)?))
}

fn attempt(context: &Context, args: &RollbackArgs, who: Who<'_>) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let request = flags.request(&args.change)?;
    let Chosen { keys, stale, typed } = Chosen::among(&flags, args, who)?;
    let warnings = warnings(&flags, &stale, &typed, &keys, who);
    let target = printable(who.target());
    if keys.is_empty() {
        for warning in warnings {
            context.output.warn(warning);
        }
        if !stale.is_empty() && !args.keys.is_empty() {
            return Err(Failure::no(format_args!(
                "{target} is not rolled back in any flag"
            )));
        }
        context.output.note(format_args!(
            "{target} is off already wherever it can be rolled back"
        ));
        return nothing_to_do(context, &flags, &args.change);
    }
    let next = |revision: Revision| match &keys[..] {
        [key] => command(&["flag", "undo", key.as_str()]),
        _ => command(&["flag", "undo", "--to", &before(revision)]),
    };
    let rollback = Change::Rollback {
        target: who.target().to_owned(),
        keys: keys.clone(),
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request.change(rollback),
        next: &next,
        warnings,
    }
    .make(context)
}

/// Which flags are rolled back, and which are left out.
#[derive(Default)]
struct Chosen {
    keys: Vec<FlagKey>,
    /// At stage complete, and not forced.
    stale: Vec<FlagKey>,
    /// Of a type that chooses no side (a page size has no old one), and not named.
    typed: Vec<FlagKey>,
}

impl Chosen {
    fn among(flags: &Flags, args: &RollbackArgs, who: Who<'_>) -> Result<Self, Failure> {
        let mut chosen = Self::default();
        for (key, flag) in wanted(flags, args, who)? {
            let list = if flag.stage == Some(Stage::Complete) && !args.force {
                &mut chosen.stale
            } else if flag.kind == ValueType::Boolean || !args.keys.is_empty() {
                &mut chosen.keys
            } else {
                &mut chosen.typed
            };
            list.push(key);
        }
        Ok(chosen)
    }
}

/// The flags that were named; or those of migrations, and those that give something else than off.
/// What is overridden to off already stays as it is, unless it was named.
fn wanted<'a>(
    flags: &'a Flags,
    args: &RollbackArgs,
    who: Who<'_>,
) -> Result<Vec<(FlagKey, &'a Definition)>, Failure> {
    if !args.keys.is_empty() {
        return args.keys.iter().map(|typed| flags.find(typed)).collect();
    }
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&flags.document, &mut interner);
    let all = flags.document.flags.iter();
    let wanted = all.filter(|(key, flag)| {
        let is_off = |variant: &str| is_same(flag, variant, &flag.off);
        if flag
            .overrides
            .get(who.target())
            .is_some_and(|variant| is_off(variant))
        {
            return false;
        }
        match snapshot.evaluate(interner.slot(key.as_str()), &who.asks()) {
            Ok(answer) => flag.stage.is_some() || !is_off(answer.variant),
            // It depends on more than is known here: some of them may get it.
            Err(error) => error != ErrorCode::FlagNotFound,
        }
    });
    Ok(wanted.map(|(key, flag)| (key.clone(), flag)).collect())
}

fn warnings(
    flags: &Flags,
    stale: &[FlagKey],
    typed: &[FlagKey],
    keys: &[FlagKey],
    who: Who<'_>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let names = |keys: &[FlagKey]| {
        keys.iter()
            .map(FlagKey::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !stale.is_empty() {
        warnings.push(format!(
            "left out, being at stage complete, where old is stale: {}; --force rolls them back, too",
            names(stale)
        ));
    }
    if !typed.is_empty() {
        warnings.push(format!(
            "left out, being neither on nor off: {}; named, they are rolled back, too",
            names(typed)
        ));
    }
    if let Who::Tenant(tenant) = who {
        let has_others = |key: &&FlagKey| {
            let flag = flags.document.flags.get(*key);
            flag.is_some_and(|flag| {
                let mut others = flag
                    .overrides
                    .iter()
                    .filter(|(target, _)| *target != tenant);
                others.any(|(_, variant)| !is_same(flag, variant, &flag.off))
            })
        };
        let others: Vec<_> = keys.iter().filter(has_others).cloned().collect();
        if !others.is_empty() {
            warnings.push(format!(
                "an override of a unit comes before that of its tenant, and there are some in: {}",
                names(&others)
            ));
        }
    }
    warnings
}
