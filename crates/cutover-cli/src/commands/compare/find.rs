//! Runs by what people type.

use cutover_domain::comparison::{ComparisonRecord, Run, RunKind};
use cutover_ports::comparison::{
    ComparisonStore, ComparisonStoreExt, RecordQuery, RunQuery, Unreadable,
};
use pollster::block_on;

use super::alive::settle;
use crate::context::Context;
use crate::exit::Failure;
use crate::suggest::{closest, command};

/// A word that stands for the last run.
pub(super) const LATEST: &str = "latest";

/// The run that `reference` means: an id, the beginning of one, or `latest` (the last run of
/// commands, else the last of any kind).
pub(super) fn run(store: &dyn ComparisonStore, reference: &str) -> Result<Run, Failure> {
    if let Ok(id) = reference.parse()
        && let Some(run) = block_on(store.run(&id))?
    {
        return Ok(settle(run));
    }
    let mut candidates = runs(store, &RunQuery::default(), None)?.0;
    if reference == LATEST {
        let of_commands = candidates
            .iter()
            .position(|run| run.kind == RunKind::Commands);
        if candidates.is_empty() {
            return Err(Failure::no("there is no run yet").hint(format_args!(
                "make one with `{}`",
                command(&["compare", "run"])
            )));
        }
        return Ok(candidates.swap_remove(of_commands.unwrap_or(0)));
    }
    let ids: Vec<String> = candidates.iter().map(|run| run.id.to_string()).collect();
    candidates.retain(|run| !reference.is_empty() && run.id.as_str().starts_with(reference));
    match candidates.len() {
        1 => Ok(candidates.swap_remove(0)),
        0 => {
            let failure = Failure::no(format_args!("there is no run `{reference}`"));
            Err(match closest(reference, ids.iter().map(String::as_str)) {
                Some(near) => failure.hint(format_args!("did you mean `{near}`?")),
                None => failure.hint(format_args!(
                    "`{}` shows the runs",
                    command(&["compare", "list"])
                )),
            })
        }
        several => Err(Failure::no(format_args!(
            "`{reference}` begins the ids of {several} runs"
        ))
        .hint(format_args!(
            "write more of it: {}",
            candidates
                .iter()
                .take(5)
                .map(|run| run.id.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// Runs, newest first, at most `limit`; and what could not be read.
pub(super) fn runs(
    store: &dyn ComparisonStore,
    query: &RunQuery,
    limit: Option<usize>,
) -> Result<(Vec<Run>, Vec<Unreadable>), Failure> {
    let mut query = query.clone();
    let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
    loop {
        let page = block_on(store.runs(&query))?;
        runs.extend(page.items.into_iter().map(settle));
        unreadable.extend(page.unreadable);
        let enough = limit.is_some_and(|limit| runs.len() >= limit);
        match page.next {
            next @ Some(_) if !enough => query.after = next,
            _ => break,
        }
    }
    runs.truncate(limit.unwrap_or(usize::MAX));
    Ok((runs, unreadable))
}

/// Shows every record that a query asks for to `visit`, the last first. How many could not be read,
/// as far as that is known.
pub(super) fn visit(
    context: &Context,
    store: &dyn ComparisonStore,
    query: &RecordQuery,
    visit: &mut (dyn FnMut(ComparisonRecord) + Send),
) -> Result<u64, Failure> {
    let visited = block_on(store.visit_records(query, visit))?;
    warn(context, &visited.unreadable);
    Ok(visited.unreadable.len() as u64)
}

/// Says what could not be read: it is left out, never silently.
pub(super) fn warn(context: &Context, unreadable: &[Unreadable]) {
    for damage in unreadable {
        context
            .output
            .warn(format_args!("left out because it cannot be read: {damage}"));
    }
}
