//! Who changes sides: what every unit was answered, is answered, and will be answered.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cutover_domain::flags::import::Imported;
use cutover_domain::flags::import::mdm::Answered;
use cutover_domain::flags::{
    Context as Asked, ErrorCode, Evaluation, FlagDocument, FlagKey, FlagValue, Interner, Reason,
    Slot, Snapshot,
};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::source::Source;
use crate::commands::flag::reasons::why;
use crate::commands::flag::subject::Asking;
use crate::commands::flag::units::Units;

/// How much of a value is shown.
const SHOWN: usize = 40;

/// All units before all flags that the file or the change is about.
pub(super) struct Sides<'a> {
    source: &'a Source,
    units: &'a Units,
    asking: &'a Asking<'a>,
    before: Snapshot,
    after: Snapshot,
    document: &'a FlagDocument,
    keys: Vec<Key<'a>>,
    /// What was counted, flag by flag.
    pub(super) counts: Vec<Counts<'a>>,
}

/// A flag, and where it is in the two snapshots.
struct Key<'a> {
    key: &'a FlagKey,
    before: Option<Slot>,
    after: Option<Slot>,
}

/// How many units got, get and will get which answer of one flag.
#[derive(Serialize)]
pub(super) struct Counts<'a> {
    pub(super) key: &'a FlagKey,
    /// By the code behind the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<BTreeMap<String, usize>>,
    /// By the store as it is; empty where it does not have the flag.
    pub(super) before: BTreeMap<String, usize>,
    /// By the store as it will be; empty where it will not have the flag.
    pub(super) after: BTreeMap<String, usize>,
    /// Units that will get something else than from the code behind the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_from_answered: Option<usize>,
    /// Units that will get something else than they get now.
    pub(super) moved_from_before: usize,
}

impl<'a> Sides<'a> {
    pub(super) fn new(
        source: &'a Source,
        imported: &'a Imported,
        before: &'a FlagDocument,
        after: &'a FlagDocument,
        asking: &'a Asking<'a>,
        units: &'a Units,
    ) -> Self {
        // A flag that the file does not name is of interest when it goes.
        let gone = before
            .flags
            .keys()
            .filter(|key| !after.flags.contains_key(*key));
        let mut keys: Vec<_> = imported.flags.keys().chain(gone).collect();
        keys.sort_unstable();
        let (mut old, mut new) = (Interner::default(), Interner::default());
        let (snapshot, document) = (Snapshot::compile(before, &mut old), after);
        let after = Snapshot::compile(after, &mut new);
        let keys = keys.into_iter().map(|key| Key {
            key,
            before: snapshot.slot(key.as_str()),
            after: after.slot(key.as_str()),
        });
        let mut sides = Self {
            source,
            units,
            asking,
            keys: keys.collect(),
            before: snapshot,
            after,
            document,
            counts: Vec::new(),
        };
        sides.counts = sides.keys.iter().map(|key| sides.count(key)).collect();
        sides
    }

    pub(super) fn units(&self) -> usize {
        self.units.count()
    }

    /// Whether it is known what the code behind the file answered.
    pub(super) fn is_answering(&self) -> bool {
        self.source.is_answering()
    }

    /// Everybody who changes sides, flag by flag, in the order of the units. They are found again
    /// each time: a list of them could be as long as the flags times the units.
    pub(super) fn moved(&self) -> impl Iterator<Item = Moved<'_>> {
        self.keys
            .iter()
            .zip(&self.counts)
            .filter(|(_, counts)| {
                counts.moved_from_before > 0 || counts.moved_from_answered.is_some_and(|n| n > 0)
            })
            .flat_map(|(key, _)| self.units.iter().filter_map(|unit| self.moves(key, unit)))
    }

    fn count(&self, key: &Key<'a>) -> Counts<'a> {
        let mut counts = Counts {
            key: key.key,
            answered: None,
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            moved_from_answered: None,
            moved_from_before: 0,
        };
        for unit in self.units.iter() {
            let answers = self.answers(key, unit);
            if let Some(answered) = &answers.answered {
                let tally = counts.answered.get_or_insert_default();
                add(tally, &words_of_code(answered));
                *counts.moved_from_answered.get_or_insert(0) +=
                    usize::from(answers.moved_from_answered());
            }
            for (answer, tally) in [
                (answers.before, &mut counts.before),
                (answers.after, &mut counts.after),
            ] {
                if let Some(answer) = answer {
                    add(tally, &words(answer));
                }
            }
            counts.moved_from_before += usize::from(answers.moved_from_before());
        }
        counts
    }

    fn answers(&self, key: &Key<'_>, unit: &str) -> Answers<'_> {
        let asked = self.asks(unit);
        Answers {
            answered: self.source.answered(key.key, unit),
            before: key.before.map(|slot| self.before.evaluate(slot, &asked)),
            after: key.after.map(|slot| self.after.evaluate(slot, &asked)),
        }
    }

    fn asks<'b>(&'b self, unit: &'b str) -> Asked<'b> {
        let asked = self.asking.by(Some(unit));
        match asked.tenant_id() {
            None => asked.with_tenant(unit),
            Some(_) => asked,
        }
    }

    fn moves<'b>(&'b self, key: &Key<'b>, unit: &'b str) -> Option<Moved<'b>> {
        let answers = self.answers(key, unit);
        if !answers.moved_from_before() && !answers.moved_from_answered() {
            return None;
        }
        let flag = self.document.flags.get(key.key);
        let why = match (flag, key.after) {
            (Some(flag), Some(slot)) => {
                let explanation = self.after.explain(slot, &self.asks(unit));
                why(self.document, flag, &explanation, false)
            }
            _ => "the flag is removed".to_owned(),
        };
        Some(Moved {
            key: key.key,
            unit,
            answers,
            why,
        })
    }
}

