//! The use cases over whatever store one has, without a runtime.

use std::sync::Arc;

use cutover_app::flags::{ApplyError, FlagService, Live, Request};
use cutover_domain::flags::{Change, Definition};
use cutover_ports::flags::FlagStore;

/// Creates `key` if need be, gives it to `percent` of the units, and returns what decides.
pub fn give(store: Arc<dyn FlagStore>, key: &str, percent: &str) -> Result<Live, ApplyError> {
    let live = Live::new();
    let service = FlagService::new(store).with_live(live.clone());
    let key: cutover_domain::flags::FlagKey = key.parse().expect("a key of this program");
    let mut request = Request::by("use-cases").because("a stranger's first rollout");
    let known = pollster::block_on(service.document())?
        .flags
        .contains_key(&key);
    if !known {
        let definition = Box::new(Definition::boolean());
        request = request.change(Change::Create {
            key: key.clone(),
            definition,
        });
    }
    let percentage = percent.parse().expect("a percentage of this program");
    let request = request.change(Change::Rollout {
        key,
        percentage,
        variant: None,
    });
    pollster::block_on(service.apply(&request))?;
    Ok(live)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_domain::flags::Context;
    use cutover_ports::flags::{HistoryQuery, MemoryFlagStore};

    #[test]
    fn a_rollout_is_in_force_at_once_and_in_the_history() {
        let store = MemoryFlagStore::new();
        let live = give(Arc::new(store.clone()), "beta", "100").unwrap();
        let beta = live.flag("beta");
        assert!(beta.is_on(&Context::unit("anybody")));

        let live = give(Arc::new(store.clone()), "beta", "0").unwrap();
        assert!(!live.flag("beta").is_on(&Context::unit("anybody")));
        let history = pollster::block_on(store.history(&HistoryQuery::newest(10))).unwrap();
        assert_eq!(history.records.len(), 2);
        assert_eq!(history.records[0].actor, "use-cases");
    }
}
