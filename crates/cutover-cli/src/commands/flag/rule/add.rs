//! `flag rule add` and `flag rule set`.

use clap::Args;
use cutover_domain::flags::{Bound, Change, Condition, Operator, Rule, RuleRef};

use super::parts::{ServeArgs, WhenArgs, name};
use super::{find, list_command};
use crate::commands::examples;
use crate::commands::flag::change::{Wish, from_the_start, request};
use crate::commands::flag::open::Flags;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rule add new_editor --when 'plan == \"pro\"' --serve on", ""),
    ("cutover flag rule add new_editor --when 'beta exists' --split on=1,off=1 --at 1", ""),
    ("cutover flag rule add new_editor --when-file who.json --serve on --name 'beta customers'", ""),
]), after_help = super::LANGUAGE)]
pub struct AddArgs {
    /// The flag
    key: String,
    #[command(flatten)]
    when: WhenArgs,
    #[command(flatten)]
    serve: ServeArgs,
    /// How people call it; unique in the flag
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// The number it gets; the first rule that matches decides [default: the last]
    #[arg(long, value_name = "NUMBER")]
    at: Option<usize>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rule set new_editor 2 --split on=50,off=50", "for the same people"),
    ("cutover flag rule set new_editor beta --when 'plan in [\"pro\", \"team\"]'", ""),
    ("cutover flag rule set new_editor 1 --name 'beta customers'", ""),
]), after_help = super::LANGUAGE)]
pub struct SetArgs {
    /// The flag
    key: String,
    /// The rule: its number or its name
    rule: RuleRef,
    #[command(flatten)]
    when: WhenArgs,
    #[command(flatten)]
    serve: ServeArgs,
    /// How people call it; unique in the flag
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Take its name away
    #[arg(long, conflicts_with = "name")]
    no_name: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn add(context: &Context, args: &AddArgs) -> Result<Exit, Failure> {
    let condition = args.when.read()?.ok_or_else(|| {
        Failure::usage("a rule needs to know whom it is about")
            .hint("add --when CONDITION, for example --when 'plan == \"pro\"'")
    })?;
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let warnings = numbers_for_versions(&condition);
    let mut rule = Rule::splitting(condition, []);
    rule.name.clone_from(&args.name);
    args.serve.fill(&mut rule, &key, definition)?;
    if rule.variant.is_none() && rule.split.is_empty() {
        return Err(
            Failure::usage("a rule needs to know what those get whom it is about")
                .hint("add --serve VARIANT, or --split VARIANT=WEIGHT,…"),
        );
    }
    let put = Change::PutRule {
        key: key.clone(),
        at: args.at,
        rule: Box::new(rule),
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request(&args.change).change(put),
        next: &|_| list_command(&key),
        warnings,
    }
    .make(context)
}

/// Says so where something that is called a version is compared with a number, which no version is.
fn numbers_for_versions(condition: &Condition) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut open = vec![condition];
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(inner) | Condition::Any(inner) => open.extend(inner),
            Condition::Not(inner) => open.push(inner),
            Condition::Test {
                attribute,
                operator:
                    Operator::LessThan(Bound::Integer(_) | Bound::Number(_))
                    | Operator::AtMost(Bound::Integer(_) | Bound::Number(_))
                    | Operator::GreaterThan(Bound::Integer(_) | Bound::Number(_))
                    | Operator::AtLeast(Bound::Integer(_) | Bound::Number(_)),
            } if attribute.to_lowercase().contains("version") => warnings.push(format!(
                "`{}` compares numbers; a semantic version has three parts, as 1.4.0",
                printable(&condition.to_string())
            )),
            Condition::Test { .. } => {}
        }
    }
    warnings
}

pub(super) fn set(context: &Context, args: &SetArgs) -> Result<Exit, Failure> {
    let condition = args.when.read()?;
    if condition.is_none() && !args.serve.is_given() && args.name.is_none() && !args.no_name {
        return Err(Failure::usage("nothing is said that could be changed")
            .hint("add --when, --serve, --split or --name"));
    }
    // The rule is read and written, so that it must not change in between.
    from_the_start(&args.change, || {
        let flags = Flags::open(context)?;
        let (key, definition) = flags.find(&args.key)?;
        let request = flags.request(&args.change)?;
        let mut rule = find(&key, definition, &args.rule)?.clone();
        if let Some(condition) = &condition {
            rule.when = condition.clone();
        }
        if args.no_name || args.name.is_some() {
            rule.name.clone_from(&args.name);
        }
        args.serve.fill(&mut rule, &key, definition)?;
        let request = request.change(Change::ReplaceRule {
            key: key.clone(),
            rule: args.rule.clone(),
            with: Box::new(rule),
        });
        let wish = Wish {
            service: &flags.service,
            args: &args.change,
            request,
            next: &|_| list_command(&key),
            warnings: condition
                .as_ref()
                .map_or_else(Vec::new, numbers_for_versions),
        };
        Ok(wish.make(context)?)
    })
}
