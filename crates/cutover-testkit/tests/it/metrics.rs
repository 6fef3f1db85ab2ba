use std::sync::Arc;

use cutover_ports::metrics::{MemoryStateStore, MetricsStateStore};
use cutover_testkit::metrics_state_store_contract;

metrics_state_store_contract!(memory, || (MemoryStateStore::default(), ()));

metrics_state_store_contract!(memory_behind_arc, || {
    (
        Arc::new(MemoryStateStore::default()) as Arc<dyn MetricsStateStore>,
        (),
    )
});

metrics_state_store_contract!(memory_behind_box, || {
    (
        Box::new(MemoryStateStore::default()) as Box<dyn MetricsStateStore>,
        (),
    )
});
