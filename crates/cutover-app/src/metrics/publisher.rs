//! Telling other processes what this one measures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use cutover_domain::metrics::{ProcessState, Window};
use cutover_ports::metrics::{MetricsReader, MetricsStateStore};
use cutover_ports::{Clock, PortError, PortErrorKind};

use crate::panics::panic_message;

/// How often a state is published when nothing else is asked for.
pub const PUBLISH_INTERVAL: Duration = Duration::from_secs(5);

/// How long a process that ends waits for its last word to be stored.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Publishes the state of this process: at once, every few seconds, and a last word when it is
/// stopped or dropped.
///
/// It works in a thread of its own. Nothing that the store does, slow, failing or panicking,
/// reaches the code that records; the latest trouble is told by
/// [`last_error`](Self::last_error), and logged when it begins.
///
/// ```
/// use std::sync::Arc;
/// use cutover_app::metrics::{MetricsPublisher, PUBLISH_INTERVAL};
/// use cutover_domain::metrics::ProcessIdentity;
/// use cutover_ports::metrics::{MemoryStateStore, MetricsStateStore, Recorder};
/// use cutover_ports::{Clock, SystemClock};
///
/// let recorder = Arc::new(Recorder::new(ProcessIdentity::new("importer-1", "first run")));
/// let store = Arc::new(MemoryStateStore::default());
/// let publisher = MetricsPublisher::start(
///     recorder.clone(),
///     store.clone(),
///     Arc::new(SystemClock),
///     PUBLISH_INTERVAL,
/// )?;
/// recorder.count("imports", &[], 1);
/// publisher.stop()?;
///
/// let states = store.load(SystemClock.now())?.states;
/// assert!(states[0].finished);
/// assert_eq!(states[0].since_start.summarize().counters["imports"], 1);
/// # Ok::<(), cutover_ports::PortError>(())
/// ```
#[derive(Debug)]
pub struct MetricsPublisher {
    /// Dropped to say that the end has come.
    stop: Option<Sender<()>>,
    /// Says that the last word is stored.
    stopped: Mutex<Receiver<()>>,
    trouble: Trouble,
}

/// The latest error, shared with the thread.
type Trouble = Arc<Mutex<Option<PortError>>>;

impl MetricsPublisher {
    /// Starts publishing what `reader` reads.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(
        reader: Arc<dyn MetricsReader>,
        store: Arc<dyn MetricsStateStore>,
        clock: Arc<dyn Clock>,
        interval: Duration,
    ) -> Result<Self, PortError> {
        let trouble = Trouble::default();
        let (stop, wait) = channel();
        let (say_stopped, stopped) = channel();
        let work = Work {
            reader,
            store,
            clock,
            trouble: Arc::clone(&trouble),
        };
        thread::Builder::new()
            .name("cutover-metrics".to_owned())
            .spawn(move || {
                work.publish_until_stopped(&wait, interval);
                // Nobody may be waiting any more.
                let _ = say_stopped.send(());
            })
            .map_err(|error| PortError::io("start publishing metrics", "a thread", error))?;
        Ok(Self {
            stop: Some(stop),
            stopped: Mutex::new(stopped),
            trouble,
        })
    }

    /// Why the latest state could not be published; `None` when it could.
    #[must_use]
    pub fn last_error(&self) -> Option<PortError> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Publishes a last word and stops.
    ///
    /// # Errors
    ///
    /// The last word could not be published, or not within two seconds; then the thread is left to
    /// itself.
    pub fn stop(mut self) -> Result<(), PortError> {
        self.finish()?;
        self.last_error().map_or(Ok(()), Err)
    }

    fn finish(&mut self) -> Result<(), PortError> {
        if self.stop.take().is_none() {
            return Ok(());
        }
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        match stopped.recv_timeout(LAST_WORD) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(PortError::new(
                PortErrorKind::Timeout,
                "publish the last metrics",
            )
            .because("the store does not answer")),
        }
    }
}

impl Drop for MetricsPublisher {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::warn!(%error, "metrics of this process end without a last word");
        }
    }
}

/// What the thread works with.
struct Work {
    reader: Arc<dyn MetricsReader>,
    store: Arc<dyn MetricsStateStore>,
    clock: Arc<dyn Clock>,
    trouble: Trouble,
}

impl Work {
    fn publish_until_stopped(&self, stop: &Receiver<()>, interval: Duration) {
        loop {
            self.publish(false);
            if stop.recv_timeout(interval) != Err(RecvTimeoutError::Timeout) {
                return self.publish(true);
            }
        }
    }

    fn publish(&self, finished: bool) {
        let attempt = || self.store.publish(&self.state(finished));
        let result = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
            Err(
                PortError::new(PortErrorKind::Unavailable, "publish metrics").because(
                    format_args!("the store panicked: {}", panic_message(&*panic)),
                ),
            )
        });
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*trouble, &result) {
            (None, Err(error)) => {
                tracing::warn!(%error, "other processes cannot see the metrics of this one");
            }
            (Some(_), Ok(())) => tracing::info!("metrics are published again"),
            _ => {}
        }
        *trouble = result.err();
    }

    fn state(&self, finished: bool) -> ProcessState {
        ProcessState {
            schema: ProcessState::SCHEMA,
            process: self.reader.process().clone(),
            started: self.reader.started(),
            written: self.clock.now(),
            finished,
            since_start: self.reader.snapshot(Window::SinceStart),
            last_hour: self.reader.snapshot(Window::LastHour),
            recent_samples: self.reader.recent_samples(ProcessState::MAX_SAMPLES),
        }
    }
}
