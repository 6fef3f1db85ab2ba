//! `flags.json`: the flags, the record of their revision, and their digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use cutover_domain::flags::{
    ChangeRecord, Definition, FlagDocument, FlagKey, Problem, Problems, Revision, SCHEMA,
};
use cutover_ports::PortError;
use jiff::Timestamp;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{self, Operation};
use super::history::Line;
use super::sealed;

/// What a `flags.json` says, and how far its own fields are to be believed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) flags: BTreeMap<FlagKey, Definition>,
    pub(super) unknown: BTreeMap<String, Value>,
    /// The field `revision`, which anybody may have edited.
    pub(super) claimed: Option<Revision>,
    pub(super) updated_at: Option<Timestamp>,
    /// The record of the revision that was committed last; absent unless its checksum is right.
    pub(super) last: Option<ChangeRecord>,
    /// The digest of the flags that were committed last.
    pub(super) digest: Option<String>,
    /// The digest of the flags that are there.
    pub(super) actual_digest: String,
}

#[derive(Deserialize)]
struct Text<'a> {
    schema: u32,
    #[serde(deserialize_with = "unique_flags")]
    flags: BTreeMap<FlagKey, Definition>,
    #[serde(default)]
    revision: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default, borrow)]
    last: Option<&'a RawValue>,
    #[serde(default)]
    digest: Value,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl Stored {
    /// Reads and validates the text of a `flags.json`. Its record is mostly the newest one of the
    /// history, `tail`, and is then not read once more.
    pub(super) fn parse(
        operation: Operation,
        path: &Path,
        text: &[u8],
        tail: Option<&Line>,
    ) -> Result<Self, PortError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.iter().all(u8::is_ascii_whitespace) {
            let place = format_args!("{}:1:1", path.display());
            return Err(error::corrupt(operation, place, "the file is empty"));
        }
        let text = match serde_json::from_slice::<Text<'_>>(text) {
            Ok(read) if read.schema <= SCHEMA => read,
            other => {
                return Err(match (newer_schema(text), other) {
                    (None, Err(cause)) => match diagnose(text) {
                        Some(problems) => error::unreadable(operation, path, &cause, &problems),
                        None => error::json(operation, path, &cause),
                    },
                    (schema, _) => too_new(operation, path, schema.unwrap_or_default()),
                });
            }
        };
        let document = FlagDocument {
            schema: text.schema,
            revision: Revision::ZERO,
            updated_at: Timestamp::UNIX_EPOCH,
            flags: text.flags,
            unknown: text.unknown,
        };
        document
            .validate()
            .map_err(|problems| error::corrupt(operation, path.display(), problems))?;
        Ok(Self {
            claimed: text.revision.as_u64().map(Revision::new),
            updated_at: text.updated_at.as_str().and_then(|time| time.parse().ok()),
            last: text.last.and_then(|last| match tail {
                Some(tail) if tail.text == last.get().as_bytes() => Some(tail.record.clone()),
                _ => sealed::unseal(last.get().as_bytes()).ok(),
            }),
            digest: text.digest.as_str().map(str::to_owned),
            actual_digest: document.digest().map_err(error::unwritable(operation))?,
            flags: document.flags,
            unknown: document.unknown,
        })
    }

    /// Whether the flags are those that the digest was made of.
    pub(super) fn is_as_committed(&self) -> bool {
        self.digest.as_ref() == Some(&self.actual_digest)
    }
}

fn too_new(operation: Operation, path: &Path, schema: u64) -> PortError {
    let why = format_args!(
        "it has schema {schema}, and this version knows schemas up to {SCHEMA}: a newer version \
         wrote it"
    );
    error::corrupt(operation, path.display(), why)
        .advice("upgrade cutover; nothing has been overwritten")
}

