//! A thread that does blocking work for futures of any runtime, or of none.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;

use cutover_ports::{PortError, PortErrorKind};
use futures_channel::oneshot;

use super::error::Operation;

type Job = Box<dyn FnOnce() + Send>;

/// Does jobs one after the other. The thread ends when the worker is dropped, after the jobs that
/// were given to it before.
#[derive(Debug)]
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
}

impl Worker {
    pub(super) fn start(name: &str) -> Result<Self, PortError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                for job in queue {
                    // The job's answer is dropped with it, which its caller is told; the thread
                    // goes on for the others.
                    let _ = panic::catch_unwind(AssertUnwindSafe(job));
                }
            })
            .map_err(|source| PortError::io("start a thread", name, source))?;
        Ok(Self { jobs })
    }

    /// Does `job` on the thread. Dropping the future does not stop a job that was begun.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: Operation,
        job: impl FnOnce() -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody waits any more when this fails.
            let _ = answer.send(job());
        });
        let lost = || {
            PortError::new(PortErrorKind::OutcomeUnknown, operation)
                .because("the store's thread ended in the middle of it")
        };
        self.jobs.send(job).map_err(|_| lost())?;
        answered.await.map_err(|_| lost())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_is_an_error_and_the_next_one_runs() {
        let worker = Worker::start("test").unwrap();
        let panicked =
            pollster::block_on(worker.run::<()>("try", || panic!("expected by the test")));
        assert_eq!(panicked.unwrap_err().kind(), PortErrorKind::OutcomeUnknown);
        assert_eq!(pollster::block_on(worker.run("try", || Ok(7))).unwrap(), 7);
    }
}
