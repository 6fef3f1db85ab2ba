//! `flag describe`: what people should know about a flag, and where its migration stands.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use cutover_domain::Stage;
use cutover_domain::flags::{Change, Definition};
use jiff::civil::Date;

use super::change::{Wish, from_the_start};
use super::create::day;
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag describe new_editor --owner web --expires 2027-06-30", ""),
    ("cutover flag describe new_editor --description 'the editor of 2.0'", ""),
    ("cutover flag describe new_editor --clear expires", ""),
    ("cutover flag describe new_store --stage live", "new answers, old is compared"),
    ("cutover flag get new_editor", "to see it"),
]))]
pub struct DescribeArgs {
    /// The flag
    key: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    description: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// The day after which it should be gone, for example 2027-06-30
    #[arg(long, value_name = "DATE", value_parser = day)]
    expires: Option<Date>,
    /// Where the migration stands that it drives: off, dual-write, shadow, live, ramp-down or
    /// complete
    #[arg(long, value_name = "STAGE")]
    stage: Option<Stage>,
    /// Take something away; may be repeated
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Field>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Field {
    Description,
    Owner,
    Expires,
    Stage,
}

impl DescribeArgs {
    /// Whether a field is to be set.
    fn sets(&self, field: Field) -> bool {
        match field {
            Field::Description => self.description.is_some(),
            Field::Owner => self.owner.is_some(),
            Field::Expires => self.expires.is_some(),
            Field::Stage => self.stage.is_some(),
        }
    }

    fn fill(&self, definition: &mut Definition) {
        for field in &self.clear {
            match field {
                Field::Description => definition.description = None,
                Field::Owner => definition.owner = None,
                Field::Expires => definition.expires = None,
                Field::Stage => definition.stage = None,
            }
        }
        let set = |field: &mut Option<String>, to: &Option<String>| {
            if to.is_some() {
                field.clone_from(to);
            }
        };
        set(&mut definition.description, &self.description);
        set(&mut definition.owner, &self.owner);
        definition.expires = self.expires.or(definition.expires);
        definition.stage = self.stage.or(definition.stage);
    }
}

pub(super) fn describe(context: &Context, args: &DescribeArgs) -> Result<Exit, Failure> {
    let fields = Field::value_variants();
    if args.clear.is_empty() && !fields.iter().any(|field| args.sets(*field)) {
        return Err(Failure::usage("nothing is said that could be changed")
            .hint("add --description, --owner, --expires, --stage or --clear")
            .hint(format_args!(
                "`{}` shows the flag",
                command(&["flag", "get", &args.key])
            )));
    }
    if args.clear.iter().any(|field| args.sets(*field)) {
        return Err(Failure::usage(
            "one thing cannot be set and taken away at once",
        ));
    }
    // The definition is read and written, so that it must not change in between.
    from_the_start(&args.change, || {
        let flags = Flags::open(context)?;
        let (key, definition) = flags.find(&args.key)?;
        let mut definition = definition.clone();
        args.fill(&mut definition);
        let put = Change::Put {
            key: key.clone(),
            definition: Some(Box::new(definition)),
        };
        let wish = Wish {
            service: &flags.service,
            args: &args.change,
            request: flags.request(&args.change)?.change(put),
            next: &|_| command(&["flag", "get", key.as_str()]),
            warnings: Vec::new(),
        };
        Ok(wish.make(context)?)
    })
}
