//! Running recorded inputs again.

use cutover_domain::comparison::ComparisonRecord;
use cutover_ports::PortError;
use cutover_ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery};
use serde::de::DeserializeOwned;

/// So many inputs that cannot be read are named; all are counted.
const NAMED: usize = 20;

/// What becomes of inputs that redaction changed before they were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangedInputs {
    /// They are left out and counted: they are not what was asked then.
    #[default]
    LeaveOut,
    /// They are run as they were kept, and counted.
    Replay,
}

/// What became of recorded inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Run again.
    pub replayed: u64,
    /// Changed by redaction: among the replayed where that is allowed, else left out.
    pub changed: u64,
    /// Records that have no input, because none was recorded then.
    pub without_input: u64,
    /// Inputs that were not kept: too large, or not to be written down.
    pub not_kept: u64,
    /// Inputs that are no longer of the type asked for.
    pub unreadable: u64,
    /// The first of those, each with its record and the reason.
    pub problems: Vec<String>,
}

/// Gives every recorded input that a query asks for to `run`, the newest first, with its record;
/// page by page, so memory stays bounded.
///
/// ```
/// use cutover_app::comparison::{ChangedInputs, replay};
/// use cutover_domain::comparison::{
///     Comparison, ComparisonRecord, Judgement, RecordId, RecordedInput, Redaction, Run, RunId,
///     RunKind, SideOutcome, SideRecord,
/// };
/// use cutover_domain::tree::Tree;
/// use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore, RecordQuery};
///
/// # pollster::block_on(async {
/// let store = MemoryComparisonStore::new();
/// let now = "2026-01-01T00:00:00Z".parse()?;
/// let run = Run::new(RunId::new("of-monday")?, "double", RunKind::Operation, now);
/// store.create_run(&run).await?;
/// for number in [1, 7] {
///     let side = SideRecord::new(SideOutcome::Ok);
///     let mut record = ComparisonRecord::new(
///         run.id.clone(),
///         RecordId::new(format!("call-{number}"))?,
///         "double",
///         now,
///         side.clone(),
///         side,
///         Judgement::Compared(Comparison::same()),
///     );
///     let input = Tree::integer(number);
///     record.input = Some(RecordedInput::of(&input, &Redaction::default(), 1000));
///     store.append(&[record]).await?;
/// }
///
/// // What the calls of then answer now.
/// let mut answers = Vec::new();
/// let query = RecordQuery::of_operation("double");
/// let again = |input: u32, _: &ComparisonRecord| answers.push(input * 2);
/// let replayed = replay(&store, &query, ChangedInputs::LeaveOut, again).await?;
/// assert_eq!((replayed.replayed, answers), (2, vec![14, 2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// The store cannot be read. What `run` was given before was run.
pub async fn replay<I: DeserializeOwned>(
    store: &dyn ComparisonStore,
    query: &RecordQuery,
    changed: ChangedInputs,
    mut run: impl FnMut(I, &ComparisonRecord) + Send,
) -> Result<Replayed, PortError> {
    let mut replayed = Replayed::default();
    let visited = store
        .visit_records(query, &mut |record| {
            let Some(input) = &record.input else {
                replayed.without_input += 1;
                return;
            };
            let Some(value) = input.value() else {
                replayed.not_kept += 1;
                return;
            };
            replayed.changed += u64::from(input.is_changed());
            if input.is_changed() && changed == ChangedInputs::LeaveOut {
                return;
            }
            match serde_json::from_str(&value.to_json()) {
                Ok(input) => {
                    run(input, &record);
                    replayed.replayed += 1;
                }
                Err(error) => replayed.unreadable(&record, &error),
            }
        })
        .await?;
    for damage in visited.unreadable {
        replayed.unreadable += 1;
        if replayed.problems.len() < NAMED {
            replayed.problems.push(damage.to_string());
        }
    }
    Ok(replayed)
}

impl Replayed {
    fn unreadable(&mut self, record: &ComparisonRecord, error: &serde_json::Error) {
        self.unreadable += 1;
        if self.problems.len() < NAMED {
            let ComparisonRecord { run, id, .. } = record;
            self.problems
                .push(format!("run {run}, record {id}: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::{RecordedInput, Redaction, RedactionRules};
    use cutover_domain::tree::Tree;
    use cutover_ports::comparison::MemoryComparisonStore;
    use cutover_testkit::comparison::{sample_record, sample_run};
    use pollster::block_on;

    use super::*;

    #[test]
    fn every_record_is_accounted_for() {
        let store = MemoryComparisonStore::new();
        let run = sample_run("r", 0);
        block_on(store.create_run(&run)).unwrap();
        let secrets = RedactionRules::new().secrets().build().unwrap();
        let input = |json: &str, redaction: &Redaction, limit| {
            let tree = Tree::from_json(json).unwrap();
            Some(RecordedInput::of(&tree, redaction, limit))
        };
        let none = Redaction::default();
        for (id, input) in [
            ("plain", input(r#"{"n": "1"}"#, &none, 100)),
            ("none", None),
            ("large", input(r#"{"n": "1"}"#, &none, 1)),
            (
                "changed",
                input(r#"{"n": "1", "token": "x"}"#, &secrets, 100),
            ),
            ("other", input("[1]", &none, 100)),
            ("failed", Some(RecordedInput::Failed("no".into()))),
        ] {
            let mut record = sample_record(&run, id, 1);
            record.input = input;
            block_on(store.append(&[record])).unwrap();
        }
        let replay = |changed| {
            let mut ids = Vec::new();
            let all = RecordQuery::default();
            let run = |_: std::collections::BTreeMap<String, String>, record: &ComparisonRecord| {
                ids.push(record.id.to_string());
            };
            let replayed = block_on(replay(&store, &all, changed, run)).unwrap();
            assert_eq!((replayed.without_input, replayed.not_kept), (1, 2));
            assert_eq!((replayed.changed, replayed.unreadable), (1, 1));
            assert!(replayed.problems[0].starts_with("run r, record other: "));
            assert_eq!(replayed.replayed, ids.len() as u64);
            ids
        };
        assert_eq!(replay(ChangedInputs::LeaveOut), ["plain"]);
        assert_eq!(replay(ChangedInputs::Replay), ["changed", "plain"]);
    }
}
