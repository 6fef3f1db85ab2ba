//! A container whose variables win over the flags of a store that it shares with others.

use std::collections::BTreeMap;

use cutover_domain::flags::{FlagDocument, Interner, Overlaid, Snapshot};
use cutover_env::{EnvConfig, Scheme};
use cutover_ports::PortError;
use cutover_ports::flags::FlagStore;

/// The flags of this container, and what its log should say about them.
pub struct Container {
    pub snapshot: Snapshot,
    pub log: Vec<String>,
}

/// Reads the store, and lays `variables` over it.
pub fn start(
    store: &dyn FlagStore,
    variables: &BTreeMap<String, String>,
) -> Result<Container, PortError> {
    let overlay = EnvConfig::new(Scheme::Feature).read(variables);
    let Some(stored) = pollster::block_on(store.load())? else {
        let log = vec!["no flags are stored".to_owned()];
        let snapshot = Snapshot::default();
        return Ok(Container { snapshot, log });
    };
    let overlaid = overlay.apply(&stored);
    Ok(Container {
        snapshot: Snapshot::compile(&overlaid.document, &mut Interner::default()),
        log: log(overlaid),
    })
}

fn log(overlaid: Overlaid) -> Vec<String> {
    let masks = overlaid.masks.iter();
    let masks = masks.map(|mask| format!("{}: {mask}", mask.key));
    masks
        .chain(overlaid.problems)
        .chain(overlaid.warnings)
        .collect()
}

/// The variables that would make every container answer what the store answers now.
pub fn freeze(stored: &FlagDocument) -> String {
    cutover_env::export(&EnvConfig::new(Scheme::Feature), stored).text
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_domain::flags::{Change, ChangeRecord, Context, Definition, Revision};
    use cutover_env::dotenv;
    use cutover_ports::flags::{Commit, MemoryFlagStore};
    use jiff::Timestamp;

    /// A store in which `beta` is on for everybody.
    fn store() -> MemoryFlagStore {
        let now = Timestamp::UNIX_EPOCH;
        let key = "beta".parse().unwrap();
        let beta = Definition {
            default: "on".to_owned(),
            ..Definition::boolean()
        };
        let create = Change::Create {
            key,
            definition: Box::new(beta),
        };
        let applied = FlagDocument::empty(now).apply(&[create], now).unwrap();
        let record = ChangeRecord {
            revision: applied.document.revision,
            time: now,
            actor: "variables".to_owned(),
            reason: None,
            changes: applied.changes,
            unknown: BTreeMap::new(),
        };
        let store = MemoryFlagStore::new();
        let commit = Commit {
            expected: Revision::ZERO,
            document: applied.document,
            record,
        };
        pollster::block_on(store.commit(commit)).unwrap();
        store
    }

    fn is_on(container: &Container) -> bool {
        let slot = container.snapshot.slot("beta").unwrap();
        container
            .snapshot
            .decide(slot, &Context::unit("u"), false)
            .on
    }

    #[test]
    fn one_container_is_switched_off_and_says_so() {
        let store = store();
        assert!(is_on(&start(&store, &BTreeMap::new()).unwrap()));
        let variables = dotenv::parse("FEATURE_BETA=false\nFEATURE_BETTA=false\n").unwrap();
        let container = start(&store, &variables).unwrap();
        assert!(!is_on(&container));
        assert_eq!(
            container.log,
            [
                "beta: stored on, but FEATURE_BETA=false in this environment kills it",
                "FEATURE_BETTA is not followed: no flag has this variable; did you mean \
                 FEATURE_BETA?",
            ]
        );
    }

    #[test]
    fn frozen_variables_answer_what_the_store_answered() {
        let store = store();
        let stored = pollster::block_on(store.load()).unwrap().unwrap();
        let frozen = dotenv::parse(&freeze(&stored)).unwrap();
        let container = start(&store, &frozen).unwrap();
        assert!(is_on(&container) && container.log.is_empty());
    }
}
