use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;

use cutover_domain::flags::Revision;
use cutover_ports::PortError;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};
use futures_channel::oneshot;

use super::Live;

impl Live {
    /// Reads the store once. `Ok(false)` when it holds nothing yet.
    ///
    /// # Errors
    ///
    /// The store cannot be read; the last good state stays in force, and
    /// [`Live::status`] names the trouble.
    pub async fn refresh(&self, store: &dyn FlagStore) -> Result<bool, PortError> {
        match store.load().await {
            Ok(Some(document)) => {
                self.update(&document);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                self.report_trouble(&error);
                Err(error)
            }
        }
    }

    /// Follows the store until its watch ends. Run it in a task of your runtime, or let
    /// [`Follower`] run it in a thread.
    ///
    /// # Errors
    ///
    /// The store cannot be watched at all.
    pub async fn follow(&self, store: Arc<dyn FlagStore>) -> Result<(), PortError> {
        let since = match self.refresh(&*store).await {
            Ok(true) => self.status().revision,
            Ok(false) | Err(_) => Revision::ZERO,
        };
        let mut events = store.watch(since).await?;
        while let Some(event) = next(&mut events).await {
            match event {
                FlagEvent::Changed(_) => {
                    // A failure is noted in the status, and the next event tries again.
                    let _ = self.refresh(&*store).await;
                }
                FlagEvent::Trouble(error) => self.report_trouble(error),
                // `Resync`, and whatever a later version adds: take what is there.
                _ => match store.load().await {
                    Ok(Some(document)) => self.reset(&document),
                    Ok(None) => {}
                    Err(error) => self.report_trouble(error),
                },
            }
        }
        Ok(())
    }
}

async fn next(events: &mut FlagEvents) -> Option<FlagEvent> {
    poll_fn(|context| events.as_mut().poll_next(context)).await
}

/// A thread that keeps [`Live`] flags fresh; it ends when this is dropped.
#[derive(Debug)]
pub struct Follower {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts following `store`.
    ///
    /// # Errors
    ///
    /// The operating system has no thread to give.
    pub fn start(live: Live, store: Arc<dyn FlagStore>) -> std::io::Result<Self> {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("cutover-flags".to_owned())
            .spawn(move || {
                pollster::block_on(async {
                    let mut following = pin!(live.follow(store));
                    let ended = poll_fn(|context| {
                        if pin!(&mut stopped).poll(context).is_ready() {
                            return Poll::Ready(Ok(()));
                        }
                        following.as_mut().poll(context)
                    });
                    if let Err(error) = ended.await {
                        tracing::warn!(%error, "flags are not followed");
                        live.report_trouble(error);
                    }
                });
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}
