//! `flag export`: flags as text that can be kept, compared and brought in elsewhere.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cutover_domain::flags::import::native;
use cutover_domain::flags::{Definition, FlagDocument, FlagKey, Problems};
use cutover_env::{EnvConfig, Exported, Scheme};

use super::open::Flags;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::data;
use crate::output::file::{Existing, write_whole};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag export > flags.json", "all flags"),
    ("cutover flag export use_new_parser --output parser.json", "one of them"),
    ("cutover flag export --to env --scheme feature --output flags.env", "as variables"),
    ("cutover flag export | cutover flag import - --from native --store file:other", ""),
]), after_help = "What is exported is the same text in every --format.")]
pub struct ExportArgs {
    /// The flags [default: all]
    keys: Vec<String>,
    /// The form of the export
    #[arg(long, value_enum, value_name = "FORM", default_value = "native")]
    to: Form,
    /// Only env: how flags are written as variables, feature or mdm [default: feature]
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<Scheme>,
    /// Write what can be said, although not everything can
    #[arg(long)]
    lossy: bool,
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

/// What flags may be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Everything, as `flag import --from native` reads it; the same text for the same flags
    Native,
    /// Variables, as a dotenv file
    Env,
}

pub(super) fn export(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let chosen = chosen(&flags, &args.keys)?;
    if chosen.is_empty() {
        context.output.note(flags.nothing());
    }
    if args.scheme.is_some() && args.to != Form::Env {
        return Err(Failure::usage("--scheme is for --to env"));
    }
    let count = chosen.len();
    let text = match args.to {
        Form::Native => native_text(&chosen)?,
        Form::Env => {
            let document = FlagDocument {
                flags: chosen,
                ..flags.document
            };
            variables(context, args, &document)?
        }
    };
    write(context, args, &text, count)
}

/// The flags that are named, or all of them.
fn chosen(flags: &Flags, keys: &[String]) -> Result<BTreeMap<FlagKey, Definition>, Failure> {
    if keys.is_empty() {
        return Ok(flags.document.flags.clone());
    }
    keys.iter()
        .map(|typed| {
            let (key, definition) = flags.find(typed)?;
            Ok((key, definition.clone()))
        })
        .collect()
}

fn native_text(flags: &BTreeMap<FlagKey, Definition>) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_vec_pretty(&native::export(flags))?;
    text.push(b'\n');
    Ok(text)
}

fn variables(
    context: &Context,
    args: &ExportArgs,
    document: &FlagDocument,
) -> Result<Vec<u8>, Failure> {
    let scheme = args.scheme.unwrap_or(Scheme::Feature);
    let Exported { text, unsaid } = cutover_env::export(&EnvConfig::new(scheme), document);
    if unsaid.is_empty() || args.lossy {
        for problem in &unsaid {
            context.output.warn(format_args!("left out: {problem}"));
        }
        return Ok(text.into_bytes());
    }
    Err(Failure::no(format_args!(
        "variables cannot say everything that decides:\n{}",
        Problems(unsaid)
    ))
    .hint("with --lossy the rest is written"))
}

fn write(context: &Context, args: &ExportArgs, text: &[u8], count: usize) -> Result<Exit, Failure> {
    let Some(file) = args
        .output
        .as_deref()
        .filter(|file| *file != Path::new("-"))
    else {
        let mut to = data();
        to.write_all(text)?;
        to.flush()?;
        return Ok(Exit::Done);
    };
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let name = file.display();
    write_whole(file, text, existing).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::usage(format_args!("{name} is there already"))
                .hint("choose another name, or add --force to replace it")
        } else {
            Failure::io(format_args!("write {name}"), &error)
        }
    })?;
    let flags = if count == 1 { "flag" } else { "flags" };
    context
        .output
        .note(format_args!("wrote {count} {flags} to {name}"));
    Ok(Exit::Done)
}
