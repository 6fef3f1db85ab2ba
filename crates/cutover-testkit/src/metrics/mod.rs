//! The contract of a [`MetricsStateStore`](cutover_ports::metrics::MetricsStateStore): one test per
//! promise of the port; and states to test with.
//!
//! ```
//! use cutover_ports::metrics::MemoryStateStore;
//!
//! cutover_testkit::metrics_state_store_contract!(memory, || (MemoryStateStore::default(), ()));
//! # fn main() {}
//! ```

pub mod cases;

use std::time::Duration;

use cutover_domain::metrics::{ProcessIdentity, ProcessState, Window};
use cutover_ports::Clock;
use cutover_ports::clock::FixedClock;
use cutover_ports::metrics::{Limits, MetricsReader, Moment, Recorder};
use jiff::Timestamp;
use std::sync::Arc;

/// The time of the first state of a test: noon of a day.
#[must_use]
pub fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(20_454 * 86_400 + 43_200)
}

/// A state with a counter `calls`, a gauge `open` and a timer `took`, written `after` noon.
#[must_use]
pub fn sample_state(process: &ProcessIdentity, after: Duration, calls: u64) -> ProcessState {
    let clock = Arc::new(FixedClock::at(noon()));
    let recorder = Recorder::with(
        process.clone(),
        clock.clone(),
        Moment::now(),
        Limits::default(),
    );
    recorder.count("calls", &[("kind", "\"quoted\"\n")], calls);
    recorder.gauge_to("open", &[], calls as f64);
    recorder.time("took", &[], Duration::from_millis(calls));
    clock.advance(after);
    ProcessState {
        schema: ProcessState::SCHEMA,
        process: process.clone(),
        started: noon(),
        written: clock.now(),
        finished: false,
        since_start: recorder.snapshot(Window::SinceStart),
        last_hour: recorder.snapshot(Window::LastHour),
        recent_samples: recorder.recent_samples(ProcessState::MAX_SAMPLES),
    }
}

/// Makes a module `$name` with one test per promise of
/// [`MetricsStateStore`](cutover_ports::metrics::MetricsStateStore); `$fixture` is called once per
/// test and answers an empty store and something that must live as long, such as its directory.
#[macro_export]
macro_rules! metrics_state_store_contract {
    ($name:ident, $fixture:expr) => {
        $crate::metrics_state_store_contract!(@cases $name, $fixture,
            an_empty_store_has_no_states
            a_state_is_read_as_it_was_written
            a_process_replaces_its_own_state
            runs_and_instances_are_kept_apart_in_order
            hostile_identities_are_kept_apart
            a_state_expires_an_hour_after_it_was_written
            publishers_at_once_lose_nothing
        );
    };
    (@cases $name:ident, $fixture:expr, $($case:ident)*) => {
        mod $name {
            #[allow(unused_imports, reason = "the fixture may be written in place")]
            use super::*;

            $(
                #[test]
                fn $case() {
                    let (store, _kept) = ($fixture)();
                    $crate::metrics::cases::$case(&store);
                }
            )*
        }
    };
}
