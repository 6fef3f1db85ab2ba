use std::sync::atomic::{AtomicU64, Ordering};

use cutover_domain::Percentage;
use cutover_domain::execution::Sample;
use cutover_domain::flags::Context;

use super::switch::Resolved;

/// For which of the compared calls old is asked once more, to learn what it differs in from itself.
pub(super) struct AskAgain {
    sample: Sample,
    switch: Resolved,
    /// Compared calls, numbered: every unit is to be among the sampled ones.
    compared: AtomicU64,
}

impl AskAgain {
    pub(super) fn new(operation: &str, share: Percentage, switch: Resolved) -> Self {
        Self {
            // Not the calls that the candidates' sample would take.
            sample: Sample::new(&format!("{operation}\0noise"), share),
            switch,
            compared: AtomicU64::new(0),
        }
    }

    /// Whether to ask again for a call that is compared.
    pub(super) fn takes(&self, context: &Context<'_>) -> bool {
        let number = || self.compared.fetch_add(1, Ordering::Relaxed);
        self.sample.takes(None, number) && self.switch.is_on(context)
    }
}
