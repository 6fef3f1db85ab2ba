//! A thread for blocking work, so that futures of a store run on any executor.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use cutover_ports::{PortError, PortErrorKind};
use futures_channel::oneshot;

use crate::database::{Database, Desk};
use crate::error::Operation;

/// How long a worker that is dropped is waited for.
const FAREWELL: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// One thread with a connection of its own, started by its first job, which ends when this is
/// dropped and the jobs are done.
///
/// Dropping waits a moment for that: whoever closes a database last writes its log into it.
pub(crate) struct Worker {
    name: &'static str,
    database: Arc<Database>,
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    jobs: mpsc::Sender<Job>,
    /// Nothing ever comes: its other end goes with the thread.
    ended: mpsc::Receiver<()>,
}

impl Worker {
    pub(crate) fn new(name: &'static str, database: Arc<Database>) -> Self {
        Self {
            name,
            database,
            thread: Mutex::new(None),
        }
    }

    /// Starts a job. It runs to its end, also when nobody waits for the answer any more.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        operation: Operation,
        job: impl FnOnce(&mut Desk) -> Result<T, PortError> + Send + 'static,
    ) -> Answer<T> {
        let (sender, receiver) = oneshot::channel();
        let job = move |desk: &mut Desk| {
            let answer = catch_unwind(AssertUnwindSafe(|| job(desk))).unwrap_or_else(|_| {
                // Whatever it was in the middle of is rolled back with the connection.
                desk.leave();
                Err(PortError::new(PortErrorKind::OutcomeUnknown, operation)
                    .because("the store's code panicked; this is a bug of cutover")
                    .advice("read again to see what is there, and report the bug"))
            });
            // Nobody may be waiting any more.
            let _ = sender.send(answer);
        };
        if let Err(error) = self.send(Box::new(job)) {
            return Answer::Failed(Some(
                PortError::io(operation, "starting a thread", error)
                    .advice("raise the limit of threads of this process"),
            ));
        }
        Answer::Coming {
            operation,
            receiver,
        }
    }

    fn send(&self, job: Job) -> std::io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (jobs, received) = mpsc::channel::<Job>();
            let (alive, ended) = mpsc::channel();
            let mut desk = Desk::new(Arc::clone(&self.database));
            std::thread::Builder::new()
                .name(self.name.to_owned())
                .spawn(move || {
                    received.into_iter().for_each(|job| job(&mut desk));
                    drop(desk);
                    drop::<mpsc::Sender<()>>(alive);
                })?;
            *thread = Some(Thread { jobs, ended });
        }
        if let Some(thread) = &*thread {
            // The thread lives as long as the sender, so somebody receives.
            let _ = thread.jobs.send(job);
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(Thread { jobs, ended }) = thread.take() {
            drop(jobs);
            let _ = ended.recv_timeout(FAREWELL);
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The answer to a job.
pub(crate) enum Answer<T> {
    Failed(Option<PortError>),
    Coming {
        operation: Operation,
        receiver: oneshot::Receiver<Result<T, PortError>>,
    },
}

impl<T> Future for Answer<T> {
    type Output = Result<T, PortError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = |operation| {
            PortError::new(PortErrorKind::Unavailable, operation)
                .because("the store's thread has ended")
        };
        match &mut *self {
            Self::Failed(error) => {
                Poll::Ready(Err(error.take().unwrap_or_else(|| ended("ask again"))))
            }
            Self::Coming {
                operation,
                receiver,
            } => Pin::new(receiver)
                .poll(context)
                .map(|answer| answer.unwrap_or_else(|_| Err(ended(*operation)))),
        }
    }
}
