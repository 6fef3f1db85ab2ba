use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cutover_domain::flags::{FlagDocument, KeyChange, Revision};
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};
use cutover_ports::{PortError, PortErrorKind};
use futures_core::Stream;

use super::Revised;
use super::state::replay;

/// Every change of the flags of a store, once and in order, whoever makes it: a stream, for any
/// runtime, made by [`FlagService::watch`](super::FlagService::watch).
///
/// There is no queue: what is not asked for yet stays in the store, so a slow reader costs
/// nothing. Where the store has forgotten records that were not asked for yet, or another store was
/// put in its place, what differs comes as one step without a record. An error says that the store
/// is in trouble; the stream goes on, and the next step says that the trouble is over, also if
/// nothing has changed. It ends when the store stops telling.
///
/// ```
/// use std::sync::Arc;
/// use cutover_app::flags::{FlagService, Request};
/// use cutover_domain::flags::{Change, Definition, Revision};
/// use cutover_ports::flags::MemoryFlagStore;
///
/// # pollster::block_on(async {
/// let flags = FlagService::new(Arc::new(MemoryFlagStore::new()));
/// let mut changes = flags.watch(Revision::ZERO).await?;
/// let key = "use_new_parser".parse()?;
/// let create = Change::Create { key, definition: Box::new(Definition::boolean()) };
/// flags.apply(&Request::by("alice").because("to try it").change(create)).await?;
///
/// if let Some(revised) = changes.next().await.transpose()? {
///     assert_eq!(revised.revision().number(), 1);
///     assert_eq!(revised.record().map(|record| record.actor.as_str()), Some("alice"));
///     for change in revised.changes() {
///         println!("{} is new: {}", change.key, change.before.is_none());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Changes {
    store: Arc<dyn FlagStore>,
    events: FlagEvents,
    /// The flags after the newest step that was handed out.
    known: FlagDocument,
    loading: Option<Loading>,
    /// Steps were missed, and could not be made up for yet.
    is_behind: bool,
}

type Loading = Pin<Box<dyn Future<Output = Result<Option<FlagDocument>, PortError>> + Send>>;

impl Changes {
    pub(super) fn new(store: Arc<dyn FlagStore>, events: FlagEvents, known: FlagDocument) -> Self {
        Self {
            store,
            events,
            known,
            loading: None,
            is_behind: false,
        }
    }

    /// The next step, for where no combinators for streams are at hand.
    pub async fn next(&mut self) -> Option<Result<Revised, PortError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The revision that the newest step led to: where another stream can go on.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.known.revision
    }

    /// Takes an event; `None` when it is nothing to hand out, or nothing yet.
    fn take(&mut self, event: FlagEvent) -> Option<Result<Revised, PortError>> {
        match event {
            FlagEvent::Trouble(error) => return Some(Err(error)),
            FlagEvent::Changed(record) if !self.is_behind => {
                if record.revision <= self.known.revision {
                    return None;
                }
                if record.revision == self.known.revision.next() {
                    replay(&record, &mut self.known);
                    return Some(Ok(Revised::recorded(record)));
                }
            }
            // `Resync`, whatever a later version adds, and a change when one is missing.
            _ => {}
        }
        let store = Arc::clone(&self.store);
        self.loading = Some(Box::pin(async move { store.load().await }));
        None
    }

    /// What was missed, as one step.
    fn catch_up(
        &mut self,
        loaded: Result<Option<FlagDocument>, PortError>,
    ) -> Result<Revised, PortError> {
        let gone = || {
            PortError::new(PortErrorKind::Unavailable, "load flags")
                .because("the store is empty")
                .advice("restore it from a backup")
        };
        let loaded = loaded.and_then(|document| document.ok_or_else(gone));
        self.is_behind = loaded.is_err();
        let document = loaded?;
        let changes = KeyChange::between(&self.known.flags, &document.flags);
        self.known = document;
        Ok(Revised::found(self.known.revision, changes))
    }
}

impl Stream for Changes {
    type Item = Result<Revised, PortError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(loading) = &mut self.loading {
                let loaded = ready!(loading.as_mut().poll(context));
                self.loading = None;
                return Poll::Ready(Some(self.catch_up(loaded)));
            }
            let Some(event) = ready!(self.events.as_mut().poll_next(context)) else {
                return Poll::Ready(None);
            };
            if let Some(item) = self.take(event) {
                return Poll::Ready(Some(item));
            }
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("revision", &self.known.revision)
            .finish_non_exhaustive()
    }
}
