//! What processes tell others about themselves.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cutover_domain::metrics::{ProcessIdentity, ProcessState};
use jiff::Timestamp;

use crate::PortError;

/// How long a state is worth reading after it was written.
pub const RETENTION: Duration = Duration::from_secs(3600);

/// Keeps the latest state of every process, so that a command can see the others.
///
/// It blocks, unlike the other stores: the one who publishes is a thread of its own, whose last
/// word comes when the process ends and no runtime is left.
pub trait MetricsStateStore: Debug + Send + Sync {
    /// Replaces the state of this run of this process. Atomic: a reader sees the one before or
    /// this one. States that expired by the time this one was written are removed on the way; that
    /// this fails is not an error.
    fn publish(&self, state: &ProcessState) -> Result<(), PortError>;

    /// The states not older than an hour at `now`, of processes that run and of those that ended,
    /// in the order of their identities. No state at all is an empty answer. A state that cannot
    /// be read is a fault in the answer and keeps nobody from the others.
    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError>;
}

/// What [`MetricsStateStore::load`] found.
#[derive(Clone, Debug, Default)]
pub struct LoadedStates {
    /// The states that could be read.
    pub states: Vec<ProcessState>,
    /// One error for each that could not.
    pub faults: Vec<PortError>,
}

/// The reference store: within one process, for tests.
#[derive(Debug, Default)]
pub struct MemoryStateStore(Mutex<BTreeMap<ProcessIdentity, ProcessState>>);

impl MetricsStateStore for MemoryStateStore {
    fn publish(&self, state: &ProcessState) -> Result<(), PortError> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.retain(|_, old| old.age(state.written) <= RETENTION);
        states.insert(state.process.clone(), state.clone());
        Ok(())
    }

    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let live = states.values().filter(|state| state.age(now) <= RETENTION);
        Ok(LoadedStates {
            states: live.cloned().collect(),
            faults: Vec::new(),
        })
    }
}

impl<S: MetricsStateStore + ?Sized> MetricsStateStore for Arc<S> {
    fn publish(&self, state: &ProcessState) -> Result<(), PortError> {
        (**self).publish(state)
    }

    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError> {
        (**self).load(now)
    }
}

impl<S: MetricsStateStore + ?Sized> MetricsStateStore for Box<S> {
    fn publish(&self, state: &ProcessState) -> Result<(), PortError> {
        (**self).publish(state)
    }

    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError> {
        (**self).load(now)
    }
}
