mod signal;

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cutover_domain::flags::Revision;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};
use cutover_ports::{PortError, PortErrorKind};

use self::signal::{Signal, Waited};
use super::Live;
use super::state::{Taken, Telling};
use crate::panics::panic_message;

/// How long to wait before a store that is in trouble is asked again: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How long a store may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

const LOAD: &str = "load flags";
const WATCH: &str = "watch flags";

/// A thread that keeps [`Live`] flags fresh; it ends when this is dropped.
///
/// It never gives up: a store that is not there yet, is gone, cannot be read, panics, or does not
/// answer for half a minute is asked again, after 50 ms at first and every five seconds at last;
/// [`Live::status`] tells the trouble meanwhile. When the store is back, what happened to it comes
/// in order, or as far as it has forgotten its history as one difference. A store that cannot be
/// watched is read every five seconds.
///
/// ```
/// use std::sync::Arc;
/// use cutover_app::flags::{FlagService, Follower, Live, Request, Source};
/// use cutover_domain::flags::{Change, Context, Definition};
/// use cutover_ports::flags::MemoryFlagStore;
///
/// # pollster::block_on(async {
/// let store = Arc::new(MemoryFlagStore::new());
/// let live = Live::new();
/// let _follower = Follower::start(live.clone(), store.clone())?;
///
/// let elsewhere = FlagService::new(store); // another process, say
/// let key = "use_new_parser".parse()?;
/// let create = Change::Create { key, definition: Box::new(Definition::boolean()) };
/// elsewhere.apply(&Request::by("alice").change(create)).await?;
/// while live.status().source == Source::Defaults {
///     std::thread::yield_now(); // milliseconds
/// }
/// assert_eq!(live.status().revision.number(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Follower {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts following `store`.
    ///
    /// # Errors
    ///
    /// The operating system has no thread to give.
    pub fn start(live: Live, store: Arc<dyn FlagStore>) -> std::io::Result<Self> {
        let signal = Arc::new(Signal::default());
        let following = Following {
            live: Attached::to(live),
            store,
            signal: Arc::clone(&signal),
        };
        let thread = std::thread::Builder::new()
            .name("cutover-flags".to_owned())
            .spawn(move || following.until_stopped())?;
        Ok(Self {
            signal,
            thread: Some(thread),
        })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.signal.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// Live flags that know that they are followed.
struct Attached(Live);

impl Attached {
    fn to(live: Live) -> Self {
        live.attach();
        Self(live)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.detach();
    }
}

/// The work of the thread.
struct Following {
    live: Attached,
    store: Arc<dyn FlagStore>,
    signal: Arc<Signal>,
}

/// Why following does not go on as it did.
enum Ended {
    Stopped,
    Trouble(PortError),
}

/// Whether the store is in trouble, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    Troubled,
}

impl Following {
    fn until_stopped(&self) {
        let (first, last) = PAUSES;
        let mut pause = first;
        loop {
            let begin = Instant::now();
            let Err(Ended::Trouble(trouble)) = self.session() else {
                return;
            };
            self.live().report_trouble(trouble);
            if begin.elapsed() > last {
                pause = first;
            }
            if let Err(Ended::Stopped) = self.rest(Instant::now() + pause) {
                return;
            }
            pause = (pause * 2).min(last);
        }
    }

    /// Follows the store from what is known of it, until that does not work.
    fn session(&self) -> Result<Infallible, Ended> {
        self.read(Telling::Later)?;
        let mut events = match self.watch() {
            Err(Ended::Trouble(error)) if error.kind() == PortErrorKind::Unsupported => None,
            events => Some(events?),
        };
        let mut health = self.recovered();
        let mut untold = None;
        loop {
            match self.signal.wait(self.next_look(), next(events.as_mut())) {
                Waited::Ready(Some(event)) => health = self.take(event)?,
                Waited::Ready(None) => return Err(Ended::trouble(WATCH, "it tells no more")),
                Waited::Panicked(panic) => return Err(Ended::panic(WATCH, &*panic)),
                Waited::Stopped => return Err(Ended::Stopped),
                Waited::TimedOut if events.is_none() => health = self.look(Telling::Now)?,
                Waited::TimedOut => {
                    if health == Health::Troubled || self.live().max_age().is_some() {
                        health = self.look(Telling::Later)?;
                        untold = self.still_untold(untold)?;
                    }
                }
            }
        }
    }

