//! Flags as a file proposes them: `{"flags": {KEY: DEFINITION, …}}`, the shape in which they are
//! stored and exported.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use cutover_domain::flags::import::{Imported, native};
use cutover_domain::flags::{Definition, FlagDocument, FlagKey, SCHEMA};
use cutover_formats::{Document, Format};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::exit::Failure;
use crate::output::printable;

/// Deeper than any definition that is accepted, and as deep as JSON readers go.
const DEPTH: usize = 128;

/// What a store writes beside the flags, and what says nothing in a proposal.
const BESIDE: [&str; 5] = ["schema", "revision", "updated_at", "last", "digest"];

/// The flags that a file describes, whether or not they can be.
#[derive(Debug)]
pub(super) struct Proposal {
    /// The file, for messages.
    name: String,
    flags: Flags,
    /// The fields beside `flags` that nobody knows.
    pub(super) ignored: Vec<String>,
}

#[derive(Debug)]
enum Flags {
    Read(BTreeMap<FlagKey, Definition>),
    /// They may be anything.
    Written(Map<String, Value>),
}

/// What happens to flags that the file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Stay,
    Go,
}

impl Proposal {
    /// Reads a file, or standard input for `-`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let (name, bytes) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), read_stdin())
        } else {
            (path.display().to_string(), std::fs::read(path))
        };
        let bytes = bytes.map_err(|error| Failure::io(format_args!("read {name}"), &error))?;
        Self::parse(name, &bytes)
    }

    /// Reads the text of a file; `name` is what it is called in messages.
    ///
    /// What is no JSON is trouble, with line and column.
    pub(super) fn parse(name: String, bytes: &[u8]) -> Result<Self, Failure> {
        // Mostly there is nothing to find fault with. What finds every fault takes the memory of
        // several documents.
        if let Ok(Imported { flags, notes, .. }) = native::read(bytes)
            && notes.is_empty()
        {
            return Ok(Self {
                name,
                flags: Flags::Read(flags),
                ignored: Vec::new(),
            });
        }
        // This reader names the place of every mistake, a key that is there twice among them.
        let document = Document::new(bytes)
            .named(&name)
            .format(Format::Json)
            .depth(DEPTH);
        let tree = document.read().map_err(Failure::trouble)?;
        let value: Value = serde_json::from_str(&tree.to_json())
            .map_err(|error| Failure::trouble(format_args!("{name}: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Err(refused(&name, "$: it is no object").hint(SHAPE));
        };
        let schema = fields.get("schema").and_then(Value::as_u64);
        if let Some(newer) = schema.filter(|schema| *schema > u64::from(SCHEMA)) {
            let newer = format!("$.schema: {newer} is newer than {SCHEMA}, which is known here");
            return Err(refused(&name, newer).hint("upgrade cutover"));
        }
        let Some(Value::Object(flags)) = fields.remove("flags") else {
            let none = "$.flags: there is no object of flags by key";
            return Err(refused(&name, none).hint(SHAPE));
        };
        let ignored = fields
            .keys()
            .filter(|field| !BESIDE.contains(&field.as_str()));
        Ok(Self {
            ignored: ignored.map(|field| printable(field)).collect(),
            name,
            flags: Flags::Written(flags),
        })
    }

    /// The names of the flags, as they are written.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let (read, written) = match &self.flags {
            Flags::Read(flags) => (Some(flags), None),
            Flags::Written(flags) => (None, Some(flags)),
        };
        let read = read.into_iter().flat_map(|flags| flags.keys());
        let written = written.into_iter().flat_map(|flags| flags.keys());
        read.map(FlagKey::as_str).chain(written.map(String::as_str))
    }

    /// The flags of `document` as the file wants them.
    ///
    /// What cannot be is the answer no, with every problem and its path.
    pub(super) fn onto(
        &self,
        document: &FlagDocument,
        others: Others,
    ) -> Result<BTreeMap<FlagKey, Definition>, Failure> {
        let mut wanted = FlagDocument {
            flags: match others {
                Others::Stay => document.flags.clone(),
                Others::Go => BTreeMap::new(),
            },
            ..FlagDocument::empty(document.updated_at)
        };
        let written = match &self.flags {
            Flags::Read(flags) => {
                wanted.flags.extend(flags.clone());
                let checked = wanted.validate();
                checked.map_err(|problems| refused(&self.name, problems))?;
                return Ok(wanted.flags);
            }
            Flags::Written(flags) => flags,
        };
        let mut stored = serde_json::to_value(wanted)?;
        if let Some(Value::Object(flags)) = stored.get_mut("flags") {
            flags.extend(written.clone());
        }
        let problems = FlagDocument::diagnose(&stored);
        if !problems.0.is_empty() {
            return Err(refused(&self.name, problems));
        }
        let proposed = FlagDocument::deserialize(stored);
        Ok(proposed.map_err(|error| refused(&self.name, error))?.flags)
    }
}

const SHAPE: &str = "write {\"flags\": {\"KEY\": {…}}}: flags as they are stored and exported";

fn refused(name: &str, problems: impl fmt::Display) -> Failure {
    Failure::no(format_args!(
        "{name} describes flags that cannot be:\n{problems}"
    ))
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}
