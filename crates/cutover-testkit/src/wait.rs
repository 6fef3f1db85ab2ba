//! Waiting with a deadline, on any executor, so that a test that would hang fails instead.
//!
//! ```
//! use std::time::Duration;
//! use cutover_testkit::wait::within;
//!
//! # cutover_testkit::block_on(async {
//! assert_eq!(within(Duration::from_secs(5), async { 7 }).await, Some(7));
//! assert_eq!(within(Duration::from_millis(1), std::future::pending::<()>()).await, None);
//! # });
//! ```

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Longer than anything that works takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(30);

/// The answer of a future, or `None` when it is not there in time.
pub async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let end = Instant::now() + time;
    let waker = Arc::new(Mutex::new(None::<Waker>));
    // Dropping it ends the thread at once.
    let (_alive, dropped) = mpsc::channel::<()>();
    let mut alarm = Some((dropped, Arc::clone(&waker)));
    poll_fn(|context| {
        if let Poll::Ready(answer) = future.as_mut().poll(context) {
            return Poll::Ready(Some(answer));
        }
        if Instant::now() >= end {
            return Poll::Ready(None);
        }
        *waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        if let Some((dropped, waker)) = alarm.take() {
            std::thread::spawn(move || {
                if dropped.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout)
                    && let Some(waker) = waker.lock().unwrap_or_else(PoisonError::into_inner).take()
                {
                    waker.wake();
                }
            });
        }
        Poll::Pending
    })
    .await
}
