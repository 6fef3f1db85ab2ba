//! The file that is imported.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use cutover_domain::flags::import::mdm::{Answered, Mdm, Nested};
use cutover_domain::flags::import::{
    self, Extent, Imported, Level, NotImported, Note, Unreadable, flagd, native,
};
use cutover_domain::flags::{FlagDocument, FlagKey, Problems};
use cutover_env::dotenv::{self, Assignment};
use cutover_env::{EnvConfig, Scheme};

use super::{Form, ImportArgs};
use crate::commands::flag::units::read_whole;
use crate::exit::Failure;
use crate::output::printable;

/// More is no file of flags: ten thousand flags with a hundred rules each are a third of it.
const LIMIT: u64 = 512 << 20;

/// What was read.
pub(super) struct Source {
    /// The file, as it is told.
    pub(super) name: String,
    content: Content,
}

enum Content {
    /// Flags that are the same whatever the store has.
    Flags(Imported),
    /// The same, and what the code behind the file answered.
    Mdm(Mdm, Imported),
    /// Variables: which flags they speak of depends on the flags that are there.
    Variables {
        config: EnvConfig,
        variables: Vec<(OsString, OsString)>,
        /// What else is to be said of the file.
        notes: Vec<Note>,
    },
}

impl Source {
    pub(super) fn read(args: &ImportArgs) -> Result<Self, Failure> {
        let name = match args.file.as_deref() {
            None => "the environment".to_owned(),
            Some(file) if file.as_os_str() == "-" => "standard input".to_owned(),
            Some(file) => printable(&file.display().to_string()),
        };
        let content = match args.file.as_deref() {
            None if args.from == Form::Env => Content::Variables {
                config: config(args)?,
                variables: std::env::vars_os().collect(),
                notes: Vec::new(),
            },
            None => {
                return Err(Failure::usage(format_args!(
                    "name the file that --from {} reads",
                    args.from.name()
                )));
            }
            Some(file) => Content::read(args, file, &name)?,
        };
        Ok(Self { name, content })
    }

    /// What it says for the flags of `document`.
    pub(super) fn imported(&self, document: &FlagDocument) -> Cow<'_, Imported> {
        match &self.content {
            Content::Flags(imported) | Content::Mdm(_, imported) => Cow::Borrowed(imported),
            Content::Variables {
                config,
                variables,
                notes,
            } => {
                let mut imported = of_variables(config, variables, document);
                imported.notes.extend(notes.iter().cloned());
                Cow::Owned(imported)
            }
        }
    }

    /// Whether it is known what the code behind the file answered.
    pub(super) fn is_answering(&self) -> bool {
        matches!(self.content, Content::Mdm(..))
    }

    /// What the code behind the file answered to a unit.
    pub(super) fn answered(&self, key: &FlagKey, unit: &str) -> Option<Answered> {
        match &self.content {
            Content::Mdm(mdm, _) => mdm.answered(key.as_str(), unit),
            _ => None,
        }
    }
}

impl Content {
    fn read(args: &ImportArgs, file: &Path, name: &str) -> Result<Self, Failure> {
        let text = read_whole(file, LIMIT)?;
        let wrong = |problems: Problems| {
            let from = args.from.name();
            Failure::no(format_args!(
                "{name} is not what --from {from} reads:\n{problems}"
            ))
        };
        let unreadable = |error: Unreadable| {
            Failure::trouble(format_args!(
                "{name}:{}:{}: {} (at {})",
                error.line, error.column, error.message, error.path
            ))
        };
        let json = || import::read(&text).map_err(unreadable);
        Ok(match args.from {
            Form::Mdm => {
                let mdm = Mdm::read(&json()?).map_err(wrong)?;
                let nested = if args.as_answered {
                    Nested::AsAnswered
                } else {
                    Nested::Live
                };
                let imported = mdm.import(nested);
                Self::Mdm(mdm, imported)
            }
            Form::Flagd => Self::Flags(flagd::import(&json()?).map_err(wrong)?),
            Form::Native => Self::Flags(native::read(&text).map_err(|error| match error {
                NotImported::Unreadable(error) => unreadable(error),
                NotImported::Invalid(problems) => wrong(problems),
            })?),
            Form::Env => {
                let config = config(args)?;
                let text = std::str::from_utf8(&text).map_err(|error| {
                    let line = text[..error.valid_up_to()].split(|byte| *byte == b'\n');
                    let line = line.count();
                    Failure::trouble(format_args!("{name}:{line}: the line is not UTF-8"))
                })?;
                let assignments = dotenv::assignments(text)
                    .map_err(|errors| Failure::trouble(format_args!("{name}: {errors}")))?;
                let mut variables = BTreeMap::new();
                let mut notes = Vec::new();
                for Assignment { line, name, value } in assignments {
                    if let Some((before, _)) = variables.insert(name.clone(), (line, value)) {
                        notes.push(Note {
                            path: format!("line {line}"),
                            level: Level::Warning,
                            message: format!(
                                "{name} is on line {before}, too; the last one counts"
                            ),
                        });
                    }
                }
                let variables = variables.into_iter();
                Self::Variables {
                    config,
                    variables: variables
                        .map(|(variable, (_, value))| (variable.into(), value.into()))
                        .collect(),
                    notes,
                }
            }
        })
    }
}

fn config(args: &ImportArgs) -> Result<EnvConfig, Failure> {
    let config = EnvConfig::new(args.scheme.unwrap_or(Scheme::Feature));
    match &args.prefix {
        None => Ok(config),
        Some(prefix) => config.with_prefix(prefix).map_err(Failure::usage),
    }
}

/// The flags that have a variable, as the variables would have them.
fn of_variables(
    config: &EnvConfig,
    variables: &[(OsString, OsString)],
    document: &FlagDocument,
) -> Imported {
    let pairs = variables.iter().map(|(name, value)| (name, value));
    let cutover_env::Imported {
        mut flags,
        problems,
        warnings,
    } = cutover_env::import(config, pairs, document);
    let naming = config.naming();
    // In the scheme mdm, names are in any case.
    let names: BTreeSet<_> = variables
        .iter()
        .map(|(name, _)| name.to_string_lossy().to_ascii_uppercase())
        .collect();
    flags
        .retain(|key, _| names.contains(&naming.switch(key)) || names.contains(&naming.share(key)));
    let note = |level| {
        move |message| Note {
            path: "variables".to_owned(),
            level,
            message,
        }
    };
    let lost = problems.into_iter().map(note(Level::Lost));
    let told = warnings.into_iter().map(note(Level::Warning));
    Imported {
        flags,
        notes: lost.chain(told).collect(),
        background: None,
        extent: Extent::Whole,
    }
}
