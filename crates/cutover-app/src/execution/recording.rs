use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cutover_domain::comparison::{RecordedInput, Redaction, RedactionRules};
use cutover_domain::flags::Context;
use cutover_domain::tree::{CaptureError, Tree};
use serde::Serialize;

use super::Switch;
use super::switch::Resolved;
use crate::panics::panic_message;

/// What an operation keeps of its calls besides what differed: nothing unless it is asked.
///
/// Inputs are written down off the caller's path, with the candidate, and kept in the record of the
/// comparison after redaction: by the rules of the comparison
/// ([`Rules::redact`](cutover_domain::comparison::Rules::redact)) and by those given here. One that
/// is too large is not kept; the record says how large it was.
///
/// A record that is not kept keeps no input either: with
/// [`Keep::Differences`](super::Keep::Differences) those of equal answers are not there.
///
/// ```
/// use cutover_app::execution::{BlockingOperation, Cutover, Recording, Switch};
/// use cutover_app::flags::Live;
/// use cutover_domain::comparison::RedactionRules;
/// use cutover_domain::flags::Context;
/// use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore, RecordQuery};
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// type Login = BTreeMap<String, String>;
///
/// let store = Arc::new(MemoryComparisonStore::new());
/// let cutover = Cutover::new(Live::new()).with_comparisons(Arc::clone(&store) as _);
/// let name = BlockingOperation::<Login, String, std::fmt::Error>::builder("name")
///     .old(|login| Ok(login["name"].clone()))
///     .new(|login| Ok(login["name"].to_owned()))
///     .flag("use_new_name")
///     .record(Recording::inputs().redact(RedactionRules::new().secrets()))
///     .build(&cutover)?;
/// let login = [("name", "iris"), ("password", "hunter2")];
/// name.run(&Context::unit("iris"), login.map(|(k, v)| (k.to_owned(), v.to_owned())).into())?;
/// name.drain(Duration::from_secs(5));
///
/// let page = pollster::block_on(store.records(&RecordQuery::of_operation("name")))?;
/// let input = page.items[0].input.as_ref().and_then(|input| input.value()).unwrap();
/// assert_eq!(input.to_json(), r#"{"name":"iris","password":"[redacted]"}"#);
///
/// // A flag that is on for one in a hundred units records one in a hundred units.
/// let some = Recording::inputs().when(Switch::flag("record_name"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub(super) when: Switch,
    pub(super) redact: RedactionRules,
    pub(super) max_bytes: u64,
}

impl Recording {
    /// The inputs of all compared calls, up to 64 KiB each as JSON.
    #[must_use]
    pub fn inputs() -> Self {
        Self {
            when: Switch::ON,
            redact: RedactionRules::new(),
            max_bytes: 64 << 10,
        }
    }

    /// Only of calls for which this is on.
    #[must_use]
    pub fn when(self, switch: Switch) -> Self {
        Self {
            when: switch,
            ..self
        }
    }

    /// Keeps nothing of what these rules name, neither of inputs nor of answers.
    #[must_use]
    pub fn redact(self, rules: RedactionRules) -> Self {
        Self {
            redact: self.redact.and(rules),
            ..self
        }
    }

    /// Keeps no input that is larger than this as JSON. A store shortens records past 4 MiB,
    /// and leaves out their inputs first.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        Self {
            max_bytes: bytes,
            ..self
        }
    }
}

/// How an input is written down.
pub(super) type Write<I> = Arc<dyn Fn(&I) -> Result<Tree, CaptureError> + Send + Sync>;

/// The usual way.
pub(super) fn write_down<I: Serialize>(input: &I) -> Result<Tree, CaptureError> {
    Tree::from_serialize(input)
}

/// Writes inputs down.
pub(super) struct Inputs<I> {
    pub(super) when: Resolved,
    pub(super) write: Write<I>,
    pub(super) redaction: Redaction,
    pub(super) max_bytes: u64,
}

impl<I> Inputs<I> {
    /// Whether the input of this call is kept.
    pub(super) fn takes(&self, context: &Context<'_>) -> bool {
        self.when.is_on(context)
    }

    /// What is kept of an input. Whatever goes wrong is said in its place.
    pub(super) fn of(&self, input: &I) -> RecordedInput {
        let kept = catch_unwind(AssertUnwindSafe(|| match (self.write)(input) {
            Ok(tree) => RecordedInput::of(&tree, &self.redaction, self.max_bytes),
            Err(error) => RecordedInput::Failed(format!("the input cannot be serialised: {error}")),
        }));
        kept.unwrap_or_else(|panic| {
            RecordedInput::Failed(format!("panic: {}", panic_message(&*panic)))
        })
    }
}