/// What one unit gets of one flag, from each side.
struct Answers<'a> {
    answered: Option<Answered>,
    before: Option<Result<Evaluation<'a>, ErrorCode>>,
    after: Option<Result<Evaluation<'a>, ErrorCode>>,
}

impl Answers<'_> {
    fn moved_from_answered(&self) -> bool {
        match &self.answered {
            None => false,
            Some(Answered::Failed) => true,
            Some(Answered::Value(value)) => value_of(self.after) != Some(value),
        }
    }

    /// A flag that was not there answered nothing; whoever asked had an answer of his own.
    fn moved_from_before(&self) -> bool {
        self.before.is_some() && value_of(self.before) != value_of(self.after)
    }
}

fn value_of(answer: Option<Result<Evaluation<'_>, ErrorCode>>) -> Option<&FlagValue> {
    Some(answer?.ok()?.value)
}

/// A unit that changes sides.
pub(super) struct Moved<'a> {
    pub(super) key: &'a FlagKey,
    pub(super) unit: &'a str,
    answers: Answers<'a>,
    /// Why it will get what it will get.
    pub(super) why: String,
}

impl Moved<'_> {
    /// What it was answered by the code behind the file.
    pub(super) fn answered(&self) -> Option<String> {
        let answered = self.answers.answered.as_ref()?;
        Some(words_of_code(answered).into_owned())
    }

    /// What it is answered now.
    pub(super) fn before(&self) -> Option<String> {
        Some(words(self.answers.before?).into_owned())
    }

    /// What it will be answered.
    pub(super) fn after(&self) -> Option<String> {
        Some(words(self.answers.after?).into_owned())
    }
}

impl Serialize for Moved<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Answers {
            answered,
            before,
            after,
        } = &self.answers;
        let mut moved = serializer.serialize_struct("Moved", 7)?;
        moved.serialize_field("key", self.key)?;
        moved.serialize_field("unit", self.unit)?;
        match answered {
            None => moved.skip_field("answered")?,
            Some(Answered::Value(value)) => moved.serialize_field("answered", value)?,
            Some(Answered::Failed) => moved.serialize_field("answered", &None::<bool>)?,
        }
        match before {
            None => moved.skip_field("before")?,
            Some(answer) => moved.serialize_field("before", &answer.ok().map(|a| a.value))?,
        }
        match after {
            None => moved.skip_field("after")?,
            Some(answer) => moved.serialize_field("after", &answer.ok().map(|a| a.value))?,
        }
        let reason = after.map(|answer| answer.map_or(Reason::Error, |answer| answer.reason));
        moved.serialize_field("reason", &reason)?;
        moved.serialize_field("why", &self.why)?;
        moved.end()
    }
}

fn add(tally: &mut BTreeMap<String, usize>, answer: &str) {
    match tally.get_mut(answer) {
        Some(count) => *count += 1,
        None => {
            tally.insert(answer.to_owned(), 1);
        }
    }
}

fn words_of_code(answered: &Answered) -> Cow<'static, str> {
    match answered {
        Answered::Value(value) => Cow::Owned(words_of(value).into_owned()),
        Answered::Failed => Cow::Borrowed("it failed"),
    }
}

fn words(answer: Result<Evaluation<'_>, ErrorCode>) -> Cow<'_, str> {
    match answer {
        Ok(evaluation) => words_of(evaluation.value),
        Err(error) => Cow::Owned(format!("no answer ({error})")),
    }
}

/// A value by what it is, whatever its variant is called.
fn words_of(value: &FlagValue) -> Cow<'_, str> {
    match value.as_bool() {
        Some(true) => Cow::Borrowed("on"),
        Some(false) => Cow::Borrowed("off"),
        None => {
            let text = value.0.to_string();
            Cow::Owned(match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            })
        }
    }
}
