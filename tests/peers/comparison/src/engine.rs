//! Who compares, and how each is asked.

use assert_json_diff::{CompareMode, Config, assert_json_matches_no_panic};
use cutover_domain::comparison::{Comparator, Rules};
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format};
use serde_json::Value;
use treediff::tools::{ChangeType, Recorder};

/// What is asked for beside plain equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// As they are.
    Plain,
    /// Without regard to the order of lists.
    Unordered,
    /// Numbers no further apart than 1e-9 are equal.
    Close,
    /// Both.
    UnorderedClose,
    /// Records of the list are known by `id`.
    Keyed,
    /// Without order, and without looking at `t` of a record.
    UnorderedWithoutT,
}

impl Ask {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Unordered => "unordered",
            Self::Close => "tolerance",
            Self::UnorderedClose => "unordered, tolerance",
            Self::Keyed => "keyed",
            Self::UnorderedWithoutT => "unordered, one member ignored",
        }
    }

    pub(crate) fn comparator(self) -> Result<Comparator, String> {
        let rules = Rules::new();
        let rules = match self {
            Self::Plain => rules,
            Self::Unordered => rules.unordered_everywhere(),
            Self::Close => rules.absolute(1e-9),
            Self::UnorderedClose => rules.unordered_everywhere().absolute(1e-9),
            Self::Keyed => rules.key("$", ["id"]),
            Self::UnorderedWithoutT => rules.unordered_everywhere().ignore("$[*].t"),
        };
        rules.build().map_err(|error| error.to_string())
    }
}

/// What somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So many differences; none is equal.
    Differences(usize),
    /// They are not equal, and no more is said.
    Different,
    /// It does not read or take the documents.
    Refused,
    /// It ends in a crash.
    Crash,
    /// It cannot be asked this.
    Cannot,
    /// It was not asked: it is not installed.
    Absent,
}

impl Answer {
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Differences(0) => "equal".to_owned(),
            Self::Differences(1) => "1 difference".to_owned(),
            Self::Differences(count) => format!("{count} differences"),
            Self::Different => "different".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Crash => "crash".to_owned(),
            Self::Cannot => "–".to_owned(),
            Self::Absent => "not installed".to_owned(),
        }
    }

    pub(crate) fn by_word(word: &str) -> Option<Self> {
        Some(match word {
            "equal" => Self::Differences(0),
            "different" => Self::Different,
            "refused" => Self::Refused,
            "crash" => Self::Crash,
            "–" => Self::Cannot,
            "not installed" => Self::Absent,
            _ => Self::Differences(word.split_whitespace().next()?.parse().ok()?),
        })
    }
}

/// Whoever runs in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Cutover,
    SerdeJson,
    JsonPatch,
    Treediff,
    AssertJsonDiff,
}

impl Engine {
    pub(crate) const ALL: [Self; 5] = [
        Self::Cutover,
        Self::SerdeJson,
        Self::JsonPatch,
        Self::Treediff,
        Self::AssertJsonDiff,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cutover => "cutover",
            Self::SerdeJson => "serde_json `==`",
            Self::JsonPatch => "json-patch 5.0.0",
            Self::Treediff => "treediff 5.0.0",
            Self::AssertJsonDiff => "assert-json-diff 2.0.2",
        }
    }

    /// Its answer to a question about two texts.
    pub(crate) fn answer(self, ask: Ask, old: &str, new: &str) -> Result<Answer, String> {
        if self == Self::Cutover {
            let (Ok(old), Ok(new)) = (read(old), read(new)) else {
                return Ok(Answer::Refused);
            };
            let found = ask.comparator()?.compare(&old, &new);
            return Ok(Answer::Differences(
                usize::try_from(found.counts.total()).unwrap_or(usize::MAX),
            ));
        }
        if ask != Ask::Plain {
            return Ok(Answer::Cannot);
        }
        let (Ok(old), Ok(new)) = (parse(old), parse(new)) else {
            return Ok(Answer::Refused);
        };
        Ok(match self {
            Self::SerdeJson if old == new => Answer::Differences(0),
            Self::Cutover | Self::SerdeJson => Answer::Different,
            Self::JsonPatch => Answer::Differences(json_patch_of(&old, &new)),
            Self::Treediff => Answer::Differences(treediff_of(&old, &new)),
            Self::AssertJsonDiff => match assert_of(&old, &new) {
                Ok(()) => Answer::Differences(0),
                Err(told) => Answer::Differences(told.matches("json atom").count().max(1)),
            },
        })
    }
}

/// Ours.
pub(crate) fn read(text: &str) -> Result<Tree, String> {
    Document::new(text.as_bytes())
        .format(Format::Json)
        .read()
        .map_err(|error| error.to_string())
}

/// Theirs.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// How many steps a patch has.
pub(crate) fn json_patch_of(old: &Value, new: &Value) -> usize {
    json_patch::diff(old, new).0.len()
}

/// How many changes a recorder is told of.
pub(crate) fn treediff_of(old: &Value, new: &Value) -> usize {
    let mut recorder = Recorder::default();
    treediff::diff(old, new, &mut recorder);
    let changes = recorder.calls.iter();
    changes
        .filter(|call| !matches!(call, ChangeType::Unchanged(..)))
        .count()
}

/// What an assertion would say.
pub(crate) fn assert_of(old: &Value, new: &Value) -> Result<(), String> {
    assert_json_matches_no_panic(old, new, Config::new(CompareMode::Strict))
}