/// Everything that keeps a text that is JSON from being flags; `None` where that is nothing that
/// a look at its values can tell.
fn diagnose(text: &[u8]) -> Option<Problems> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    if let Some(members) = value.as_object_mut() {
        // Whoever writes flags by hand need not know these two.
        members.insert("revision".to_owned(), Revision::ZERO.number().into());
        members.insert(
            "updated_at".to_owned(),
            Timestamp::UNIX_EPOCH.to_string().into(),
        );
    }
    let mut problems = FlagDocument::diagnose(&value);
    let twice = flags_written_twice(text).into_iter().map(|key| Problem {
        path: format!("$.flags[{key:?}]"),
        message: format!("the flag {key} is defined twice"),
    });
    problems.0.extend(twice);
    (!problems.0.is_empty()).then_some(problems)
}

/// Keys of which a [`Value`] keeps the last one alone.
fn flags_written_twice(text: &[u8]) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Text {
        flags: Keys,
    }

    struct Keys(BTreeSet<String>);

    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct KeysVisitor;
            impl<'de> Visitor<'de> for KeysVisitor {
                type Value = Keys;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object of flags by key")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                    let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
                    while let Some(key) = map.next_key::<String>()? {
                        map.next_value::<IgnoredAny>()?;
                        if !once.insert(key.clone()) {
                            twice.insert(key);
                        }
                    }
                    Ok(Keys(twice))
                }
            }
            deserializer.deserialize_map(KeysVisitor)
        }
    }

    serde_json::from_slice::<Text>(text)
        .map(|text| text.flags.0)
        .unwrap_or_default()
}

/// The record in a text whose flags may not be valid.
pub(super) fn salvage_last(text: &[u8]) -> Option<ChangeRecord> {
    #[derive(Deserialize)]
    struct Last {
        last: Box<RawValue>,
    }
    let text: Last = serde_json::from_slice(text).ok()?;
    sealed::unseal(text.last.get().as_bytes()).ok()
}

/// The schema of a text, when it is newer than this version's.
pub(super) fn newer_schema(text: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u64,
    }
    serde_json::from_slice::<Schema>(text)
        .ok()
        .map(|text| text.schema)
        .filter(|schema| *schema > u64::from(SCHEMA))
}

/// A flag that is defined twice would lose one definition in silence.
fn unique_flags<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<FlagKey, Definition>, D::Error> {
    struct Flags;
    impl<'de> Visitor<'de> for Flags {
        type Value = BTreeMap<FlagKey, Definition>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of flags by key")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut flags = BTreeMap::new();
            while let Some(key) = map.next_key::<FlagKey>()? {
                if flags.contains_key(&key) {
                    return Err(de::Error::custom(format_args!(
                        "the flag {key} is defined twice"
                    )));
                }
                flags.insert(key, map.next_value()?);
            }
            Ok(flags)
        }
    }
    deserializer.deserialize_map(Flags)
}

/// Above this, nobody edits flags by hand: each stands on one line, which takes well under half of the
/// space. Unit tests meet a smaller limit.
const LARGEST_LAID_OUT: usize = if cfg!(test) { 1 << 10 } else { 2 << 20 };

#[derive(Serialize)]
struct Written<'a, F> {
    schema: u32,
    revision: Revision,
    updated_at: Timestamp,
    flags: F,
    #[serde(flatten)]
    unknown: BTreeMap<&'a str, &'a Value>,
    last: &'a RawValue,
    digest: String,
}

/// The text of a `flags.json` for a document and the record of its revision.
pub(super) fn render(
    document: &FlagDocument,
    sealed: &RawValue,
) -> Result<Vec<u8>, serde_json::Error> {
    let lines: BTreeMap<_, _> = document
        .flags
        .iter()
        .map(|(key, flag)| Ok((key, serde_json::value::to_raw_value(flag)?)))
        .collect::<Result<_, serde_json::Error>>()?;
    if lines.values().map(|line| line.get().len()).sum::<usize>() > LARGEST_LAID_OUT {
        write(document, lines, sealed)
    } else {
        write(document, &document.flags, sealed)
    }
}

fn write(
    document: &FlagDocument,
    flags: impl Serialize,
    sealed: &RawValue,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(&Written {
        schema: document.schema,
        revision: document.revision,
        updated_at: document.updated_at,
        flags,
        unknown: document
            .unknown
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| !["last", "digest"].contains(name))
            .collect(),
        last: sealed,
        digest: document.digest()?,
    })?;
    text.push(b'\n');
    Ok(text)
}