    fn take(&self, event: FlagEvent) -> Result<Health, Ended> {
        match event {
            FlagEvent::Changed(record) => {
                if self.live().hear(&record) == Taken::Overtaken {
                    self.read(Telling::Later)?;
                    if self.live().hear(&record) == Taken::Overtaken {
                        let older =
                            format!("revision {} was told of, but is gone", record.revision);
                        return Err(Ended::trouble(LOAD, older));
                    }
                }
                Ok(self.recovered())
            }
            FlagEvent::Trouble(error) => {
                self.live().report_trouble(error);
                Ok(Health::Troubled)
            }
            // `Resync`, and whatever a later version adds: take what is there.
            _ => self.read(Telling::Now).map(|()| self.recovered()),
        }
    }

    /// Reads the store though it told nothing, so that a failure loses nothing.
    fn look(&self, telling: Telling) -> Result<Health, Ended> {
        match self.read(telling) {
            Ok(()) => Ok(self.recovered()),
            Err(Ended::Trouble(error)) => {
                self.live().report_trouble(error);
                Ok(Health::Troubled)
            }
            Err(Ended::Stopped) => Err(Ended::Stopped),
        }
    }

    /// Whether a revision was read that the watch has not told of yet. When that was so at the
    /// look before, the watch is dead.
    fn still_untold(&self, before: Option<Revision>) -> Result<Option<Revision>, Ended> {
        let told = self.live().told();
        let is_behind = told < self.live().revision();
        if is_behind && before == Some(told) {
            let silent = format!("nothing was told of what follows revision {}", told);
            return Err(Ended::trouble(WATCH, silent));
        }
        Ok(is_behind.then_some(told))
    }

    /// Waits until `end`, or until the store says that there is something to read.
    fn rest(&self, end: Instant) -> Result<(), Ended> {
        let mut events = match self.watch() {
            Ok(events) => Some(events),
            Err(Ended::Trouble(_)) => None,
            Err(Ended::Stopped) => return Err(Ended::Stopped),
        };
        loop {
            match self.signal.wait(end, next(events.as_mut())) {
                Waited::Ready(Some(FlagEvent::Trouble(_))) => {}
                Waited::Ready(Some(_)) | Waited::TimedOut => return Ok(()),
                Waited::Ready(None) | Waited::Panicked(_) => events = None,
                Waited::Stopped => return Err(Ended::Stopped),
            }
        }
    }

    fn recovered(&self) -> Health {
        self.live().recover();
        Health::Well
    }

    fn read(&self, telling: Telling) -> Result<(), Ended> {
        let load = self.live().load(&*self.store, telling);
        self.call(LOAD, load).map(|_is_there| ())
    }

    fn watch(&self) -> Result<FlagEvents, Ended> {
        self.call(WATCH, self.store.watch(self.live().told()))
    }

    /// Waits for an answer of the store.
    fn call<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, Ended> {
        match self.signal.wait(Instant::now() + PATIENCE, call) {
            Waited::Ready(answer) => answer.map_err(Ended::Trouble),
            Waited::Panicked(panic) => Err(Ended::panic(operation, &*panic)),
            Waited::Stopped => Err(Ended::Stopped),
            Waited::TimedOut => {
                let timeout = PortError::new(PortErrorKind::Timeout, operation);
                Err(Ended::Trouble(timeout.because("the store does not answer")))
            }
        }
    }

    /// When to look at the store even if it tells nothing.
    fn next_look(&self) -> Instant {
        let (first, last) = PAUSES;
        let often_enough = self.live().max_age().map(|age| age / 3);
        Instant::now() + often_enough.unwrap_or(last).clamp(first / 5, last)
    }

    fn live(&self) -> &Live {
        &self.live.0
    }
}

impl Ended {
    fn trouble(operation: &'static str, reason: impl fmt::Display) -> Self {
        Self::Trouble(PortError::new(PortErrorKind::Unavailable, operation).because(reason))
    }

    fn panic(operation: &'static str, panic: &(dyn Any + Send)) -> Self {
        let text = panic_message(panic);
        Self::trouble(operation, format_args!("the store panicked: {text}"))
    }
}

/// The next event; never, where there is no watch.
async fn next(events: Option<&mut FlagEvents>) -> Option<FlagEvent> {
    match events {
        Some(events) => poll_fn(|context| events.as_mut().poll_next(context)).await,
        None => pending().await,
    }
}
